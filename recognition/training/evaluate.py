"""Measures a model on MNIST's test split: accuracy, calibration, and what accepting only confident digits gives."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.classify import load_classifier
from recognition.training import metrics, plots
from recognition.training.dataset import Digits, load_test
from recognition.training.record import KERAS_SUFFIXES, write_record


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one model on labeled digits, each decided for one of the ten.

    Attributes:
        model: its name.
        sha256: of the .tflite that was run.
        digits: how many were read.
        accuracy: share read right.
        calibration_error: expected calibration error of the confidence, 0 to 1.
        rejected: how many an eleventh class took for no digit; they are decided all the same.
        classes: how each digit fares.
        risks: what is wrong among the accepted, from full coverage downwards.
        counts: the confusion matrix, int64 (10, 10), the truth in rows.
    """

    model: str
    sha256: str
    digits: int
    accuracy: float
    calibration_error: float
    rejected: int
    classes: tuple[metrics.ClassFigures, ...]
    risks: tuple[metrics.Risk, ...]
    counts: NDArray[np.int64]

    @property
    def errors(self) -> int:
        """How many digits were read wrong."""
        return self.digits - int(np.trace(self.counts))

    def to_json(self) -> dict[str, Any]:
        """The figures as a JSON object."""
        return {
            "model": {"name": self.model, "sha256": self.sha256},
            "digits": self.digits,
            "accuracy": self.accuracy,
            "errors": self.errors,
            "calibration_error": self.calibration_error,
            "rejected": self.rejected,
            "classes": [asdict(figures) for figures in self.classes],
            "risk_coverage": [asdict(risk) for risk in self.risks],
            "confusion": self.counts.tolist(),
        }

    def lines(self) -> Iterator[str]:
        """The figures as lines of text with aligned columns."""
        yield f"{self.model}: {self.accuracy:.2%} of {self.digits} digits right, {self.errors} wrong"
        yield f"expected calibration error {self.calibration_error:.4f}, {self.rejected} taken for no digit"
        yield ""
        yield "digit  count  precision   recall  most often read as"
        for one in self.classes:
            mistaken = "-" if one.taken_for is None else one.taken_for
            yield f"{one.label:5}  {one.count:5}  {_percent(one.precision):>9}  {_percent(one.recall):>7}  {mistaken}"
        yield ""
        yield "accepted  from confidence  wrong  share of the accepted"
        for risk in self.risks:
            yield f"{risk.coverage:8.2%}  {risk.threshold:15.4f}  {risk.errors:5}  {risk.risk:21.3%}"


def evaluate(model: Path, *, data: Path | None = None, out: Path | None = None) -> Evaluation:
    """Measures a model on MNIST's test split and, if asked to, writes the figures and a confusion matrix.

    Args:
        model: a .keras, .h5 or .tflite file; what is measured is its LiteRT form, as the daemon runs it.
        data: folder with MNIST's IDX files; None lets Keras fetch it.
        out: folder for evaluation.json and confusion.png; it is made when it is missing.

    Raises:
        DatasetError: MNIST is missing or damaged.
        ModelLoadError: the model cannot be loaded, or is no classifier of digits.
        OSError: the output cannot be written.
    """
    digits = load_test(data)
    with _as_litert(model) as converted:
        classifier = load_classifier(converted)
        probabilities = classifier.probabilities(digits.images)
    info = classifier.info
    evaluation = measure(info.name, info.sha256, probabilities, digits)
    if out is not None:
        write(evaluation, out)
    return evaluation


def measure(name: str, sha256: str, probabilities: NDArray[np.float32], digits: Digits) -> Evaluation:
    """Computes the figures from what a classifier gave.

    Args:
        name: of the model.
        sha256: of its file.
        probabilities: float32 (n, 10 or 11), calibrated; the eleventh class is no digit.
        digits: what was to be read.
    """
    decided, confidence = metrics.decide(probabilities)
    correct = decided == digits.labels
    counts = metrics.confusion(digits.labels, decided)
    return Evaluation(
        model=name,
        sha256=sha256,
        digits=len(correct),
        accuracy=float(correct.mean()),
        calibration_error=metrics.expected_calibration_error(confidence, correct),
        rejected=int((probabilities.argmax(axis=1) > 9).sum()),
        classes=tuple(metrics.class_figures(counts)),
        risks=tuple(metrics.risk_coverage(confidence, correct)),
        counts=counts,
    )


def write(evaluation: Evaluation, out: Path) -> None:
    """Writes evaluation.json and confusion.png into a folder, which is made when it is missing."""
    out.mkdir(parents=True, exist_ok=True)
    write_record(out / "evaluation.json", evaluation.to_json())
    title = f"{evaluation.model}: {evaluation.accuracy:.2%} right, {evaluation.errors} wrong"
    plots.confusion_matrix(evaluation.counts, title, out / "confusion.png")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}"


@contextmanager
def _as_litert(model: Path) -> Iterator[Path]:
    if model.suffix.lower() not in KERAS_SUFFIXES:
        yield model
        return
    from recognition.training.convert import convert  # TensorFlow takes seconds, and a .tflite does not need it

    with tempfile.TemporaryDirectory() as folder:
        converted = Path(folder) / f"{model.stem}.tflite"
        convert(model, converted)
        yield converted
