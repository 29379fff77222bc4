"""The sequence network: slides over a strip of ink and tells which digit's middle is where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.classify import CLASSES
from recognition.sequence import FRAME_PX, STRIP_HEIGHT_PX
from recognition.training.backend import keras
from recognition.training.recipe import History
from recognition.training.schedule import NewEachEpoch, averaging_adam, falling_rate, fit_batches
from recognition.training.strings import IGNORED, MAX_WIDTH_PX, String

layers = keras.layers

PEAK_LEARNING_RATE = 2e-3
BATCH_SIZE = 64
EPOCHS = 14
WIDTHS_PX = (48, 96, MAX_WIDTH_PX)
"""Strips are padded to these, so that few shapes are compiled."""
TOLD = 2.0
"""Weight of a frame that shows a digit; those between are many more."""


def build_sequence() -> keras.Model:
    """Convolutions that halve the width once and take the height down to one row."""
    strip = keras.Input((STRIP_HEIGHT_PX, None, 1), name="strip")
    x = strip
    for filters, down, along in [(20, 1, 1), (32, 2, 2), (40, 1, 1), (56, 2, 1), (56, 1, 1), (80, 2, 1)]:
        x = _convolution(x, filters, strides=(down, along))
    x = _convolution(layers.ZeroPadding2D((0, 1))(x), 96, padding="valid")  # the last three rows become one
    x = layers.Dropout(0.2)(_convolution(x, 96, size=(1, 3)))
    scores = layers.Conv2D(CLASSES, 1, activation="softmax", name="frames")(x)
    return keras.Model(strip, scores, name="sequence")


def _convolution(
    x: keras.KerasTensor,
    filters: int,
    *,
    size: int | tuple[int, int] = 3,
    strides: int | tuple[int, int] = 1,
    padding: str = "same",
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, size, strides=strides, padding=padding, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def compile_sequence(model: keras.Model) -> None:
    """Gives a new model its optimizer and loss."""
    model.compile(
        optimizer=averaging_adam(PEAK_LEARNING_RATE, 0.998),
        loss="sparse_categorical_crossentropy",
        weighted_metrics=["accuracy"],
    )


def fit_sequence(
    model: keras.Model,
    drawn: Iterator[Sequence[String]],
    *,
    epochs: int = EPOCHS,
    seed: int = 1,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> History:
    """Fits a compiled model to drawn numbers.

    Args:
        model: from `build_sequence`.
        drawn: the numbers of each epoch, of about the same widths.
        epochs: how many.
        seed: of their order and their variation.
        callbacks: for Keras' `fit`.

    Returns:
        Loss and accuracy of each epoch.
    """
    return fit_batches(
        model,
        _Batches(drawn, seed),
        epochs=range(epochs),
        rate=falling_rate(PEAK_LEARNING_RATE, range(epochs)),
        callbacks=callbacks,
    )


class _Batches(NewEachEpoch[Sequence[String]]):
    """Shuffled batches of strips of about one width; darker and paler, with more noise and with less."""

    def __init__(self, drawn: Iterator[Sequence[String]], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        super().__init__(drawn)
        self._steps = len(self._batches)

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
        # Keras counts the batches of the first epoch alone; another may have a few less, by the widths of its numbers.
        width, chosen = self._batches[index % len(self._batches)]
        images = np.zeros((len(chosen), STRIP_HEIGHT_PX, width, 1), np.float32)
        targets = np.full((len(chosen), 1, width // FRAME_PX), IGNORED, np.uint8)
        for row, k in enumerate(chosen):
            string = self._strings[int(k)]
            images[row, :, : string.image.shape[1], 0] = string.image
            targets[row, 0, : len(string.targets)] = string.targets
        images *= self._rng.uniform(0.8, 1.1, (len(chosen), 1, 1, 1)).astype(np.float32) / np.float32(255)
        images += self._rng.standard_normal(images.shape, np.float32) * np.float32(0.02) * (images > 0)
        told = targets != IGNORED
        weights = told.astype(np.float32) * np.where(targets < CLASSES - 1, np.float32(TOLD), np.float32(1))
        return np.clip(images, 0, 1), np.where(told, targets, 0), weights

    def _take(self, data: Sequence[String]) -> None:
        self._strings = data
        widths = np.array([string.image.shape[1] for string in data])
        batches: list[tuple[int, NDArray[np.int64]]] = []
        for narrower, width in zip((0, *WIDTHS_PX), WIDTHS_PX, strict=False):
            group = np.flatnonzero((widths > narrower) & (widths <= width))
            if len(group):
                # Full batches alone: each size of a batch is compiled.
                full = np.resize(self._rng.permutation(group), (-(-len(group) // BATCH_SIZE), BATCH_SIZE))
                batches += [(width, chosen) for chosen in full]
        self._batches = [batches[int(k)] for k in self._rng.permutation(len(batches))]
        # From the first two batches Keras concludes which sides of a batch may differ.
        other = next((k for k, (width, _) in enumerate(self._batches) if width != self._batches[0][0]), 0)
        if other:
            self._batches[1], self._batches[other] = self._batches[other], self._batches[1]
