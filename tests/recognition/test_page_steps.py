"""Each step that makes numbers of a page's ink has a page here that is read otherwise without it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.page import read_document
from recognition.params import RecognitionParams
from recognition.types import Reason

PARAMS = RecognitionParams()
LINES = (22, 112, 202)


@pytest.fixture
def write(sample_pages):
    """Begins a page: numbers at their upper left corners, and words at their lower left ones."""

    def begin(seed, *numbers, words=(), height_px=45, shape=(300, 600)):
        hand = sample_pages.Hand(np.random.default_rng(seed), sample_pages.Digits.load(), shape)
        for text, x, y in numbers:
            hand.write(text, x, y, height_px)
        for word, x, y in words:
            printed = np.zeros(shape, np.uint8)
            cv2.putText(printed, word, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 255, 2, cv2.LINE_AA)
            hand.place(printed / np.float32(255), 0, 0)
        return hand

    return begin


@pytest.fixture
def read(sample_pages, reader):
    """Reads a page that was written, on paper that is bare but for what is drawn on it before."""

    def numbers(hand, paper=None):
        bare = np.full((*hand.ink.shape, 3), 240, np.uint8) if paper is None else paper
        pixels = np.rint(sample_pages.inked(bare, hand.ink, (60, 40, 40))).astype(np.uint8)
        (page,) = read_document(cv2.imencode(".png", pixels)[1].tobytes(), reader, PARAMS).pages
        return page.numbers

    return numbers


def texts(numbers):
    return [number.text for number in numbers]


def in_doubt(numbers):
    return [number.text for number in numbers if number.needs_review]


def end_of(hand, y, height_px=50):
    """The last column with ink in a line."""
    return int(np.flatnonzero(hand.ink[y : y + height_px].any(axis=0))[-1])


@pytest.mark.parametrize(("pair", "seed", "seen"), [("18", 237, "8"), ("10", 237, "0"), ("13", 666, "3")])
def test_a_number_of_which_the_second_reading_sees_a_digit_more_goes_to_review(write, read, touching, pair, seed, seen):
    hand = write(4, ("4", 40, 60), height_px=60, shape=(200, 500))
    hand.place(touching(pair, seed)[20:110], 70, 50)
    hand.write("7", end_of(hand, 50, 80) + 10, 60, 60)
    (number,) = read(hand)
    assert number.text == f"4{seen}7", "the 1 that touches its neighbour was left out"
    assert number.reasons == (Reason.NOT_A_DIGIT,)


@pytest.mark.parametrize("sign", ["R", "#", "&"])
def test_a_number_with_something_beside_it_that_nobody_could_read_goes_to_review(write, read, sign):
    hand = write(2, ("3427", 40, 30), ("58", 40, 120), ("3427", 40, 210), height_px=50)
    blot = np.zeros(hand.ink.shape, np.uint8)
    cv2.putText(blot, sign, (end_of(hand, 120) + 8, 168), cv2.FONT_HERSHEY_SIMPLEX, 1.9, 255, 4, cv2.LINE_AA)
    hand.place(blot / np.float32(255), 0, 0)
    numbers = read(hand)
    assert texts(numbers) == ["3427", "58", "3427"]
    assert in_doubt(numbers) == ["58"]
    assert numbers[1].reasons == (Reason.NOT_A_DIGIT,)


@pytest.fixture
def pointed(write):
    """Six times 34 and 27, on three lines, with a point between some of them."""

    def make(seed, points):
        hand = write(seed)
        for place, (x, y) in enumerate((x, y) for y in (30, 120, 210) for x in (40, 330)):
            hand.write("34", x, y, 50)
            end = x + int(np.flatnonzero(hand.ink[y : y + 50, x : x + 110].any(axis=0))[-1])
            if place in points:
                cv2.circle(hand.ink, (end + 11, y + 46), 4, 1.0, -1, cv2.LINE_AA)
            hand.write("27", end + (22 if place in points else 8), y, 50)
        return hand

    return make


def test_numbers_with_points_are_parted_at_them_and_the_points_are_no_digits_left_out(pointed, read):
    numbers = read(pointed(0, range(6)))
    assert texts(numbers) == ["34", "27"] * 6
    assert in_doubt(numbers) == []


def test_the_one_number_of_a_page_in_which_there_may_be_a_point_goes_to_review(pointed, read):
    numbers = read(pointed(3, [0]))
    assert texts(numbers) == ["3427"] * 6
    assert [number.needs_review for number in numbers] == [True] + [False] * 5
    assert numbers[0].reasons == (Reason.NOT_A_DIGIT,)


def test_numbers_are_parted_at_the_rule_between_two_columns(write, read):
    lines = (30, 120, 210, 300)
    hand = write(1, *(("34", 180, y) for y in lines), height_px=50, shape=(400, 600))
    rule = max(end_of(hand, y) for y in lines) + 11
    paper = np.full((400, 600, 3), 240, np.uint8)
    cv2.line(paper, (rule, 0), (rule, 399), (60, 40, 40))
    for y in lines:
        hand.write("27", rule + 11, y, 50)
    assert texts(read(hand, paper)) == ["34", "27"] * 4


def test_the_dots_of_the_lines_to_write_on_are_no_parts_of_digits(write, read):
    hand = write(2, *(("5082", x, y) for y in (30, 120, 210) for x in (40, 330)), height_px=50)
    for y in (30, 120, 210):
        for x in range(10, 590, 10):
            cv2.circle(hand.ink, (x, y + 60), 2, 1.0, -1, cv2.LINE_AA)
    numbers = read(hand)
    assert texts(numbers) == ["5082"] * 6
    assert in_doubt(numbers) == []


@pytest.mark.parametrize("lines", [1, 2])
def test_numbers_that_are_underlined_are_read_and_accepted_like_others(write, read, lines):
    hand = write(2, *(("5082", x, y) for y in (30, 120, 210) for x in (40, 330)), height_px=50)
    for y in (30, 210):
        for k in range(lines):
            row = y + 62 + 14 * k
            cv2.polylines(hand.ink, [np.array([(32, row), (140, row + 2), (260, row - 2)])], False, 1.0, 4, cv2.LINE_AA)
    numbers = read(hand)
    assert texts(numbers) == ["5082"] * 6
    assert in_doubt(numbers) == []


def table(*rows, x, step):
    """Lone digits in rows and columns, as `write` takes them."""
    return [(digit, x + step * k, y) for row, y in zip(rows, LINES, strict=True) for k, digit in enumerate(row)]


@pytest.mark.parametrize(
    ("seed", "rows", "words", "why"),
    [
        (610, ("3946", "5071", "6102"), ("zoo", "quick", "oil"), "letters stand among letters"),
        (1249, ("0739", "3980", "8055"), ("dog", "loss", "oil"), "few pieces of the page are digits"),
        (211, ("4037", "6653", "9799"), ("jumps", "over", "Solid"), "each digit stands in a row and a column"),
    ],
)
def test_the_digits_of_a_table_are_read_and_the_words_before_it_are_not(write, read, seed, rows, words, why):
    before = [(word, 15, y + 38) for word, y in zip(words, LINES, strict=True)]
    numbers = read(write(seed, *table(*rows, x=180, step=95), words=before))
    assert texts(numbers) == list("".join(rows)), why
    assert in_doubt(numbers) == [], why


@pytest.mark.parametrize(
    ("seed", "rows", "why"),
    [
        (1844, ("59948", "98506", "92852"), "pieces that are put together are read in the light of the page, too"),
        (17, ("78114", "57302", "43946"), "a form in doubt is looked at from all sides"),
        (1323, ("37149", "88481", "51065"), "a form is told by those like it"),
    ],
)
def test_digits_that_are_in_doubt_at_first_need_no_review_in_the_end(write, read, seed, rows, why):
    numbers = read(write(seed, *table(*rows, x=30, step=105)))
    assert texts(numbers) == list("".join(rows)), why
    assert in_doubt(numbers) == [], why
