"""Dotted lines among the pieces of a page."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.dots import without_dotted_lines

HEIGHT = 60.0


@pytest.fixture
def dot(make_reading):
    def make(x: float, y: float, side: int = 6):
        return make_reading(0, (round(x), round(y), side, side), 0.01, rubbish=0.99)

    return make


@pytest.fixture
def digits(make_reading):
    return [make_reading(k, (40 + 90 * k, 110, 40, 60)) for k in range(5)]


def left_of(readings):
    return {id(reading) for reading in without_dotted_lines(readings, HEIGHT)}


@pytest.mark.parametrize("side", [3, 5, 9, 14])
@pytest.mark.parametrize("pitch", [1.6, 2.5, 3.2])
@pytest.mark.parametrize("fall", [0, 0.04, -0.06])
def test_the_dots_of_a_line_go_and_the_digits_on_it_stay(dot, digits, side, pitch, fall):
    line = [dot(10 + k * pitch * side, 180 + fall * k * pitch * side, side) for k in range(int(500 / (pitch * side)))]
    upright = [dot(150 + fall * k * pitch * side, 10 + k * pitch * side, side) for k in range(len(line))]
    assert left_of([*line, *digits, *upright]) == {id(digit) for digit in digits}


def test_squared_paper_of_dots_goes(dot, digits):
    lying = [dot(x, y) for x, y in product(range(0, 600, 12), range(20, 400, 72))]
    upright = [dot(x, y) for x, y in product(range(20, 600, 72), range(0, 400, 12))]
    assert left_of([*lying, *upright, *digits]) == {id(digit) for digit in digits}


@pytest.mark.parametrize(
    "places",
    [
        pytest.param([(300, 100 + 12 * k) for k in range(6)], id="a stroke of a pen that runs dry"),
        pytest.param([(300, 70 * k) for k in range(20)], id="the points of a column of numbers"),
        pytest.param(list(product(range(0, 400, 9), range(0, 400, 9))), id="a shaded area"),
    ],
)
def test_other_dots_stay(dot, digits, places):
    readings = [*(dot(x, y) for x, y in places), *digits]
    assert left_of(readings) == {id(reading) for reading in readings}


def test_dust_stays(dot):
    rng = np.random.default_rng(1)
    readings = [dot(x, y) for x, y in rng.uniform(0, 2000, (400, 2))]
    assert left_of(readings) == {id(reading) for reading in readings}


def test_a_row_of_small_digits_stays(make_reading):
    row = [make_reading(1, (20 * k, 100, 12, 24)) for k in range(60)]
    assert without_dotted_lines(row, 24.0) == row


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(1, 80), st.integers(1, 80)), max_size=40)
)
def test_what_is_left_is_what_was_there_in_its_order(make_reading, boxes):
    readings = [make_reading(5, box) for box in boxes]
    left = without_dotted_lines(readings, HEIGHT)
    assert [reading for reading in readings if id(reading) in {id(one) for one in left}] == left
    assert all(reading in left for reading in readings if max(reading.piece.mask.shape) > 0.25 * HEIGHT)
