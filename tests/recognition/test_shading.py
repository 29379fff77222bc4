from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.components import Component, find_components
from recognition.params import ComponentParams, ShadingParams
from recognition.shading import without_shading
from recognition.types import BoundingBox

INK, SHADING = 160, 30
DIGITS = [BoundingBox(20 + 80 * k, 20, 28, 40) for k in range(4)]


def strokes(boxes, darkness=INK):
    page = np.zeros((110, 700), np.uint8)
    for box in boxes:
        center = (round(box.center[0] - 0.5), round(box.center[1] - 0.5))
        cv2.ellipse(page, center, (box.width // 2 - 3, box.height // 2 - 3), 0, 0, 360, darkness, 4)
    return page


def pieces_of(page):
    return find_components(np.where(page > 0, np.uint8(255), np.uint8(0)), page, ComponentParams())


def shaded(boxes):
    """A page with a patch of shading to the lower right of each box."""
    page = strokes(DIGITS)
    for box in boxes:
        patch = page[box.y + 25 : box.bottom + 15, box.x + 15 : box.right + 20]
        np.maximum(patch, SHADING, out=patch)
    return page


def without(page, **changes):
    found = without_shading(pieces_of(page), page, ShadingParams(**changes), ComponentParams())
    return sorted(found, key=lambda piece: piece.bbox.x)


def boxes_of(pieces: list[Component]) -> list[BoundingBox]:
    return [piece.bbox for piece in pieces]


def near(found, wanted):
    pairs = zip(boxes_of(found), wanted, strict=True)
    return all(np.abs(np.subtract(edges(one), edges(other))).max() <= 3 for one, other in pairs)


def all_near(found, wanted):
    return len(found) == len(wanted) and near(found, wanted)


def edges(box: BoundingBox) -> tuple[int, int, int, int]:
    return box.x, box.y, box.right, box.bottom


def test_digits_lose_the_shading_that_touches_them():
    page = shaded(DIGITS)
    assert all(box.width > 40 for box in boxes_of(pieces_of(page)))
    found = without(page)
    assert near(found, DIGITS)
    assert all(piece.darkness == INK for piece in found)
    assert all(np.count_nonzero(piece.mask) == piece.area_px for piece in found)


@pytest.mark.parametrize(("right", "below"), [(24, 0), (0, 24)], ids=["to the right", "below"])
def test_digits_lose_shading_on_one_side_of_them(right, below):
    page = strokes(DIGITS)
    for box in DIGITS:
        patch = page[box.y + 4 : box.bottom - 4 + below, box.x + 4 : box.right - 4 + right]
        np.maximum(patch, SHADING, out=patch)
    assert not all_near(pieces_of(page), DIGITS)
    assert near(without(page), DIGITS)


def test_what_is_shaded_and_no_larger_by_that_stays_as_it_is():
    page = strokes(DIGITS)
    for box in DIGITS:
        patch = page[box.y + 6 : box.bottom - 6, box.x + 6 : box.right - 6]
        np.maximum(patch, SHADING, out=patch)
    assert boxes_of(without(page)) == sorted(boxes_of(pieces_of(page)), key=lambda box: box.x)
    assert sum(piece.area_px for piece in without(page)) == sum(piece.area_px for piece in pieces_of(page))


def test_digits_that_a_pale_patch_joins_stay_one_piece():
    page = strokes(DIGITS)
    for box in (DIGITS[0], DIGITS[2]):
        patch = page[22:58, box.right - 6 : box.right + 58]
        np.maximum(patch, SHADING, out=patch)
    page = np.pad(page, ((0, 0), (0, 500)))  # else they are as long as the edge of a shadow
    assert len(pieces_of(page)) == 2
    assert boxes_of(without(page, min_count=1)) == sorted(boxes_of(pieces_of(page)), key=lambda box: box.x)


def test_what_few_of_all_pieces_have_is_no_shading():
    clean = np.vstack([strokes([BoundingBox(8 + 30 * k, 20, 28, 40) for k in range(23)])] * 6)
    page = np.vstack([shaded(DIGITS), clean])
    assert {*boxes_of(without(page))} == {*boxes_of(pieces_of(page))}
    assert {*boxes_of(without(page, min_share=0.0))} != {*boxes_of(pieces_of(page))}


def test_what_only_a_few_pieces_have_is_no_shading():
    page = shaded(DIGITS[:2])
    assert boxes_of(without(page)) == sorted(boxes_of(pieces_of(page)), key=lambda box: box.x)


def test_what_is_left_beside_a_digit_stays_a_piece():
    page = shaded(DIGITS)
    page[48:58, 58:62] = INK  # a stroke within the first patch, as the upper stroke of a 5 may be
    [part] = [piece for piece in without(page) if piece.bbox.width < 10]
    assert near([part], [BoundingBox(58, 48, 4, 10)])


@pytest.mark.parametrize("ink", [40, 90, 160, 250])
def test_clean_writing_stays_as_it_is(ink):
    page = strokes(DIGITS, ink)
    assert boxes_of(without(page)) == sorted(boxes_of(pieces_of(page)), key=lambda box: box.x)


def test_digits_that_a_pale_stroke_joins_stay_one_piece():
    page = strokes(DIGITS)
    for box in (DIGITS[0], DIGITS[2]):
        page[38:42, box.right - 2 : box.right + 54] = SHADING
    assert boxes_of(without(page, min_count=1)) == sorted(boxes_of(pieces_of(page)), key=lambda box: box.x)


def test_a_piece_that_is_mostly_pale_stays_whole():
    page = strokes(DIGITS, 40)
    for box in DIGITS:
        page[box.y + 10 : box.y + 16, box.x : box.x + 8] = 200  # a dark knot in a pale stroke
    assert boxes_of(without(page, min_count=1)) == sorted(boxes_of(pieces_of(page)), key=lambda box: box.x)


def test_a_blank_page_has_no_pieces():
    assert without(np.zeros((50, 50), np.uint8)) == []


@pytest.mark.parametrize("shadow", [20, 40])
def test_digits_lose_the_edge_of_a_shadow_that_they_stand_across(shadow):
    page = strokes(DIGITS)
    cv2.line(page, (60, 0), (230, 109), shadow, 14)
    page = np.maximum(page, strokes(DIGITS))
    assert not all_near(pieces_of(page), DIGITS)
    assert near(without(page), DIGITS)
    assert not all_near(without(page, shadow=0.0), DIGITS)


def test_a_long_line_as_dark_as_the_digits_is_no_shadow():
    page = strokes(DIGITS)
    cv2.line(page, (110, 0), (290, 109), INK, 3)
    assert boxes_of(without(page)) == sorted(boxes_of(pieces_of(page)), key=lambda box: box.x)
