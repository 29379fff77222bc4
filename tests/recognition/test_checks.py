"""What is known of every number before it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.checks import checked
from recognition.page import read_document
from recognition.params import CheckDigit, CheckParams, RecognitionParams
from recognition.reader import Reader
from recognition.types import BoundingBox, Digit, Number, Reason

BOX = BoundingBox(10, 10, 30, 40)


def number(text: str, *reasons: Reason) -> Number:
    digits = tuple(Digit(0 if c == "?" else int(c), 0.99, BOX) for c in text)
    return Number(text, BOX, 0, 0, 0.99, bool(reasons), reasons, digits)


def failing(params: CheckParams, *texts: str) -> list[str]:
    """Those of the texts that are to be looked at."""
    return [one.text for one in checked([number(text) for text in texts], params) if one.needs_review]


def test_by_default_every_number_may_be_right() -> None:
    numbers = [number("7"), number("0071"), number("?", Reason.LOW_CONFIDENCE)]
    assert checked(numbers, CheckParams()) == numbers
    assert checked([], CheckParams(digits=(4,))) == []


def test_a_number_of_another_length_needs_review() -> None:
    assert failing(CheckParams(digits=(4, 6)), "123", "1234", "0001", "12345", "123456", "12?", "12?4") == [
        "123",
        "12345",
        "12?",
    ]


def test_a_number_out_of_its_range_needs_review() -> None:
    assert failing(CheckParams(min=10, max=99), "9", "10", "010", "99", "100", "0", "1?9") == ["9", "100", "0"]
    assert failing(CheckParams(min=10), "9", "10", "9" * 30) == ["9"]
    assert failing(CheckParams(max=0), "000", "1") == ["1"]


@pytest.mark.parametrize(
    ("how", "right"),
    [  # each scheme's published example
        (CheckDigit.LUHN, "79927398713"),
        (CheckDigit.EAN, "4006381333931"),
        (CheckDigit.EAN, "73513537"),
        (CheckDigit.VERHOEFF, "2363"),
        (CheckDigit.DAMM, "5724"),
        (CheckDigit.MOD_11_10, "07945"),
        (CheckDigit.MOD_97_10, "79444"),
    ],
)
def test_every_other_digit_in_any_place_fails_the_check(how: CheckDigit, right: str) -> None:
    wrong = [
        right[:place] + str(digit) + right[place + 1 :]
        for place in range(len(right))
        for digit in range(10)
        if str(digit) != right[place]
    ]
    params = CheckParams(check_digit=how)
    assert failing(params, right) == []
    assert failing(params, *wrong) == wrong
    assert failing(params, f"?{right[1:]}") == [], "of which nothing is known"


def test_a_lone_digit_has_nothing_that_it_could_prove() -> None:
    assert failing(CheckParams(check_digit=CheckDigit.EAN), "5") == ["5"]


def test_a_line_of_thousands_of_digits_is_checked_too() -> None:
    line = "7" * 5000
    assert failing(CheckParams(), line) == []
    for params in (CheckParams(min=5), CheckParams(max=5), CheckParams(check_digit=CheckDigit.LUHN)):
        assert failing(params, line) == [line]


def test_the_reasons_stay_in_the_order_of_the_contract() -> None:
    (one,) = checked([number("12", Reason.LOW_CONFIDENCE, Reason.TOUCHING)], CheckParams(digits=(3,)))
    assert one.reasons == (Reason.LOW_CONFIDENCE, Reason.TOUCHING, Reason.RULE_FAILED)


@pytest.mark.parametrize(
    "wrong", [{"digits": (0,)}, {"digits": (1001,)}, {"min": -1}, {"max": -1}, {"min": 2, "max": 1}]
)
def test_what_no_number_could_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Received"):
        CheckParams(**wrong)  # type: ignore[arg-type]


def test_on_a_page_the_numbers_that_fail_are_marked_in_the_picture_too(
    draw_page: Callable[[int], bytes], reader: Reader
) -> None:
    data = draw_page(5)
    plain = read_document(data, reader, RecognitionParams())
    texts = [one.text for one in plain.pages[0].numbers if not one.needs_review]
    assert texts
    params = replace(RecognitionParams(), checks=CheckParams(max=0))
    page = read_document(data, reader, params).pages[0]
    assert {one.text for one in page.numbers if Reason.RULE_FAILED in one.reasons} >= set(texts)
    assert all(one.needs_review for one in page.numbers)
    pictures = [cv2.imdecode(np.frombuffer(each.annotated, np.uint8), 1) for each in (plain.pages[0], page)]
    assert np.abs(pictures[0].astype(int) - pictures[1]).max() > 100
