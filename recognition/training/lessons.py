"""Trains a network for single digits on with digits that people have vouched for, beside those it knows.

It is shown both in each epoch: of its new digits alone a network would forget the others (McCloskey and Cohen,
"Catastrophic Interference in Connectionist Networks", Psychology of Learning and Motivation 24, 1989).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image
from recognition.normalize import normalize
from recognition.training.augment import slight
from recognition.training.backend import keras
from recognition.training.dataset import Digits, Mnist
from recognition.training.digits import EpochsOfDigits, compile_digits, fitted_part
from recognition.training.recipe import History
from recognition.training.schedule import averaging_adam, falling_rate, fit_batches
from recognition.training.synthesis import epochs
from recognition.training.workers import PROCESSES

EPOCHS = 12
PARTS = 4
"""An epoch is as much as this part of MNIST, with the lessons beside it."""
SHARE = 0.25
"""So many pictures of lessons are added to an epoch, relative to those it has without."""
VARIED = 0.5
"""Share of these that are varied slightly, as the same hand would write them another time."""
PEAK_LEARNING_RATE = 5e-4
BATCH_SIZE = 256


def fit_lessons(
    model: keras.Model,
    lessons: Digits,
    data: Mnist,
    *,
    seed: int,
    count: int = EPOCHS,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> History:
    """Fits a network that tells digits, and what is none, to lessons and to what `digits` is trained on.

    Args:
        model: takes (28, 28, 1) and gives eleven classes; it is compiled anew.
        lessons: at least one.
        data: MNIST.
        seed: of all that is drawn.
        count: how many epochs.
        callbacks: for Keras' `fit`.

    Returns:
        Loss and accuracy of each epoch.
    """
    compile_digits(model, averaging_adam(PEAK_LEARNING_RATE, 0.99))
    span = range(count)
    return fit_batches(
        model,
        EpochsOfDigits(model, _mixed(lessons, fitted_part(data), seed, count), BATCH_SIZE),
        epochs=span,
        rate=falling_rate(PEAK_LEARNING_RATE, span, first=0.25),
        callbacks=callbacks,
    )


def _mixed(
    lessons: Digits, others: Digits, seed: int, count: int
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    rng = np.random.default_rng(seed)
    made = epochs(*others, seed=seed, count=math.ceil(count / PARTS), processes=PROCESSES)
    left = count
    for images, labels in made:
        for part in np.array_split(np.arange(len(labels)), PARTS)[:left]:
            left -= 1
            chosen = rng.integers(len(lessons.labels), size=max(1, round(SHARE * len(part))))
            pictures = np.stack([_again(rng, lessons.images[one]) for one in chosen])
            order = rng.permutation(len(part) + len(chosen))
            yield (
                np.concatenate([images[part], pictures])[order],
                np.concatenate([labels[part], lessons.labels[chosen]])[order],
            )


def _again(rng: np.random.Generator, digit: Image) -> Image:
    """A digit as it is, or as its hand would write it another time."""
    return normalize(slight(rng, digit)) if rng.random() < VARIED else digit
