from __future__ import annotations

import io
import struct
import subprocess
import sys
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageChops, ImageCms, TiffImagePlugin

from recognition.errors import UnreadableImageError
from recognition.load import load_pages
from recognition.params import LoadParams

PARAMS = LoadParams()


def only_page(data: bytes, params: LoadParams = PARAMS) -> np.ndarray:
    (page,) = load_pages(data, params)
    assert page.page == 1
    assert page.pixels.flags.writeable
    return page.pixels


def refusal(data: bytes, params: LoadParams = PARAMS) -> UnreadableImageError:
    with pytest.raises(UnreadableImageError) as caught:
        list(load_pages(data, params))
    return caught.value


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WebP", "GIF", "TIFF", "HEIC"])
def test_a_picture_of_every_kind_is_read_in_color(kind, picture, encode, assert_upright):
    assert_upright(only_page(encode(picture, kind)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "HEIC"])
def test_exif_orientation_is_applied_once(kind, orientation, picture, encode, stored, assert_upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    # libheif is given the stored picture and the tag, and writes the transformation that phones write.
    assert_upright(only_page(encode(stored(picture, orientation), kind, exif=exif.tobytes())))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "jpeg"])
def test_tiff_orientation_is_applied_once(compression, orientation, picture, encode, stored, assert_upright):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[0x0112] = orientation
    data = encode(stored(picture, orientation), "TIFF", tiffinfo=tags, compression=compression)
    assert_upright(only_page(data))


@pytest.mark.parametrize("orientation", [1, 6])
def test_orientation_behind_a_pngs_pixels_is_applied(orientation, picture, encode, stored, assert_upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(stored(picture, orientation), "PNG")
    body = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = data.index(b"IEND") - 4
    assert_upright(only_page(data[:end] + chunk + data[end:]))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP"])
def test_malformed_exif_does_not_prevent_reading(kind, picture, encode, assert_upright):
    for rubbish in (
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0rubbish",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x01",
    ):
        (page,) = load_pages(encode(picture, kind, exif=rubbish), PARAMS)
        assert_upright(page.pixels)


def test_exif_that_cannot_be_parsed_is_noted(picture, encode):
    (page,) = load_pages(encode(picture, "JPEG", exif=b"Exif\0\0rubbish"), PARAMS)
    assert "EXIF data is damaged" in page.warnings[0]


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_opencv_decodes_png_to_the_same_pixels_as_pillow(mode, samples):
    image = Image.open(io.BytesIO(samples["PNG"])).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    expected = np.asarray(image.convert("RGB"))[..., ::-1]
    np.testing.assert_array_equal(only_page(buffer.getvalue()), expected)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_opencv_decodes_jpeg_to_the_same_pixels_as_pillow(mode, samples):
    buffer = io.BytesIO()
    Image.open(io.BytesIO(samples["PNG"])).convert(mode).save(buffer, "JPEG", quality=90)
    expected = np.asarray(Image.open(buffer).convert("RGB"))[..., ::-1].astype(int)
    assert np.abs(only_page(buffer.getvalue()) - expected).max() <= 2


@pytest.mark.parametrize("extension", [".png", ".tif"])
def test_16_bit_grey_and_color_keep_their_range(extension):
    grey = np.linspace(0, 65535, 4096).astype(np.uint16).reshape(64, 64)
    for pixels in (grey, np.dstack([grey, grey[::-1], grey.T])):
        ok, data = cv2.imencode(extension, pixels)
        assert ok
        expected = pixels if pixels.ndim == 3 else np.dstack([pixels] * 3)
        np.testing.assert_array_equal(only_page(data.tobytes()), expected >> 8)


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_tiff_of_either_byte_order_is_read(order):
    grey = np.linspace(0, 65535, 4096).astype(order + "u2").reshape(64, 64)
    np.testing.assert_array_equal(only_page(_grey_tiff(grey, order, photometric=1))[..., 0], grey >> 8)


def test_16_bit_tiff_where_zero_is_white_is_not_read_as_a_negative():
    grey = np.linspace(0, 65535, 4096).astype("<u2").reshape(64, 64)
    np.testing.assert_array_equal(only_page(_grey_tiff(grey, "<", photometric=0))[..., 0], 255 - (grey >> 8))


@pytest.mark.parametrize("extension", [".png", ".tif"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_grey_of_fewer_bits_that_a_camera_stores_as_16_keeps_its_range(bits, extension):
    grey = np.linspace(0, 2**bits - 1, 4096).astype(np.uint16).reshape(64, 64)
    ok, data = cv2.imencode(extension, grey)
    assert ok
    np.testing.assert_array_equal(only_page(data.tobytes())[..., 0], grey >> (bits - 8))


def test_16_bit_grey_without_any_light_is_black():
    ok, data = cv2.imencode(".png", np.zeros((8, 8), np.uint16))
    assert ok
    assert not only_page(data.tobytes()).any()


def test_the_grain_of_a_blank_16_bit_tiff_where_zero_is_white_stays_grain():
    grain = np.arange(4096, dtype="<u2").reshape(64, 64) % 256
    assert only_page(_grey_tiff(grain, "<", photometric=0)).min() == 255


def test_12_bit_tiff_keeps_its_range():
    grey = np.linspace(0, 4095, 4096).astype(np.uint16).reshape(64, 64)
    left, right = grey[:, ::2], grey[:, 1::2]
    packed = np.stack([left >> 4, (left << 4 | right >> 8) & 255, right & 255], axis=-1).astype(np.uint8)
    data = _tiff(packed.tobytes(), (64, 64), "<", photometric=1, bits=12)
    np.testing.assert_array_equal(only_page(data)[..., 0], grey >> 4)


def _grey_tiff(grey: np.ndarray, order: str, *, photometric: int) -> bytes:
    return _tiff(grey.tobytes(), grey.shape, order, photometric=photometric, bits=16)


def _tiff(pixels: bytes, shape: tuple[int, ...], order: str, *, photometric: int, bits: int) -> bytes:
    height, width = shape
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, bits),
        (259, 3, 1),
        (262, 3, photometric),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, len(pixels)),
    ]
    directory = struct.pack(order + "H", len(entries))
    for tag, kind, value in entries:
        entry = struct.pack(order + "HHIH", tag, kind, 1, value) + bytes(2)  # a SHORT stands at the left
        directory += entry if kind == 3 else struct.pack(order + "HHII", tag, kind, 1, value)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(pixels))
    return head + pixels + directory + bytes(4)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGBA", "PNG"), ("LA", "PNG"), ("RGBA", "WebP"), ("RGBA", "TIFF"), ("PA", "TIFF"), ("RGBA", "HEIC")],
)
def test_transparent_places_become_white(mode, kind, encode):
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 32, 64))
    options = {"lossless": True} if kind == "WebP" else {}
    pixels = only_page(encode(image.convert(mode), kind, **options))
    assert pixels[32, 10].max() < 20
    assert pixels[32, 54].min() > 235


@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_a_transparent_color_becomes_white(mode, encode):
    image = Image.new(mode, (64, 64), 0)
    image.paste(255 if mode != "RGB" else (9, 9, 9), (0, 0, 32, 64))
    data = encode(image, "PNG", transparency=(0, 0, 0) if mode == "RGB" else 0)
    assert only_page(data)[32, 54].tolist() == [255, 255, 255]


def test_half_transparent_ink_is_mixed_with_white(encode):
    pixels = only_page(encode(Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "PNG"))
    assert abs(int(pixels[4, 4, 0]) - 127) <= 1


def test_an_alpha_channel_that_is_zero_everywhere_is_ignored(encode):
    assert only_page(encode(Image.new("RGBA", (8, 8), (10, 20, 30, 0)), "TIFF"))[4, 4].tolist() == [30, 20, 10]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "RGBX"])
def test_tiff_of_every_usual_mode_is_read(mode, picture, encode):
    image = picture.convert(mode)
    expected = np.asarray(image.convert("RGB"))[..., ::-1].astype(int)
    assert np.abs(only_page(encode(image, "TIFF")) - expected).max() <= 2


def test_lab_tiff_is_read_in_its_colors(picture, encode, assert_upright):
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(picture, srgb, lab, outputMode="LAB")
    assert_upright(only_page(encode(converted, "TIFF")), tolerance=90)  # D50 white is taken for D65


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_without_a_known_white_are_refused_by_name(mode, encode):
    error = refusal(encode(Image.new(mode, (8, 8)), "TIFF"))
    assert "pixels" in str(error)
    assert not error.incomplete


def test_cmyk_jpeg_is_read_with_and_without_adobes_inversion(picture, encode, assert_upright):
    inks = picture.convert("CMYK")
    adobe = encode(inks, "JPEG", quality=95)
    assert b"Adobe" in adobe
    assert_upright(only_page(adobe))
    plain = encode(ImageChops.invert(inks), "JPEG", quality=95)
    start = plain.index(b"\xff\xee")
    length = int.from_bytes(plain[start + 2 : start + 4], "big")
    assert_upright(only_page(plain[:start] + plain[start + 2 + length :]))


def test_every_page_of_a_tiff_is_read_in_order(encode):
    images = [Image.new("L", (20 + index, 30), 50 * index) for index in range(4)]
    data = encode(images[0], "TIFF", save_all=True, append_images=images[1:])
    pages = list(load_pages(data, PARAMS))
    assert [page.page for page in pages] == [1, 2, 3, 4]
    assert [page.pixels.shape for page in pages] == [(30, 20 + index, 3) for index in range(4)]
    assert [int(page.pixels[0, 0, 0]) for page in pages] == [0, 50, 100, 150]


def test_thumbnails_in_a_tiff_are_no_pages(encode):
    thumbnail = Image.new("L", (8, 8), 9)
    thumbnail.encoderinfo = {"tiffinfo": {254: 1}}
    data = encode(Image.new("L", (40, 30), 200), "TIFF", save_all=True, append_images=[thumbnail])
    assert Image.open(io.BytesIO(data)).n_frames == 2
    assert only_page(data).shape == (30, 40, 3)


def test_a_tiff_of_thumbnails_only_is_refused_by_name(encode):
    assert "raw" in str(refusal(encode(Image.new("L", (8, 8)), "TIFF", tiffinfo={254: 1})))


def test_only_one_page_is_decoded_at_a_time(encode):
    image = Image.effect_noise((2000, 1000), 50)
    data = encode(image, "TIFF", save_all=True, append_images=[image] * 7)
    page_bytes = 2000 * 1000 * 3
    tracemalloc.start()
    try:
        for page in load_pages(data, PARAMS):
            del page
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * page_bytes + 2 * len(data) / 8


@pytest.mark.parametrize("kind", ["GIF", "WebP", "PNG"])
def test_the_first_picture_of_an_animation_is_read_and_the_rest_mentioned(kind, picture, encode, assert_upright):
    data = encode(picture, kind, save_all=True, append_images=[Image.new("RGB", picture.size, "black")], duration=100)
    (page,) = load_pages(data, PARAMS)
    assert_upright(page.pixels)
    assert "only the first" in page.warnings[0]


@pytest.mark.parametrize(("more_mb", "comes"), [(110, "MemoryError"), (600, "(4000, 6000, 3)")])
def test_a_sound_photo_for_which_memory_lacks_is_not_called_damaged(encode, more_mb, comes):
    exif = Image.Exif()
    exif[0x0112] = 6  # its pixels take 72 MB, and so much again when they are turned
    data = encode(Image.new("RGB", (4000, 6000), "white"), "JPEG", exif=exif)
    assert _load_within(more_mb, data) == comes


def _load_within(more_mb: int, data: bytes) -> str:
    """The shape of a picture, or the error, in a process that may take so much more memory than it has."""
    program = f"""
import resource, sys
from recognition.load import load_pages
from recognition.params import LoadParams
data = sys.stdin.buffer.read()
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + {more_mb} * 1_000_000, -1))
try:
    print(*(page.pixels.shape for page in load_pages(data, LoadParams())))
except BaseException as error:
    print(type(error).__name__)
"""
    done = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_bytes_after_a_jpegs_end_do_not_matter(picture, encode, assert_upright):
    assert_upright(only_page(encode(picture, "JPEG") + b"MotionPhoto_Data" + bytes(5000)))


@pytest.mark.parametrize("fraction", [0.3, 0.5, 0.9])
def test_a_file_cut_short_gives_no_page(samples, fraction):
    for name, data in samples.items():
        error = refusal(data[: int(len(data) * fraction)])
        assert error.incomplete, name
        assert "too early" in str(error) or "empty" in str(error), name


def test_a_jpeg_of_which_only_the_end_mark_is_missing_may_still_grow(picture, encode):
    assert refusal(encode(picture, "JPEG")[:-2]).incomplete


def test_a_tiff_whose_last_page_is_cut_off_gives_none_of_its_pages(encode):
    page = Image.effect_noise((200, 200), 50)
    data = encode(page, "TIFF", save_all=True, append_images=[page] * 3)
    with pytest.raises(UnreadableImageError, match="too early"):
        next(load_pages(data[:-1000], PARAMS))


def test_damaged_pixels_of_a_png_are_refused(samples):
    data = bytearray(samples["PNG"])
    data[len(data) // 2] ^= 0x55
    error = refusal(bytes(data))
    assert not error.incomplete
    assert "PNG is damaged" in str(error)


def test_an_empty_file_is_named_and_may_still_grow():
    error = refusal(b"")
    assert error.incomplete
    assert "empty" in str(error)


def test_reserved_space_is_named_and_may_still_be_filled():
    error = refusal(bytes(5000))
    assert error.incomplete
    assert "zeros" in str(error)


def test_a_text_is_refused_with_what_was_got_and_the_remedy():
    error = refusal(b"Dear reader, this is no picture")
    assert not error.incomplete
    assert "b'Dear reader" in str(error)
    assert "Save it as JPEG, PNG, TIFF or PDF" in str(error)


def _huge_png(side: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    squeeze = zlib.compressobj(9)
    rows = bytes((side + 7) // 8 + 1)
    pixels = b"".join(squeeze.compress(rows) for _ in range(side)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_huge_png_is_refused_from_its_header():
    bomb = _huge_png(40_000)
    assert 150_000 < len(bomb) < 250_000
    for data in (bomb, bomb[:60]):
        tracemalloc.start()
        try:
            error = refusal(data)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert not error.incomplete
        assert "40000x40000 pixels (1600 megapixels)" in str(error)
        assert "100 megapixels" in str(error)
        assert "pages.max_megapixels" in str(error)
        assert peak < 2_000_000


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WebP", "GIF", "TIFF", "HEIC"])
def test_a_picture_over_the_limit_is_refused_and_one_at_the_limit_read(kind, encode):
    limit = LoadParams(max_megapixels=1)
    assert only_page(encode(Image.new("RGB", (1000, 1000)), kind), limit).shape == (1000, 1000, 3)
    assert "1001x1000" in str(refusal(encode(Image.new("RGB", (1001, 1000)), kind), limit))


def test_a_later_page_over_the_limit_is_refused(encode):
    data = encode(Image.new("1", (10, 10)), "TIFF", save_all=True, append_images=[Image.new("1", (1001, 1000))])
    pages = load_pages(data, LoadParams(max_megapixels=1))
    assert next(pages).pixels.shape == (10, 10, 3)
    with pytest.raises(UnreadableImageError, match="1001x1000"):
        next(pages)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF", "WebP"])
def test_pillows_own_limit_gives_way_to_the_configurations(kind, picture, encode, assert_upright, monkeypatch):
    data = encode(picture.convert("RGBA") if kind == "PNG" else picture, kind)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert_upright(only_page(data))
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_too_many_pages_are_refused_before_the_first_is_decoded(encode):
    data = encode(Image.new("1", (9, 9)), "TIFF", save_all=True, append_images=[Image.new("1", (9, 9))] * 3)
    assert len(list(load_pages(data, LoadParams(max_pages=4)))) == 4
    with pytest.raises(UnreadableImageError, match="may have 3 pages, but this one has 4"):
        next(load_pages(data, LoadParams(max_pages=3)))
