"""What takes more pixels, pages or memory than there may be is refused before it does."""

from __future__ import annotations

import struct
import subprocess
import sys
import tracemalloc
import zlib

import pytest
from PIL import Image

from recognition.errors import UnreadableImageError
from recognition.load import load_pages
from recognition.params import LoadParams


def test_only_one_page_is_decoded_at_a_time(encode):
    image = Image.effect_noise((2000, 1000), 50)
    data = encode(image, "TIFF", save_all=True, append_images=[image] * 7)
    page_bytes = 2000 * 1000 * 3
    tracemalloc.start()
    try:
        for page in load_pages(data, LoadParams()):
            del page
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * page_bytes + 2 * len(data) / 8


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


def _huge_png(side: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    squeeze = zlib.compressobj(9)
    rows = bytes((side + 7) // 8 + 1)
    pixels = b"".join(squeeze.compress(rows) for _ in range(side)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_huge_png_is_refused_from_its_header(refusal):
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
def test_a_picture_over_the_limit_is_refused_and_one_at_the_limit_read(kind, encode, only_page, refusal):
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
def test_pillows_own_limit_gives_way_to_the_configurations(
    kind, picture, encode, assert_upright, monkeypatch, only_page
):
    data = encode(picture.convert("RGBA") if kind == "PNG" else picture, kind)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert_upright(only_page(data))
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_too_many_pages_are_refused_before_the_first_is_decoded(encode):
    data = encode(Image.new("1", (9, 9)), "TIFF", save_all=True, append_images=[Image.new("1", (9, 9))] * 3)
    assert len(list(load_pages(data, LoadParams(max_pages=4)))) == 4
    with pytest.raises(UnreadableImageError, match="may have 3 pages, but this one has 4"):
        next(load_pages(data, LoadParams(max_pages=3)))


@pytest.mark.parametrize("size", [(2, 65_501), (65_501, 2)])
def test_a_page_too_long_for_its_annotated_picture_is_refused(encode, refusal, size):
    error = refusal(encode(Image.new("L", size, 255), "PNG"))
    assert not error.incomplete
    assert f"65500 pixels high and wide, but this one is {size[0]}x{size[1]} pixels" in str(error)
