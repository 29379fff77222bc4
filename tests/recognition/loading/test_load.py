"""Pictures of every kind, and the pages of files that hold several."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from recognition.load import load_pages
from recognition.params import LoadParams


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WebP", "GIF", "TIFF", "HEIC"])
def test_a_picture_of_every_kind_is_read_in_color(kind, picture, encode, assert_upright, only_page):
    assert_upright(only_page(encode(picture, kind)))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_opencv_decodes_png_to_the_same_pixels_as_pillow(mode, samples, only_page):
    image = Image.open(io.BytesIO(samples["PNG"])).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    expected = np.asarray(image.convert("RGB"))[..., ::-1]
    np.testing.assert_array_equal(only_page(buffer.getvalue()), expected)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_opencv_decodes_jpeg_to_the_same_pixels_as_pillow(mode, samples, only_page):
    buffer = io.BytesIO()
    Image.open(io.BytesIO(samples["PNG"])).convert(mode).save(buffer, "JPEG", quality=90)
    expected = np.asarray(Image.open(buffer).convert("RGB"))[..., ::-1].astype(int)
    assert np.abs(only_page(buffer.getvalue()) - expected).max() <= 2


def test_every_page_of_a_tiff_is_read_in_order(encode):
    images = [Image.new("L", (20 + index, 30), 50 * index) for index in range(4)]
    data = encode(images[0], "TIFF", save_all=True, append_images=images[1:])
    pages = list(load_pages(data, LoadParams()))
    assert [page.page for page in pages] == [1, 2, 3, 4]
    assert [page.pixels.shape for page in pages] == [(30, 20 + index, 3) for index in range(4)]
    assert [int(page.pixels[0, 0, 0]) for page in pages] == [0, 50, 100, 150]


def test_thumbnails_in_a_tiff_are_no_pages(encode, only_page):
    thumbnail = Image.new("L", (8, 8), 9)
    thumbnail.encoderinfo = {"tiffinfo": {254: 1}}
    data = encode(Image.new("L", (40, 30), 200), "TIFF", save_all=True, append_images=[thumbnail])
    assert Image.open(io.BytesIO(data)).n_frames == 2
    assert only_page(data).shape == (30, 40, 3)


def test_a_tiff_of_thumbnails_only_is_refused_by_name(encode, refusal):
    assert "raw" in str(refusal(encode(Image.new("L", (8, 8)), "TIFF", tiffinfo={254: 1})))


@pytest.mark.parametrize("kind", ["GIF", "WebP", "PNG"])
def test_the_first_picture_of_an_animation_is_read_and_the_rest_mentioned(kind, picture, encode, assert_upright):
    data = encode(picture, kind, save_all=True, append_images=[Image.new("RGB", picture.size, "black")], duration=100)
    (page,) = load_pages(data, LoadParams())
    assert_upright(page.pixels)
    assert "only the first" in page.warnings[0]


def test_bytes_after_a_jpegs_end_do_not_matter(picture, encode, assert_upright, only_page):
    assert_upright(only_page(encode(picture, "JPEG") + b"MotionPhoto_Data" + bytes(5000)))
