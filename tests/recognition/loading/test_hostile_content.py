"""Files as bad disks, bad networks and bad people make them: refused, and nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recognition.errors import UnreadableImageError
from recognition.formats import Format, is_whole, sniff
from recognition.load import load_pages
from recognition.params import LoadParams

PARAMS = LoadParams(max_megapixels=1, max_pages=10)
KINDS = (
    *Format,
    "progressive JPEG",
    "LZW TIFF",
    "fax TIFF",
    "big TIFF",
    "two-page TIFF",
    "palette PNG",
    "alpha WebP",
)
HARD = settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def read_or_refuse(data: bytes) -> int:
    """How many pages could be read; anything but a refusal is an error of ours."""
    pages = 0
    try:
        for page in load_pages(data, PARAMS):
            height, width, channels = page.pixels.shape
            assert channels == 3
            assert 0 < height * width <= 1e6
            assert page.pixels.dtype == np.uint8
            pages += 1
    except UnreadableImageError as error:
        assert str(error)
        return pages
    assert pages
    return pages


@HARD
@given(kind=st.sampled_from(KINDS), cut=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_read_or_refused(samples, kind, cut):
    data = samples[kind]
    read_or_refuse(data[: int(cut * len(data))])


@HARD
@given(
    kind=st.sampled_from(KINDS),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=8),
)
def test_a_file_with_flipped_bytes_is_read_or_refused(samples, kind, flips):
    data = bytearray(samples[kind])
    for place, change in flips:
        data[int(place * len(data))] ^= change
    read_or_refuse(bytes(data))


@HARD
@given(
    kind=st.sampled_from(KINDS),
    flips=st.lists(st.tuples(st.integers(0, 255), st.integers(1, 255)), min_size=1, max_size=6),
)
def test_a_file_with_a_damaged_header_is_read_or_refused(samples, kind, flips):
    data = bytearray(samples[kind])
    for place, change in flips:
        data[place % len(data)] ^= change
    read_or_refuse(bytes(data))


@HARD
@given(kind=st.sampled_from(KINDS), start=st.floats(0, 1), length=st.integers(1, 3000))
def test_a_file_with_a_hole_of_zeros_is_read_or_refused(samples, kind, start, length):
    data = samples[kind]
    at = int(start * len(data))
    read_or_refuse(data[:at] + bytes(length) + data[at + length :])


@settings(max_examples=500)
@given(
    head=st.sampled_from(
        [
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"GIF89a",
            b"II*\0",
            b"MM\0+",
            b"%PDF-",
            b"BM",
            b"RIFF\0\0\0\0WEBP",
            b"\0\0\0\x18ftypheic",
        ]
    ),
    tail=st.binary(max_size=200),
)
def test_any_bytes_behind_a_signature_are_judged(head, tail):
    data = head + tail
    assert isinstance(is_whole(data), bool)
    sniff(data)
    read_or_refuse(data)
