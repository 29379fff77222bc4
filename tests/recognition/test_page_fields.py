"""Fields of forms are read as one number each, however their cells are parted."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

LEFT, WIDTH, HEIGHT = 60, 48, 64
ROWS = (60, 190, 320)
NUMBERS = ("58", "3947", "2061842")
GREY = (160, 160, 160)


def boxes_apart(page, x, y, count):
    for k in range(count):
        cv2.rectangle(page, (x + k * WIDTH + 4, y), (x + (k + 1) * WIDTH - 4, y + HEIGHT), GREY, 2)


def low_comb(page, x, y, count):
    comb(page, x, y, count, HEIGHT // 4)


def open_boxes(page, x, y, count):
    comb(page, x, y, count, HEIGHT)


def comb(page, x, y, count, tooth):
    cv2.line(page, (x, y + HEIGHT), (x + count * WIDTH, y + HEIGHT), GREY, 2)
    for k in range(count + 1):
        cv2.line(page, (x + k * WIDTH, y + HEIGHT - tooth), (x + k * WIDTH, y + HEIGHT), GREY, 2)


def dashed_dividers(page, x, y, count):
    cv2.rectangle(page, (x, y), (x + count * WIDTH, y + HEIGHT), GREY, 2)
    for k in range(1, count):
        for top in range(y + 4, y + HEIGHT, 12):
            cv2.line(page, (x + k * WIDTH, top), (x + k * WIDTH, min(top + 6, y + HEIGHT)), GREY, 2)


@pytest.mark.parametrize("draw", [boxes_apart, low_comb, open_boxes, dashed_dividers])
def test_what_is_written_into_a_field_is_one_number(sample_pages, reader, numbers_on, draw):
    paper = np.full((700, 1000, 3), 245, np.uint8)
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), paper.shape[:2])
    for y, text in zip(ROWS, NUMBERS, strict=True):
        draw(paper, LEFT, y, len(text))
        for k, digit in enumerate(text):
            hand.write_into(digit, LEFT + k * WIDTH, y + 4, WIDTH, HEIGHT)
    numbers = numbers_on(np.rint(sample_pages.inked(paper, hand.ink, (60, 40, 40))).astype(np.uint8), reader)
    assert [number.text for number in numbers] == list(NUMBERS)
    assert not any(number.needs_review for number in numbers)
