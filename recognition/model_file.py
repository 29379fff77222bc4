"""A converted network's file and the .json of its facts beside it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from recognition.errors import ModelLoadError
from recognition.types import ModelInfo

Loaded = TypeVar("Loaded")


def read_model(path: Path) -> tuple[bytes, ModelInfo]:
    """Returns the content of a .tflite file, and the facts in the .json beside it.

    Raises:
        ModelLoadError: a file is missing or damaged, or the two do not belong together.
    """
    try:
        model = path.read_bytes()
        facts = json.loads(path.with_suffix(".json").read_text("utf-8"))
    except OSError as error:
        raise ModelLoadError(f"cannot read {error.filename}: {error.strerror}") from error
    except ValueError as error:
        raise ModelLoadError(f"{path.with_suffix('.json')} is not valid JSON: {error}") from error
    return model, _info(path, model, facts)


def load_network(kind: Callable[[bytes, float], Loaded], path: Path) -> Loaded:
    """Returns the network of a .tflite file, calibrated by the temperature in the .json beside it.

    Args:
        kind: what makes a network of that kind of a model and a temperature, such as `ContextNetwork`.
        path: of the .tflite file.

    Raises:
        ModelLoadError: a file is missing or damaged, or the two do not belong together.
        ModelMismatchError: it is no network of that kind.
    """
    model, info = read_model(path)
    return kind(model, info.temperature)


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
