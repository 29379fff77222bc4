from __future__ import annotations

import math

import numpy as np
import pytest

from recognition.training.metrics import (
    class_figures,
    confusion,
    decide,
    expected_calibration_error,
    likely_share,
    reliability,
    risk_coverage,
    risk_curve,
)

RIGHT, WRONG = True, False


def test_the_eleventh_class_has_no_say_in_the_decision() -> None:
    probabilities = np.zeros((2, 11), np.float32)
    probabilities[0, [4, 10]] = 0.25, 0.75
    probabilities[1, 9] = 1.0
    digits, confidence = decide(probabilities)
    assert digits.tolist() == [4, 9]
    assert confidence.tolist() == [0.25, 1.0]


def test_confusion_counts_the_truth_in_rows() -> None:
    counts = confusion(np.array([0, 1, 1, 2]), np.array([0, 2, 2, 2]), classes=3)
    assert counts.tolist() == [[1, 0, 0], [0, 0, 2], [0, 0, 1]]


def test_confusion_of_no_digits_is_all_zero() -> None:
    assert not confusion(np.array([], int), np.array([], int)).any()


def test_class_figures_give_precision_recall_and_the_most_frequent_mistake() -> None:
    zero, one, two = class_figures(np.array([[8, 0, 2], [0, 0, 0], [0, 1, 3]]))
    assert (zero.label, zero.count, zero.precision, zero.recall, zero.taken_for) == (0, 10, 1.0, 0.8, 2)
    assert one.precision == 0.0
    assert one.recall is None
    assert one.taken_for is None
    assert (two.precision, two.recall, two.taken_for) == (0.6, 0.75, 1)


def test_confidence_that_is_right_as_often_as_it_says_is_calibrated() -> None:
    confidence = np.array([0.75] * 4 + [1.0] * 3)
    correct = np.array([RIGHT, RIGHT, RIGHT, WRONG] + [RIGHT] * 3)
    assert expected_calibration_error(confidence, correct) == pytest.approx(0)


def test_calibration_error_weighs_the_bins_by_their_decisions() -> None:
    # One bin of three decisions is 0.1 too sure, another of one decision 0.6 too little.
    confidence = np.array([0.4, 0.1, 0.1, 0.1])
    correct = np.array([RIGHT, WRONG, WRONG, WRONG])
    assert expected_calibration_error(confidence, correct, bins=10) == pytest.approx((3 * 0.1 + 0.6) / 4)


def test_calibration_error_of_no_decisions_is_not_a_number() -> None:
    assert math.isnan(expected_calibration_error(np.array([]), np.array([], bool)))


def test_risk_falls_when_only_confident_decisions_are_accepted() -> None:
    confidence = np.array([0.9, 0.6, 0.8, 0.7])
    correct = np.array([RIGHT, WRONG, RIGHT, WRONG])
    full, three, half = risk_coverage(confidence, correct, (1.0, 0.75, 0.5))
    assert (full.coverage, full.threshold, full.errors, full.risk) == (1.0, 0.6, 2, 0.5)
    assert (three.threshold, three.errors, three.risk) == (0.7, 1, pytest.approx(1 / 3))
    assert (half.threshold, half.errors, half.risk) == (0.8, 0, 0.0)


def test_decisions_that_tie_at_the_threshold_are_all_accepted() -> None:
    [risk] = risk_coverage(np.array([1.0, 1.0, 1.0, 0.5]), np.array([RIGHT, WRONG, RIGHT, WRONG]), (0.25,))
    assert (risk.coverage, risk.threshold, risk.errors) == (0.75, 1.0, 1)


def test_there_is_no_risk_without_decisions() -> None:
    assert risk_coverage(np.array([]), np.array([], bool)) == []


def test_decisions_of_like_confidence_are_compared_with_how_many_are_right() -> None:
    low, high = reliability(np.array([0.0, 0.4, 0.5, 1.0]), np.array([WRONG, RIGHT, RIGHT, RIGHT]), (0, 0.5, 1))
    assert (low.low, low.high, low.count, low.confidence, low.right) == (0, 0.5, 2, pytest.approx(0.2), 0.5)
    assert (high.low, high.high, high.count, high.confidence, high.right) == (0.5, 1, 2, 0.75, 1.0)


def test_a_confidence_that_nothing_has_is_left_out_of_the_comparison() -> None:
    [only] = reliability(np.array([0.97]), np.array([RIGHT]))
    assert (only.low, only.high, only.count) == (0.95, 0.99, 1)
    assert reliability(np.array([]), np.array([], bool)) == []


def test_the_risk_curve_accepts_the_most_confident_first_and_ties_together() -> None:
    accepted, risk = risk_curve(np.array([0.7, 0.9, 0.7, 0.5]), np.array([WRONG, RIGHT, RIGHT, WRONG]))
    assert accepted.tolist() == [1, 3, 4]
    assert risk.tolist() == [0, pytest.approx(1 / 3), 0.5]


def test_the_risk_curve_of_no_decisions_is_empty() -> None:
    accepted, risk = risk_curve(np.array([]), np.array([], bool))
    assert (accepted.size, risk.size) == (0, 0)


def test_of_few_none_wrong_may_be_many_of_more() -> None:
    assert likely_share(0.0, 4) == (0.0, pytest.approx(0.4899, abs=1e-4))
    assert likely_share(1.0, 4) == (pytest.approx(0.5101, abs=1e-4), 1.0)
    assert likely_share(0.5, 10_000) == pytest.approx((0.4902, 0.5098), abs=1e-4)
