from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.classify import NOT_A_DIGIT
from recognition.copies import without_copies
from recognition.normalize import normalize
from recognition.params import CopyParams

PARAMS = CopyParams()


def ring(width: int, height: int) -> np.ndarray:
    page = np.zeros((height, width), np.uint8)
    axes = (width / 2 - 3, height / 2 - 3)
    cv2.ellipse(page, ((width / 2, height / 2), (2 * axes[0], 2 * axes[1]), 0), 255, 3, cv2.LINE_AA)
    return page


@pytest.fixture
def written(make_reading):
    """Readings of pieces with these pictures, beside each other, each as a digit of so many pixels."""

    def write(pictures, digits, sizes):
        places = ((60 * k, 20, *size) for k, size in enumerate(sizes))
        readings = [make_reading(digit, place) for digit, place in zip(digits, places, strict=True)]
        return [replace(one, picture=picture) for one, picture in zip(readings, pictures, strict=True)]

    return write


def test_marks_that_a_page_has_again_and_again_are_no_digits(written):
    pictures = [normalize(ring(32, 40))] * 5 + [normalize(ring(40, 32))]
    readings = written(pictures, [0] * 6, [(32, 40)] * 5 + [(40, 32)])
    left = without_copies(readings, PARAMS)
    assert [float(reading.probabilities[NOT_A_DIGIT]) for reading in left[:5]] == [1] * 5
    assert left[5] is readings[5]


@pytest.mark.parametrize(
    ("digits", "sizes"),
    [
        ([0] * 4, [(32, 40)] * 4),  # as few as a hand may repeat
        ([1] * 9, [(32, 40)] * 9),  # all 1s are strokes
        ([0] * 6, [(32, 40 + 3 * k) for k in range(6)]),  # of another size each
    ],
)
def test_what_a_hand_writes_alike_stays(written, digits, sizes):
    readings = written([normalize(ring(32, 40))] * len(digits), digits, sizes)
    assert all(left is reading for left, reading in zip(without_copies(readings, PARAMS), readings, strict=True))


def test_small_marks_may_differ_by_a_pixel(written):
    readings = written([normalize(ring(12, 15))] * 5, [0] * 5, [(12, 15), (13, 15), (12, 16), (12, 15), (12, 15)])
    assert all(reading.by_ink_confidence == 0 for reading in [without_copies(readings, PARAMS)[k] for k in (0, 3, 4)])


def test_marks_of_another_size_do_not_tell_a_digit_from_marks(written):
    """Of its own size there are four with its form, and one with another."""
    sizes = [(32, 40)] * 5 + [(32, 60 + 20 * k) for k in range(4)]
    pictures = [normalize(ring(32, 40))] * 4 + [normalize(ring(40, 20))] + [normalize(ring(32, 40))] * 4
    readings = written(pictures, [0] * 9, sizes)
    assert all(left is reading for left, reading in zip(without_copies(readings, PARAMS), readings, strict=True))


def test_no_handwritten_digit_has_copies_though_all_were_of_one_size(written, mnist):
    images, labels = mnist
    readings = written(list(images), labels.tolist(), [(32, 40)] * len(images))
    assert len(readings) > 300
    assert all(left is reading for left, reading in zip(without_copies(readings, PARAMS), readings, strict=True))


@pytest.mark.parametrize(("others", "stay"), [(110, True), (90, False)])
def test_of_very_many_zeros_a_hand_writes_some_alike(written, others, stay):
    sizes = [(32, 40)] * 5 + [(32, 43 + 3 * k) for k in range(others)]
    readings = written([normalize(ring(32, 40))] * len(sizes), [0] * len(sizes), sizes)
    left = without_copies(readings, PARAMS)
    assert all((one is reading) is stay for one, reading in zip(left[:5], readings, strict=False))


def test_all_of_hundreds_of_marks_are_told_among_as_many_digits(written, mnist):
    images, labels = mnist
    rings = [normalize(ring(32, 40))] * 300
    readings = written([*images, *rings], [*labels.tolist(), *[0] * 300], [(32, 40)] * (len(images) + 300))
    left = without_copies(readings, PARAMS)
    printed = [k for k, (one, reading) in enumerate(zip(left, readings, strict=True)) if one is not reading]
    assert printed == list(range(len(images), len(images) + 300))


def test_a_page_without_pieces():
    assert without_copies([], PARAMS) == []


@pytest.mark.parametrize("noise", [0, 8])
def test_the_empty_circles_of_an_answer_sheet_are_no_zeros(reader, sample_pages, numbers_on, noise):
    rng = np.random.default_rng(5)
    hand = sample_pages.Hand(rng, sample_pages.Digits.load(), (1000, 800))
    hand.write("20473", 80, 60, 46)
    page = sample_pages.inked(np.full((1000, 800, 3), 240, np.uint8), hand.ink, (60, 40, 40))
    page = np.rint(page).astype(np.uint8)
    for y in range(250, 900, 60):
        for x in range(120, 700, 70):
            cv2.ellipse(page, (x, y), (13, 18), 0, 0, 360, (90, 90, 90), 2, cv2.LINE_AA)
    page = np.clip(cv2.GaussianBlur(page, (0, 0), 0.8) + rng.normal(0, noise, page.shape), 0, 255).astype(np.uint8)
    assert [number.text for number in numbers_on(page, reader)] == ["20473"]
