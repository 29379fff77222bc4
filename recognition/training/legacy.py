"""Brings HDF5 models of Keras 2 and of TensorFlow 1's Keras into the form that Keras 3 reads.

Keras 3 reads such files by itself, except for four things: layers in a bare list, the input's shape on the first layer
where it comes with a batch size or the layer is a Reshape, a dtype in an initializer, and old names of an optimizer's
arguments.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]

log = logging.getLogger(__name__)

INITIALIZERS = re.compile(
    r"Zeros|Ones|Constant|Random(Normal|Uniform)|TruncatedNormal|VarianceScaling|Orthogonal"
    r"|(Glorot|He|Lecun)(Normal|Uniform)"
)


@contextmanager
def readable_by_keras(path: Path) -> Iterator[Path]:
    """Gives the path of an HDF5 model that Keras 3 reads: the file itself, or a copy brought up to date.

    Raises:
        OSError: the file is no HDF5 file, or there is no room for the copy.
        ValueError: its description of the model is no JSON.
    """
    with h5py.File(path) as file:
        old = {name: json.loads(file.attrs[name]) for name in ("model_config", "training_config") if name in file.attrs}
    new = {name: update(config) for name, config in old.items()}
    if new == old:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copyfile(path, Path(folder) / path.name)
        with h5py.File(copy, "r+") as file:
            for name, config in new.items():
                file.attrs[name] = json.dumps(config).encode()
        yield copy


def update(config: Any) -> Any:
    """Returns a model's or a training's description as Keras 3 would have written it."""
    if isinstance(config, list):
        return [update(part) for part in config]
    if not isinstance(config, dict):
        return config
    config = {key: update(value) for key, value in config.items()}
    if "optimizer_config" in config:
        config["optimizer_config"] = _update_optimizer(config["optimizer_config"])
    if config.get("class_name") == "Sequential":
        return _update_sequential(config)
    if INITIALIZERS.fullmatch(str(config.get("class_name"))):
        config["config"].pop("dtype", None)
    return config


def _update_sequential(config: dict[str, Any]) -> dict[str, Any]:
    inner = config["config"]
    inner = {"name": "sequential", "layers": inner} if isinstance(inner, list) else dict(inner)
    layers = inner["layers"]
    first: dict[str, Any] = layers[0] if layers else {"class_name": "InputLayer"}
    shape = first.get("config", {}).get("batch_input_shape")
    if shape and first["class_name"] != "InputLayer":
        described = {key: value for key, value in first["config"].items() if key != "batch_input_shape"}
        name = f"{described.get('name', 'first')}_input"
        input_layer = {"class_name": "InputLayer", "config": {"batch_shape": shape, "dtype": "float32", "name": name}}
        inner["layers"] = [input_layer, {**first, "config": described}, *layers[1:]]
    return {**config, "config": inner}


def _update_optimizer(config: dict[str, Any]) -> dict[str, Any]:
    arguments = dict(config["config"])
    if "lr" in arguments:
        arguments["learning_rate"] = arguments.pop("lr")
    if arguments.pop("decay", 0.0):
        log.warning("the optimizer's learning rate no longer decays: Keras 3 has no such argument")
    return {**config, "config": arguments}
