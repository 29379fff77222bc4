"""Teaches the network that tells digits what people have vouched for, and judges whether it is the better for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from recognition.classify import CLASSES
from recognition.training.backend import keras
from recognition.training.callbacks import show_progress
from recognition.training.dataset import Digits, load_mnist
from recognition.training.digits import calibrate_on_synthesized, held_out_variants, typical_digits
from recognition.training.errors import TrainingError
from recognition.training.export import export
from recognition.training.lessons import EPOCHS, fit_lessons
from recognition.training.options import seed_of_keras
from recognition.training.recipe import Session, to_inputs
from recognition.training.saved import load_model

ROUNDS = 2
"""So many variants of each digit held out from all training, and rubbish beside them, tell whether anything is lost."""


@dataclass(frozen=True, slots=True)
class Score:
    """How many of some digits are read wrong, by the network as it was and as it is.

    Attributes:
        count: of the digits.
        before: how many were wrong.
        gained: how many of these are right now.
        lost: how many others are wrong now.
    """

    count: int
    before: int
    gained: int
    lost: int

    @property
    def after(self) -> int:
        """How many are wrong."""
        return self.before - self.gained + self.lost

    @property
    def by_chance(self) -> float:
        """The probability of so many gains or more among the digits that changed, were a loss as likely as a gain.

        The exact form of McNemar's test ("Note on the Sampling Error of the Difference Between Correlated Proportions
        or Percentages", Psychometrika 12, 1947).
        """
        changed = self.gained + self.lost
        ways = sum(math.comb(changed, k) for k in range(self.gained, changed + 1))
        return float(ways / 2**changed)


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of the lessons.

    Attributes:
        held_back: on digits of the same kind that were not shown.
        others: on MNIST's digits held out from all training, as other hands would write them, and on what is no digit.
    """

    held_back: Score
    others: Score


def load_to_teach(path: Path) -> keras.Model:
    """Loads a network that tells digits, and what is none.

    Args:
        path: a .keras or .h5 file.

    Raises:
        ModelLoadError: the network cannot be loaded.
        TrainingError: it is of another form than `digits`.
    """
    model = load_model(path)
    if (model.input_shape, model.output_shape) != ((None, 28, 28, 1), (None, CLASSES)):
        raise TrainingError(
            f"a network to teach must take (28, 28, 1) and give {CLASSES} classes, as digits does. Received: {path}, "
            f"which takes {model.input_shape[1:]} and gives {model.output_shape[1:]}"
        )
    return model


def learn(
    base: Path,
    lessons: Digits,
    held_back: Digits,
    out: Path,
    *,
    data: Path | None = None,
    seed: int = 1,
    count: int = EPOCHS,
    command: str = "",
    console: Console | None = None,
) -> Learned:
    """Goes on with a network that tells digits, and writes OUT.keras, OUT.tflite and OUT.json.

    Args:
        base: a .keras or .h5 file of it.
        lessons: what it is taught.
        held_back: what it is judged by.
        out: path without a suffix; its folder exists.
        data: folder with MNIST as IDX files; None lets Keras fetch it.
        seed: of all that is drawn.
        count: how many epochs.
        command: the command line, kept in the record.
        console: where the progress is shown; stderr if None.

    Raises:
        DatasetError: MNIST is missing or damaged.
        ModelLoadError: the network cannot be loaded.
        TrainingError: it is of another form than `digits`.
        OSError: the output cannot be written.
    """
    console = console or Console(stderr=True)
    keras.utils.set_random_seed(seed_of_keras(seed))
    model = load_to_teach(base)
    mnist = load_mnist(data)
    others = held_out_variants(mnist, seed, ROUNDS)
    before = _right(model, held_back), _right(model, others)
    with show_progress(console) as progress:
        history = fit_lessons(model, lessons, mnist, seed=seed, count=count, callbacks=(progress,))
    after = _right(model, held_back), _right(model, others)
    learned = Learned(*map(_score, before, after))
    session = Session(data=mnist, epochs=range(count), batch_size=0, seed=seed)
    facts = {
        "name": out.name,
        "classes": CLASSES,
        "temperature": calibrate_on_synthesized(model, session),
        "command": command,
        "metrics": {"lessons": len(lessons.labels), **_figures(learned)},
        "history": {name: [*map(float, values)] for name, values in history.items()},
    }
    export(model, out, [to_inputs(model, typical_digits(session))], facts)
    return learned


def _figures(learned: Learned) -> dict[str, int]:
    return {
        "held_back": learned.held_back.count,
        "held_back_errors": learned.held_back.after,
        "held_back_errors_before": learned.held_back.before,
        "others": learned.others.count,
        "other_errors": learned.others.after,
        "other_errors_before": learned.others.before,
    }


def _right(model: keras.Model, digits: Digits) -> NDArray[np.bool_]:
    probabilities: NDArray[np.float32] = model.predict(to_inputs(model, digits.images), batch_size=500, verbose=0)
    right: NDArray[np.bool_] = probabilities.argmax(axis=1) == digits.labels
    return right


def _score(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Score:
    return Score(len(before), int((~before).sum()), int((after & ~before).sum()), int((before & ~after).sum()))
