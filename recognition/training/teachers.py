"""Lets a network learn from others what else a digit may be.

After Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", arXiv 1503.02531: several networks
together are right more often than each of them, and what they say of a picture tells one network more than its label.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.classify import CLASSES, NOT_A_DIGIT
from recognition.litert import Network
from recognition.model_file import read_model
from recognition.training.backend import keras
from recognition.training.errors import TrainingError

TEMPERATURE = 2.0
"""By which the logits of all are divided, so that what is unlikely counts, too."""
BY_LABEL = 0.3
"""Share of the loss that is by the labels alone; of what is no digit, all of it is."""
PEAK_LEARNING_RATE = 1.2e-3
"""Of a network that learns from others; it goes on from one that was trained by labels."""
FLOOR = 1e-6
BATCH = 500


class Teachers:
    """Networks that tell digits, and what is none; what they say together is the mean of their logits.

    Args:
        paths: .tflite files, each with the .json of its facts beside it; at least one.

    Raises:
        ModelLoadError: one cannot be loaded.
        TrainingError: one tells no eleven classes apart.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._networks = [_loaded(path) for path in paths]

    def targets(self, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What a network is to learn of pictures, as `learned_loss` takes it.

        Args:
            images: uint8 (n, 28, 28).
            labels: uint8 (n,).

        Returns:
            float32 (n, 22): the probabilities that the teachers give at TEMPERATURE, and the label's.
        """
        said = np.zeros((len(labels), 2 * CLASSES), np.float32)
        said[np.arange(len(labels)), CLASSES + labels.astype(np.int64)] = 1
        for start in range(0, len(labels), BATCH):
            part = slice(start, start + BATCH)
            said[part, :CLASSES] = self._together(images[part, ..., None])
        return said

    def _together(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits = [np.log(np.maximum(network.run({0: images}), FLOOR)) for network in self._networks]
        weights = np.exp(np.mean(logits, axis=0) / TEMPERATURE)
        shares: NDArray[np.float32] = weights / weights.sum(axis=1, keepdims=True)
        return shares


def compile_to_learn(model: keras.Model) -> None:
    """Gives a model, in the place of its loss, the one that teachers' targets are for; its optimizer stays."""
    model.compile(optimizer=model.optimizer, loss=learned_loss, metrics=[accuracy])


def learned_loss(targets: Any, given: Any) -> Any:
    """The cross-entropy with the labels, and the divergence from what teachers say (Kullback and Leibler).

    Args:
        targets: float32 (n, 22), see `Teachers.targets`.
        given: float32 (n, 11), the network's probabilities.
    """
    ops = keras.ops
    said, label = targets[:, :CLASSES], targets[:, CLASSES:]
    logits = ops.log(ops.maximum(given, FLOOR))
    by_label = -ops.sum(label * logits, axis=1)
    apart = ops.log(ops.maximum(said, FLOOR)) - ops.log_softmax(logits / TEMPERATURE)
    by_teachers = ops.sum(said * apart, axis=1) * TEMPERATURE**2
    share = ops.where(label[:, NOT_A_DIGIT] > 0, 1.0, BY_LABEL)
    return share * by_label + (1 - share) * by_teachers


def accuracy(targets: Any, given: Any) -> Any:
    """Which pictures are read as their labels say."""
    ops = keras.ops
    right = ops.equal(ops.argmax(targets[:, CLASSES:], axis=1), ops.argmax(given, axis=1))
    return ops.cast(right, "float32")


def _loaded(path: Path) -> Network:
    content, info = read_model(path)
    if info.classes != CLASSES:
        raise TrainingError(f"a teacher must tell {CLASSES} classes apart. Received: {path} with {info.classes}")
    return Network(content, info.name)
