"""The JSON beside a model: what it is, how it was made and what it reaches; free of Keras."""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recognition.training.errors import OutputError

log = logging.getLogger(__name__)

HDF5_SUFFIXES = (".h5", ".hdf5")
KERAS_SUFFIXES = (".keras", *HDF5_SUFFIXES)


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
    files = record.get("files") if isinstance(record, dict) else None
    fits = isinstance(files, dict) and files.get(model.name) == sha256_of(model)
    return record if fits else {}


def make_writable(folder: Path) -> None:
    """Makes a folder that is missing, and tries it out, before work whose results are to stand there.

    Raises:
        OutputError: it cannot be made, or no file in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = "a file stands there" if isinstance(error, FileExistsError) else error.strerror
        rule = "--out must lead to a folder that can be written to, or to one that can be made"
        raise OutputError(f"{rule}. Received: {folder}: {reason}") from error


def beside(out: Path, suffix: str) -> Path:
    """The path of a model's file; unlike `Path.with_suffix` it leaves a name with a dot in it whole."""
    return out.with_name(out.name + suffix)


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Writes a record as JSON, whole or not at all."""
    write_whole(path, (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode())


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file, replacing one at once or leaving it as it was."""
    with replacing(path) as part:
        part.write_bytes(content)


@contextmanager
def replacing(path: Path, suffix: str = "") -> Iterator[Path]:
    """Gives a path to write to, and puts what is there in place of a file, at once, or leaves the file as it was.

    Args:
        path: of the file.
        suffix: that the path to write to shall end in, for what chooses a form by it.
    """
    part = path.with_name(f".{path.name}.part{suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
