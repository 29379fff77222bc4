from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition import likeness
from recognition.classify import NOT_A_DIGIT
from recognition.components import make_component
from recognition.likeness import agreed
from recognition.normalize import normalize
from recognition.params import LikenessParams

PARAMS = LikenessParams()
HOOKED_ONE = [(4, 24), (20, 4), (20, 56)]
RING = [(20, 4), (34, 30), (20, 56), (6, 30), (20, 4)]
STEP = 60


@pytest.fixture
def page():
    """Draws forms side by side and returns the page's darkness; what each is read as is the tests' own."""

    def draw(*forms):
        darkness = np.zeros((60, STEP * len(forms)), np.uint8)
        for k, form in enumerate(forms):
            cv2.polylines(darkness, [np.add(form, (STEP * k, 0))], False, 200, 5, cv2.LINE_AA)
        return darkness

    return draw


@pytest.fixture
def read(make_reading):
    """Readings of the forms of a page with these digits and confidences; the rest is on a second digit."""

    def make(darkness, *said):
        readings = []
        for k, (digit, confidence, second) in enumerate(said):
            mask = (darkness[:, STEP * k : STEP * (k + 1)] > 100).astype(np.uint8) * np.uint8(255)
            reading = make_reading(digit, (0, 0, 1, 1), confidence)
            probabilities = np.full_like(reading.probabilities, 1e-4)
            probabilities[[digit, second]] = confidence, 1 - confidence
            piece = make_component(mask, STEP * k, 0, darkness)
            seen = normalize(piece.ink(darkness))
            readings.append(
                replace(reading, piece=piece, probabilities=probabilities / probabilities.sum(), picture=seen)
            )
        return readings

    return make


def test_an_unsure_digit_is_what_others_of_its_form_are(page, read):
    darkness = page(*[HOOKED_ONE] * 4)
    before = read(darkness, (1, 0.8, 7), (1, 0.85, 7), (1, 0.95, 7), (7, 0.6, 1))
    assert [reading.digit for reading in agreed(before, PARAMS)] == [1, 1, 1, 1]


def test_none_becomes_surer_than_the_surest_of_its_form(page, read):
    darkness = page(*[HOOKED_ONE] * 3)
    after = agreed(read(darkness, (1, 0.6, 7), (1, 0.8, 7), (1, 0.7, 7)), PARAMS)
    assert max(reading.confidence for reading in after) <= 0.8 + 1e-3


def test_another_form_tells_nothing(page, read):
    darkness = page(HOOKED_ONE, RING, RING)
    before = read(darkness, (7, 0.6, 1), (0, 0.99, 8), (0, 0.99, 8))
    assert agreed(before, PARAMS) == before


def test_the_sure_are_left_alone(page, read):
    darkness = page(HOOKED_ONE, HOOKED_ONE)
    before = read(darkness, (1, 0.95, 7), (7, 0.92, 1))
    assert agreed(before, PARAMS) == before


def test_where_forms_do_not_agree_a_person_should_look(page, read):
    darkness = page(*[HOOKED_ONE] * 3)
    after = agreed(read(darkness, (1, 0.85, 7), (7, 0.97, 1), (1, 0.97, 7)), PARAMS)
    assert after[0].confidence < PARAMS.sure


def test_surroundings_count_as_before(page, read):
    darkness = page(*[HOOKED_ONE] * 2)
    before = read(darkness, (7, 0.6, 1), (1, 0.95, 7))
    doubted = replace(before[0], by_ink=before[0].probabilities, seen=0.3)
    after = agreed([doubted, before[1]], PARAMS)[0]
    assert after.digit == 1
    assert after.confidence == pytest.approx(after.by_ink_confidence * 0.3 / before[0].confidence, abs=0.01)
    assert after.probabilities[NOT_A_DIGIT] == pytest.approx(1 - after.probabilities[:NOT_A_DIGIT].sum(), abs=1e-5)


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_else_on_the_page(page, read, count):
    darkness = page(HOOKED_ONE)
    before = read(darkness, (7, 0.6, 1))[:count]
    assert agreed(before, PARAMS) == before


def test_digits_without_ink_in_common_do_not_divide_by_zero(make_reading):
    blank = np.zeros((28, 28), np.uint8)
    before = [replace(make_reading(3, (x, 0, 20, 30), 0.5), picture=blank) for x in (0, 40)]
    after = agreed(before, PARAMS)
    assert all(np.isfinite(reading.probabilities).all() for reading in after)


def test_of_thousands_of_digits_each_is_compared_with_some(page, read, monkeypatch):
    darkness = page(*[HOOKED_ONE] * 4)
    before = read(darkness, (1, 0.8, 7), (1, 0.85, 7), (1, 0.95, 7), (7, 0.6, 1))
    monkeypatch.setattr(likeness, "MAX_COMPARED", 2)
    both_ends = agreed([before[0], before[3]], PARAMS)
    assert [reading.confidence for reading in agreed(before, PARAMS)][::3] == [one.confidence for one in both_ends]
    assert agreed([*before[:3], replace(before[3], uncut=True)], PARAMS)[3].digit == 7
