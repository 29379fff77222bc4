"""The figures of a network on one set of single digits, and its surest mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.training import metrics
from recognition.training.crops import digit_png
from recognition.training.digit_sets import DigitSet

MAX_SHOWN = 60
"""Mistakes that are kept to be looked at."""


@dataclass(frozen=True, slots=True)
class DigitMistake:
    """A digit that was read wrong.

    Attributes:
        truth: what it is.
        read: what it was read as.
        confidence: of that.
        crop: PNG of it, as the network saw it.
    """

    truth: int
    read: int
    confidence: float
    crop: bytes


@dataclass(frozen=True, slots=True)
class SetFigures:
    """The figures of a network on labeled digits, each decided for one of the ten.

    Attributes:
        name: of the set.
        form: what was done to its digits.
        digits: how many were read.
        accuracy: share read right.
        calibration_error: expected calibration error of the confidence, 0 to 1.
        rejected: how many an eleventh class took for no digit; they are decided all the same.
        classes: how each digit fares.
        risks: what is wrong among the accepted, from full coverage downwards.
        counts: the confusion matrix, int64 (10, 10), the truth in rows.
        confidence: of each digit, float64 (n,).
        correct: whether it was read right, bool (n,).
        mistakes: the most confident ones.
    """

    name: str
    form: str
    digits: int
    accuracy: float
    calibration_error: float
    rejected: int
    classes: tuple[metrics.ClassFigures, ...]
    risks: tuple[metrics.Risk, ...]
    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    correct: NDArray[np.bool_]
    mistakes: tuple[DigitMistake, ...]

    @property
    def errors(self) -> int:
        """How many digits were read wrong."""
        return self.digits - int(np.trace(self.counts))

    def to_json(self) -> dict[str, Any]:
        """The figures as a JSON object."""
        return {
            "name": self.name,
            "form": self.form,
            "digits": self.digits,
            "accuracy": self.accuracy,
            "errors": self.errors,
            "calibration_error": self.calibration_error,
            "rejected": self.rejected,
            "classes": [asdict(figures) for figures in self.classes],
            "reliability": [asdict(one) for one in metrics.reliability(self.confidence, self.correct)],
            "risk_coverage": [asdict(risk) for risk in self.risks],
            "confusion": self.counts.tolist(),
        }

    def lines(self) -> Iterator[str]:
        """The figures as lines of text with aligned columns."""
        yield f"{self.name}: {self.accuracy:.2%} of {self.digits} digits right, {self.errors} wrong ({self.form})"
        yield f"expected calibration error {self.calibration_error:.4f}, {self.rejected} taken for no digit"
        yield ""
        yield "digit  count  precision   recall  most often read as"
        for one in self.classes:
            mistaken = "-" if one.taken_for is None else one.taken_for
            yield f"{one.label:5}  {one.count:5}  {percent(one.precision):>9}  {percent(one.recall):>7}  {mistaken}"
        yield ""
        yield "accepted  from confidence  wrong  share of the accepted"
        for risk in self.risks:
            yield f"{risk.coverage:8.2%}  {risk.threshold:15.4f}  {risk.errors:5}  {risk.risk:21.3%}"


def measure(one: DigitSet, probabilities: NDArray[np.float32]) -> SetFigures:
    """Computes the figures from what a classifier gave.

    Args:
        one: what was to be read.
        probabilities: float32 (n, 10 or 11), calibrated; the eleventh class is no digit.
    """
    images, labels = one.digits
    decided, confidence = metrics.decide(probabilities)
    correct = decided == labels
    counts = metrics.confusion(labels, decided)
    wrong = np.flatnonzero(~correct)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:MAX_SHOWN]
    return SetFigures(
        name=one.name,
        form=one.form,
        digits=len(correct),
        accuracy=float(correct.mean()),
        calibration_error=metrics.expected_calibration_error(confidence, correct),
        rejected=int((probabilities.argmax(axis=1) > 9).sum()),
        classes=tuple(metrics.class_figures(counts)),
        risks=tuple(metrics.risk_coverage(confidence, correct)),
        counts=counts,
        confidence=confidence,
        correct=correct,
        mistakes=tuple(
            DigitMistake(int(labels[at]), int(decided[at]), float(confidence[at]), digit_png(images[at]))
            for at in surest
        ),
    )


def percent(share: float | None) -> str:
    """A share for people, `-` where there is none."""
    return "-" if share is None else f"{share:.2%}"
