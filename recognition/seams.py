"""Finds where touching digits may be cut: seams of least ink from top to bottom (a drop fall that looks ahead)."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image
from recognition.params import SplitParams


@dataclass(frozen=True, slots=True, eq=False)
class Seam:
    """A place to cut.

    Attributes:
        column: the mean of its path.
        cost: ink that it goes through, in pixels, more where that is thick.
        path: int32 (height,), for each row the first column to its right.
    """

    column: float
    cost: float
    path: NDArray[np.int32]


def find_seams(mask: Image, params: SplitParams) -> list[Seam]:
    """Finds places to cut, left to right, and the paths of least ink through them.

    Args:
        mask: uint8 (height, width), 255 is ink.
        params: see there.

    Returns:
        At most `params.max_cuts` seams; a path gives for each row the first column to its right.
    """
    height, width = mask.shape
    step = max(2, height // 16)
    reach = max(2, height // 5)
    # Going through ink costs 1, more in the middle of thick ink; straying from the upright costs a little.
    depth = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)[1:-1, 1:-1]
    ink = np.where(mask > 0, 1 + 0.3 * depth, 0).astype(np.float32)
    seams = _seams(ink, np.arange(height // 8, width - height // 8, step), reach)
    kept: list[Seam] = []
    for seam in sorted(seams, key=lambda seam: seam.cost):
        if all(abs(seam.column - other.column) >= height / 9 for other in kept):
            kept.append(seam)
    return sorted(kept[: params.max_cuts], key=lambda seam: seam.column)


def _seams(ink: NDArray[np.float32], columns: NDArray[np.int64], reach: int) -> list[Seam]:
    """The path of least cost from the top to the bottom within `reach` of each of the columns."""
    if columns.size == 0:
        return []
    height, width = ink.shape
    offsets = np.arange(-reach, reach + 1)
    band = columns[:, None] + offsets
    outside = (band < 0) | (band > width)  # a path gives the first column to its right, so that it may end at `width`
    padded = np.concatenate([ink, np.zeros((height, 1), np.float32)], axis=1)
    cost = padded[:, np.clip(band, 0, width)] + (np.abs(offsets) * 0.02).astype(np.float32)
    cost[:, outside] = np.inf
    # total[row, column, 1 + offset]; the first and the last offset are walls
    total = np.full((height, columns.size, offsets.size + 2), np.inf, np.float32)
    total[0, :, 1:-1] = cost[0]
    for row in range(1, height):
        above = total[row - 1]
        aslant = np.minimum(above[:, :-2], above[:, 2:]) + np.float32(0.05)
        total[row, :, 1:-1] = cost[row] + np.minimum(above[:, 1:-1], aslant)
    left, middle, right = total[:-1, :, :-2], total[:-1, :, 1:-1], total[:-1, :, 2:]
    moves = np.where(left <= np.minimum(middle, right), -1, np.where(middle <= right, 0, 1))
    path = np.empty((height, columns.size), np.int64)
    path[-1] = total[-1].argmin(axis=1)
    every = np.arange(columns.size)
    for row in range(height - 2, -1, -1):
        below = path[row + 1]
        path[row] = below + moves[row, every, below - 1]
    path += columns - reach - 1
    cuts = padded[np.arange(height)[:, None], np.clip(path, 0, width)].sum(axis=0)
    return [Seam(float(path[:, k].mean()), float(cuts[k]), path[:, k].astype(np.int32)) for k in range(columns.size)]
