from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.beside import may_be_more
from recognition.components import find_components
from recognition.params import BesideParams, ComponentParams

PARAMS = BesideParams()
READ_AS_IT_WAS = replace(PARAMS, with_crumb=0.0)
"""Whatever a digit reads as with a crumb."""


@pytest.fixture
def stem_with(ink_reader):
    """A page with a stroke 60 px high and a bar at x, y, width and height; the reading of the stroke, and the bar."""

    def draw(x, y, width, height):
        page = np.zeros((160, 160), np.uint8)
        cv2.line(page, (72, 60), (52, 120), 220, 6, cv2.LINE_AA)  # a 1, or the stem of a 7
        page[y : y + height, x : x + width] = 220
        params = ComponentParams(min_side_px=3, min_area_px=9)
        pieces = find_components(np.where(page > 40, 255, 0).astype(np.uint8), page, params)
        stem, bar = sorted(pieces, key=lambda piece: -piece.area_px)
        digits = ink_reader.read([stem], page)
        assert digits[0].digit == 1
        return page, digits, bar

    return draw


@pytest.mark.parametrize(
    ("bar", "doubted"), [((40, 126, 50, 7), True), ((69, 45, 3, 3), False), ((40, 140, 50, 7), False)]
)
def test_a_digit_that_reads_otherwise_with_what_is_about_it_is_doubted(reader, stem_with, bar, doubted):
    page, digits, about = stem_with(*bar)
    assert may_be_more([digits], [about], [], page, reader, PARAMS) == [doubted]
    assert may_be_more([digits], [about], [], page, reader, READ_AS_IT_WAS) == [False]


@pytest.mark.parametrize(
    ("bar", "doubted"),
    [
        ((50, 64, 5, 5), True),  # what is left of the bar of a 7
        ((80, 64, 5, 5), False),
        ((56, 62, 5, 5), True),
        ((40, 64, 5, 5), True),  # to the left of all of it
        ((66, 47, 5, 5), False),
        ((42, 112, 5, 5), False),
        ((30, 64, 5, 5), False),
        ((50, 64, 3, 3), False),  # dust
    ],
)
def test_a_crumb_to_the_upper_left_of_a_one_may_be_the_bar_of_a_seven(reader, stem_with, bar, doubted):
    page, digits, crumb = stem_with(*bar)
    assert may_be_more([digits], [crumb], [], page, reader, READ_AS_IT_WAS) == [doubted]


def test_a_five_with_its_bar_is_all_there(drawn_five, reader, ink_reader):
    page = np.rint(0.85 * drawn_five).astype(np.uint8)
    pieces = find_components(np.where(page > 40, 255, 0).astype(np.uint8), page, ComponentParams())
    body, bar = sorted(pieces, key=lambda piece: -piece.area_px)
    digits = ink_reader.read([body], page)
    assert digits[0].digit == 5
    assert may_be_more([digits], [bar], [], page, reader, PARAMS) == [False]


@pytest.mark.parametrize(("digit", "doubted"), [(1, True), (4, False)])
def test_each_one_of_a_number_may_be_a_seven_and_no_other_digit(make_reading, ink_reader, digit, doubted):
    number = [make_reading(3, (20, 100, 20, 40)), make_reading(digit, (70, 100, 10, 40))]
    page = np.full((200, 200), 200, np.uint8)

    def may_be_a_seven(box, darkness=200.0):
        crumb = make_reading(0, box, darkness=darkness).piece
        return may_be_more([number], [crumb], [], page, ink_reader, READ_AS_IT_WAS)[0]

    assert may_be_a_seven((69, 94, 5, 4)) is doubted
    assert not may_be_a_seven((69, 94, 5, 4), 75.0)  # dust
    assert not may_be_a_seven((69, 86, 5, 4))  # of another line
    assert not may_be_a_seven((69, 30, 5, 65))  # what is too high for a part of a digit


def test_a_crumb_between_two_digits_need_be_a_part_of_one_of_them_only(sample_pages, drawn_five, reader, ink_reader):
    hand = sample_pages.Hand(np.random.default_rng(0), sample_pages.Digits.load(), (100, 160))
    hand.write("6", 70, 30, 45)
    ink = np.rint(255 * hand.ink).astype(np.uint8)
    ink[:, :100] |= drawn_five
    cv2.line(ink, (66, 23), (78, 22), 255, 5, cv2.LINE_AA)  # the bar of the 5 reaches over the 6
    page = np.rint(0.85 * ink).astype(np.uint8)
    pieces = find_components(np.where(page > 40, 255, 0).astype(np.uint8), page, ComponentParams())
    bar, *bodies = sorted(pieces, key=lambda piece: piece.bbox.bottom)
    digits = sorted(ink_reader.read(bodies, page), key=lambda reading: reading.piece.bbox.x)
    assert [digit.digit for digit in digits] == [5, 6]
    assert may_be_more([digits], [bar], [], page, reader, PARAMS) == [False]
    assert may_be_more([digits[1:]], [bar], [], page, reader, PARAMS) == [True]
