"""Crosses, as they stand beside what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import ModuleType

import cv2
import numpy as np
import pytest

from recognition.components import Component, make_component
from recognition.crosses import is_cross
from recognition.page import read_document
from recognition.params import CrossParams, RecognitionParams, TickParams
from recognition.reader import Reader
from recognition.reading import Reading
from recognition.ticks import without_ticks

PARAMS = CrossParams()
Stroke = Sequence[tuple[float, float]]
CROSS: list[Stroke] = [[(0, 0), (60, 80)], [(60, 0), (0, 80)]]


def drawn(strokes: Sequence[Stroke], pen_px: int = 7, scale: float = 1.0) -> Component:
    """Strokes through points, in pixels of a page."""
    page = np.zeros((140, 140), np.uint8)
    for points in strokes:
        at = np.rint((np.array(points) * scale + 20) * 8).astype(np.int32)
        cv2.polylines(page, [at], False, 255, pen_px, cv2.LINE_8, 3)
    x, y, width, height = cv2.boundingRect(page)
    piece = make_component(page[y : y + height, x : x + width].copy(), x, y, page)
    assert piece is not None
    return piece


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
def test_two_strokes_that_meet_in_the_middle_make_a_cross(strokes, pen_px):
    assert is_cross(drawn(strokes, pen_px), PARAMS)


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
def test_strokes_of_other_forms_are_none(strokes):
    assert not is_cross(drawn(strokes), PARAMS)


def test_what_is_lower_than_a_digit_can_be_is_none():
    assert is_cross(drawn(CROSS, pen_px=2, scale=0.3), PARAMS)
    assert not is_cross(drawn(CROSS, pen_px=1, scale=0.1), PARAMS)


def test_handwritten_digits_are_no_crosses(mnist):
    for image in mnist[0]:
        grown = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
        mask = np.where(grown > 80, 255, 0).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(mask)
        piece = make_component(mask[y : y + height, x : x + width].copy(), x, y, mask)
        assert piece is not None
        assert not is_cross(piece, PARAMS)


def test_a_cross_is_left_out_unless_it_surely_is_a_digit(make_reading: Callable[..., Reading]) -> None:
    likely, sure = (replace(make_reading(8, (0, 0, 60, 80), p), piece=drawn(CROSS)) for p in (0.89, 0.95))
    (doubted,) = without_ticks([likely, sure], 80, TickParams(), PARAMS)
    assert doubted.digit == 8
    assert doubted.confidence == pytest.approx(TickParams().most)


def test_a_number_with_a_cross_behind_it_is_accepted_as_without(sample_pages: ModuleType, reader: Reader) -> None:
    digits, rows = sample_pages.Digits.load(), ["4702", "58", "310"]

    def texts(strokes: Sequence[Stroke]) -> list[str]:
        hand = sample_pages.Hand(np.random.default_rng(8), digits, (340, 420))
        for row, text in enumerate(rows):
            hand.write(text, 30, 30 + 100 * row, 45)
            right = int(np.flatnonzero(hand.ink[100 * row : 100 * (row + 1)].any(axis=0)).max())
            for points in strokes:
                at = np.rint((np.array(points) * 0.5 + (right + 18, 30 + 100 * row)) * 8).astype(np.int32)
                cv2.polylines(hand.ink, [at], False, 1, 5, cv2.LINE_AA, 3)
        pixels = sample_pages.inked(np.full((340, 420, 3), 240, np.uint8), hand.ink, (60, 40, 40))
        data = cv2.imencode(".png", np.rint(pixels).astype(np.uint8))[1].tobytes()
        numbers = read_document(data, reader, RecognitionParams()).pages[0].numbers
        return [number.text + "?" * number.needs_review for number in numbers]

    assert texts(CROSS) == rows
    assert texts([*CROSS, [(0, 0), (0, 80)]]) != rows, "another form in its place is a digit, or asks for a look"
