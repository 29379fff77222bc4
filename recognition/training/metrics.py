"""Figures of a classifier on labeled digits; arrays in, arrays and numbers out.

Expected calibration error: Guo et al., On Calibration of Modern Neural Networks, arXiv 1706.04599. Risk and coverage:
Geifman and El-Yaniv, Selective Classification for Deep Neural Networks, arXiv 1705.08500.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

COVERAGES = (1.0, 0.99, 0.98, 0.95, 0.9, 0.8, 0.7, 0.5)
"""Shares of the digits to accept at which the risk is reported."""
EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
"""Between which confidences decisions are put together; finer at the top, where most of them are."""


def decide(probabilities: NDArray[np.floating[Any]]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Decides for one of the ten digits, whatever a class for what is no digit says.

    Args:
        probabilities: (n, 10), or (n, 11) whose last column is left out of account.

    Returns:
        The digit of each row, int64 (n,), and its probability as it stands there, float64 (n,).
    """
    digits = probabilities[:, :10]
    return digits.argmax(axis=1), digits.max(axis=1).astype(np.float64)


def confusion(truth: NDArray[Any], decided: NDArray[Any], classes: int = 10) -> NDArray[np.int64]:
    """Counts how often each true class (row) was decided to be each class (column).

    Args:
        truth: integers (n,), 0 to classes - 1.
        decided: likewise.
        classes: how many there are.

    Returns:
        int64 (classes, classes); all zero without digits.
    """
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (truth.astype(np.int64), decided.astype(np.int64)), 1)
    return counts


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How one class fares.

    Attributes:
        label: the digit.
        count: how many there are of it.
        precision: share of right ones among what was decided to be it; None when nothing was.
        recall: share of it that was decided right; None when there is none of it.
        taken_for: the class that it was most often mistaken for; None without mistakes.
    """

    label: int
    count: int
    precision: float | None
    recall: float | None
    taken_for: int | None


def class_figures(counts: NDArray[np.int64]) -> list[ClassFigures]:
    """Sums up a confusion matrix by true class.

    Args:
        counts: (classes, classes), the truth in rows.
    """
    mistakes = counts - np.diag(np.diag(counts))
    return [
        ClassFigures(
            label=label,
            count=int(counts[label].sum()),
            precision=_share(counts[label, label], counts[:, label].sum()),
            recall=_share(counts[label, label], counts[label].sum()),
            taken_for=int(mistakes[label].argmax()) if mistakes[label].any() else None,
        )
        for label in range(len(counts))
    ]


def expected_calibration_error(confidence: NDArray[Any], correct: NDArray[np.bool_], bins: int = 15) -> float:
    """Measures how far confidence is from the share of right decisions: its mean distance over bins of equal width.

    Args:
        confidence: of each decision, 0 to 1, (n,).
        correct: whether it was right, (n,).
        bins: how many.

    Returns:
        0 (confidence can be taken at its word) to 1; NaN without decisions.
    """
    if not len(confidence):
        return math.nan
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(which, confidence - correct.astype(float), minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


@dataclass(frozen=True, slots=True)
class Bin:
    """Decisions of about the same confidence.

    Attributes:
        low: the least confidence that belongs here.
        high: confidence below it belongs here; 1 belongs to the last bin.
        count: how many there are, at least one.
        confidence: their mean confidence.
        right: share of the right ones.
    """

    low: float
    high: float
    count: int
    confidence: float
    right: float


def reliability(confidence: NDArray[Any], correct: NDArray[np.bool_], edges: Sequence[float] = EDGES) -> list[Bin]:
    """Compares confidence with the share of right decisions.

    Args:
        confidence: of each decision, 0 to 1, (n,).
        correct: whether it was right, (n,).
        edges: of the bins, ascending from 0 to 1.

    Returns:
        The bins that are not empty, from the least confident; none without decisions.
    """
    which = np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, len(edges) - 2)
    return [
        Bin(
            low=edges[index],
            high=edges[index + 1],
            count=int((which == index).sum()),
            confidence=float(confidence[which == index].mean()),
            right=float(correct[which == index].mean()),
        )
        for index in np.unique(which)
    ]


@dataclass(frozen=True, slots=True)
class Risk:
    """What accepting only confident decisions gives.

    Attributes:
        coverage: share of the decisions that is accepted; more than was asked for when several tie at the threshold.
        threshold: the confidence from which a decision is accepted.
        errors: how many of the accepted are wrong.
        risk: their share of the accepted.
    """

    coverage: float
    threshold: float
    errors: int
    risk: float


def risk_coverage(
    confidence: NDArray[Any], correct: NDArray[np.bool_], coverages: Sequence[float] = COVERAGES
) -> list[Risk]:
    """Finds for each coverage the threshold that reaches it, and how many of the accepted are wrong.

    Args:
        confidence: of each decision, (n,).
        correct: whether it was right, (n,).
        coverages: shares to accept, above 0 to 1.

    Returns:
        One entry a coverage; none without decisions.
    """
    if not len(confidence):
        return []
    descending = np.sort(confidence)[::-1]
    found = []
    for coverage in coverages:
        threshold = descending[math.ceil(coverage * len(descending)) - 1]
        accepted = confidence >= threshold
        errors = int((accepted & ~correct).sum())
        found.append(Risk(float(accepted.mean()), float(threshold), errors, errors / int(accepted.sum())))
    return found


def risk_curve(confidence: NDArray[Any], correct: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Finds the risk at every threshold that makes a difference.

    Args:
        confidence: of each decision, (n,).
        correct: whether it was right, (n,).

    Returns:
        How many decisions are accepted, int64 (k,), ascending, and the wrong share of them, float64 (k,); decisions of
        the same confidence are accepted together, so k may be less than n. Both are empty without decisions.
    """
    order = np.argsort(-confidence, kind="stable")
    descending = confidence[order]
    last_of_its_confidence = np.append(descending[1:] != descending[:-1], True)[: len(order)]
    accepted = np.flatnonzero(last_of_its_confidence) + 1
    wrong = np.cumsum(~correct[order])[accepted - 1]
    return accepted.astype(np.int64), wrong / accepted


def likely_share(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share: what it may be of many, where so few were counted (Wilson, 1927).

    Args:
        share: 0 to 1.
        count: of how many, at least one.
        z: of the normal distribution, which says how sure the interval is.
    """
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _share(part: np.int64, whole: np.int64) -> float | None:
    return float(part / whole) if whole else None
