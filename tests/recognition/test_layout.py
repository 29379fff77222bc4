from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.fields import Field
from recognition.layout import arrange, loosely_joined, page_slope
from recognition.params import LayoutParams
from recognition.types import BoundingBox

PARAMS = LayoutParams()
HEIGHT = 40


def texts(lines):
    return [["".join(str(reading.digit) for reading in number) for number in line] for line in lines]


@pytest.fixture(scope="session")
def write(make_reading):
    """Writes lines of numbers as readings: digits 40 px high, numbers 100 px and lines 100 px apart."""

    def grid(lines, slope=0.0, step=34):
        readings = []
        for row, numbers in enumerate(lines):
            x = 100
            for number in numbers:
                for digit in number:
                    y = 500 + 100 * row + slope * x
                    readings.append(make_reading(int(digit), (x, round(y), 26, HEIGHT)))
                    x += step
                x += 100
        return readings

    return grid


LINES = [["12", "345", "6"], ["7", "89"], ["0012", "3"]]


def test_lines_and_numbers_come_in_reading_order(write):
    assert texts(arrange(write(LINES), (), PARAMS)) == LINES


numbers = st.lists(st.text("0123456789", min_size=1, max_size=5), min_size=3, max_size=5)


@settings(max_examples=50)
@given(lines=st.lists(numbers, min_size=2, max_size=5), slope=st.floats(-0.12, 0.12), seed=st.integers(0, 99))
def test_a_tilted_page_in_any_order_is_arranged_as_it_was_written(write, lines, slope, seed):
    readings = write(lines, slope)
    shuffled = [readings[k] for k in np.random.default_rng(seed).permutation(len(readings))]
    assert texts(arrange(shuffled, (), PARAMS)) == lines


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(3, 60), st.integers(8, 80)), max_size=20)
)
def test_every_digit_stands_in_exactly_one_number(make_reading, boxes):
    readings = [make_reading(k % 10, box) for k, box in enumerate(boxes)]
    lines = arrange(readings, (), PARAMS)
    placed = [reading for line in lines for number in line for reading in number]
    assert sorted(map(id, placed)) == sorted(map(id, readings))
    assert all(number for line in lines for number in line)
    for line in lines:
        in_line = [reading.piece.bbox.center[0] for number in line for reading in number]
        assert all(left <= right for left, right in pairwise(in_line))


def test_a_bending_line_is_one_line(make_reading):
    readings = [make_reading(k % 10, (100 + 34 * k, round(500 + 60 * np.sin(k / 5)), 26, HEIGHT)) for k in range(20)]
    assert texts(arrange(readings, (), PARAMS)) == [["01234567890123456789"]]


def test_uneven_digits_stay_in_their_line(make_reading):
    drops = [0, 8, -8, 6, -5, 9]
    readings = [make_reading(k, (100 + 34 * k, 500 + drop, 26, HEIGHT - abs(drop))) for k, drop in enumerate(drops)]
    assert texts(arrange(readings, (), PARAMS)) == [["012345"]]


def test_a_narrow_one_does_not_end_a_number(make_reading):
    boxes = [(100, 500, 26, HEIGHT), (140, 500, 5, HEIGHT), (160, 500, 26, HEIGHT)]
    assert texts(arrange([make_reading(k, box) for k, box in enumerate(boxes)], (), PARAMS)) == [["012"]]


def row(x, side, count):
    """A row of boxes about the first line of `write`."""
    cells = tuple(BoundingBox(x + k * side, 480, side, 80) for k in range(count))
    return Field(BoundingBox(x, 480, count * side, 80), cells)


def test_digits_in_a_row_of_boxes_are_one_number_however_far_apart(write):
    readings = write([["12", "34"]], step=120)
    assert texts(arrange(readings, (), PARAMS)) == [["1", "2", "3", "4"]]
    assert texts(arrange(readings, (row(80, 95, 2),), PARAMS)) == [["12", "3", "4"]]


def test_rows_of_boxes_side_by_side_are_two_numbers_however_near(write):
    readings = write([["1234"]])
    fields = (row(90, 36, 2), row(163, 36, 2))
    assert texts(arrange(readings, fields, PARAMS)) == [["12", "34"]]


def test_boxes_that_hold_several_digits_are_a_number_each(write):
    readings = write([["202307"]])
    assert texts(arrange(readings, (), PARAMS)) == [["202307"]]
    assert texts(arrange(readings, (row(95, 68, 3),), PARAMS)) == [["20", "23", "07"]]


@pytest.mark.parametrize(("x", "lines"), [(126 + 12 * HEIGHT, [["1", "2"]]), (127 + 12 * HEIGHT, [["1"], ["2"]])])
def test_digits_at_the_ends_of_a_wide_page_stand_in_lines_of_their_own(make_reading, x, lines):
    readings = [make_reading(1, (100, 500, 26, HEIGHT)), make_reading(2, (x, 500, 26, HEIGHT))]
    assert texts(arrange(readings, (), PARAMS)) == lines


@pytest.mark.parametrize(("first", "second"), [((500, HEIGHT), (534, 10)), ((534, 10), (500, HEIGHT))])
def test_a_small_digit_stands_in_the_line_of_a_large_one(make_reading, first, second):
    boxes = [(x, y, 8, height) for x, (y, height) in zip((100, 115), (first, second), strict=True)]
    assert texts(arrange([make_reading(k, box) for k, box in enumerate(boxes)], (), PARAMS)) == [["01"]]


def test_a_digit_between_two_lines_goes_to_the_one_that_ends_nearer(make_reading):
    boxes = [(100, 480, 26, HEIGHT), (200, 520, 26, HEIGHT), (240, 500, 26, HEIGHT)]
    assert texts(arrange([make_reading(k, box) for k, box in enumerate(boxes)], (), PARAMS)) == [["0"], ["12"]]


def test_no_digits_have_no_lines():
    assert arrange([], (), PARAMS) == []


@pytest.mark.parametrize("slope", [-0.15, -0.03, 0.0, 0.08])
def test_the_slope_of_the_page_is_found(write, slope):
    boxes = [reading.piece.bbox for reading in write([["12345", "678", "90"]] * 4, slope)]
    assert page_slope(boxes, PARAMS) == pytest.approx(slope, abs=0.02)


def test_a_column_of_single_digits_has_no_slope():
    column = [BoundingBox(100 + 3 * k, 100 * k, 20, HEIGHT) for k in range(6)]
    assert page_slope(column, PARAMS) == 0
    assert page_slope(column[:1], PARAMS) == 0
    assert page_slope([], PARAMS) == 0


def test_digits_in_a_grid_are_numbers_each(write):
    lines = [["123456"], ["789012"], ["345678"], ["901234"]]
    readings = [reading for row in range(4) for reading in write([[]] * row + [lines[row]], step=50)]
    square = replace(PARAMS, max_grid_aspect=2.5)  # the lines of `write` are 100 px apart
    assert texts(arrange(readings, (), square)) == [list(number) for (number,) in lines]


@pytest.mark.parametrize(("step", "loose"), [(40, False), (44, False), (48, True), (52, True), (60, False)])
def test_digits_that_stand_nearly_as_far_apart_as_lone_ones_may_be_numbers_each(write, step, loose):
    lines = arrange(write([["1234567"], ["8901234"]], step=step), (), PARAMS)
    joined = [[text] for text in ("1234567", "8901234")]
    assert texts(lines) == (joined if step < 60 else [list(text) for (text,) in joined])
    assert loosely_joined(lines, (), PARAMS) == [loose] * sum(map(len, lines))


def test_a_row_of_boxes_makes_one_number_of_digits_however_loose(write):
    lines = arrange(write([["1234567"], ["8901234"]], step=50), (row(90, 52, 7),), PARAMS)
    assert texts(lines) == [["1234567"], ["8901234"]]
    assert loosely_joined(lines, (row(90, 52, 7),), PARAMS) == [False, True]


def test_numbers_that_stand_apart_are_not_loose_however_wide_their_gaps(write):
    lines = arrange(write([["1234", "567"], ["89", "01234"]], step=48), (), PARAMS)
    assert not any(loosely_joined(lines, (), PARAMS))
