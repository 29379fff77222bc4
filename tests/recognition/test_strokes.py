from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from recognition.components import Component, find_components
from recognition.params import ComponentParams, UnderlineParams
from recognition.strokes import lone_stroke, stroke_below
from recognition.types import BoundingBox

PARAMS = UnderlineParams()
HEIGHT = 60.0


@pytest.fixture
def drawn() -> Callable[..., tuple[Component, np.ndarray]]:
    """The one piece of ink of some lines, each its points, and the page that it is on."""

    def draw(*lines: list[tuple[int, int]], thickness: int = 5) -> tuple[Component, np.ndarray]:
        page = np.zeros((300, 500), np.uint8)
        for line in lines:
            cv2.polylines(page, [np.array(line, np.int32)], False, 200, thickness)
        [piece] = find_components(np.where(page > 0, np.uint8(255), np.uint8(0)), page, ComponentParams())
        return piece, page

    return draw


@pytest.mark.parametrize("x", [20, 220])
@pytest.mark.parametrize("rise", [0, -10, 10])
def test_a_stroke_by_itself_is_told_with_its_place_and_its_form(drawn, x, rise):
    piece, _ = drawn([(x, 150), (x + 200, 150 - rise)])
    stroke = lone_stroke(piece, HEIGHT, PARAMS)
    assert stroke is not None
    assert (stroke.start, stroke.end, stroke.length) == (piece.bbox.x, piece.bbox.right, piece.bbox.width)
    assert stroke.slope == pytest.approx(-rise / 200, abs=0.005)
    assert stroke.rows_at(np.array([x, x + 200.0])) == pytest.approx([150, 150 - rise], abs=1)
    assert stroke.thickness == pytest.approx(piece.bbox.height - abs(rise), abs=1)


@pytest.mark.parametrize(
    ("lines", "thickness", "why"),
    [
        ([[(20, 150), (28, 150)]], 3, "a dot"),
        ([[(20, 150), (220, 150)]], 31, "a bar"),
        ([[(20, 150), (220, 60)]], 5, "a steep one"),
        ([[(20, 60), (220, 150)]], 5, "likewise, the other way"),
        ([[(20, 120), (120, 150), (220, 120)]], 5, "a bent one"),
        ([[(20, 150), (70, 115), (120, 150), (170, 115), (220, 150)]], 5, "a wave"),
        ([[(20, 150), (220, 150)], [(120, 150), (120, 130)]], 5, "one on which something stands"),
        ([[(20, 150), (220, 150)], [(120, 100), (120, 200)]], 5, "one that something crosses"),
    ],
)
def test_what_is_no_thin_straight_level_stroke_by_itself(drawn, lines, thickness, why):
    piece, _ = drawn(*lines, thickness=thickness)
    assert lone_stroke(piece, HEIGHT, PARAMS) is None, why


LINE = [(100, 200), (300, 200)]
STEM = [(150, 150), (150, 200)]


def test_the_stroke_along_the_lower_edge_is_told_from_what_stands_on_it(drawn):
    piece, page = drawn(LINE, STEM, [(250, 165), (230, 200)])
    found = stroke_below(piece, HEIGHT, page, PARAMS)
    assert found is not None
    assert found.stroke.rows_at(np.array([200.0])) == pytest.approx([200], abs=1)
    assert found.line.bbox == BoundingBox(piece.bbox.x, 197, piece.bbox.width, 7)
    first, second = sorted((part.bbox for part in found.rest), key=lambda box: box.x)
    assert (first.x, first.y, first.width) == (147, 147, 7)
    assert second.y in range(160, 165)
    assert second.center[0] == pytest.approx(240, abs=3)
    assert found.line.area_px + sum(part.area_px for part in found.rest) == pytest.approx(piece.area_px, rel=0.02)


def test_of_two_strokes_below_each_other_both_are_of_the_line(drawn):
    piece, page = drawn(LINE, [(100, 212), (300, 212)], [(150, 150), (150, 212)])
    found = stroke_below(piece, HEIGHT, page, PARAMS)
    assert found is not None
    assert (found.line.bbox.y, found.line.bbox.bottom) == (197, 216)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([LINE], "nothing stands on it"),
        ([LINE, [(150, 194), (150, 200)]], "but its own rough edge"),
        ([LINE, [(150, 60), (150, 200)]], "what stands on it is too high for writing"),
        ([LINE, STEM, [(250, 60), (250, 200)]], "likewise, of one of two"),
        ([[(130, 200), (170, 200)], STEM], "the foot of a 1"),
        ([[(148, 200), (190, 200)], [(100, 150), (148, 150), (148, 200)]], "it is a part of what stands on it"),
    ],
)
def test_what_has_no_stroke_along_its_lower_edge_with_writing_on_it(drawn, lines, why):
    piece, page = drawn(*lines)
    assert stroke_below(piece, HEIGHT, page, PARAMS) is None, why
