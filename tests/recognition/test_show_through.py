from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.components import find_components
from recognition.page import read_document
from recognition.params import ComponentParams, RecognitionParams, ShowThroughParams
from recognition.show_through import without_show_through
from recognition.types import BoundingBox

INK = 200
FRONT = [BoundingBox(20 + 90 * k, 20, 40, 60) for k in range(6)]
BACK = [BoundingBox(65 + 90 * k, 120, 40, 60) for k in range(6)]
TOUCHING = [BoundingBox(box.right - 4, box.y, 30, 60) for box in FRONT[:2]]


def rings(page, boxes, darkness):
    """Draws a ring into each box, under what is darker."""
    layer = np.zeros_like(page)
    for box in boxes:
        center = (round(box.center[0] - 0.5), round(box.center[1] - 0.5))
        cv2.ellipse(layer, center, (box.width // 2 - 3, box.height // 2 - 3), 0, 0, 360, darkness, 5)
    np.maximum(page, layer, out=page)


def page_with(back=BACK, touching=TOUCHING, darkness=50):
    page = np.zeros((210, 600), np.uint8)
    rings(page, FRONT, INK)
    rings(page, [*back, *touching], darkness)
    return page


def pieces_of(page):
    return find_components(np.where(page > 0, np.uint8(255), np.uint8(0)), page, ComponentParams())


def without(page, **changes):
    found = pieces_of(page)
    return without_show_through(found, page, ShowThroughParams(**changes), ComponentParams())


def boxes_of(pieces):
    return {(piece.bbox.x, piece.bbox.y, piece.bbox.width, piece.bbox.height) for piece in pieces}


def lines_of(pieces, dark):
    """The boxes of the pieces that are dark, or pale, from left to right."""
    return sorted((piece.bbox for piece in pieces if (piece.darkness > 100) is dark), key=lambda box: box.x)


def boxes_at_top(pieces):
    """The boxes of the pieces in the front's row that are as high as it, from left to right."""
    boxes = (piece.bbox for piece in pieces if piece.bbox.y < 60 and piece.bbox.height > 40 and piece.darkness > 50)
    return sorted(boxes, key=lambda box: box.x)


def test_writing_is_parted_from_what_shows_through_beside_it():
    page = page_with()
    assert any(box.width > 60 for box in lines_of(pieces_of(page), dark=True))
    assert [box.width for box in lines_of(without(page), dark=True)] == pytest.approx([40] * 6, abs=2)


def test_what_shows_through_by_itself_stays():
    page = page_with()
    assert len(lines_of(without(page), dark=False)) == len(BACK)


def test_pencil_is_parted_from_what_shows_through_beside_it():
    page = np.zeros((210, 600), np.uint8)
    rings(page, FRONT[2:], INK)
    rings(page, FRONT[:2], 75)
    rings(page, [*BACK, *TOUCHING], 25)
    assert [box.width for box in boxes_at_top(without(page))] == pytest.approx([40] * 6, abs=2)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (page_with(back=()), "a stroke beside a digit may fade"),
        (page_with(back=BACK[:4]), "too few pieces are pale"),
        (page_with(darkness=100), "all of it may be writing"),
        (np.vstack([page_with(), *[page_with((), ())] * 9]), "few of all pieces are pale"),
        (page_with(back=[BoundingBox(box.x, box.y, 12, 14) for box in BACK]), "crumbs are no writing"),
        (np.zeros((50, 50), np.uint8), "there is nothing"),
    ],
)
def test_other_pages_stay_as_they_are(page, why):
    assert boxes_of(without(page)) == boxes_of(pieces_of(page)), why


def test_a_dark_patch_larger_than_writing_does_not_make_the_writing_pale():
    page = page_with(back=(), touching=())
    page[page > 0] = 60
    page[100:200, 300:590] = 255
    cv2.line(page, (20, 50), (560, 50), 20, 2)
    assert boxes_of(without(page)) == boxes_of(pieces_of(page))


@pytest.mark.parametrize("share", [0.08, 0.15, 0.3])
def test_numbers_are_read_without_the_back_that_shows_through_among_them(sample_pages, reader, share):
    wanted = ["4071", "86", "2953", "640", "13", "7508"]
    front, back = (
        sample_pages.Hand(np.random.default_rng(seed), sample_pages.Digits.load(), (420, 700)) for seed in (1, 51)
    )
    for k, text in enumerate(wanted):
        front.write(text, 40 + 330 * (k % 2), 40 + 120 * (k // 2), 52)
        back.write(text, 60 + 330 * (k % 2), 50 + 120 * (k // 2), 52)
    ink = np.maximum(front.ink, share * cv2.GaussianBlur(back.ink[:, ::-1], (0, 0), 2))
    pixels = np.rint(sample_pages.inked(np.full((*ink.shape, 3), 240, np.uint8), ink, (50, 40, 40))).astype(np.uint8)
    (page,) = read_document(cv2.imencode(".png", pixels)[1].tobytes(), reader, RecognitionParams()).pages
    assert [number.text for number in page.numbers] == wanted
