"""Digits on a printed dash each are one number; what only looks like such dashes changes nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition import dash_rows
from recognition.dashes import Dash

LEFT, STEP, HEIGHT = 60, 56, 64
ROWS = (60, 190, 320)
NUMBERS = ("580", "3947", "2061842")
DARK, PALE = (70, 70, 70), (205, 205, 205)


@pytest.fixture
def written(sample_pages):
    """Gives a function that draws a page: called with what it draws on the paper, and the texts from LEFT on."""

    def write(draw, texts, step=STEP):
        paper = np.full((700, 1400, 3), 245, np.uint8)
        hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), paper.shape[:2])
        for y, text in zip(ROWS, texts, strict=True):
            draw(paper, y, len(text))
            for k, digit in enumerate(text):
                if digit != " ":
                    hand.write_into(digit, LEFT + k * step, y + 4, STEP, HEIGHT)
        return np.rint(sample_pages.inked(paper, hand.ink, (60, 40, 40))).astype(np.uint8)

    return write


def dashes(page, y, count, grey=PALE, step=STEP, length=44):
    for k in range(count):
        x = LEFT + k * step + (STEP - length) // 2
        cv2.line(page, (x, y + HEIGHT), (x + length, y + HEIGHT), grey, 2)


@pytest.mark.parametrize("grey", [DARK, PALE])
def test_digits_on_a_dash_each_are_one_number(written, reader, numbers_on, grey):
    numbers = numbers_on(written(lambda page, y, count: dashes(page, y, count, grey), NUMBERS), reader)
    assert [number.text for number in numbers] == list(NUMBERS)
    assert not any(number.needs_review for number in numbers)


def test_dashes_without_digits_behind_a_number_change_nothing(written, reader, numbers_on):
    numbers = numbers_on(written(lambda page, y, _: dashes(page, y, 9), NUMBERS), reader)
    assert [number.text for number in numbers] == list(NUMBERS)
    assert not any(number.needs_review for number in numbers)


def test_a_number_with_a_dash_left_empty_within_it_wants_review(written, reader, numbers_on):
    texts = ("580", "394 752", "2061842")
    numbers = numbers_on(written(lambda page, y, count: dashes(page, y, count), texts), reader)
    assert {number.text: number.needs_review for number in numbers} == {"580": False, "394752": True, "2061842": False}


def test_dashes_too_far_apart_for_a_field_send_their_digits_to_review(written, reader, numbers_on):
    step = 88  # the gaps are 0.9 of a dash
    numbers = numbers_on(written(lambda page, y, n: dashes(page, y, n, step=step), NUMBERS, step), reader)
    assert "".join(number.text for number in numbers) == "".join(NUMBERS)
    assert all(number.needs_review for number in numbers)


def test_dashes_in_one_line_change_nothing_in_the_others(written, reader, numbers_on):
    def in_the_middle(page, y, count):
        if y == ROWS[1]:
            dashes(page, y, count)

    before, after = (numbers_on(written(draw, NUMBERS), reader) for draw in (nothing, in_the_middle))
    assert [number.text for number in after if number.line == 1] == [NUMBERS[1]]
    assert [number.text for number in before if number.line == 1] != [NUMBERS[1]]
    for line in (0, 2):
        assert [n.text for n in after if n.line == line] == [n.text for n in before if n.line == line]


def test_few_lines_are_looked_at_for_dashes(written, reader, numbers_on, monkeypatch):
    looked: list[int] = []
    monkeypatch.setattr(dash_rows, "find_dashes", lambda digits, *_: looked.append(len(digits)) or [])
    numbers_on(written(nothing, NUMBERS), reader)
    numbers_on(written(lambda page, y, count: dashes(page, y, count if y == ROWS[0] else 0), NUMBERS), reader)
    assert looked == [0, len(NUMBERS[0])]


def test_dashes_half_a_pixel_apart_are_a_row_like_others():
    darkness = np.zeros((40, 400), np.uint8)
    darkness[20:22, 100:234] = 200
    found = [Dash(None, start, start + 44, 20, 2, True) for start in (100, 144, 189)]
    assert [box.x for box in dash_rows.DashRow.of(found, darkness).dashes] == [100, 144, 189]


def lone_digits(page, y, count):
    """A table's cells, each with a lower rule of its own, and upright rules between them."""
    dashes(page, y, count)
    for k in range(count + 1):
        cv2.line(page, (LEFT + k * STEP, ROWS[0] - 20), (LEFT + k * STEP, ROWS[-1] + HEIGHT), PALE, 2)


def one_rule(page, y, count):
    cv2.line(page, (LEFT, y + HEIGHT), (LEFT + count * STEP, y + HEIGHT), PALE, 2)


def nothing(page, y, count):
    pass


def test_digits_of_table_cells_stay_as_they_are(written, reader, numbers_on):
    before, after = (numbers_on(written(draw, NUMBERS), reader) for draw in (nothing, lone_digits))
    assert [(number.text, number.needs_review) for number in after] == [
        (number.text, number.needs_review) for number in before
    ]


def test_a_rule_below_a_row_of_digits_changes_nothing(written, reader, numbers_on):
    before, after = (numbers_on(written(draw, NUMBERS), reader) for draw in (nothing, one_rule))
    assert [number.text for number in after] == [number.text for number in before]


def test_numbers_on_a_dashed_line_stay_apart(sample_pages, reader, numbers_on):
    paper = np.full((700, 1400, 3), 245, np.uint8)
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), paper.shape[:2])
    texts = [f"{k}{k + 1}{k + 2}" for k in range(6)]
    for row, y in enumerate(ROWS):
        for x in range(40, 1340, 46):
            cv2.line(paper, (x, y + 48), (x + 32, y + 48), PALE, 2)
        for column in (0, 1):
            hand.write(texts[2 * row + column], 100 + 500 * column, y, 45)
    numbers = numbers_on(np.rint(sample_pages.inked(paper, hand.ink, (60, 40, 40))).astype(np.uint8), reader)
    assert [(number.text, number.needs_review) for number in numbers] == [(text, False) for text in texts]
