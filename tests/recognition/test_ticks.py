"""Ticks, which look like digits to networks that know nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recognition.components import Component
from recognition.params import TickParams
from recognition.ticks import is_tick, without_ticks

PARAMS = TickParams()
TICK = [(0, 45), (20, 80), (60, 0)]


@pytest.mark.parametrize("pen_px", [3, 7, 12])
@pytest.mark.parametrize(
    "points",
    [
        TICK,
        [(0, 60), (12, 80), (40, 0)],  # steep
        [(0, 35), (25, 70), (80, 0)],  # flat
        [(0, 45), (22, 80), (35, 35), (65, 0)],  # bent
    ],
)
def test_a_short_arm_down_and_a_long_one_up_make_a_tick(draw_strokes, points, pen_px):
    assert is_tick(draw_strokes([points], pen_px), PARAMS)


@pytest.mark.parametrize(
    "points",
    [
        [(30, 0), (30, 80)],  # a 1
        [(0, 20), (30, 0), (30, 80)],  # with a hook
        [(40, 0), (40, 70), (25, 80), (10, 70)],  # with a tail
        [(0, 0), (50, 0), (15, 80)],  # a 7
        [(0, 0), (25, 80), (50, 0)],  # a V
        [(60, 45), (40, 80), (0, 0)],  # the mirror image of a tick
        [(0, 35), (20, 0), (60, 80)],  # its image upside-down
        [(0, 0), (0, 80), (50, 80)],  # an L
        [(0, 80), (50, 0)],  # a slash
        [(15, 0), (0, 40), (50, 40)],  # the beginning of a 4
    ],
)
def test_strokes_of_other_forms_are_none(draw_strokes, points):
    assert not is_tick(draw_strokes([points]), PARAMS)


def test_what_is_far_wider_than_high_is_none(draw_strokes):
    assert not is_tick(draw_strokes([[(0, 30), (30, 60), (110, 0)]]), PARAMS)


def test_what_is_lower_than_a_digit_can_be_is_none(draw_strokes):
    assert is_tick(draw_strokes([TICK], pen_px=2, scale=0.25), PARAMS)
    assert not is_tick(draw_strokes([TICK], pen_px=1, scale=0.08), PARAMS)


def test_handwritten_digits_are_no_ticks(mnist_pieces: list[Component]) -> None:
    assert len(mnist_pieces) == 400
    assert not any(is_tick(piece, PARAMS) for piece in mnist_pieces)


def test_a_tick_is_left_out_unless_it_surely_is_a_digit(make_reading, draw_strokes) -> None:
    tick = draw_strokes([TICK])
    likely, sure = (replace(make_reading(5, (0, 0, 60, 80), p), piece=tick) for p in (0.89, 0.95))
    digit = make_reading(1, (0, 0, 8, 40), 0.99)
    left, doubted = without_ticks([likely, digit, sure], 80, PARAMS)
    assert left is digit
    assert without_ticks([likely], 160, PARAMS) == [likely], "the foot of a broken digit may look so"
    assert doubted.digit == 5
    assert doubted.confidence == pytest.approx(PARAMS.most)


def test_a_number_with_a_tick_behind_it_is_read_as_without(read_with_behind) -> None:
    written, read = read_with_behind([TICK])
    assert read == written
    written, read = read_with_behind([[(0, 0), (0, 80)]])
    assert read != written, "another stroke in its place is a digit, or asks for a look"
