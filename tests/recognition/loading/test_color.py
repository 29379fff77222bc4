"""Every way to store colors comes out as blue, green and red on white paper."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageCms


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGBA", "PNG"), ("LA", "PNG"), ("RGBA", "WebP"), ("RGBA", "TIFF"), ("PA", "TIFF"), ("RGBA", "HEIC")],
)
def test_transparent_places_become_white(mode, kind, encode, only_page):
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 32, 64))
    options = {"lossless": True} if kind == "WebP" else {}
    pixels = only_page(encode(image.convert(mode), kind, **options))
    assert pixels[32, 10].max() < 20
    assert pixels[32, 54].min() > 235


@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_a_transparent_color_becomes_white(mode, encode, only_page):
    image = Image.new(mode, (64, 64), 0)
    image.paste(255 if mode != "RGB" else (9, 9, 9), (0, 0, 32, 64))
    data = encode(image, "PNG", transparency=(0, 0, 0) if mode == "RGB" else 0)
    assert only_page(data)[32, 54].tolist() == [255, 255, 255]


def test_half_transparent_ink_is_mixed_with_white(encode, only_page):
    pixels = only_page(encode(Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "PNG"))
    assert abs(int(pixels[4, 4, 0]) - 127) <= 1


def test_an_alpha_channel_that_is_zero_everywhere_is_ignored(encode, only_page):
    assert only_page(encode(Image.new("RGBA", (8, 8), (10, 20, 30, 0)), "TIFF"))[4, 4].tolist() == [30, 20, 10]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "RGBX"])
def test_tiff_of_every_usual_mode_is_read(mode, picture, encode, only_page):
    image = picture.convert(mode)
    expected = np.asarray(image.convert("RGB"))[..., ::-1].astype(int)
    assert np.abs(only_page(encode(image, "TIFF")) - expected).max() <= 2


def test_lab_tiff_is_read_in_its_colors(picture, encode, assert_upright, only_page):
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB")
    assert_upright(only_page(encode(converted, "TIFF")), tolerance=90)  # D50 white is taken for D65


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_without_a_known_white_are_refused_by_name(mode, encode, refusal):
    error = refusal(encode(Image.new(mode, (8, 8)), "TIFF"))
    assert "pixels" in str(error)
    assert not error.incomplete


def test_cmyk_jpeg_is_read_with_and_without_adobes_inversion(picture, encode, assert_upright, only_page):
    inks = picture.convert("CMYK")
    adobe = encode(inks, "JPEG", quality=95)
    assert b"Adobe" in adobe
    assert_upright(only_page(adobe))
    plain = encode(ImageChops.invert(inks), "JPEG", quality=95)
    start = plain.index(b"\xff\xee")
    length = int.from_bytes(plain[start + 2 : start + 4], "big")
    assert_upright(only_page(plain[:start] + plain[start + 2 + length :]))
