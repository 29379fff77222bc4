"""Tells print by its regularity: no hand draws a digit several times to the pixel, and a press does nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.params import CopiesParams
from recognition.reading import Reading

_GRID = (24, 32)
"""Width and height at which masks are compared."""


def printed(readings: Sequence[Reading], params: CopiesParams) -> set[int]:
    """Returns which readings are print by their copies on the page, as indices.

    Several copies of one piece, of its size and about to the pixel, are of print, and so is what resembles one of
    these. Straight strokes and small pieces all look alike, also by hand, and are left alone.

    Args:
        readings: what was taken for the page's digits.
        params: see there.
    """
    large = [
        k
        for k, reading in enumerate(readings)
        if reading.digit != 1 and reading.piece.bbox.height >= params.min_height_px
    ]
    if len(large) <= params.copies:
        return set()
    sizes = np.array([(readings[k].piece.bbox.width, readings[k].piece.bbox.height) for k in large])
    masks = [cv2.resize(readings[k].piece.mask, _GRID, interpolation=cv2.INTER_AREA) for k in large]
    grids = np.stack(masks).reshape(len(large), -1).astype(np.float32)
    overlaps = [_overlaps(at, sizes, grids, params) for at in range(len(large))]
    found: set[int] = set()
    for at, (near, overlap) in enumerate(overlaps):
        if np.count_nonzero(overlap >= params.same) >= params.copies:
            found |= {large[at], *(large[int(k)] for k in near[overlap >= params.alike])}
    return found


def _overlaps(
    at: int, sizes: NDArray[np.int64], grids: NDArray[np.float32], params: CopiesParams
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Which others are about as large as one piece, and their intersection over union with it."""
    tolerance = max(1, round(params.tolerance * int(sizes[at, 1])))
    alike = (np.abs(sizes - sizes[at]) <= tolerance).all(axis=1)
    alike[at] = False
    near = np.flatnonzero(alike)
    shared = np.minimum(grids[near], grids[at]).sum(axis=1)
    return near, shared / np.maximum(np.maximum(grids[near], grids[at]).sum(axis=1), 1)
