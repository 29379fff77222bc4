"""Lines drawn by hand under numbers, and what looks like one and is none."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.components import find_components
from recognition.params import ComponentParams, UnderlineParams
from recognition.underlines import without_underlines

PARAMS = UnderlineParams()
HEIGHT = 60
FEET = 120
"""The row that the drawn digits stand on."""


@pytest.fixture
def page(sample_pages):
    """A page, uint8 (280, 600), of its darkness: 5804, its feet on row 120, and 962, its feet on row 260."""
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (280, 600))
    hand.write("5804", 60, FEET - HEIGHT, HEIGHT)
    hand.write("962", 60, FEET + 80, HEIGHT)
    return np.rint(200 * hand.ink).astype(np.uint8)


@pytest.fixture
def seen(reader):
    """Reads the pieces of a page."""

    def read(darkness):
        mask = np.where(darkness > 60, np.uint8(255), np.uint8(0))
        return reader.read(find_components(mask, darkness, ComponentParams()), darkness)

    return read


@pytest.fixture
def taken(seen, reader):
    """Takes the underlines off a page, and gives the boxes of what was taken, and the page without it."""

    def take(darkness):
        readings = seen(darkness)
        left, cleared = without_underlines(readings, darkness, reader, PARAMS)
        kept = {reading.piece for reading in left}
        return [reading.piece.bbox for reading in readings if reading.piece not in kept], cleared

    return take


@pytest.fixture
def stays(taken):
    """Tells whether nothing is taken off a page."""

    def tell(darkness):
        boxes, cleared = taken(darkness)
        return boxes == [] and cleared is darkness

    return tell


@pytest.fixture
def zero():
    """A page, uint8 (200, 300), of the darkness of a 0, which tells how high the writing is."""
    page = np.zeros((200, 300), np.uint8)
    return cv2.ellipse(page, (170, 92), (20, 30), 0, 0, 360, 200, 6, cv2.LINE_AA)


def stroke(page, *points, thickness=5):
    """The page with a stroke on it."""
    drawn = page.copy()
    cv2.polylines(drawn, [np.array(points, np.int32)], False, 200, thickness, cv2.LINE_AA)
    return drawn


LINE = [(50, 132), (120, 134), (200, 132), (300, 131)]


@pytest.mark.parametrize(
    ("points", "thickness"),
    [
        pytest.param(LINE, 5, id="about straight"),
        pytest.param(LINE, 2, id="of a fine pen"),
        pytest.param([(x, y + 4) for x, y in LINE], 11, id="of a thick pen"),
        pytest.param([(50, 143), (300, 132)], 5, id="rising"),
        pytest.param([(50, 130), (170, 137), (300, 131)], 5, id="bent"),
        pytest.param([(60, 132), (330, 132)], 5, id="longer than the number"),
        pytest.param([(110, 134), (250, 134)], 5, id="shorter than the number"),
        pytest.param([(50, 40), (300, 42)], 5, id="over the number"),
    ],
)
def test_a_line_goes_and_the_page_is_as_it_was_without_it(page, taken, points, thickness):
    drawn = stroke(page, *points, thickness=thickness)
    boxes, cleared = taken(drawn)
    assert len(boxes) == 1
    np.testing.assert_array_equal(cleared, page)


def test_both_lines_below_a_sum_go(page, taken):
    boxes, cleared = taken(stroke(stroke(page, *LINE), *((x, y + 24) for x, y in LINE)))
    assert len(boxes) == 2
    np.testing.assert_array_equal(cleared, page)


def test_the_line_under_a_lone_digit_goes(sample_pages, taken):
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (200, 300))
    hand.write("6", 60, FEET - HEIGHT, HEIGHT)
    page = np.rint(200 * hand.ink).astype(np.uint8)
    boxes, _ = taken(stroke(page, (55, 130), (105, 131)))
    assert [box.y for box in boxes] == [pytest.approx(127, abs=1)]


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([(20, 90), (50, 90)], id="a minus before a number"),
        pytest.param([(300, 90), (400, 90)], id="a long dash behind it"),
        pytest.param([(300, 134), (420, 134)], id="a line beside it"),
        pytest.param([(50, 145), (150, 145), (150, 60)], id="a frame's corner"),
        pytest.param([(50, 150), (90, 132), (130, 155), (170, 132), (210, 155), (250, 132)], id="a wave"),
        pytest.param([(50, 178), (300, 128)], id="a steep line"),
    ],
)
def test_what_is_no_line_under_a_number_stays(page, stays, points):
    assert stays(stroke(page, *points))


def test_the_bar_of_a_broken_4_stays(page, stays):
    drawn = stroke(page, (352, 60), (348, 95))
    drawn = stroke(drawn, (343, 104), (376, 104))
    assert stays(stroke(drawn, (384, 58), (384, 122)))


def test_the_base_of_a_broken_2_stays(zero, stays):
    bow = [(62, 72), (72, 62), (88, 62), (96, 74), (92, 88), (78, 104), (66, 112)]
    assert stays(stroke(stroke(zero, *bow, thickness=6), (62, 122), (100, 121), thickness=6))


def test_the_bar_of_a_broken_5_stays(drawn_five, zero, stays):
    zero[40:140, 40:140] = drawn_five
    assert stays(zero)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([[(50, 122), (180, 124), (300, 122)]], id="a line that touches their feet"),
        pytest.param([[(50, 117), (180, 118), (300, 117)]], id="a line that crosses their feet"),
        pytest.param([[(50, 128), (300, 116)]], id="a rising line that crosses some of them"),
        pytest.param([[(50, 122), (300, 122)], [(50, 131), (300, 131)]], id="two lines, one of which touches them"),
    ],
)
def test_digits_that_a_line_touches_are_read_each_by_itself(page, seen, reader, lines):
    drawn = page
    for points in lines:
        drawn = stroke(drawn, *points)
    readings = seen(drawn)
    assert max(reading.piece.bbox.width for reading in readings) >= 250
    left, _ = without_underlines(readings, drawn, reader, PARAMS)
    above = sorted((reading for reading in left if reading.piece.bbox.y < FEET), key=lambda one: one.piece.bbox.x)
    assert [reading.digit for reading in above] == [5, 8, 0, 4]
    assert all(reading.by_ink_confidence > 0.9 for reading in above)


def test_a_digit_that_reaches_far_through_the_line_is_not_cut(page, stays):
    assert stays(stroke(stroke(page, (320, 60), (314, 145)), (50, 122), (350, 122)))


@pytest.mark.parametrize("row", [75, 90, 100])
def test_the_line_through_a_number_that_is_struck_out_stays(page, stays, row):
    assert stays(stroke(page, (50, row), (300, row)))


def test_the_wide_base_of_a_2_stays(page, stays):
    assert stays(stroke(page, (350, 75), (370, 60), (385, 75), (350, 118), (422, 118)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("pair", ["22", "25", "47", "72"])
def test_digits_that_touch_stay(touching, stays, pair, seed):
    assert stays(np.rint(200 * touching(pair, seed)).astype(np.uint8))


def test_the_frame_around_a_number_stays(page, stays):
    assert stays(cv2.rectangle(page, (45, 45), (310, 138), 200, 5))


def test_a_blank_page_stays(stays):
    assert stays(np.zeros((100, 100), np.uint8))


@pytest.mark.parametrize(("confidence", "goes"), [(0.49, True), (0.51, False)])
def test_what_is_more_likely_a_digit_than_not_has_no_line_taken_off(page, seen, reader, confidence, goes):
    drawn = stroke(page, (50, 122), (180, 124), (300, 122))
    readings = seen(drawn)
    widest = max(readings, key=lambda reading: reading.piece.bbox.width)
    by_ink = np.full(11, (1 - confidence) / 10, np.float32)
    by_ink[5] = confidence
    readings = [replace(widest, by_ink=by_ink) if reading is widest else reading for reading in readings]
    left, _ = without_underlines(readings, drawn, reader, PARAMS)
    assert (widest.piece not in [reading.piece for reading in left]) == goes
