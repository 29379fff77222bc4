"""The context network: tells from a piece of ink and its surroundings whether it is one handwritten digit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.classify import NOT_A_DIGIT
from recognition.context import FAR_HEIGHT_PX, FAR_WIDTH_PX, NEAR_PX
from recognition.training.backend import keras
from recognition.training.recipe import History
from recognition.training.schedule import averaging_adam, falling_rate, fit_batches
from recognition.training.sheets.pieces import Pieces

layers = keras.layers

PEAK_LEARNING_RATE = 2e-3
BATCH_SIZE = 256
EPOCHS = 10


def build_context() -> keras.Model:
    """Two towers of convolutions, one for each window, whose findings are put together."""
    near = keras.Input((NEAR_PX, NEAR_PX, 2), name="near")
    far = keras.Input((FAR_HEIGHT_PX, FAR_WIDTH_PX, 2), name="far")
    close = _tower(near, [(24, 2), (32, 1), (48, 2), (64, 2)])
    wide = _tower(far, [(24, 2), (48, 2), (48, 1), (64, 2)])
    found = layers.Concatenate()([layers.Dense(64, activation="relu")(tower) for tower in (close, wide)])
    found = layers.Dense(48, activation="relu")(layers.Dropout(0.3)(found))
    whole = layers.Dense(1, activation="sigmoid", name="whole")(layers.Dropout(0.1)(found))
    return keras.Model([near, far], whole, name="context")


def _tower(window: keras.KerasTensor, sizes: Sequence[tuple[int, int]]) -> keras.KerasTensor:
    x = window
    for filters, strides in sizes:
        x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return layers.Dropout(0.3)(layers.Flatten()(x))


def compile_context(model: keras.Model) -> None:
    """Gives a new model its optimizer and loss."""
    model.compile(
        optimizer=averaging_adam(PEAK_LEARNING_RATE, 0.995),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )


def fit_context(
    model: keras.Model,
    pieces: Pieces,
    held_out: Pieces,
    *,
    epochs: int = EPOCHS,
    seed: int = 1,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> History:
    """Fits a compiled model to harvested pieces.

    Args:
        model: from `build_context`.
        pieces: to fit to.
        held_out: of digits that no piece to fit to shows; each epoch is measured on them.
        epochs: over all pieces.
        seed: of their order and their variation.
        callbacks: for Keras' `fit`.

    Returns:
        Loss and accuracy of each epoch, on both.
    """
    return fit_batches(
        model,
        _Batches(pieces, seed),
        epochs=range(epochs),
        rate=falling_rate(PEAK_LEARNING_RATE, range(epochs)),
        callbacks=callbacks,
        validation_data=(to_windows(held_out), is_whole(held_out)),
        validation_batch_size=1000,
    )


def to_windows(pieces: Pieces) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns the network's inputs, 0 to 1."""
    near, far = (part.astype(np.float32) / np.float32(255) for part in (pieces.windows.near, pieces.windows.far))
    return near, far


def is_whole(pieces: Pieces) -> NDArray[np.float32]:
    """Returns what the network should say, float32 (n,)."""
    return (pieces.labels < NOT_A_DIGIT).astype(np.float32)


class _Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled batches; darker and paler, with more noise and with less."""

    def __init__(self, pieces: Pieces, seed: int) -> None:
        super().__init__()
        self._pieces, self._labels = pieces, is_whole(pieces)
        self._rng = np.random.default_rng(seed)
        self._order = self._rng.permutation(len(self._labels))

    def __len__(self) -> int:
        return max(1, len(self._order) // BATCH_SIZE)

    def __getitem__(self, index: int) -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]:
        part = self._order[index * BATCH_SIZE : (index + 1) * BATCH_SIZE]
        strength = self._rng.uniform(0.7, 1.25, (len(part), 1, 1, 1)).astype(np.float32) / np.float32(255)
        shown = []
        for window in (self._pieces.windows.near, self._pieces.windows.far):
            values = window[part] * strength
            values += self._rng.standard_normal(values.shape, np.float32) * np.float32(0.02)
            shown.append(np.clip(values, 0, 1))
        return (shown[0], shown[1]), self._labels[part]

    def on_epoch_end(self) -> None:
        self._order = self._rng.permutation(len(self._labels))
