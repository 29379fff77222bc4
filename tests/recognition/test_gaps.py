from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.gaps import APART, gaps_of, is_grid, number_gap
from recognition.params import LayoutParams
from recognition.types import BoundingBox

PARAMS = LayoutParams()
HEIGHT, WIDTH = 40, 24


def line(gaps, *, row=0, height=HEIGHT):
    """Digits 40 px high and 24 px wide, so far apart, in digit heights."""
    starts = 100 + np.concatenate([[0], np.cumsum([WIDTH + gap * height for gap in gaps])])
    return [BoundingBox(round(x), row, WIDTH, height) for x in starts]


def grid(rows, columns, *, across=60, down=60, seed=0):
    """Rows of digits that stray from their places by a few pixels."""
    rng = np.random.default_rng(seed)
    return [
        [BoundingBox(100 + across * c + int(dx), 100 + down * r, WIDTH, HEIGHT) for c, dx in enumerate(stray)]
        for r, stray in enumerate(rng.integers(-6, 7, (rows, columns)))
    ]


def test_the_middle_of_the_step_from_narrow_to_wide_gaps_parts_numbers():
    limit = number_gap([line([0.1, 0.2, 1.0, 0.15, 1.2])], PARAMS)
    assert limit == pytest.approx(0.6, abs=0.05)


def test_numbers_written_loosely_and_far_apart_stay_whole():
    limit = number_gap([line([0.6, 0.9, 0.7, 3.0, 0.8, 0.65, 4.0])], PARAMS)
    assert 0.9 < limit < 3.0


@pytest.mark.parametrize("gaps", [[0.69, 1.24, 1.2, 0.81, 0.75], [0.8, 0.5, 0.7, 0.75, 0.75], [0.88, 1.0, 1.1, 0.5]])
def test_digits_far_apart_are_numbers_each_however_uneven_their_gaps(gaps):
    assert number_gap([line(gaps)], PARAMS) == APART


def test_a_loose_number_is_one_number_however_uneven_its_gaps():
    assert number_gap([line([0.45, 0.47, 0.57, 0.44, 0.61, 0.64, 0.74, 0.27])], PARAMS) >= 0.74


def test_a_number_among_lone_digits_stays_whole():
    limit = number_gap([line([1.5, 1.6, 1.4, 1.0, 1.1, 0.3, 1.1])], PARAMS)
    assert 0.3 < limit < 1.0


@pytest.mark.parametrize("gap", [0.45, 0.6])
def test_digits_in_a_grid_are_numbers_each_sooner_than_in_a_line(gap):
    across = WIDTH + round(gap * HEIGHT)
    lines = grid(5, 8, across=across, down=across)
    assert number_gap(lines, PARAMS) == APART
    assert number_gap(lines[:1], PARAMS) > gap


def test_a_list_of_numbers_is_no_grid():
    lines = grid(6, 8, across=WIDTH + 18, down=2 * HEIGHT)
    assert not is_grid(lines, PARAMS)
    assert number_gap(lines, PARAMS) > 0.45


def test_lines_of_different_length_are_no_grid():
    lines = [row[:count] for row, count in zip(grid(4, 12), (5, 12, 8, 10), strict=True)]
    assert not is_grid(lines, PARAMS)


@settings(max_examples=30)
@given(st.integers(3, 9), st.integers(5, 12), st.integers(0, 99), st.floats(1.2, 3))
def test_the_digits_of_a_grid_are_numbers_each(rows, columns, seed, pitch):
    lines = grid(rows, columns, across=round(pitch * HEIGHT), down=round(pitch * HEIGHT), seed=seed)
    assert number_gap(lines, PARAMS) == APART


def test_a_page_without_gaps_has_the_usual_limit():
    assert number_gap([], PARAMS) == PARAMS.max_gap
    assert number_gap([line([])], PARAMS) == PARAMS.max_gap


def test_gaps_are_in_heights_of_the_digits_about_them():
    large = [BoundingBox(90 * k, 0, 50, 80) for k in range(6)]
    small = [BoundingBox(600 + 45 * k, 40, 25, 40) for k in range(6)]
    gaps = gaps_of([*large, *small])
    assert gaps[:4] == [0.5] * 4
    assert gaps[-4:] == [0.5] * 4
