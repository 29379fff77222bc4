from __future__ import annotations

import numpy as np
import pytest

from recognition.training.dataset import Digits
from recognition.training.digit_sets import DigitSet
from recognition.training.set_figures import measure


def some(*labels: int) -> DigitSet:
    images = np.zeros((len(labels), 28, 28), np.uint8)
    return DigitSet("sample", "as it is", Digits(images, np.array(labels, np.uint8)))


def test_the_figures_follow_from_the_probabilities() -> None:
    probabilities = np.zeros((4, 11), np.float32)
    probabilities[[0, 1, 2, 3], [3, 3, 3, 1]] = 1.0, 0.75, 0.5, 0.25
    probabilities[3, 10] = 0.75
    figures = measure(some(3, 3, 5, 1), probabilities)
    assert (figures.digits, figures.errors, figures.accuracy) == (4, 1, 0.75)
    assert figures.rejected == 1
    assert figures.calibration_error == pytest.approx((0 + 0.25 + 0.5 + 0.75) / 4)
    assert figures.counts[5, 3] == 1
    assert (figures.risks[0].coverage, figures.risks[0].risk) == (1.0, 0.25)
    assert (figures.risks[-1].coverage, figures.risks[-1].risk) == (0.5, 0.0)
    assert figures.classes[3].precision == pytest.approx(2 / 3)


def test_the_surest_mistakes_come_first() -> None:
    probabilities = np.zeros((3, 11), np.float32)
    probabilities[[0, 1, 2], [1, 2, 3]] = 0.6, 0.9, 1.0
    mistakes = measure(some(7, 8, 3), probabilities).mistakes
    assert [(one.truth, one.read) for one in mistakes] == [(8, 2), (7, 1)]
    assert mistakes[0].confidence == pytest.approx(0.9)
    assert mistakes[0].crop.startswith(b"\x89PNG")


def test_the_text_holds_a_line_a_digit_and_a_line_a_coverage() -> None:
    lines = list(measure(some(0, 7), np.eye(11, dtype=np.float32)[[0, 1]]).lines())
    assert lines[0] == "sample: 50.00% of 2 digits right, 1 wrong (as it is)"
    assert "    7      1          -    0.00%  1" in lines
    assert " 100.00%           1.0000      1                50.000%" in lines
