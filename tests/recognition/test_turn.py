from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.binarize import binarize
from recognition.components import find_components
from recognition.params import BinarizeParams, ComponentParams, TurnParams
from recognition.reader import Reader
from recognition.reading import Reading
from recognition.turn import QUARTERS_DEG, best_angle_deg, sample, turn_deg, turned

PARAMS = TurnParams()
INFORMATIVE = ("34729", "74253", "47394", "92437", "35274")


@pytest.fixture(scope="module")
def written(sample_pages):
    """Draws a grey page uint8 with a number a line."""

    def draw(*numbers: str, seed: int = 4) -> np.ndarray:
        shape = (80 + 80 * len(numbers), 560)
        hand = sample_pages.Hand(np.random.default_rng(seed), sample_pages.Digits.load(), shape)
        for line, text in enumerate(numbers):
            hand.write(text, 50, 40 + 80 * line, 46)
        return np.rint(235 - 190 * hand.ink).astype(np.uint8)

    return draw


@pytest.fixture(scope="module")
def found_deg(classifier):
    """By how much a grey page has to be turned."""

    def find(page: np.ndarray) -> float:
        ink = binarize(np.ascontiguousarray(page), BinarizeParams())
        readings = Reader(classifier).read(find_components(ink.mask, ink.darkness, ComponentParams()), ink.darkness)
        return turn_deg(readings, ink.darkness, QUARTERS_DEG, classifier, PARAMS)

    return find


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_page_of_numbers_is_turned_upright_from_any_side(found_deg, written, quarters):
    assert found_deg(np.rot90(written(*INFORMATIVE), quarters)) == (360 - 90 * quarters) % 360


@pytest.mark.parametrize("quarters", [0, 2])
@pytest.mark.parametrize("numbers", [("01810", "10801", "80018"), ("69", "96")])
def test_digits_that_can_be_read_both_ways_turn_no_page(found_deg, written, numbers, quarters):
    assert found_deg(np.rot90(written(*numbers), quarters)) == 0


@settings(max_examples=15)
@given(st.lists(st.text("0123456789", min_size=1, max_size=6), min_size=1, max_size=4), st.integers(0, 1000))
def test_an_upright_page_is_never_turned(found_deg, written, numbers, seed):
    assert found_deg(written(*numbers, seed=seed)) == 0


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_of_few_digits_stays_as_it_is(found_deg, written, quarters):
    assert found_deg(np.rot90(written("3472"), quarters)) == 0


def test_a_blank_page_is_not_turned(found_deg):
    assert found_deg(np.full((300, 400), 230, np.uint8)) == 0


def test_a_network_that_reads_the_same_in_whatever_it_sees_turns_nothing(certain, make_reading):
    readings = [make_reading(3, (40 * k, 20, 20, 30), 0.5) for k in range(1, 15)]
    darkness = np.zeros((200, 700), np.uint8)
    darkness[20:50] = 200
    assert turn_deg(readings, darkness, QUARTERS_DEG, certain(3, 0.5).classifier, PARAMS) == 0


def test_pieces_of_the_size_of_the_writing_are_sampled_from_all_over_the_page(make_reading):
    writing = [make_reading(3, (30 * k + 5, 40, 20, 30)) for k in range(30)]
    specks = [make_reading(3, (5 * k + 5, 100, 3, 4)) for k in range(100)]
    cut_off = make_reading(3, (0, 40, 4, 30))
    chosen = sample([*specks, cut_off, *writing], (300, 1000), 5)
    assert [reading.piece.bbox.x for reading in chosen] == [5, 215, 425, 635, 875]
    assert sample([], (300, 1000), 5) == []


def test_long_rules_tell_nothing_of_the_size_of_the_writing(make_reading):
    writing = [make_reading(3, (30 * k + 5, 40 * row, 20, 30)) for k in range(30) for row in range(1, 20)]
    rules = [make_reading(1, (100 * k + 25, 20, 2, 900)) for k in range(10)]
    chosen = sample([*rules, *writing], (1000, 1000), 200)
    assert len(chosen) == 200
    assert {reading.digit for reading in chosen} == {3}


@pytest.mark.parametrize(("on_sheet", "expected"), [(False, 0), (True, 30)])
def test_a_sheets_own_slope_needs_less_of_the_digits(certain, make_reading, on_sheet, expected):
    readings = [make_reading(3, (40 * k, 20, 20, 30), 0.75) for k in range(1, 15)]
    darkness = np.zeros((200, 700), np.uint8)
    darkness[20:50] = 200
    classifier = certain(3, 0.5).classifier  # log(0.75) - log(0.5) is 0.41
    assert best_angle_deg(readings, darkness, [30, -60], classifier, PARAMS, on_sheet=on_sheet) == expected


def test_pale_pieces_as_large_as_the_writing_are_not_sampled(make_reading):
    digits = [make_reading(4, (60 * k, 100, 30, 50), darkness=200.0) for k in range(1, 5)]
    scraps = [make_reading(1, (60 * k, 300, 4, 50), 0.5, darkness=40.0) for k in range(1, 20)]
    assert sample([*digits, *scraps], (600, 1300), 100) == digits


def test_quarter_turns_are_exact():
    ink = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    assert turned(ink, 0).tolist() == ink.tolist()
    assert turned(ink, 90).tolist() == [[3, 6], [2, 5], [1, 4]]
    assert turned(ink, 180).tolist() == [[6, 5, 4], [3, 2, 1]]
    assert turned(ink, 270).tolist() == [[4, 1], [5, 2], [6, 3]]


@settings(max_examples=40)
@given(st.floats(-360, 360), st.integers(5, 40), st.integers(5, 40))
def test_turned_ink_is_whole(angle_deg, height, width):
    ink = np.full((height, width), 200, np.uint8)
    assert int(turned(ink, angle_deg).sum()) == pytest.approx(int(ink.sum()), rel=0.1)


def test_a_stroke_turned_counter_clockwise_points_up_where_it_pointed_right():
    ink = np.zeros((61, 61), np.uint8)
    cv2.line(ink, (30, 30), (60, 30), 255, 3)
    rows, columns = np.nonzero(turned(ink, 45))
    assert columns[rows.argmin()] > columns[rows.argmax()]


def test_readings_are_left_as_they_are(classifier, make_reading):
    readings: list[Reading] = [make_reading(3, (40 * k, 20, 20, 30), 0.3) for k in range(1, 10)]
    before = [reading.probabilities.copy() for reading in readings]
    turn_deg(readings, np.full((80, 500), 200, np.uint8), QUARTERS_DEG, classifier, PARAMS)
    assert all((one == r.probabilities).all() for one, r in zip(before, readings, strict=True))
