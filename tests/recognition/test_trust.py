"""What speaks against a digit of a number, weighed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recognition.classify import NOT_A_DIGIT
from recognition.params import TrustParams
from recognition.reading import no_surer
from recognition.trust import trusted

PLACE = (10, 10, 20, 40)
WEIGHTS = TrustParams(others=2, none=0.5)


def test_another_digit_speaks_louder_against_a_digit_than_none(make_reading):
    another, none = trusted([make_reading(4, PLACE, 0.9), make_reading(4, PLACE, 0.9, rubbish=0.1)], WEIGHTS)
    assert another[4] == pytest.approx(0.9 / (0.9 + 2 * 0.1))
    assert none[4] == pytest.approx(0.9 / (0.9 + 0.5 * 0.1))
    assert none[NOT_A_DIGIT] == pytest.approx(0.05 / 0.95)


def test_a_digit_stays_the_digit_it_is_and_the_others_keep_their_order(make_reading):
    row = np.array([0.0, 0.05, 0.3, 0, 0.02, 0, 0, 0.28, 0, 0, 0.35], np.float32)
    (weighed,) = trusted([replace(make_reading(2, PLACE), probabilities=row)], TrustParams(others=10, none=0.1))
    assert np.argsort(weighed[:NOT_A_DIGIT])[::-1][:4].tolist() == [2, 7, 1, 4]
    assert weighed.sum() == pytest.approx(1)


def test_a_digit_that_was_held_back_stays_so(make_reading):
    held = no_surer(make_reading(0, PLACE, 0.98, rubbish=0.02), 0.7)
    (weighed,) = trusted([held], TrustParams(others=1, none=0.1))
    assert weighed[0] == pytest.approx(0.7)
    assert weighed.sum() == pytest.approx(1)


@pytest.mark.parametrize(("confidence", "rubbish"), [(0.6, 0.25), (0.6, 0.4), (1.0, 0.0)])
def test_weights_of_one_leave_all_as_it_is(make_reading, confidence, rubbish):
    reading = make_reading(7, PLACE, confidence, rubbish=rubbish)
    (weighed,) = trusted([reading], TrustParams(others=1, none=1))
    assert weighed == pytest.approx(reading.probabilities, abs=1e-6)
