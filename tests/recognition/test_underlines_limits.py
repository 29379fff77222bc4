"""How near to digits, how long and how free a line must be to be taken from under them: boxes at the limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.params import UnderlineParams
from recognition.underlines import without_underlines

PARAMS = UnderlineParams()
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


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(1, 200), st.integers(1, 80)), max_size=9)
)
def test_no_digit_is_taken(make_reading, reader, boxes):
    darkness = np.full((400, 520), 100, np.uint8)
    digits = [make_reading(5, box) for box in boxes if box[3] > 0.5 * box[2]]
    left, _ = without_underlines(digits, darkness, reader, PARAMS)
    assert [reading.piece for reading in left] == [reading.piece for reading in digits]
