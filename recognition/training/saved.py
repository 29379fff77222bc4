"""Keras models on disk: loading with their optimizer's state, saving whole or not at all."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np

from recognition.errors import ModelLoadError
from recognition.training.backend import keras
from recognition.training.errors import TrainingError
from recognition.training.legacy import readable_by_keras
from recognition.training.record import HDF5_SUFFIXES, KERAS_SUFFIXES, replacing
from recognition.training.shapes import takes_labels

log = logging.getLogger(__name__)

STATELESS = ("iterations", "learning_rate")
"""The variables of an optimizer that keeps nothing a weight, as plain gradient descent."""


def load_model(path: Path) -> keras.Model:
    """Loads a Keras model without its optimizer, which old files describe in ways that Keras no longer reads.

    Args:
        path: a .keras file, or HDF5 (.h5, .hdf5) as Keras 2 and tf.keras wrote it too.

    Raises:
        ModelLoadError: the file is missing, of another kind, or damaged.
    """
    return _load(path, with_optimizer=False)


def load_to_resume(path: Path) -> keras.Model:
    """Loads a Keras model compiled, with its optimizer's state as it was saved.

    Args:
        path: as for `load_model`.

    Raises:
        ModelLoadError: the file cannot be loaded, or has no optimizer that could be gone on with.
    """
    model = _load(path, with_optimizer=True)
    if getattr(model, "optimizer", None) is None:
        raise ModelLoadError(f"{path} was saved without its optimizer, so its training cannot be resumed")
    return model


def load_like(path: Path, new: keras.Model) -> keras.Model:
    """Loads a Keras model as `load_to_resume` does, to go on with in place of a new one.

    Args:
        path: as for `load_model`.
        new: compiled.

    Raises:
        ModelLoadError: as for `load_to_resume`.
        TrainingError: the model takes or gives something else than the new one, or its loss is of another kind.
    """
    model = load_to_resume(path)
    if _form(model) != _form(new):
        raise TrainingError(
            f"{new.name} goes on from a model that {_described(new)}. Received: {path}, which {_described(model)}"
        )
    return model


def save_model(model: keras.Model, path: Path) -> None:
    """Saves a model with its optimizer's state, replacing the file at once or leaving it as it was.

    Args:
        model: compiled.
        path: its suffix, .keras or .h5, chooses the format.

    Raises:
        OSError: the file cannot be written.
    """
    with replacing(path, path.suffix) as part:
        try:
            model.save(part)
        except OSError as error:  # of which HDF5 tells its whole state, and not which file it was to be
            if error.errno is None:
                raise
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


def _form(model: keras.Model) -> tuple[Any, Any, bool]:
    return getattr(model, "input_shape", None), getattr(model, "output_shape", None), takes_labels(model)


def _described(model: keras.Model) -> str:
    taken, given, _ = _form(model)
    return f"takes {taken}, gives {given} and has the loss {model.loss}"


def _load(path: Path, *, with_optimizer: bool) -> keras.Model:
    if path.suffix.lower() not in KERAS_SUFFIXES:
        raise ModelLoadError(f"a Keras model must be a .keras, .h5 or .hdf5 file. Received: {path}")
    if not path.is_file():
        raise ModelLoadError(f"there is no model file {path}")
    try:
        if path.suffix.lower() not in HDF5_SUFFIXES:
            return keras.models.load_model(path, compile=with_optimizer)
        with readable_by_keras(path) as readable:
            model = keras.models.load_model(readable, compile=with_optimizer)
            if with_optimizer and getattr(model, "optimizer", None) is not None:
                _restore_optimizer(model, readable)
            return model
    except Exception as error:  # Keras raises whatever its layers and h5py raise
        raise ModelLoadError(f"{path} cannot be loaded as a Keras model: {error}") from error


def _restore_optimizer(model: keras.Model, path: Path) -> None:
    # Keras loads HDF5 into an optimizer that it built for no variables, and so drops all its slots.
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    optimizer.build(model.trainable_variables)
    model.compile(optimizer=optimizer, loss=model.loss, metrics=["accuracy"])
    saved = _saved_optimizer(path)
    if [value.shape for value in saved.values()] == [tuple(variable.shape) for variable in optimizer.variables]:
        optimizer.set_weights(list(saved.values()))
        return
    # Keras 2 counted the steps under this name, in every optimizer, and ordered the slots in another way.
    steps = [int(value) for name, value in saved.items() if name.endswith("/iter:0")]
    if steps:
        optimizer.iterations.assign(steps[0])
    if not steps or len(optimizer.variables) > len(STATELESS):
        log.warning("the optimizer's state in %s has an older form: training goes on with a fresh one", path.name)


def _saved_optimizer(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    with h5py.File(path) as file:
        if "optimizer_weights" not in file:
            return {}
        group = file["optimizer_weights"]
        names = [name.decode() if isinstance(name, bytes) else str(name) for name in group.attrs["weight_names"]]
        return {name: np.asarray(group[name]) for name in names}
