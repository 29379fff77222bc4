from __future__ import annotations

import cv2
import pytest

from recognition.crowding import may_share_digits
from recognition.params import CrowdParams

PARAMS = CrowdParams()
NUMBER = [(100, 100, 30, 60), (140, 100, 30, 60)]
"""Boxes of two digits 60 px high, x, y, width and height."""


@pytest.mark.parametrize(
    ("box", "doubted", "why"),
    [
        ((174, 104, 12, 30), True, "half of a stroke beside it"),
        ((110, 166, 12, 30), True, "half of a stroke below it"),
        ((84, 104, 12, 30), True, "half of a stroke before it"),
        ((110, 66, 12, 30), True, "half of a stroke above it"),
        ((110, 260, 12, 30), False, "far below it"),
        ((110, 10, 12, 30), False, "far above it"),
        ((178, 104, 12, 30), False, "farther away than a pen is lifted within a digit"),
        ((174, 100, 30, 60), False, "a whole digit of a narrow table"),
        ((160, 130, 40, 60), True, "a whole digit upon its last one"),
        ((104, 102, 8, 56), True, "a stroke within its first one"),
        ((80, 95, 100, 70), True, "a box around its digits"),
        ((168, 110, 40, 60), False, "a whole digit that leans over it by a hair"),
    ],
)
def test_a_digit_upon_another_number_or_low_and_close_to_it_puts_both_in_doubt(make_reading, box, doubted, why):
    number = [make_reading(4, digit) for digit in NUMBER]
    far = [make_reading(7, (400, 100, 30, 60)), make_reading(1, (440, 130, 12, 30))]
    assert may_share_digits([number, [make_reading(1, box)], far], PARAMS) == [doubted, doubted, False], why


def test_what_is_low_beside_large_digits_is_so_on_a_page_of_small_ones(make_reading):
    large = [make_reading(4, digit) for digit in NUMBER]
    small = [[make_reading(7, (400, 40 * k, 15, 30))] for k in range(5)]
    assert may_share_digits([*small, large, [make_reading(1, (174, 104, 12, 30))]], PARAMS) == [False] * 5 + [True] * 2


def test_two_halves_of_a_digit_are_low_on_a_page_of_whole_ones(make_reading):
    halves = [[make_reading(1, (400, 100, 12, 30))], [make_reading(1, (396, 134, 12, 30))]]
    assert may_share_digits([[make_reading(4, digit) for digit in NUMBER * 2], *halves], PARAMS) == [False, True, True]


def test_the_digits_of_one_number_may_lean_upon_each_other(make_reading):
    number = [make_reading(4, box) for box in [*NUMBER, (150, 120, 30, 30)]]
    assert may_share_digits([number], PARAMS) == [False]
    assert may_share_digits([], PARAMS) == []


def test_the_halves_of_a_broken_one_are_not_accepted_as_ones(note, read_pixels, reader):
    page = note(("47", 100, 100))
    cv2.line(page, (205, 150), (235, 86), (60, 40, 40), 5, cv2.LINE_AA)
    [number] = read_pixels(page, reader).pages[0].numbers
    assert (number.text, number.needs_review) == ("471", False)
    page[115:121, 200:255] = 240
    numbers = read_pixels(page, reader).pages[0].numbers
    assert len(numbers) > 1
    assert all(number.needs_review for number in numbers)
