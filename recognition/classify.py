"""Reads normalized images of digits with a converted network under LiteRT."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from recognition.calibrate import Probabilities, scale
from recognition.chatter import without_chatter
from recognition.errors import ModelLoadError, ModelMismatchError
from recognition.normalize import IMAGE_PX
from recognition.types import ModelInfo

NOT_A_DIGIT = 10
"""Index of the eleventh class."""
CLASSES = 11
BATCHES = (1, 8, 64, 256)
"""Batch sizes the network is run with; a call is padded to the smallest that holds it, so few shapes are prepared."""


class Classifier:
    """A loaded network. Not to be used by two threads at once."""

    def __init__(self, model: bytes, info: ModelInfo) -> None:
        self.info = info
        try:
            self._interpreters = {size: _interpreter(model, size) for size in BATCHES}
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(f"the model {info.name} cannot be run by LiteRT: {error}") from error

    def probabilities(self, images: NDArray[np.uint8]) -> Probabilities:
        """Returns the calibrated probability of each class.

        Args:
            images: uint8 (n, 28, 28), ink bright, as `normalize` makes them.

        Returns:
            float32 (n, 11), rows sum to 1; index 10 is what is no digit, 0 throughout for a model of 10 classes.
        """
        result = np.zeros((len(images), CLASSES), np.float32)
        start = 0
        while start < len(images):
            left = len(images) - start
            size = next((batch for batch in BATCHES if batch >= left), BATCHES[-1])
            count = min(size, left)
            raw = self._run(images[start : start + count], size)
            result[start : start + count, : self.info.classes] = scale(raw[:count], self.info.temperature)
            start += count
        return result

    def _run(self, images: NDArray[np.uint8], size: int) -> Probabilities:
        interpreter = self._interpreters[size]
        batch = np.zeros((size, IMAGE_PX, IMAGE_PX, 1), np.float32)
        batch[: len(images), :, :, 0] = images
        batch *= np.float32(1 / 255)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], batch)
        interpreter.invoke()
        output: Probabilities = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        return output


def load_classifier(path: Path) -> Classifier:
    """Returns the network of a .tflite file, with the facts in the .json beside it.

    Args:
        path: of the .tflite file.

    Raises:
        ModelLoadError: a file is missing or damaged, or the two do not belong together.
        ModelMismatchError: the network is no digit classifier.
    """
    try:
        model = path.read_bytes()
        facts = json.loads(path.with_suffix(".json").read_text("utf-8"))
    except OSError as error:
        raise ModelLoadError(f"cannot read {error.filename}: {error.strerror}") from error
    except ValueError as error:
        raise ModelLoadError(f"{path.with_suffix('.json')} is not valid JSON: {error}") from error
    info = _info(path, model, facts)
    classifier = Classifier(model, info)
    _check_shapes(classifier, path)
    return classifier


def _info(path: Path, model: bytes, facts: Any) -> ModelInfo:
    sha256 = hashlib.sha256(model).hexdigest()
    try:
        info = ModelInfo(str(facts["name"]), str(facts["sha256"]), int(facts["classes"]), float(facts["temperature"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelLoadError(
            f"{path.with_suffix('.json')} must have name, sha256, classes and temperature. Received: {error!r}"
        ) from error
    if not 0 < info.temperature < math.inf:
        raise ModelLoadError(
            f"temperature in {path.with_suffix('.json')} must be positive and finite. Received: {info.temperature}"
        )
    if info.sha256 != sha256:
        raise ModelLoadError(
            f"{path} is not the model that {path.with_suffix('.json').name} describes: its SHA-256 is {sha256}, "
            f"expected {info.sha256}. Put back both files as they were made"
        )
    return info


def _check_shapes(classifier: Classifier, path: Path) -> None:
    interpreter = classifier._interpreters[1]
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    got = [tuple(int(n) for n in detail["shape"]) for detail in (*inputs, *outputs)]
    fits = [(1, IMAGE_PX, IMAGE_PX, 1), (1, classifier.info.classes)]
    if got != fits or classifier.info.classes not in (10, CLASSES):
        raise ModelMismatchError(
            f"{path} is no digit classifier: possible are (n, 28, 28, 1) to (n, 10) or (n, 11). Received: {got}"
        )


def _interpreter(model: bytes, batch: int) -> Interpreter:
    with without_chatter():
        interpreter = Interpreter(model_content=model, num_threads=1)
        detail = interpreter.get_input_details()[0]
        interpreter.resize_tensor_input(detail["index"], [batch, *detail["shape"][1:]])
        interpreter.allocate_tensors()
    return interpreter
