"""A recipe is an architecture with its way of being trained; the tutorial's five share the default way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recognition.training.backend import keras
from recognition.training.dataset import Mnist
from recognition.training.shapes import takes_labels
from recognition.training.sheets.pieces import Pieces
from recognition.training.teachers import Teachers

VALIDATION_SHARE = 0.1
"""Of the training split, its end: no weight sees it, and each epoch is measured on it."""

History: TypeAlias = dict[str, list[float]]
"""A figure an epoch under each name; `loss`, `accuracy`, `val_loss` and `val_accuracy` make the learning curve."""


@dataclass(frozen=True, slots=True)
class Session:
    """One run of training, as a recipe's `fit` sees it.

    Attributes:
        data: MNIST as uint8; the test split is for the figures at the end, never for a decision.
        epochs: their numbers, counted on from those of a resumed model: its start is Keras' `initial_epoch`, its stop
            Keras' `epochs`.
        batch_size: images a step.
        seed: of everything that is drawn.
        callbacks: for Keras' `fit`; they show the progress.
        pieces: what the segmenter makes of drawn sheets, None when there is none to train on.
        teachers: networks to learn from, too; None for labels alone.
    """

    data: Mnist
    epochs: range
    batch_size: int
    seed: int
    callbacks: Sequence[keras.callbacks.Callback] = ()
    pieces: Pieces | None = None
    teachers: Teachers | None = None


def compile_for_digits(model: keras.Model) -> None:
    """Gives a new model the tutorial's optimizer and loss: plain gradient descent on the categorical cross-entropy."""
    model.compile(optimizer=keras.optimizers.SGD(), loss="categorical_crossentropy", metrics=["accuracy"])


def fit_digits_of_mnist(model: keras.Model, session: Session) -> History:
    """Fits a compiled model to MNIST as it is, by Keras' `fit` as in the tutorial.

    The digits are shuffled here: Keras (3.15) has them in one and the same order in all epochs once its seed is set.

    Returns:
        Loss and accuracy of each epoch, on the digits trained on and on the validation share.
    """
    train = session.data.train
    inputs, targets = to_inputs(model, train.images), to_targets(model, train.labels)
    count = int(len(inputs) * (1 - VALIDATION_SHARE))
    history = model.fit(
        _Shuffled(inputs[:count], targets[:count], session),
        initial_epoch=session.epochs.start,
        epochs=session.epochs.stop,
        validation_data=(inputs[count:], targets[count:]),
        callbacks=list(session.callbacks),
        shuffle=False,
        verbose=0,
    )
    return dict(history.history)


class _Shuffled(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no type stubs
    """Batches of digits, in another order in each epoch."""

    def __init__(self, inputs: NDArray[np.float32], targets: NDArray[Any], session: Session) -> None:
        super().__init__()
        self._inputs, self._targets = inputs, targets
        self._batch_size = session.batch_size
        self._rng = np.random.default_rng(session.seed)
        self.on_epoch_begin()

    def on_epoch_begin(self) -> None:
        """Shuffles."""
        self._order = self._rng.permutation(len(self._inputs))

    def __len__(self) -> int:
        return -(-len(self._inputs) // self._batch_size)

    def __getitem__(self, batch: int) -> tuple[NDArray[np.float32], NDArray[Any]]:
        chosen = self._order[batch * self._batch_size : (batch + 1) * self._batch_size]
        return self._inputs[chosen], self._targets[chosen]


def to_inputs(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scales images to 0..1 and gives them the shape of the model's input.

    Args:
        model: takes (28, 28), (28, 28, 1) or (784,).
        images: uint8 (n, 28, 28), ink bright.
    """
    scaled = images.astype(np.float32) / np.float32(255)
    return scaled.reshape(-1, *model.input_shape[1:])


def to_targets(model: keras.Model, labels: NDArray[np.uint8]) -> NDArray[Any]:
    """Gives labels the form that the model's loss takes.

    Args:
        model: compiled, as a resumed one was elsewhere.
        labels: uint8 (n,), each less than the number of the model's classes.

    Returns:
        uint8 (n,) or float (n, classes).
    """
    if takes_labels(model):
        return labels
    rows: NDArray[Any] = keras.utils.to_categorical(labels, model.output_shape[-1])
    return rows


@dataclass(frozen=True, slots=True)
class Recipe:
    """An architecture and how it is trained.

    Attributes:
        build: makes the model with fresh weights; its name is the recipe's.
        compile: gives a new model its optimizer and loss; a resumed one brings its own.
        fit: trains a compiled model.
        calibrate: gives the temperature of a fitted model; without it the model's probabilities stay as they are.
        typical: gives images uint8 (n, 28, 28) by which the model is made one of 8-bit integers; without it the
            converted model keeps its floating-point numbers.
        epochs: how many, unless the options say otherwise.
        batch_size: likewise.
        takes_pieces: whether it is fitted to pieces of drawn sheets, too, when there are some.
        takes_teachers: whether it can learn from other networks.
        classes: how many a resumed model must tell apart; None where it may be 10 or 11.
    """

    build: Callable[[], keras.Model]
    compile: Callable[[keras.Model], None] = compile_for_digits
    fit: Callable[[keras.Model, Session], History] = fit_digits_of_mnist
    calibrate: Callable[[keras.Model, Session], float] | None = None
    typical: Callable[[Session], NDArray[np.uint8]] | None = None
    epochs: int = 10
    batch_size: int = 200
    takes_pieces: bool = False
    takes_teachers: bool = False
    classes: int | None = None
