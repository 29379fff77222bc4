"""What the training of our own networks has in common: the optimizer, its learning rate, new data for each epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Generic, TypeVar

from recognition.training.backend import keras

Data = TypeVar("Data")


def averaging_adam(peak: float, momentum: float) -> keras.optimizers.Optimizer:
    """Adam with decoupled weight decay, and a moving average of the weights that takes their place at the end.

    Args:
        peak: the highest learning rate.
        momentum: of the average.
    """
    return keras.optimizers.AdamW(peak, weight_decay=1e-3, use_ema=True, ema_momentum=momentum)


def falling_rate(peak: float, epochs: int) -> keras.callbacks.Callback:
    """Lets the learning rate fall along a cosine, down to a hundredth (Loshchilov and Hutter, arXiv 1608.03983).

    Args:
        peak: learning rate of the first epoch.
        epochs: how many there are.
    """

    def rate(epoch: int, _: float) -> float:
        return peak * max(0.01, (1 + math.cos(math.pi * epoch / epochs)) / 2)

    return keras.callbacks.LearningRateScheduler(rate)


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

    def on_epoch_begin(self) -> None:
        """Takes the data of all epochs but the first."""
        # Keras looks at the first epoch's batches, and says that an epoch ended, before that one begins.
        if self._begun:
            self._take(next(self._made))
        self._begun = True
