"""Models on disk: loading with their optimizer's state, saving whole or not at all, and the record beside them."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np

from recognition.errors import ModelLoadError
from recognition.training.backend import keras

log = logging.getLogger(__name__)

HDF5_SUFFIXES = (".h5", ".hdf5")
KERAS_SUFFIXES = (".keras", *HDF5_SUFFIXES)


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
    if path.suffix.lower() in HDF5_SUFFIXES:
        _restore_optimizer(model, path)
    return model


def save_model(model: keras.Model, path: Path) -> None:
    """Saves a model with its optimizer's state, replacing the file at once or leaving it as it was.

    Args:
        model: compiled.
        path: its suffix, .keras or .h5, chooses the format.
    """
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        model.save(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_record(model: Path) -> dict[str, Any]:
    """Reads the JSON beside a model, if it is about that very file; an empty record otherwise."""
    try:
        record = json.loads(model.with_suffix(".json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("the record %s cannot be read and is left out of account: %s", model.with_suffix(".json"), error)
        return {}
    known = record.get("files", {}) if isinstance(record, dict) else {}
    return record if known.get(model.name) == sha256_of(model) else {}


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Writes a record as JSON, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _load(path: Path, *, with_optimizer: bool) -> keras.Model:
    if path.suffix.lower() not in KERAS_SUFFIXES:
        raise ModelLoadError(f"a Keras model must be a .keras, .h5 or .hdf5 file. Received: {path}")
    if not path.is_file():
        raise ModelLoadError(f"there is no model file {path}")
    try:
        return keras.models.load_model(path, compile=with_optimizer)
    except Exception as error:  # Keras raises whatever its layers and h5py raise
        raise ModelLoadError(f"{path} cannot be loaded as a Keras model: {error}") from error


def _restore_optimizer(model: keras.Model, path: Path) -> None:
    # Keras loads HDF5 into an optimizer that it built for no variables, and so drops all its slots.
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    optimizer.build(model.trainable_variables)
    model.compile(optimizer=optimizer, loss=model.loss, metrics=["accuracy"])
    saved = _saved_optimizer(path)
    if [value.shape for value in saved] == [tuple(variable.shape) for variable in optimizer.variables]:
        optimizer.set_weights(saved)
    else:
        log.warning("%s holds its optimizer's state in an older form: training goes on with a fresh optimizer", path)


def _saved_optimizer(path: Path) -> list[np.ndarray[Any, Any]]:
    with h5py.File(path) as file:
        if "optimizer_weights" not in file:
            return []
        group = file["optimizer_weights"]
        return [np.asarray(group[name]) for name in group.attrs.get("weight_names", ())]
