from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.page import read_document
from recognition.params import RecognitionParams, SelectParams
from recognition.words import in_words

PARAMS = SelectParams()
HEIGHT = 50.0
DIGIT_PX, LETTER_PX = 30, 34


@pytest.fixture(scope="session")
def write(make_reading):
    """Sets a line of digits and of letters, `x` in the text, side by side, and gives all readings and the digits."""

    def line(text, *, gap_px=6, x=100, y=300, letter=(LETTER_PX, 40)):
        readings, digits = [], []
        for character in text:
            if character == " ":
                x += 40
                continue
            is_letter = character == "x"
            width, height = letter if is_letter else (DIGIT_PX, 50)
            box = (x, y + 50 - height, width, height)
            reading = make_reading(3, box, 0.2, rubbish=0.7) if is_letter else make_reading(int(character), box)
            readings.append(reading)
            if not is_letter:
                digits.append(reading)
            x += width + gap_px
        return readings, digits

    return line


def letters(readings, digits, params=PARAMS):
    """The digits that are taken for letters, by their index."""
    found = in_words(readings, digits, HEIGHT, params)
    assert found <= {id(digit) for digit in digits}
    return {k for k, digit in enumerate(digits) if id(digit) in found}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("7", set()),
        ("12345", set()),
        ("xxx", set()),
        ("x0x", {0}),
        ("xx10xx", {0, 1}),
        ("1xx", {0}),
        ("xxxx5xxxx 123", {0}),
        ("x7", set()),  # a sign before a number
        ("7x", set()),
        ("12xx", set()),  # a unit after a number
        ("123x45", set()),  # a digit that was not read among others
    ],
)
def test_digits_in_words_are_letters_and_digits_in_numbers_are_not(write, text, expected):
    assert letters(*write(text)) == expected


def test_pale_pieces_are_no_letters(write):
    readings, digits = write("x0xx")
    assert letters(readings, digits) == {0}
    residue = [
        reading if reading in digits else replace(reading, piece=replace(reading.piece, darkness=40.0))
        for reading in readings
    ]
    assert letters(residue, digits) == set()


def test_letters_that_stand_apart_are_no_word(write):
    apart = int(PARAMS.word_gap * HEIGHT) + 2
    assert letters(*write("x0x", gap_px=apart)) == set()
    assert letters(*write("x0x", gap_px=apart - 4)) == {0}
    assert letters(*write("x0x", gap_px=apart), SelectParams(word_gap=1)) == {0}


def test_a_word_is_of_one_line(write):
    number, digits = write("0", x=134)
    above, _ = write("xxx", y=240)
    below, _ = write("xxx", y=360)
    assert letters([*above, *number, *below], digits) == set()


def test_specks_and_large_pictures_beside_a_number_make_no_word_of_it(write):
    assert letters(*write("x1x", letter=(8, 12))) == set()
    assert letters(*write("x1x", letter=(200, 200))) == set()


def test_a_number_survives_one_wide_piece_beside_it(write):
    assert letters(*write("0x", letter=(75, 40))) == set()


@given(st.text("x0123456789 ", max_size=14), st.randoms(use_true_random=False))
def test_the_order_of_the_readings_does_not_matter(write, text, chance):
    readings, digits = write(text)
    mixed = list(readings)
    chance.shuffle(mixed)
    assert in_words(mixed, digits, HEIGHT, PARAMS) == in_words(readings, digits, HEIGHT, PARAMS)


@pytest.mark.parametrize("word", ["BOILING", "KNOWN", "METHOD", "VALUES"])
def test_a_number_beside_a_word_is_read_and_the_word_is_not(reader, sample_pages, word):
    hand = sample_pages.Hand(np.random.default_rng(4), sample_pages.Digits.load(), (400, 700))
    hand.write("2047", 80, 40, 50)
    hand.write("395", 380, 40, 50)
    page = np.rint(sample_pages.inked(np.full((400, 700, 3), 240, np.uint8), hand.ink, (60, 40, 40))).astype(np.uint8)
    cv2.putText(page, word, (80, 280), cv2.FONT_HERSHEY_DUPLEX, 2, (60, 40, 40), 4, cv2.LINE_AA)
    data = cv2.imencode(".png", page)[1].tobytes()
    (read,) = read_document(data, reader, RecognitionParams()).pages
    assert [number.text for number in read.numbers] == ["2047", "395"]
