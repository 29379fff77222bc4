"""Pale letters printed in the boxes of forms are no part of the digits that are written over them."""

from __future__ import annotations

import cv2
import numpy as np

from recognition.components import find_components
from recognition.fields import Field
from recognition.params import ComponentParams
from recognition.placeholders import without_placeholders
from recognition.types import BoundingBox

LEFT, WIDTH, HEIGHT = 60, 52, 68
NUMBERS = ("580", "3947", "206184")
ROWS = (60, 190, 320)
STROKES, PRINT = 210, 90


def test_digits_written_over_printed_letters_are_read(sample_pages, reader, numbers_on):
    paper = np.full((700, 1000, 3), 245, np.uint8)
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), paper.shape[:2])
    for y, text in zip(ROWS, NUMBERS, strict=True):
        for k, digit in enumerate(text):
            x = LEFT + k * WIDTH
            cv2.rectangle(paper, (x, y), (x + WIDTH, y + HEIGHT), (70, 70, 70), 2)
            place = (x + WIDTH // 4, y + 48)
            cv2.putText(paper, "DDMMYY"[k], place, cv2.FONT_HERSHEY_SIMPLEX, 1.2, (160,) * 3, 3, cv2.LINE_AA)
            hand.write_into(digit, x, y + 4, WIDTH, HEIGHT)
    numbers = numbers_on(np.rint(sample_pages.inked(paper, hand.ink, (40, 40, 40))).astype(np.uint8), reader)
    assert [number.text for number in numbers] == list(NUMBERS)


def crossed(strokes, print_, count=4):
    """Boxes, in each an upright stroke across a lying one of print."""
    darkness = np.zeros((80, 60 * count), np.uint8)
    for k in range(count):
        x = 60 * k
        darkness[36:46, x + 10 : x + 50] = print_[k]
        darkness[10:70, x + 26 : x + 34] = strokes[k]
    cells = tuple(BoundingBox(60 * k, 0, 60, 80) for k in range(count))
    pieces = find_components(np.where(darkness > 0, 255, 0).astype(np.uint8), darkness, ComponentParams())
    field = Field(BoundingBox.around(cells), cells)
    return without_placeholders(pieces, [field], darkness, ComponentParams())


def test_print_of_one_grey_goes():
    assert all(piece.bbox.width <= 10 for piece in crossed([STROKES] * 4, [PRINT] * 4))


def test_paler_strokes_of_several_greys_stay():
    pieces = crossed([STROKES] * 4, [60, 90, 120, 150])
    assert [piece.bbox.width for piece in pieces] == [40] * 4


def test_print_hardly_paler_than_the_writing_stays():
    assert [piece.bbox.width for piece in crossed([STROKES] * 4, [170] * 4)] == [40] * 4


def test_what_is_pale_all_over_stays_as_it_is():
    pieces = crossed([STROKES] * 3 + [PRINT], [PRINT] * 4)
    assert sorted(piece.bbox.width for piece in pieces)[-1] == 40
    assert len(pieces) == 4


def test_outside_of_boxes_nothing_is_taken_off():
    darkness = np.zeros((80, 60), np.uint8)
    darkness[36:46, 10:50] = PRINT
    darkness[10:70, 26:34] = STROKES
    pieces = find_components(np.where(darkness > 0, 255, 0).astype(np.uint8), darkness, ComponentParams())
    assert without_placeholders(pieces, [], darkness, ComponentParams()) == pieces
