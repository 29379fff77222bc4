"""Writes a network that helps to read pages: the Keras model, its 8-bit conversion, and the record of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.training.backend import keras, tensorflow
from recognition.training.convert import check_quantized, to_litert
from recognition.training.record import KERAS_SUFFIXES, beside, make_writable, sha256_of, write_record, write_whole
from recognition.training.saved import save_model


def prepared(out: Path | None, name: str) -> Path:
    """The path of a model without its suffix, in a folder that can be written to.

    Before a training, so that a mistake in the path does not cost its hours.

    Args:
        out: as the options have it.
        name: of the network.

    Raises:
        OutputError: the folder cannot be made, or not be written to.
    """
    if out is None:
        out = Path(name)
    elif out.is_dir():
        out = out / name
    elif out.suffix in KERAS_SUFFIXES:
        out = out.with_suffix("")
    make_writable(out.parent)
    return out


def export(model: keras.Model, out: Path, samples: Sequence[NDArray[np.float32]], facts: Mapping[str, Any]) -> Path:
    """Writes OUT.keras, OUT.tflite and OUT.json, each whole or not at all.

    Args:
        model: compiled and fitted.
        out: path without a suffix; its folder exists.
        samples: typical values of each input, (n, …), which set the ranges of the 8-bit integers.
        facts: what the record says besides hash and versions.

    Returns:
        The path of the .keras file.

    Raises:
        ModelLoadError: the model uses what LiteRT does not have, or its 8-bit conversion gives something else than it.
        OSError: a file cannot be written.
    """
    kept, converted = beside(out, ".keras"), beside(out, ".tflite")
    save_model(model, kept)
    content = to_litert(model, samples)
    check_quantized(model, content, samples)
    write_whole(converted, content)
    versions = {"keras": keras.__version__, "tensorflow": tensorflow.__version__}
    hashes = {"sha256": sha256_of(converted), "files": {kept.name: sha256_of(kept)}}
    write_record(beside(out, ".json"), {**hashes, "versions": versions, **facts})
    return kept
