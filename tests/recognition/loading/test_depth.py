"""Pixels of more than eight bits keep their range."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from recognition.load import load_pages
from recognition.params import LoadParams


@pytest.mark.parametrize("extension", [".png", ".tif"])
def test_16_bit_grey_and_color_keep_their_range(extension, only_page):
    grey = np.linspace(0, 65535, 4096).astype(np.uint16).reshape(64, 64)
    for pixels in (grey, np.dstack([grey, grey[::-1], grey.T])):
        ok, data = cv2.imencode(extension, pixels)
        assert ok
        expected = pixels if pixels.ndim == 3 else np.dstack([pixels] * 3)
        np.testing.assert_array_equal(only_page(data.tobytes()), expected >> 8)


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_tiff_of_either_byte_order_is_read(order, only_page):
    grey = np.linspace(0, 65535, 4096).astype(order + "u2").reshape(64, 64)
    np.testing.assert_array_equal(only_page(_grey_tiff(grey, order, photometric=1))[..., 0], grey >> 8)


def test_16_bit_tiff_where_zero_is_white_is_not_read_as_a_negative(only_page):
    grey = np.linspace(0, 65535, 4096).astype("<u2").reshape(64, 64)
    np.testing.assert_array_equal(only_page(_grey_tiff(grey, "<", photometric=0))[..., 0], 255 - (grey >> 8))


@pytest.mark.parametrize("extension", [".png", ".tif"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_grey_of_fewer_bits_that_a_camera_stores_as_16_keeps_its_range(bits, extension, only_page):
    grey = np.linspace(0, 2**bits - 1, 4096).astype(np.uint16).reshape(64, 64)
    ok, data = cv2.imencode(extension, grey)
    assert ok
    np.testing.assert_array_equal(only_page(data.tobytes())[..., 0], grey >> (bits - 8))


@pytest.mark.parametrize("encoding", ["png", "tif", "tif, not compressed", "tif, big-endian", "tif, second page"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_color_of_fewer_bits_that_a_camera_stores_as_16_keeps_its_range(bits, encoding):
    grey = np.linspace(0, 2**bits - 1, 4096).astype(np.uint16).reshape(64, 64)
    pixels = np.dstack([grey // 2, grey[::-1] // 4, grey])
    expected = (pixels >> (bits - 8)).astype(np.uint8)
    match encoding:
        case "tif, big-endian":
            data = _tiff(pixels[..., ::-1].astype(">u2").tobytes(), (64, 64), ">", photometric=2, bits=16, samples=3)
        case "tif, second page":
            data = cv2.imencodemulti(".tif", [np.full((8, 8, 3), 65535, np.uint16), pixels])[1].tobytes()
        case _:
            compression = [cv2.IMWRITE_TIFF_COMPRESSION, 1] if "not compressed" in encoding else []
            data = cv2.imencode(f".{encoding[:3]}", pixels, compression)[1].tobytes()
    *_, page = load_pages(data, LoadParams())
    np.testing.assert_array_equal(page.pixels, expected)


def test_dark_16_bit_color_that_uses_all_bits_is_not_brightened(only_page):
    pixels = np.zeros((8, 8, 3), np.uint16)
    pixels[4, 4] = 0x8000, 0x01FF, 0
    data = cv2.imencode(".png", pixels)[1].tobytes()
    np.testing.assert_array_equal(only_page(data), pixels >> 8)


def test_12_bit_color_that_is_stored_on_its_side_is_read_upright(only_page):
    grey = np.linspace(0, 4095, 4096).astype(np.uint16).reshape(32, 128)
    content = np.dstack([grey] * 3).astype("<u2").tobytes()
    data = _tiff(content, (32, 128), "<", photometric=2, bits=16, samples=3, orientation=6)
    np.testing.assert_array_equal(only_page(data)[..., 0], np.rot90(grey >> 4, -1))


def test_16_bit_grey_without_any_light_is_black(only_page):
    ok, data = cv2.imencode(".png", np.zeros((8, 8), np.uint16))
    assert ok
    assert not only_page(data.tobytes()).any()


def test_the_grain_of_a_blank_16_bit_tiff_where_zero_is_white_stays_grain(only_page):
    grain = np.arange(4096, dtype="<u2").reshape(64, 64) % 256
    assert only_page(_grey_tiff(grain, "<", photometric=0)).min() == 255


def test_12_bit_tiff_keeps_its_range(only_page):
    grey = np.linspace(0, 4095, 4096).astype(np.uint16).reshape(64, 64)
    left, right = grey[:, ::2], grey[:, 1::2]
    packed = np.stack([left >> 4, (left << 4 | right >> 8) & 255, right & 255], axis=-1).astype(np.uint8)
    data = _tiff(packed.tobytes(), (64, 64), "<", photometric=1, bits=12)
    np.testing.assert_array_equal(only_page(data)[..., 0], grey >> 4)


def _grey_tiff(grey: np.ndarray, order: str, *, photometric: int) -> bytes:
    return _tiff(grey.tobytes(), grey.shape, order, photometric=photometric, bits=16)


def _tiff(
    pixels: bytes,
    shape: tuple[int, ...],
    order: str,
    *,
    photometric: int,
    bits: int,
    samples: int = 1,
    orientation: int = 1,
) -> bytes:
    height, width = shape
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, bits),
        (259, 3, 1),
        (262, 3, photometric),
        (273, 4, 8),
        (274, 3, orientation),
        (277, 3, samples),
        (278, 4, height),
        (279, 4, len(pixels)),
    ]
    directory = struct.pack(order + "H", len(entries))
    for tag, kind, value in entries:
        entry = struct.pack(order + "HHIH", tag, kind, 1, value) + bytes(2)  # a SHORT stands at the left
        directory += entry if kind == 3 else struct.pack(order + "HHII", tag, kind, 1, value)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(pixels))
    return head + pixels + directory + bytes(4)
