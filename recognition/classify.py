"""Reads normalized images of digits with a converted network under LiteRT."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognition.calibrate import Probabilities, scale
from recognition.errors import ModelMismatchError
from recognition.litert import Network
from recognition.model_file import read_model
from recognition.normalize import IMAGE_PX
from recognition.types import ModelInfo

NOT_A_DIGIT = 10
"""Index of the eleventh class."""
CLASSES = 11
NOT_A_DIGIT_ODDS = np.float32(0.25)
"""How much rarer what is no digit is among what is asked about on a page than among what a network is trained on.

On 79 real and 30 drawn pages 0.25 in place of 1 lowers the digit error rate from 0.056 to 0.054 (paper), from 0.32 to
0.30 (forms) and from 0.0173 to 0.0171 (drawn), and raises the share accepted from 0.84 to 0.87. After Saerens, Latinne
and Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities", Neural Computation 14 (2002).
"""


class Classifier:
    """A loaded network that reads digits. Not to be used by two threads at once."""

    def __init__(self, model: bytes, info: ModelInfo) -> None:
        self.info = info
        self.network = Network(model, info.name)

    def probabilities(self, images: NDArray[np.uint8]) -> Probabilities:
        """Returns the calibrated probability of each class.

        Args:
            images: uint8 (n, 28, 28), ink bright, as `normalize` makes them.

        Returns:
            float32 (n, 11), rows sum to 1; index 10 is what is no digit, 0 throughout for a model of 10 classes.
        """
        result = np.zeros((len(images), CLASSES), np.float32)
        result[:, : self.info.classes] = scale(self.network.run({0: images[..., None]}), self.info.temperature)
        result[:, NOT_A_DIGIT] *= NOT_A_DIGIT_ODDS
        result /= result.sum(axis=1, keepdims=True)
        return result


def load_classifier(path: Path) -> Classifier:
    """Returns the network of a .tflite file, with the facts in the .json beside it.

    Args:
        path: of the .tflite file.

    Raises:
        ModelLoadError: a file is missing or damaged, or the two do not belong together.
        ModelMismatchError: the network is no digit classifier.
    """
    model, info = read_model(path)
    classifier = Classifier(model, info)
    _check_shapes(classifier, path)
    return classifier


def _check_shapes(classifier: Classifier, path: Path) -> None:
    network = classifier.network
    got = [*network.inputs, network.output]
    fits = [(1, IMAGE_PX, IMAGE_PX, 1), (1, classifier.info.classes)]
    if got != fits or classifier.info.classes not in (10, CLASSES):
        raise ModelMismatchError(
            f"{path} is no digit classifier: possible are (n, 28, 28, 1) to (n, 10) or (n, 11). Received: {got}"
        )
