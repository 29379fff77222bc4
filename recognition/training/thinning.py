"""Thins strokes to their middle line.

T. Y. Zhang and C. Y. Suen, "A Fast Parallel Algorithm for Thinning Digital Patterns", Communications of the ACM 27
(1984).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Field, Image, as_field

REACH = 0.2
"""Half the width of the broadest stroke that a field of a digit can give, as a share of the digit's height."""

_BITS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)
"""The eight neighbors as bits: P2 above is 1, then clockwise P3 to P9."""


def _removable(step: int) -> NDArray[np.uint8]:
    """For each pattern of neighbors, whether the step (0 or 1) of an iteration takes the pixel away."""
    table = np.zeros(256, np.uint8)
    for code in range(256):
        p = [(code >> bit) & 1 for bit in range(8)]
        rises = sum(p[k] == 0 and p[(k + 1) % 8] == 1 for k in range(8))
        first, second = ((0, 2, 4), (2, 4, 6)) if step == 0 else ((0, 2, 6), (0, 4, 6))
        open_sides = not all(p[k] for k in first) and not all(p[k] for k in second)
        table[code] = 2 <= sum(p) <= 6 and rises == 1 and open_sides
    return table


_TABLES = (_removable(0), _removable(1))


def thinned(mask: Image) -> Image:
    """Returns the middle lines of the strokes, one pixel wide.

    Args:
        mask: uint8 (height, width), ink is not 0.

    Returns:
        uint8 (height, width), 1 on the lines; none for no ink.
    """
    line = cv2.copyMakeBorder((mask > 0).view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    while True:
        before = np.count_nonzero(line)
        for table in _TABLES:
            code = cv2.filter2D(line, cv2.CV_8U, _BITS, borderType=cv2.BORDER_CONSTANT)
            line = line & ~table[code] & 1
        if np.count_nonzero(line) == before:
            return np.ascontiguousarray(line[1:-1, 1:-1])


def line_field(mask: Image, reach_px: float) -> Field:
    """Returns how near each pixel is to the middle line of the nearest stroke: 1 on it, 0 from `reach_px` on.

    Args:
        mask: uint8 (height, width), ink is not 0.
        reach_px: see above.
    """
    away = cv2.distanceTransform(1 - thinned(mask), cv2.DIST_L2, 5)
    return as_field(np.clip(1 - away / np.float32(reach_px), 0, 1))
