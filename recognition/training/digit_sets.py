"""Sets of single digits to measure a network on: MNIST's files, and archives of other hands' digits.

An archive (.npz) has `images`, uint8 (n, height, width) with bright ink, and `labels`, (n,). Its digits are brought
into MNIST's form, as those of a page are, even where they are 28x28: other sets fill their pictures in other ways, and
what is to be measured is what the daemon does. MNIST's own files are left as they are.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.normalize import normalize_all
from recognition.training.dataset import Digits, load_test
from recognition.training.errors import DatasetError
from recognition.training.names import name_of

MID_GREY = 127
BRIGHT_CORNERS = 0.9
"""A set with more bright corners is of dark ink; of Semeion's digits, which fill their pictures, 0.13 are bright."""


@dataclass(frozen=True, slots=True)
class DigitSet:
    """Labeled digits in MNIST's form.

    Attributes:
        name: of the file or folder.
        form: what was done to them, for people.
        digits: images uint8 (n, 28, 28), ink bright, and labels.
    """

    name: str
    form: str
    digits: Digits


def load_sets(paths: Sequence[Path]) -> list[DigitSet]:
    """Loads several sets.

    Args:
        paths: folders with MNIST's IDX files, whose test split is taken, or .npz archives; none lets Keras fetch MNIST.

    Raises:
        DatasetError: one of them is missing, damaged or of another form.
    """
    if not paths:
        return [DigitSet("MNIST", "test split, as it is", load_test(None))]
    return [load_set(path) for path in paths]


def load_set(path: Path) -> DigitSet:
    """Loads one set, as `load_sets` does."""
    name = name_of(path)
    if path.is_dir():
        return DigitSet(name, "MNIST's test split, as it is", load_test(path))
    if path.suffix.lower() != ".npz":
        raise DatasetError(
            f"a set of digits must be a folder with MNIST's IDX files or an .npz with images and labels. "
            f"Received: {path}" + ("" if path.exists() else ", which does not exist")
        )
    images, labels = _read_archive(path)
    _check(path, images, labels)
    normalized = normalize_all(list(images))
    height, width = images.shape[1:]
    return DigitSet(name, f"{width}x{height} pixels, normalized", Digits(normalized, labels.astype(np.uint8)))


def _read_archive(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return np.asarray(arrays["images"]), np.asarray(arrays["labels"])
    except KeyError as error:
        raise DatasetError(
            f"{path} must have the arrays images and labels; write it with np.savez(..., images=..., labels=...). "
            f"Received: {error}"
        ) from error
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:  # TypeError: an .npy
        raise DatasetError(f"{path} cannot be read as an .npz ({error}); fetch or write it again") from error


def _check(path: Path, images: NDArray[Any], labels: NDArray[Any]) -> None:
    if images.dtype != np.uint8 or images.ndim != 3 or 0 in images.shape:
        raise DatasetError(
            f"images in {path} must be uint8 (n, height, width) with bright ink, at least one. "
            f"Received: {images.dtype} {images.shape}; convert them before they are saved"
        )
    corners = images[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    if images.mean() > MID_GREY and (corners > MID_GREY).mean() > BRIGHT_CORNERS:
        raise DatasetError(
            f"images in {path} must have bright ink on dark ground. Received: bright ground, in the corners too; save "
            "255 - images"
        )
    if labels.shape != (len(images),) or labels.dtype.kind not in "iu":
        raise DatasetError(
            f"labels in {path} must be integers ({len(images)},), one an image. Received: {labels.dtype} {labels.shape}"
        )
    if labels.min() < 0 or labels.max() > 9:
        raise DatasetError(
            f"labels in {path} must be 0 to 9. Received: {labels.min()} to {labels.max()}; leave out what is no digit"
        )
