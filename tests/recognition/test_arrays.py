from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recognition.arrays import (
    as_field,
    as_image,
    as_mask,
    closed,
    dilated,
    opened,
    piece_at,
    stretches,
    weighted_median,
)


def mask(*rows: str) -> np.ndarray:
    return np.array([[255 if pixel == "#" else 0 for pixel in row] for row in rows], np.uint8)


PATCHES = mask(
    "#####",
    ".....",
    "##.##",
    "##.##",
    ".....",
)


def test_opening_keeps_what_the_rectangle_fits_into():
    assert np.array_equal(opened(PATCHES, 5, 1), mask("#####", ".....", ".....", ".....", "....."))
    assert np.array_equal(opened(PATCHES, 1, 2), mask(".....", ".....", "##.##", "##.##", "....."))


def test_closing_fills_the_gaps_that_the_rectangle_does_not_fit_into():
    assert np.array_equal(closed(PATCHES, 3, 1), mask("#####", ".....", "#####", "#####", "....."))


@given(
    mask=arrays.arrays(np.uint8, (12, 12), elements=st.sampled_from([0, 255])),
    width=st.integers(1, 6),
    height=st.integers(1, 6),
)
def test_opening_only_takes_away_and_closing_only_adds_and_once_is_enough(mask, width, height):
    small, large = opened(mask, width, height), closed(mask, width, height)
    assert (small <= mask).all()
    assert (mask <= large).all()
    assert np.array_equal(opened(small, width, height), small)
    assert np.array_equal(closed(large, width, height), large)


def test_a_dilated_pixel_is_the_rectangle():
    pixel = mask(".....", ".....", "..#..", ".....", ".....")
    assert np.array_equal(dilated(pixel, 3, 1), mask(".....", ".....", ".###.", ".....", "....."))
    assert np.array_equal(dilated(pixel, 1, 3), mask(".....", "..#..", "..#..", "..#..", "....."))


@pytest.mark.parametrize("operation", [opened, closed, dilated])
def test_an_empty_and_a_full_mask_stay_as_they_are(operation):
    empty = np.zeros((5, 5), np.uint8)
    assert not operation(empty, 3, 3).any()
    assert operation(empty + np.uint8(255), 3, 3).all()


def test_a_condition_becomes_255_and_0():
    got = as_mask(np.array([[True, False]]))
    assert got.dtype == np.uint8
    assert got.tolist() == [[255, 0]]


def test_a_piece_is_taken_from_among_others_in_its_box():
    both = mask("#..#", ".#..", "#..#")
    assert np.array_equal(piece_at(both, 1, 1), mask("#...", ".#..", "#..."))
    assert np.array_equal(piece_at(both, 3, 2), mask("....", "....", "...#"))


def test_arrays_of_the_right_type_are_not_copied():
    image, field = np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.float32)
    assert as_image(image) is image
    assert as_field(field) is field


def test_the_weighted_median_is_where_half_of_the_weight_is():
    assert weighted_median(np.array([30.0, 10.0, 20.0]), np.array([1.0, 1.0, 1.0])) == 20
    assert weighted_median(np.array([30.0, 10.0, 20.0]), np.array([5.0, 1.0, 1.0])) == 30
    assert weighted_median(np.array([30.0, 10.0, 20.0]), np.array([1.0, 3.0, 1.0])) == 10
    assert weighted_median(np.array([]), np.array([])) == 0


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.01, 10)), min_size=1, max_size=20))
def test_no_more_than_half_of_the_weight_lies_on_either_side_of_the_weighted_median(pairs):
    values, weights = (np.array(column) for column in zip(*pairs, strict=True))
    median = weighted_median(values, weights)
    assert median in values
    half = weights.sum() / 2 * (1 + 1e-9)
    assert weights[values < median].sum() <= half
    assert weights[values > median].sum() <= half


@pytest.mark.parametrize(
    ("wanted", "begins", "ends"),
    [
        ([], [], []),
        ([False, False], [], []),
        ([True, True], [0], [2]),
        ([True, False, True, True, False, False, True], [0, 2, 6], [1, 4, 7]),
    ],
)
def test_stretches_begin_and_end(wanted, begins, ends):
    starts, stops = stretches(np.array(wanted, np.bool_))
    assert (starts.tolist(), stops.tolist()) == (begins, ends)
