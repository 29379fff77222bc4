"""Ticks, which look like digits to networks that know nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import ModuleType

import cv2
import numpy as np
import pytest

from recognition.components import Component, make_component
from recognition.page import read_document
from recognition.params import CrossParams, RecognitionParams, TickParams
from recognition.reader import Reader
from recognition.reading import Reading
from recognition.ticks import is_tick, without_ticks

PARAMS = TickParams()
TICK = [(0, 45), (20, 80), (60, 0)]


def drawn(points: Sequence[tuple[float, float]], pen_px: int = 7, scale: float = 1.0) -> Component:
    """A stroke through points, in pixels of a page."""
    page = np.zeros((140, 140), np.uint8)
    at = np.rint((np.array(points) * scale + 20) * 8).astype(np.int32)
    cv2.polylines(page, [at], False, 255, pen_px, cv2.LINE_8, 3)
    x, y, width, height = cv2.boundingRect(page)
    piece = make_component(page[y : y + height, x : x + width].copy(), x, y, page)
    assert piece is not None
    return piece


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
def test_a_short_arm_down_and_a_long_one_up_make_a_tick(points, pen_px):
    assert is_tick(drawn(points, pen_px), PARAMS)


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
def test_strokes_of_other_forms_are_none(points):
    assert not is_tick(drawn(points), PARAMS)


def test_what_is_far_wider_than_high_is_none():
    assert not is_tick(drawn([(0, 30), (30, 60), (110, 0)]), PARAMS)


def test_what_is_lower_than_a_digit_can_be_is_none():
    assert is_tick(drawn(TICK, pen_px=2, scale=0.25), PARAMS)
    assert not is_tick(drawn(TICK, pen_px=1, scale=0.08), PARAMS)


def test_handwritten_digits_are_no_ticks(mnist):
    pieces = []
    for image in mnist[0]:
        grown = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
        mask = np.where(grown > 80, 255, 0).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(mask)
        piece = make_component(mask[y : y + height, x : x + width].copy(), x, y, mask)
        assert piece is not None
        pieces.append(piece)
    assert len(pieces) > 300
    assert not any(is_tick(piece, PARAMS) for piece in pieces)


def test_a_tick_is_left_out_unless_it_surely_is_a_digit(make_reading: Callable[..., Reading]) -> None:
    tick = drawn(TICK)
    likely, sure = (replace(make_reading(5, (0, 0, 60, 80), p), piece=tick) for p in (0.89, 0.95))
    digit = make_reading(1, (0, 0, 8, 40), 0.99)
    left, doubted = without_ticks([likely, digit, sure], 80, PARAMS, CrossParams())
    assert left is digit
    assert without_ticks([likely], 160, PARAMS, CrossParams()) == [likely], "the foot of a broken digit may look so"
    assert doubted.digit == 5
    assert doubted.confidence == pytest.approx(PARAMS.most)


def test_a_number_with_a_tick_behind_it_is_read_as_without(sample_pages: ModuleType, reader: Reader) -> None:
    digits, rows = sample_pages.Digits.load(), ["4702", "58", "310"]

    def texts(points: Sequence[tuple[float, float]]) -> list[str]:
        hand = sample_pages.Hand(np.random.default_rng(8), digits, (340, 420))
        for row, text in enumerate(rows):
            hand.write(text, 30, 30 + 100 * row, 45)
            right = int(np.flatnonzero(hand.ink[100 * row : 100 * (row + 1)].any(axis=0)).max())
            at = np.rint((np.array(points) * 0.6 + (right + 15, 25 + 100 * row)) * 8).astype(np.int32)
            cv2.polylines(hand.ink, [at], False, 1, 5, cv2.LINE_AA, 3)
        pixels = sample_pages.inked(np.full((340, 420, 3), 240, np.uint8), hand.ink, (60, 40, 40))
        data = cv2.imencode(".png", np.rint(pixels).astype(np.uint8))[1].tobytes()
        numbers = read_document(data, reader, RecognitionParams()).pages[0].numbers
        return [number.text + "?" * number.needs_review for number in numbers]

    assert texts(TICK) == rows
    assert texts([(0, 0), (0, 80)]) != rows, "another stroke in its place is a digit, or asks for a look"
