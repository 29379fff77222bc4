"""Numbers made from digits, and where they stand on the upright page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recognition.numbers import Place, doubted, to_number
from recognition.params import Thresholds, TrustParams
from recognition.types import BoundingBox, Reason

SAME = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
PLACE = Place(SAME, width=100, height=80)
MIDDLE = (40, 20, 20, 40)


AS_READ = TrustParams(others=1, none=1)


def number_of(*readings, unread=False, cut_off=False, trust=AS_READ):
    return to_number(readings, (3, 1), unread, PLACE, trust, Thresholds(accept=0.9, digit=0.25), cut_off=cut_off)


@pytest.mark.parametrize(
    ("to_page", "expected"),
    [
        pytest.param(SAME, BoundingBox(10, 20, 30, 5), id="as it lies"),
        pytest.param([[2, 0, 0], [0, 2, 0]], BoundingBox(20, 40, 60, 10), id="read at half the size"),
        pytest.param([[1, 0, 7], [0, 1, -4]], BoundingBox(17, 16, 30, 5), id="cut out of the page"),
        pytest.param([[0.8, -0.6, 40], [0.6, 0.8, 0]], BoundingBox(33, 22, 27, 22), id="aslant"),
    ],
)
def test_a_box_of_the_page_that_was_read_is_told_on_the_upright_page(to_page, expected):
    place = Place(np.array(to_page, np.float64), width=100, height=80)
    assert place.on_page(BoundingBox(10, 20, 30, 5)) == expected


def test_strokes_that_were_thinned_before_reading_get_their_width_back():
    assert replace(PLACE, thinned_px=4).on_page(BoundingBox(10, 20, 30, 5)) == BoundingBox(8, 18, 34, 9)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (BoundingBox(-5, -6, 20, 30), BoundingBox(0, 0, 15, 24)),
        (BoundingBox(90, 70, 20, 30), BoundingBox(90, 70, 10, 10)),
        (BoundingBox(120, 95, 20, 30), BoundingBox(99, 79, 1, 1)),
        (BoundingBox(-30, -30, 20, 20), BoundingBox(0, 0, 1, 1)),
    ],
)
def test_a_box_stays_inside_the_page_and_has_a_pixel_at_least(box, expected):
    assert PLACE.on_page(box) == expected


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ((1, 2, 96, 76), "the left edge"),
        ((2, 1, 96, 76), "the upper edge"),
        ((3, 2, 96, 76), "the right edge"),
        ((2, 3, 96, 76), "the lower edge"),
    ],
)
def test_a_number_that_reaches_any_edge_of_the_page_is_cut_off(make_reading, box, why):
    assert number_of(make_reading(8, (2, 2, 96, 76))).reasons == ()
    assert number_of(make_reading(8, box)).reasons == (Reason.CUT_OFF,), why


def test_a_number_has_its_place_and_the_box_around_its_digits_and_is_as_sure_as_the_weakest(make_reading):
    number = number_of(make_reading(0, (10, 20, 20, 40), 0.98), make_reading(7, (32, 25, 30, 45), 0.92))
    assert (number.text, number.line, number.position) == ("07", 3, 1)
    assert number.bbox == BoundingBox(10, 20, 52, 50)
    assert number.confidence == pytest.approx(0.92)
    assert not number.needs_review


@pytest.mark.parametrize(("confidence", "text"), [(0.24, "6?"), (0.26, "68")])
def test_a_digit_below_the_threshold_is_rejected(make_reading, confidence, text):
    number = number_of(make_reading(6, (10, 20, 20, 40)), make_reading(8, (32, 20, 20, 40), confidence))
    assert number.text == text
    assert number.needs_review
    assert number.digits[1].digit == 8


@pytest.mark.parametrize(
    ("confidence", "reasons"), [(0.89, (Reason.LOW_CONFIDENCE,)), (0.91, ())], ids=["doubted", "accepted"]
)
def test_a_number_is_accepted_from_the_threshold_on(make_reading, confidence, reasons):
    number = number_of(make_reading(6, MIDDLE, confidence))
    assert number.reasons == reasons
    assert number.needs_review == bool(reasons)


def test_something_beside_it_that_was_not_read_is_told_however_sure_its_digits_are(make_reading):
    number = number_of(make_reading(6, MIDDLE), unread=True)
    assert number.reasons == (Reason.NOT_A_DIGIT,)
    assert number.needs_review


def test_a_number_of_which_the_edge_took_a_digit_is_cut_off_wherever_the_others_stand(make_reading):
    assert number_of(make_reading(6, MIDDLE), cut_off=True).reasons == (Reason.CUT_OFF,)


@pytest.mark.parametrize(
    ("confidence", "rubbish", "told"), [(0.7, 0.16, True), (0.7, 0.14, False), (0.95, 0.05, False)]
)
def test_a_digit_in_doubt_that_is_rather_none_than_another_is_told(make_reading, confidence, rubbish, told):
    number = number_of(make_reading(6, MIDDLE, confidence, rubbish=rubbish))
    assert (Reason.NOT_A_DIGIT in number.reasons) == told


def test_the_threshold_is_for_what_a_confidence_is_worth_and_the_reason_for_what_was_read(make_reading):
    reading = make_reading(6, MIDDLE, 0.8, rubbish=0.15)
    trusted, doubted = (number_of(reading, trust=TrustParams(others=1, none=none)) for none in (0.1, 0.5))
    assert (trusted.confidence, trusted.reasons) == (pytest.approx(0.8 / 0.865), ())
    assert doubted.confidence == pytest.approx(0.8 / 0.925)
    assert doubted.reasons == (Reason.LOW_CONFIDENCE, Reason.NOT_A_DIGIT)


def test_the_two_likeliest_other_digits_are_told_where_they_are_likely_at_all(make_reading):
    likely = np.array([0.0005, 0.002, 0.9, 0.0001, 0, 0.06, 0, 0.01, 0, 0, 0.0274], np.float32)
    unlikely = np.array([0.0009, 0, 0.99, 0, 0, 0.0091, 0, 0, 0, 0, 0], np.float32)
    number = number_of(*(replace(make_reading(2, MIDDLE), probabilities=each) for each in (likely, unlikely)))
    assert [digit.digit for digit in number.digits] == [2, 2]
    assert number.digits[0].confidence == pytest.approx(0.9)
    assert number.digits[0].alternatives == ((5, pytest.approx(0.06)), (7, pytest.approx(0.01)))
    assert number.digits[1].alternatives == ((5, pytest.approx(0.0091)),)


def test_that_digits_touched_is_told_of_those_in_doubt_alone(make_reading):
    places = (10, 20, 20, 40), (32, 20, 20, 40)
    unsure = number_of(make_reading(6, places[0], 0.7, touching=True), make_reading(8, places[1]))
    sure = number_of(make_reading(6, places[0], 0.99, touching=True), make_reading(8, places[1], 0.7))
    assert unsure.reasons == (Reason.LOW_CONFIDENCE, Reason.TOUCHING)
    assert sure.reasons == (Reason.LOW_CONFIDENCE,)


def test_more_reasons_join_those_that_a_number_has_each_once_and_in_their_order(make_reading):
    number = number_of(make_reading(6, MIDDLE), unread=True)
    assert doubted(number, [Reason.NOT_A_DIGIT]).reasons == (Reason.NOT_A_DIGIT,)
    more = doubted(number, [Reason.CUT_OFF, Reason.LOW_CONFIDENCE])
    assert more.reasons == (Reason.LOW_CONFIDENCE, Reason.NOT_A_DIGIT, Reason.CUT_OFF)
    assert doubted(number_of(make_reading(6, MIDDLE)), [Reason.CUT_OFF]).needs_review


def test_the_readme_explains_each_reason_that_is_given_and_no_other():
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = text.partition("| reason | what it means |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == set(Reason)
