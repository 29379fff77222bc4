"""How the learning rate of the networks falls while they are trained."""

from __future__ import annotations

import math

from recognition.training.backend import keras


def falling_rate(peak: float, epochs: int) -> keras.callbacks.Callback:
    """Lets the learning rate fall along a cosine, down to a hundredth (Loshchilov and Hutter, arXiv 1608.03983).

    Args:
        peak: learning rate of the first epoch.
        epochs: how many there are.
    """

    def rate(epoch: int, _: float) -> float:
        return peak * max(0.01, (1 + math.cos(math.pi * epoch / epochs)) / 2)

    return keras.callbacks.LearningRateScheduler(rate)
