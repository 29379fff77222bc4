from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.page import read_document
from recognition.params import RecognitionParams, StruckParams
from recognition.struck import may_be_struck_out

INK = 200
BOXES = [(60 + 55 * k, 80, 36, 56) for k in range(3)]
"""Of three rings, x, y, width and height."""


@pytest.fixture
def readings(make_reading):
    return [make_reading(0, box) for box in BOXES]


def rings():
    page = np.zeros((220, 320), np.uint8)
    for x, y, width, height in BOXES:
        cv2.ellipse(page, (x + width // 2, y + height // 2), (width // 2 - 3, height // 2 - 3), 0, 0, 360, INK, 5)
    return page


def with_line(*points, darkness=INK):
    page = rings()
    cv2.polylines(page, [np.array(points, np.int32)], False, darkness, 4)
    return page


@pytest.mark.parametrize(
    ("page", "doubted", "why"),
    [
        (with_line((50, 108), (220, 108)), True, "straight through"),
        (with_line((50, 100), (220, 116)), True, "sloping"),
        (with_line((50, 108), (90, 105), (130, 110), (170, 106), (220, 108)), True, "wavering"),
        (with_line((50, 108), (220, 108), darkness=100), True, "of a paler pen"),
        (rings(), False, "none"),
        (with_line((50, 108), (220, 108), darkness=90), False, "a line of squared paper"),
        (with_line((50, 108), (220, 108), darkness=50), False, "what shows through"),
        (with_line((50, 108), (140, 108)), False, "through two of three"),
        (with_line((50, 84), (220, 84)), False, "through their heads"),
        (with_line((50, 131), (220, 131)), False, "through their feet"),
        (with_line((50, 145), (220, 145)), False, "below"),
        (with_line((60, 134), (206, 82)), False, "steeper than writing slopes"),
    ],
)
def test_a_line_through_a_number_from_end_to_end_puts_it_in_doubt(readings, page, doubted, why):
    assert may_be_struck_out([readings], page, StruckParams()) == [doubted], why


def test_a_number_of_two_digits_can_be_struck_out(readings):
    page = with_line((50, 108), (220, 108))
    assert may_be_struck_out([readings[:2], readings[1:]], page, StruckParams()) == [True, True]


@pytest.mark.parametrize("gaps", [[], [157], [107, 157]])
def test_bars_of_digits_that_end_before_a_narrow_gap_strike_nothing_out(make_reading, gaps):
    page = np.zeros((220, 320), np.uint8)
    page[106:111, 60:206] = INK
    for column in gaps:
        page[:, column : column + 2] = 0
    digits = [make_reading(4, (60, 80, 47, 56)), make_reading(4, (109, 80, 48, 56)), make_reading(4, (159, 80, 47, 56))]
    assert may_be_struck_out([digits], page, StruckParams()) == [not gaps]


def test_the_bar_of_a_lone_digit_strikes_nothing_out(readings):
    page = with_line((50, 108), (220, 108))
    assert may_be_struck_out([[one] for one in readings], page, StruckParams()) == [False] * 3
    assert may_be_struck_out([], page, StruckParams()) == []


def test_a_number_that_was_struck_out_goes_to_review_and_the_others_do_not(sample_pages, reader):
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (420, 700))
    for k, text in enumerate(["4071", "863", "2953", "640", "1345", "7508"]):
        hand.write(text, 40 + 330 * (k % 2), 40 + 120 * (k // 2), 52)
    pixels = np.rint(sample_pages.inked(np.full((420, 700, 3), 240, np.uint8), hand.ink, (50, 40, 40))).astype(np.uint8)

    def accepted(picture):
        (page,) = read_document(cv2.imencode(".png", picture)[1].tobytes(), reader, RecognitionParams()).pages
        return [number for number in page.numbers if not number.needs_review]

    before = accepted(pixels)
    struck = before[2].bbox
    middle = struck.y + struck.height // 2
    cv2.line(pixels, (struck.x - 8, middle + 3), (struck.right + 8, middle - 3), (50, 40, 40), 4, cv2.LINE_AA)
    after = accepted(pixels)
    assert [number.text for number in after] == [number.text for k, number in enumerate(before) if k != 2]
