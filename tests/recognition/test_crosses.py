"""Crosses, as they stand beside what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from recognition.components import Component
from recognition.crosses import is_cross, without_crosses
from recognition.params import CrossParams

PARAMS = CrossParams()
Stroke = Sequence[tuple[float, float]]
CROSS: list[Stroke] = [[(0, 0), (60, 80)], [(60, 0), (0, 80)]]


@pytest.mark.parametrize("pen_px", [3, 7, 11])
@pytest.mark.parametrize(
    "strokes",
    [
        CROSS,
        [[(0, 0), (40, 80)], [(40, 0), (0, 80)]],  # narrow
        [[(0, 0), (90, 70)], [(90, 0), (0, 70)]],  # wide
        [[(5, 0), (60, 80)], [(65, 12), (0, 70)]],  # one stroke longer
        [[(0, 0), (34, 38), (60, 80)], [(60, 0), (0, 80)]],  # one bent
    ],
)
def test_two_strokes_that_meet_in_the_middle_make_a_cross(draw_strokes, strokes, pen_px):
    assert is_cross(draw_strokes(strokes, pen_px), PARAMS)


@pytest.mark.parametrize(
    "strokes",
    [
        [[(0, 0), (60, 80)]],
        [[(0, 0), (60, 80)], [(60, 0), (0, 80)], [(0, 0), (60, 0)]],  # closed above, as half an 8
        [[(0, 0), (60, 80)], [(60, 0), (0, 80)], [(0, 80), (60, 80)]],
        [[(30, 0), (30, 80)], [(0, 40), (60, 40)]],  # a plus
        [[(0, 0), (30, 40)], [(60, 0), (30, 40)], [(30, 40), (30, 80)]],  # a Y
        [[(0, 0), (0, 80)], [(60, 0), (0, 40), (60, 80)]],  # a K
        [[(0, 0), (0, 80)], [(60, 0), (60, 80)], [(0, 40), (60, 40)]],  # an H
        [[(0, 0), (0, 40), (60, 40)], [(45, 0), (45, 80)]],  # an open 4
    ],
)
def test_strokes_of_other_forms_are_none(draw_strokes, strokes):
    assert not is_cross(draw_strokes(strokes), PARAMS)


def test_what_is_lower_than_a_digit_can_be_is_none(draw_strokes):
    assert is_cross(draw_strokes(CROSS, pen_px=2, scale=0.3), PARAMS)
    assert not is_cross(draw_strokes(CROSS, pen_px=1, scale=0.1), PARAMS)


def test_handwritten_digits_are_no_crosses(mnist_pieces: list[Component]) -> None:
    assert len(mnist_pieces) == 400
    assert not any(is_cross(piece, PARAMS) for piece in mnist_pieces)


def test_a_cross_is_left_out_unless_it_surely_is_a_digit(make_reading, draw_strokes) -> None:
    unlikely, sure = (
        replace(make_reading(8, (0, 0, 60, 80), p, rubbish=rubbish), piece=draw_strokes(CROSS))
        for p, rubbish in ((0.05, 0.9), (0.95, 0.0))
    )
    (doubted,) = without_crosses([unlikely, sure], 80, PARAMS)
    assert doubted.digit == 8
    assert doubted.confidence == pytest.approx(PARAMS.most)


def test_a_number_with_a_cross_behind_it_is_accepted_as_without(read_with_behind) -> None:
    written, read = read_with_behind(CROSS)
    assert read == written
    written, read = read_with_behind([*CROSS, [(0, 0), (0, 80)]])
    assert read != written, "another form in its place is a digit, or asks for a look"
