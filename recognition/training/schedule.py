"""What fitting our own networks has in common: the optimizer, its learning rate, new data for each epoch."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Generic, TypeVar

from recognition.training.backend import keras
from recognition.training.recipe import History

Data = TypeVar("Data")


def averaging_adam(peak: float, momentum: float) -> keras.optimizers.Optimizer:
    """Adam with decoupled weight decay, and a moving average of the weights that takes their place at the end.

    Args:
        peak: the highest learning rate.
        momentum: of the average.
    """
    return keras.optimizers.AdamW(peak, weight_decay=1e-3, use_ema=True, ema_momentum=momentum)


def falling_rate(
    peak: float, epochs: range, *, first: float = 1.0, lowest: float = 0.01
) -> keras.callbacks.LearningRateScheduler:
    """Lets the learning rate fall along a cosine (Loshchilov and Hutter, arXiv 1608.03983).

    Args:
        peak: the highest learning rate.
        epochs: their numbers.
        first: share of the peak that the first epoch begins with, unless it is the only one.
        lowest: share of the peak below which the rate does not fall.
    """

    def rate(epoch: int, _: float) -> float:
        if epoch == epochs.start and len(epochs) > 1:
            return peak * first
        done = (epoch - epochs.start) / len(epochs)
        return peak * max(lowest, (1 + math.cos(math.pi * done)) / 2)

    return keras.callbacks.LearningRateScheduler(rate)


def fit_batches(
    model: keras.Model,
    batches: keras.utils.PyDataset,
    *,
    epochs: range,
    rate: keras.callbacks.Callback,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **validation: Any,
) -> History:
    """Fits a compiled model to batches as they come.

    Args:
        model: compiled.
        batches: of each epoch, in their order.
        epochs: their numbers: the start is Keras' `initial_epoch`, the stop Keras' `epochs`.
        rate: from `falling_rate`.
        callbacks: for Keras' `fit`, besides the rate.
        validation: what each epoch is measured on besides, in the words of Keras' `fit`.

    Returns:
        Loss and accuracy of each epoch, on all that it is measured on.
    """
    try:
        history = model.fit(
            batches,
            initial_epoch=epochs.start,
            epochs=epochs.stop,
            callbacks=[rate, *callbacks],
            shuffle=False,
            verbose=0,
            **validation,
        )
    finally:
        if isinstance(batches, NewEachEpoch):
            batches.close()
    return {name: values for name, values in history.history.items() if name != "learning_rate"}


class NewEachEpoch(keras.utils.PyDataset, Generic[Data]):  # type: ignore[misc]  # Keras has no type stubs
    """Batches of data of which each epoch has its own; a subclass makes them, and says how many there are.

    Args:
        made: the data of each epoch, as many as there are epochs.
    """

    def __init__(self, made: Iterator[Data]) -> None:
        super().__init__()
        self._made = made
        self._begun = False
        self._take(next(made))

    def _take(self, data: Data) -> None:
        """Makes batches of an epoch's data, in place of those of the epoch before."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the making of data that nobody wants any more: else an interrupted fit would wait for it at its end."""
        if isinstance(self._made, Generator):
            self._made.close()

    def on_epoch_begin(self) -> None:
        """Takes the data of all epochs but the first."""
        # Keras looks at the first epoch's batches, and says that an epoch ended, before that one begins.
        if self._begun:
            self._take(next(self._made))
        self._begun = True
