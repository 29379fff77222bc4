"""Labeled pieces of ink, in memory and in a file."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognition.context import FAR_HEIGHT_PX, FAR_WIDTH_PX, NEAR_PX, Windows
from recognition.normalize import IMAGE_PX
from recognition.training.errors import DatasetError
from recognition.training.record import replacing

REMEDY = "name another file to have it made"
"""And not to remove this one: it may be somebody's digits."""
LOOKALIKE = 255
"""Label of print and letters: no digit to the context network, but perhaps of a digit's form."""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Labeled pieces of ink.

    Attributes:
        images: uint8 (n, 28, 28), normalized.
        windows: of the n pieces.
        labels: uint8 (n,), 0 to 9, `classify.NOT_A_DIGIT` or `LOOKALIKE`.
        drawn: seed and number of the sheets they are from; None where that is not known.
    """

    images: NDArray[np.uint8]
    windows: Windows
    labels: NDArray[np.uint8]
    drawn: tuple[int, int] | None = None

    @classmethod
    def concatenated(cls, parts: list[Pieces]) -> Pieces:
        """Returns the pieces of all parts, in their order."""
        near, far = (np.concatenate([getattr(part.windows, name) for part in parts]) for name in ("near", "far"))
        images, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "labels"))
        return cls(images, Windows(near, far), labels)

    def save(self, path: Path) -> None:
        """Writes the pieces into an .npz file, whole or not at all."""
        drawn = np.array(self.drawn or (), np.int64)
        near, far = self.windows.near, self.windows.far
        with replacing(path, ".npz") as part:
            np.savez(part, images=self.images, near=near, far=far, labels=self.labels, drawn=drawn)

    @classmethod
    def load(cls, path: Path) -> Pieces:
        """Returns the pieces of a file that `save` wrote.

        Raises:
            DatasetError: it is missing, damaged or of another kind.
        """
        try:
            with path.open("rb") as file, np.load(file) as data:
                pieces = cls(data["images"], Windows(data["near"], data["far"]), data["labels"], _drawn(data))
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
            raise DatasetError(f"{path} holds no pieces ({error}); {REMEDY}") from error
        count = len(pieces.labels)
        shapes = (count, IMAGE_PX, IMAGE_PX), (count, NEAR_PX, NEAR_PX, 2), (count, FAR_HEIGHT_PX, FAR_WIDTH_PX, 2)
        got = tuple(array.shape for array in (pieces.images, pieces.windows.near, pieces.windows.far))
        if got != shapes:
            raise DatasetError(f"{path} holds no pieces of the shapes {shapes}; {REMEDY}. Received: {got}")
        return pieces


def _drawn(data: Mapping[str, NDArray[Any]]) -> tuple[int, int] | None:
    if "drawn" not in data or not len(data["drawn"]):  # an older file does not say
        return None
    seed, sheets = data["drawn"]
    return int(seed), int(sheets)
