from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.components import find_components
from recognition.params import ComponentParams, SmudgeParams
from recognition.smudges import without_smudges
from recognition.types import BoundingBox

INK, SMUDGE, PEN = 160, 50, 6
DIGITS = [BoundingBox(40, 30, 30, 40), BoundingBox(90, 30, 30, 40)]


def page_of_two(darkness=INK):
    page = np.zeros((110, 200), np.uint8)
    for box in DIGITS:
        center = round(box.center[0]), round(box.center[1])
        cv2.ellipse(page, center, (box.width // 2 - PEN // 2, box.height // 2 - PEN // 2), 0, 0, 360, darkness, PEN)
    return page


def pieces_of(page):
    return find_components(np.where(page > 0, np.uint8(255), np.uint8(0)), page, ComponentParams())


def without(page, thinned_px=0):
    found = without_smudges(pieces_of(page), page, SmudgeParams(), ComponentParams(), thinned_px)
    return sorted((piece.bbox for piece in found), key=lambda box: box.x)


def boxes_of(page):
    return sorted((piece.bbox for piece in pieces_of(page)), key=lambda box: box.x)


def smudged(page, width, darkness=SMUDGE):
    """A level smudge so many pixels wide across both digits."""
    smudge = np.zeros_like(page)
    smudge[50 - width // 2 : 50 - width // 2 + width, 30:140] = darkness
    return np.maximum(page, smudge)


def near(box: BoundingBox, other: BoundingBox) -> bool:
    sides = [(one.x, one.y, one.right, one.bottom) for one in (box, other)]
    return bool(np.abs(np.subtract(*sides)).max() <= 3)


@pytest.mark.parametrize("width", [18, 24, 60])
def test_a_smudge_leaves_the_digits_that_it_lies_upon(width):
    page = smudged(page_of_two(), width)
    assert len(boxes_of(page)) == 1
    found = without(page)
    assert len(found) == 2
    assert all(near(*pair) for pair in zip(found, DIGITS, strict=True))


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (smudged(page_of_two(), PEN), "a stroke that fades is as wide as the others"),
        (smudged(page_of_two(), 24, 80), "what is half as dark is of the writing"),
        (page_of_two(), "it is clean"),
        (page_of_two(40), "it is clean, and pale"),
        (smudged(np.zeros((110, 200), np.uint8), 24), "nothing is written on it"),
        (np.zeros((110, 200), np.uint8), "it is blank"),
    ],
)
def test_other_ink_stays_as_it_is(page, why):
    assert without(page) == boxes_of(page), why


@pytest.mark.parametrize(("thinned_px", "left"), [(2, 2), (6, 1)])
def test_beside_thinned_strokes_only_what_is_wider_is_a_smudge(thinned_px, left):
    assert len(without(smudged(page_of_two(), 24), thinned_px)) == left


def test_the_soft_edges_of_fine_strokes_are_no_smudge():
    page = np.zeros((110, 200), np.uint8)
    cv2.circle(page, (60, 50), 20, INK, 1)
    soft = cv2.dilate(page, np.ones((3, 3))) // 4
    page = np.maximum(page, soft)
    assert without(page) == boxes_of(page)


def test_a_blot_with_grains_too_small_for_strokes_stays_as_it_is():
    page = np.zeros((110, 200), np.uint8)
    page[38:62, 30:140] = 20
    page[39:62:2, 31:100:2] = INK
    assert without(page) == boxes_of(page) == [BoundingBox(30, 38, 110, 24)]
