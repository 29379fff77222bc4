"""Pictures stand upright as their files say, once, and files that say it wrongly are read all the same."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image, TiffImagePlugin

from recognition.load import load_pages
from recognition.params import LoadParams


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "HEIC"])
def test_exif_orientation_is_applied_once(kind, orientation, picture, encode, stored, assert_upright, only_page):
    exif = Image.Exif()
    exif[0x0112] = orientation
    # libheif is given the stored picture and the tag, and writes the transformation that phones write.
    assert_upright(only_page(encode(stored(picture, orientation), kind, exif=exif.tobytes())))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "jpeg"])
def test_tiff_orientation_is_applied_once(compression, orientation, picture, encode, stored, assert_upright, only_page):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[0x0112] = orientation
    data = encode(stored(picture, orientation), "TIFF", tiffinfo=tags, compression=compression)
    assert_upright(only_page(data))


@pytest.mark.parametrize("orientation", [1, 6])
def test_orientation_behind_a_pngs_pixels_is_applied(orientation, picture, encode, stored, assert_upright, only_page):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(stored(picture, orientation), "PNG")
    body = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = data.index(b"IEND") - 4
    assert_upright(only_page(data[:end] + chunk + data[end:]))


@pytest.mark.parametrize(
    "orientation",
    [
        pytest.param(b"\0\x03\0\0\0\x01\0\0\0\0", id="0"),
        pytest.param(b"\0\x03\0\0\0\x01\0\x09\0\0", id="9"),
        pytest.param(b"\0\x02\0\0\0\x026\0\0\0", id="text"),
    ],
)
def test_an_orientation_that_means_nothing_leaves_the_picture_as_it_is_stored(
    orientation, picture, encode, assert_upright
):
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12" + orientation + bytes(4)
    (page,) = load_pages(encode(picture, "JPEG", exif=exif), LoadParams())
    assert_upright(page.pixels)
    assert page.warnings == ()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP"])
def test_malformed_exif_does_not_prevent_reading(kind, picture, encode, assert_upright):
    for rubbish in (
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0rubbish",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x01",
    ):
        (page,) = load_pages(encode(picture, kind, exif=rubbish), LoadParams())
        assert_upright(page.pixels)


def test_exif_that_cannot_be_parsed_is_noted(picture, encode):
    (page,) = load_pages(encode(picture, "JPEG", exif=b"Exif\0\0rubbish"), LoadParams())
    assert "EXIF data is damaged" in page.warnings[0]
