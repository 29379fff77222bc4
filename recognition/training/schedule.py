"""What the training of our own networks has in common: the optimizer, and how its learning rate falls."""

from __future__ import annotations

import math

from recognition.training.backend import keras


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
