"""Lines drawn by hand under numbers, and what looks like one and is none."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
def test_what_is_no_line_under_a_number_stays(page, taken, points):
    drawn = stroke(page, *points)
    boxes, cleared = taken(drawn)
    assert boxes == []
    assert cleared is drawn


def test_the_bar_of_a_broken_4_stays(page, taken):
    drawn = stroke(page, (352, 60), (348, 95))
    drawn = stroke(drawn, (343, 104), (376, 104))
    assert taken(stroke(drawn, (384, 58), (384, 122)))[0] == []


def test_the_base_of_a_broken_2_stays(taken):
    page = np.zeros((200, 300), np.uint8)
    bow = np.array([(62, 72), (72, 62), (88, 62), (96, 74), (92, 88), (78, 104), (66, 112)], np.int32)
    cv2.polylines(page, [bow], False, 200, 6, cv2.LINE_AA)
    cv2.line(page, (62, 122), (100, 121), 200, 6, cv2.LINE_AA)
    cv2.ellipse(page, (170, 92), (20, 30), 0, 0, 360, 200, 6, cv2.LINE_AA)  # tells how high the writing is
    assert taken(page)[0] == []


def test_the_bar_of_a_broken_5_stays(drawn_five, taken):
    page = np.zeros((200, 300), np.uint8)
    page[40:140, 40:140] = drawn_five
    cv2.ellipse(page, (170, 92), (20, 30), 0, 0, 360, 200, 6, cv2.LINE_AA)
    assert taken(page)[0] == []


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


def test_a_digit_that_reaches_far_through_the_line_is_not_cut(page, taken):
    assert taken(stroke(stroke(page, (320, 60), (314, 145)), (50, 122), (350, 122)))[0] == []


@pytest.mark.parametrize("row", [75, 90, 100])
def test_the_line_through_a_number_that_is_struck_out_stays(page, taken, row):
    assert taken(stroke(page, (50, row), (300, row)))[0] == []


def test_the_wide_base_of_a_2_stays(page, taken):
    drawn = stroke(page, (350, 75), (370, 60), (385, 75), (350, 118), (422, 118))
    assert taken(drawn)[0] == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("pair", ["22", "25", "47", "72"])
def test_digits_that_touch_stay(touching, taken, pair, seed):
    page = np.rint(200 * touching(pair, seed)).astype(np.uint8)
    assert taken(page)[0] == []


def test_the_frame_around_a_number_stays(page, taken):
    drawn = page.copy()
    cv2.rectangle(drawn, (45, 45), (310, 138), 200, 5)
    assert taken(drawn)[0] == []


def test_a_blank_page_stays(taken):
    page = np.zeros((100, 100), np.uint8)
    assert taken(page) == ([], page)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(1, 200), st.integers(1, 80)), max_size=9)
)
def test_no_digit_is_taken(make_reading, reader, boxes):
    darkness = np.full((400, 520), 100, np.uint8)
    digits = [make_reading(5, box) for box in boxes if box[3] > 0.5 * box[2]]
    left, _ = without_underlines(digits, darkness, reader, PARAMS)
    assert [reading.piece for reading in left] == [reading.piece for reading in digits]


DIGITS = [(50 + 40 * k, 60, 25, 60) for k in range(5)]
"""Boxes of digits 60 px high, as broad strokes, feet on row 120; their columns and the gaps between end at 235."""


@pytest.fixture
def gone(make_reading, reader):
    """Tells which of some strokes, boxes about 5 px high, are taken from among digits."""

    def tell(strokes, digits=DIGITS, confidence=0.99):
        page = np.zeros((400, 700), np.uint8)
        for x, y, width, height in [*digits, *strokes]:
            page[y : y + height, x : x + width] = 200
        lines = [make_reading(1, box, 0.3) for box in strokes]
        readings = [*(make_reading(5, box, confidence) for box in digits), *lines]
        left, _ = without_underlines(readings, page, reader, PARAMS)
        kept = {id(reading.piece) for reading in left}
        return [id(line.piece) not in kept for line in lines]

    return tell


@pytest.mark.parametrize(
    ("row", "goes"),
    [
        pytest.param(147, True, id="as far below them as the line may be"),
        pytest.param(148, False, id="too far below them"),
        pytest.param(112, True, id="across their feet"),
        pytest.param(111, False, id="through them"),
        pytest.param(29, True, id="as far above them as the line may be"),
        pytest.param(28, False, id="too far above them"),
    ],
)
def test_a_line_is_as_near_to_its_digits_as_a_writer_sets_it(gone, row, goes):
    assert gone([(50, row, 200, 5)]) == [goes]


@pytest.mark.parametrize(("length", "goes"), [(328, True), (330, False)])
def test_a_line_has_digits_over_three_fifths_of_its_length(gone, length, goes):
    assert gone([(50, 130, length, 5)]) == [goes]


@pytest.mark.parametrize("x", [255, 20])
def test_digits_beside_a_line_are_not_over_it(gone, x):
    first = DIGITS[0][0] if x > 50 else 240
    digits = [(first + 40 * k, 60, 25, 60) for k in range(5)]
    assert gone([(x, 130, 200, 5)], digits) == [False]


@pytest.mark.parametrize(("x", "goes"), [(256, False), (257, True)])
@pytest.mark.parametrize("side", ["right", "left"])
def test_what_stands_up_and_down_right_at_its_end_crosses_a_line(gone, side, x, goes):
    upright = (x, 60, 12, 140)
    page = 300  # all of it lies between the columns 0 and 300
    mirrored = [(page - left - width, y, width, height) for left, y, width, height in [*DIGITS, upright]]
    digits = [*DIGITS, upright] if side == "right" else mirrored
    assert gone([(50, 130, 200, 5)], digits) == [goes]


@pytest.mark.parametrize(("height", "goes"), [(29, True), (30, False)])
def test_specks_do_not_cross_a_line(gone, height, goes):
    assert gone([(50, 130, 200, 5)], [*DIGITS, (100, 120, 6, height)]) == [goes]


def test_a_short_line_is_taken_from_under_digits_but_not_from_between_two_lines_of_writing(gone):
    below = [(x, 145, width, height) for x, _, width, height in DIGITS]
    assert gone([(50, 130, 70, 5)]) == [True]
    assert gone([(50, 130, 70, 5)], [*DIGITS, *below]) == [False]
    assert gone([(50, 130, 75, 5)], [*DIGITS, *below]) == [True]


@pytest.mark.parametrize(("confidence", "goes"), [(0.91, True), (0.89, False)])
def test_a_short_line_may_be_a_part_of_a_digit_that_is_not_sure_without_it(gone, confidence, goes):
    assert gone([(50, 130, 70, 5)], confidence=confidence) == [goes]


@pytest.mark.parametrize(
    ("second", "goes"),
    [
        pytest.param((50, 160, 200, 5), True, id="as long and near"),
        pytest.param((50, 175, 200, 5), False, id="too far from it"),
        pytest.param((90, 160, 145, 5), True, id="hardly shorter"),
        pytest.param((120, 160, 130, 5), False, id="much shorter"),
        pytest.param((120, 160, 200, 5), False, id="beginning much later"),
        pytest.param((0, 160, 150, 5), False, id="ending much earlier"),
    ],
)
def test_a_second_line_runs_along_the_first(gone, second, goes):
    assert gone([(50, 140, 200, 5), second]) == [True, goes]


@pytest.mark.parametrize(
    ("box", "again"),
    [
        pytest.param((680, 430, 25, 60), True, id="on the right"),
        pytest.param((681, 430, 25, 60), False, id="too far on the right"),
        pytest.param((95, 430, 25, 60), True, id="on the left"),
        pytest.param((94, 430, 25, 60), False, id="too far on the left"),
        pytest.param((400, 615, 25, 60), True, id="below"),
        pytest.param((400, 616, 25, 60), False, id="too far below"),
        pytest.param((400, 190, 25, 60), True, id="above"),
        pytest.param((400, 189, 25, 60), False, id="too far above"),
    ],
)
def test_what_is_near_to_a_line_is_read_again_without_it(make_reading, reader, box, again):
    page = np.zeros((700, 800), np.uint8)
    digits = [make_reading(5, each) for each in [*((x + 250, y + 300, *size) for x, y, *size in DIGITS), box]]
    left, _ = without_underlines([*digits, make_reading(1, (300, 430, 200, 5), 0.3)], page, reader, PARAMS)
    assert [one is not other for one, other in zip(left, digits, strict=True)] == [True] * 5 + [again]


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
