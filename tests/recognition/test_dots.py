"""Dotted lines among the pieces of a page."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.dots import without_dots

PAGE = np.zeros((2000, 2000), np.uint8)


@pytest.fixture
def dot(make_reading):
    def make(x: float, y: float, side: int = 6):
        return make_reading(0, (round(x), round(y), side, side), 0.01, rubbish=0.99)

    return make


@pytest.fixture
def digits(make_reading):
    return [make_reading(k, (40 + 90 * k, 110, 40, 60)) for k in range(5)]


def left_of(readings):
    return {id(reading) for reading in without_dots(readings, PAGE)[0]}


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


@pytest.mark.parametrize("turn_deg", [0, 2, -5])
@pytest.mark.parametrize(("pitch", "side"), [(40, 6), (48, 6), (48, 9), (90, 14)])
def test_the_dots_of_dotted_paper_go_and_dust_and_decimal_points_stay(dot, digits, turn_deg, pitch, side):
    turn = np.exp(1j * np.radians(turn_deg))
    places = [turn * complex(x, y) for x, y in product(range(-1000, 2000, pitch), range(-1000, 2000, pitch))]
    covered = [digit.piece.bbox for digit in digits]
    paper = [
        dot(at.real, at.imag, side)
        for at in places
        if 0 <= at.real < 1100 and 0 <= at.imag < 900
        if not any(box.x - side <= at.real < box.right and box.y - side <= at.imag < box.bottom for box in covered)
    ]
    between = min(places, key=lambda at: abs(at - complex(170, 450))) + turn * pitch * (0.3 + 0.25j)
    stay = [*digits, *(dot(at.real, at.imag, side) for at in (between, between + turn * pitch))]
    assert left_of([*paper, *stay]) == {id(reading) for reading in stay}


def test_of_dust_on_dotted_paper_hardly_any_goes(dot, digits):
    paper = [dot(x, y) for x, y in product(range(10, 1000, 40), range(10, 1000, 40))]
    dust = [dot(x, y) for x, y in np.random.default_rng(3).uniform(0, 1000, (100, 2))]
    left = left_of([*paper, *dust, *digits])
    assert not left & {id(reading) for reading in paper}
    assert len(left) > 80 + len(digits)  # 7 of 100 stand where a dot of the paper might


def test_a_few_dots_in_rows_and_columns_among_dust_stay(dot, digits):
    paper = [dot(x, y) for x, y in product(range(10, 330, 40), range(10, 330, 40))]
    dust = [dot(x, y) for x, y in np.random.default_rng(3).uniform(400, 1900, (200, 2))]
    readings = [*paper, *dust, *digits]
    assert left_of(readings) == {id(reading) for reading in readings}


def test_the_page_has_no_dots_left_and_all_digits(make_reading):
    page = np.zeros((300, 700), np.uint8)
    for x, y in product(range(10, 700, 40), range(10, 300, 40)):
        page[y : y + 6, x : x + 6] = 90
    digits = [make_reading(k, (46 + 90 * k, 114, 40, 60)) for k in range(5)]
    for reading in digits:
        box = reading.piece.bbox
        page[box.y : box.bottom, box.x : box.right] = 200
    bare = np.where(page == 200, page, 0)
    dots = [make_reading(0, (x, y, 6, 6), 0.01) for x, y in product(range(10, 700, 40), range(10, 300, 40))]
    readings, cleared = without_dots([*digits, *dots], page)
    assert [id(reading) for reading in readings] == [id(digit) for digit in digits]
    assert np.array_equal(cleared, bare)


def test_the_dots_of_dotted_paper_go_though_they_are_large_for_the_writing(dot, digits):
    paper = [dot(x, y, 18) for x, y in product(range(0, 1980, 50), range(200, 1980, 50))]
    assert left_of([*paper, *digits]) == {id(digit) for digit in digits}


def test_dots_that_were_left_out_of_reading_go_off_the_page_and_other_pieces_stay(dot, digits):
    page = np.zeros((1200, 1200), np.uint8)
    crumb = dot(500, 1100, 6).piece
    paper = [dot(x, y, 6) for x, y in product(range(10, 1000, 24), range(200, 1000, 24))]
    for piece in [crumb, *(one.piece for one in paper)]:
        page[piece.bbox.y : piece.bbox.bottom, piece.bbox.x : piece.bbox.right] = 90
    few, left_out = paper[:400], [*(one.piece for one in paper[400:]), crumb]
    readings, cleared = without_dots([*few, *digits], page, left_out)
    assert [id(reading) for reading in readings] == [id(digit) for digit in digits]
    assert np.count_nonzero(cleared) == crumb.area_px


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


def test_dust_stays(dot, digits):
    rng = np.random.default_rng(1)
    readings = [*digits, *(dot(x, y) for x, y in rng.uniform(0, 2000, (400, 2)))]
    assert left_of(readings) == {id(reading) for reading in readings}


def test_a_row_of_small_digits_stays(make_reading):
    row = [make_reading(1, (20 * k, 100, 12, 24)) for k in range(60)]
    assert without_dots(row, PAGE) == (row, PAGE)


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(1, 80), st.integers(1, 80)), max_size=40)
)
def test_what_is_left_is_what_was_there_in_its_order(make_reading, boxes):
    readings = [make_reading(5, box) for box in boxes]
    left, _ = without_dots(readings, PAGE)
    assert [reading for reading in readings if id(reading) in {id(one) for one in left}] == left
    assert all(reading in left for reading in readings if max(reading.piece.mask.shape) > 0.25 * 80)
