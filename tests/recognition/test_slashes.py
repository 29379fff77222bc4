from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.page import read_document
from recognition.params import RecognitionParams, SlashParams
from recognition.slashes import lean_deg, part_at_slashes
from recognition.types import Reason

PARAMS = SlashParams()
HEIGHT, WIDTH, STEP = 40, 24, 40


@pytest.fixture
def number(make_reading):
    """Digits in a row; `/` is a 1 that leans and is higher than they are, `l` one that leans, `1` an upright one."""

    def make(text, slash=1.4, lean=20):
        readings = []
        for k, sign in enumerate(text):
            if sign not in "/l1":
                readings.append(make_reading(int(sign), (STEP * k, 100, WIDTH, HEIGHT)))
                continue
            height = round(HEIGHT * (slash if sign == "/" else 1))
            width = 4 + round(height * np.tan(np.deg2rad(0 if sign == "1" else lean)))
            reading = make_reading(1, (STEP * k, 100, width, height))
            mask = np.zeros((height, width), np.uint8)
            cv2.line(mask, (2, height - 1), (width - 3, 0), 255, 3)
            readings.append(replace(reading, piece=replace(reading.piece, mask=mask)))
        return readings

    return make


def texts(parted):
    return ["".join(str(digit.digit) for digit in number) for line in parted.lines for number in line]


@pytest.mark.parametrize("text", ["24/08/2010", "3/7/99", "11/12/2011", "2023/5/30", "11/11/11"])
def test_a_date_is_parted_and_its_slashes_are_left_out(number, text):
    parted = part_at_slashes([[number(text)]], PARAMS)
    assert texts(parted) == text.split("/")
    assert parted.doubtful == set()


@pytest.mark.parametrize(
    ("text", "slash", "doubted", "why"),
    [
        ("24108120", 1.4, False, "upright 1s, whatever their place"),
        ("24l08l20", 1.0, False, "1s that lean as a hand does, as high as the rest"),
        ("24/08/20", 1.08, True, "hardly higher, but where a date has its slashes"),
        ("9/3/44", 1.13, True, "913144, by a hand whose 1s lean"),
        ("3/4", 1.4, True, "a fraction, or the number of a flat"),
        ("123/08/4", 1.4, True, "slashes in no date"),
        ("3/4", 1.15, False, "a 1 a little higher than the rest"),
        ("/234", 1.4, False, "what begins a number parts nothing"),
        ("234/", 1.4, False, "what ends it neither"),
    ],
)
def test_what_is_no_date_stays_whole_and_is_doubted_where_it_may_be_one(number, text, slash, doubted, why):
    one = number(text, slash)
    parted = part_at_slashes([[one]], PARAMS)
    assert texts(parted) == [text.replace("/", "1").replace("l", "1")], why
    slashes = {id(digit) for digit, sign in zip(one, text, strict=True) if sign in "/l"}
    assert parted.doubtful == (slashes if doubted else set()), why


def test_slashes_that_lean_apart_are_no_pair(number):
    one = [*number("24/08", lean=12), *number("/20", lean=40)]
    assert len(texts(part_at_slashes([[one]], PARAMS))) == 1


def test_high_strokes_that_stand_upright_or_lean_no_more_than_the_digits_are_no_slashes(number):
    upright = number("24/08/20", lean=4)
    leaning = number("24/08/20")
    stroke = max((digit.piece for digit in number("l", lean=30)), key=lambda piece: piece.area_px)
    leaning = [one if one.digit == 1 else replace(one, piece=replace(one.piece, mask=stroke.mask)) for one in leaning]
    for one in (upright, leaning):
        parted = part_at_slashes([[one]], PARAMS)
        assert texts(parted) == ["24108120"]
        assert parted.doubtful == set()


def test_only_what_reads_as_a_one_is_a_slash(number, make_reading):
    probabilities = make_reading(7, (0, 0, 1, 1)).probabilities
    sevens = [replace(one, probabilities=probabilities) if one.digit == 1 else one for one in number("24/08/20")]
    parted = part_at_slashes([[sevens]], PARAMS)
    assert texts(parted) == ["24708720"]
    assert parted.doubtful == set()


def test_ones_alone_and_no_lines_are_left_as_they_are(number):
    assert texts(part_at_slashes([[number("11")], [number("1")]], PARAMS)) == ["11", "1"]
    assert part_at_slashes([], PARAMS).lines == []


def test_a_number_with_a_slash_in_it_goes_to_review(sample_pages, reader):
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (250, 400))
    for text, x in (("3", 100), ("62", 165)):
        hand.write(text, x, 100, 50)
    cv2.line(hand.ink, (138, 160), (160, 88), 1.0, 5, cv2.LINE_AA)
    page = sample_pages.inked(np.full((250, 400, 3), 240, np.uint8), hand.ink, (60, 40, 40))
    data = cv2.imencode(".png", np.rint(page).astype(np.uint8))[1].tobytes()
    (number,) = read_document(data, reader, RecognitionParams()).pages[0].numbers
    assert number.text == "3162"
    assert number.needs_review
    assert Reason.LOW_CONFIDENCE not in number.reasons, "by its digits alone it would be accepted"


@pytest.mark.parametrize("lean", [-30, 0, 25])
def test_the_lean_is_that_of_the_stroke(make_reading, lean):
    mask = np.zeros((80, 120), np.uint8)
    across = 35 * np.tan(np.deg2rad(lean))
    cv2.line(mask, (round(60 - across), 75), (round(60 + across), 5), 255, 3)
    reading = make_reading(1, (0, 0, 120, 80))
    assert lean_deg(replace(reading, piece=replace(reading.piece, mask=mask))) == pytest.approx(lean, abs=2)
