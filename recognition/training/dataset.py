"""MNIST from a folder of IDX files, plain or gzipped, or through Keras' own loader.

The format: http://yann.lecun.com/exdb/mnist/ (two zero bytes, the type, the number of dimensions, each dimension as a
big-endian 32-bit number, then the data).
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recognition.training.errors import DatasetError

UNSIGNED_BYTES = 0x08
GZIP_MAGIC = b"\x1f\x8b"

TRAIN_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST_FILES = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


class Digits(NamedTuple):
    """Labeled digits: images uint8 (n, 28, 28), ink bright, and labels uint8 (n,), 0 to 9."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


class Mnist(NamedTuple):
    """Both splits, nested as Keras' loader nests them."""

    train: Digits
    test: Digits


def load_mnist(folder: Path | None) -> Mnist:
    """Loads both splits of MNIST.

    Args:
        folder: holds the four IDX files, each plain or with `.gz`; None lets Keras fetch and cache the data.

    Raises:
        DatasetError: a file is missing or damaged, or the data cannot be fetched.
    """
    if folder is None:
        return _fetch()
    return Mnist(_read_split(folder, *TRAIN_FILES), _read_split(folder, *TEST_FILES))


def load_test(folder: Path | None) -> Digits:
    """Loads MNIST's test split alone, so that a folder without the training files serves for an evaluation.

    Args:
        folder: as for `load_mnist`.

    Raises:
        DatasetError: likewise.
    """
    return _fetch().test if folder is None else _read_split(folder, *TEST_FILES)


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Reads an IDX file of unsigned bytes.

    Args:
        path: plain or gzipped, which its content tells.
        dimensions: how many it must have; 3 for images, 1 for labels.

    Raises:
        DatasetError: the file cannot be read, is of another kind, or is longer or shorter than it says.
    """
    content = _read_content(path)
    magic = bytes((0, 0, UNSIGNED_BYTES, dimensions))
    if content[:4] != magic:
        raise DatasetError(
            f"{path} is no IDX file of {dimensions}-dimensional unsigned bytes: it must begin with {magic.hex()}. "
            f"Received: {content[:4].hex() or 'an empty file'}"
        )
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise DatasetError(f"{path} ends in its header, after {len(content)} of {start} bytes; fetch the file again")
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], ">u4"))
    expected = start + math.prod(shape)
    if len(content) != expected:
        raise DatasetError(
            f"{path} must be {expected} bytes long for its shape {shape}. Received: {len(content)} bytes; "
            "fetch the file again"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _read_content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(GZIP_MAGIC) else content
    except (OSError, EOFError, zlib.error) as error:  # gzip.BadGzipFile is an OSError
        raise DatasetError(f"{path} cannot be read ({error}); fetch the file again") from error


def _read_split(folder: Path, images_name: str, labels_name: str) -> Digits:
    images = read_idx(_find(folder, images_name), 3)
    labels = read_idx(_find(folder, labels_name), 1)
    if images.shape[1:] != (28, 28):
        raise DatasetError(f"the images in {folder / images_name} must be 28x28. Received: {images.shape[1:]}")
    if len(images) != len(labels) or not len(images):
        raise DatasetError(
            f"{images_name} and {labels_name} in {folder} must hold the same number of digits, at least one. "
            f"Received: {len(images)} images and {len(labels)} labels"
        )
    if labels.max() > 9:
        raise DatasetError(f"the labels in {folder / labels_name} must be 0 to 9. Received: {labels.max()}")
    return Digits(images, labels)


def _find(folder: Path, name: str) -> Path:
    # Some mirrors write a dot before "idx".
    for spelling in (name, name.replace("-idx", ".idx")):
        for path in (folder / spelling, folder / f"{spelling}.gz"):
            if path.is_file():
                return path
    raise DatasetError(
        f"{folder} must hold {name} or {name}.gz. Received: "
        + (f"a folder with {len(list(folder.iterdir()))} other entries" if folder.is_dir() else "no such folder")
        + "; name the folder with MNIST's four IDX files, or leave --data out to have them fetched"
    )


def _fetch() -> Mnist:
    from recognition.training.backend import keras  # here, because reading files needs no Keras

    try:
        train, test = keras.datasets.mnist.load_data()
    except Exception as error:  # Keras wraps each failure of the network in a bare Exception
        raise DatasetError(
            f"MNIST could not be fetched ({error}); check the network, or name a folder with its IDX files by --data"
        ) from error
    return Mnist(Digits(*train), Digits(*test))
