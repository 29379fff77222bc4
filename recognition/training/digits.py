"""The project's own network: ten digits, and an eleventh class for what a segmenter takes for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recognition.calibrate import fit_temperature
from recognition.classify import CLASSES, NOT_A_DIGIT
from recognition.training.backend import keras
from recognition.training.dataset import Digits, Mnist
from recognition.training.errors import DatasetError
from recognition.training.recipe import History, Recipe, Session, to_inputs, to_targets
from recognition.training.rubbish import is_stroke
from recognition.training.schedule import NewEachEpoch, averaging_adam, falling_rate, fit_batches
from recognition.training.sheets.pieces import Pieces
from recognition.training.synthesis import MIX, Mix, epochs
from recognition.training.teachers import PEAK_LEARNING_RATE as TAUGHT_LEARNING_RATE
from recognition.training.teachers import compile_to_learn
from recognition.training.workers import PROCESSES

layers = keras.layers

Targets: TypeAlias = Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[Any]]
"""Gives what is to be learned of pictures uint8 (n, 28, 28) and their labels uint8 (n,)."""

HELD_OUT = 3000
"""Digits at the end of the training split that no weight sees; each epoch is measured on them as they are."""
PIECES_SHARE = 0.4
"""So many digits from drawn sheets are added to an epoch, relative to the pictures it has without."""
OTHERS_SHARE = 0.15
"""And so many pieces that are none, relative to these: with more of them the network doubts too many digits.

Strokes are left out, because the ink alone cannot tell a rule from a 1.
"""
TYPICAL = 400
"""So many held-out digits set the ranges of the 8-bit integers."""
CALIBRATION_ROUNDS = 4
"""The temperature is fitted to so many variants of each held-out digit."""
PEAK_LEARNING_RATE = 2e-3


def fitted_part(data: Mnist) -> Digits:
    """Returns the training split without the digits that no weight sees.

    Raises:
        DatasetError: there are no others.
    """
    count = len(data.train.labels)
    if count <= HELD_OUT:
        raise DatasetError(
            f"the training split must have more than {HELD_OUT} digits, because so many are held out. Received: {count}"
        )
    return Digits(data.train.images[:-HELD_OUT], data.train.labels[:-HELD_OUT])


def held_out_part(data: Mnist) -> Digits:
    """Returns the digits of the training split that no weight sees."""
    return Digits(data.train.images[-HELD_OUT:], data.train.labels[-HELD_OUT:])


def build_digits() -> keras.Model:
    """Six convolutions with batch normalization; strides instead of pooling keep it at 0.1 milliseconds a digit."""
    return network_of(
        "digits",
        [
            *convolution(24),
            *convolution(40, strides=2),
            *convolution(40),
            *convolution(80, strides=2),
            *convolution(80),
            *convolution(80, padding="valid"),
        ],
    )


def network_of(name: str, convolutions: list[keras.Layer]) -> keras.Model:
    """A network for single digits: convolutions of a picture (28, 28, 1), a hidden layer, the eleven classes."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *convolutions,
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(96, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(11, activation="softmax"),
        ],
        name=name,
    )


def convolution(filters: int, size: int = 3, *, strides: int = 1, padding: str = "same") -> list[keras.Layer]:
    """A convolution of so many filters, each `size` wide and high, with batch normalization."""
    return [
        layers.Conv2D(filters, size, strides=strides, padding=padding, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
    ]


def compile_digits(model: keras.Model, optimizer: keras.optimizers.Optimizer | None = None) -> None:
    """Gives a model its loss, and a new optimizer unless it has one."""
    model.compile(
        optimizer=optimizer or averaging_adam(PEAK_LEARNING_RATE, 0.998),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )


def fit_synthesized(model: keras.Model, session: Session, mix: Mix = MIX) -> History:
    """Fits a compiled model to digits as other hands would write them, and to rubbish, new ones each epoch.

    Args:
        model: compiled.
        session: the run.
        mix: what an epoch is made of.

    Returns:
        Loss and accuracy of each epoch, on the pictures trained on and on plain digits held out.
    """
    held_out = held_out_part(session.data)
    peak = PEAK_LEARNING_RATE
    targets: Targets = partial(_labels, model)
    if session.teachers is not None:
        compile_to_learn(model)
        peak, targets = TAUGHT_LEARNING_RATE, session.teachers.targets
    made = epochs(
        *fitted_part(session.data),
        seed=session.seed,
        count=len(session.epochs),
        processes=PROCESSES,
        mix=mix,
    )
    if session.pieces is not None:
        made = mixed(made, session.pieces, session.seed)
    history = fit_batches(
        model,
        EpochsOfDigits(model, made, session.batch_size, targets),
        epochs=session.epochs,
        rate=_rate(session.epochs, peak),
        callbacks=session.callbacks,
        validation_data=(to_inputs(model, held_out.images), targets(*held_out)),
    )
    if session.teachers is not None:
        compile_digits(model, model.optimizer)
    return history


def mixed(
    made: Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]], pieces: Pieces, seed: int
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Yields epochs with pieces from drawn sheets added and shuffled in, others each time; letters are left out.

    Args:
        made: pictures uint8 (n, 28, 28) and classes uint8 (n,) of each epoch.
        pieces: to choose from.
        seed: of the choice.
    """
    digits = np.flatnonzero(pieces.labels < NOT_A_DIGIT)
    others = np.flatnonzero(pieces.labels == NOT_A_DIGIT)
    others = others[[not is_stroke(pieces.images[other]) for other in others]]
    rng = np.random.default_rng(seed)
    for images, labels in made:
        count = min(len(digits), round(PIECES_SHARE * len(labels)))
        rest = min(len(others), round(OTHERS_SHARE * count))
        some = np.concatenate([rng.choice(digits, count, replace=False), rng.choice(others, rest, replace=False)])
        images, labels = np.concatenate([images, pieces.images[some]]), np.concatenate([labels, pieces.labels[some]])
        order = rng.permutation(len(labels))
        yield images[order], labels[order]


def calibrate_on_synthesized(model: keras.Model, session: Session) -> float:
    """Returns the temperature under which the held-out digits, as other hands would write them, are most likely."""
    pictures, classes = held_out_variants(session.data, session.seed, CALIBRATION_ROUNDS)
    probabilities = model.predict(to_inputs(model, pictures), batch_size=500, verbose=0)
    return fit_temperature(probabilities, classes)


def held_out_variants(data: Mnist, seed: int, rounds: int) -> Digits:
    """Returns the digits that no weight sees, so many times as other hands would write them, and what is no digit."""
    made = epochs(*held_out_part(data), seed=seed + 1, count=rounds, processes=PROCESSES)
    return Digits(*(np.concatenate(parts) for parts in zip(*made, strict=True)))


def typical_digits(session: Session) -> NDArray[np.uint8]:
    """Returns held-out digits, as they are and as other hands would write them, uint8 (n, 28, 28)."""
    images, labels = (part[:TYPICAL] for part in held_out_part(session.data))
    (made,) = epochs(images, labels, seed=session.seed + 2, count=1, processes=1)
    return np.concatenate([images, made[0]])


class EpochsOfDigits(NewEachEpoch[tuple[NDArray[np.uint8], NDArray[np.uint8]]]):
    """The batches of the current epoch."""

    def __init__(
        self,
        model: keras.Model,
        made: Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]],
        batch_size: int,
        targets: Targets | None = None,
    ) -> None:
        self._model, self._batch_size = model, batch_size
        self._targets_of = targets or partial(_labels, model)
        super().__init__(made)

    def __len__(self) -> int:
        return max(1, len(self._images) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        part = slice(index * self._batch_size, (index + 1) * self._batch_size)
        return to_inputs(self._model, self._images[part]), self._targets[part]

    def _take(self, data: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
        self._images, self._targets = data[0], self._targets_of(*data)


def _labels(model: keras.Model, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[Any]:
    return to_targets(model, labels)


def _rate(span: range, peak: float = PEAK_LEARNING_RATE) -> keras.callbacks.LearningRateScheduler:
    """Rises over the first epoch, then falls."""
    return falling_rate(peak, span, first=0.25, lowest=0.005)


DIGITS = Recipe(
    build_digits,
    compile_digits,
    fit_synthesized,
    calibrate_on_synthesized,
    typical_digits,
    epochs=24,
    batch_size=256,
    takes_pieces=True,
    takes_teachers=True,
    classes=CLASSES,
)
