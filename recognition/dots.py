"""Takes dotted lines out: those to write on, of forms, and those of squared paper.

A dotted line is no stroke that could be told by its length; its dots are. They stood beside most numbers as what might
be a part of one, were joined to broken digits, and sent clear numbers to review.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, closed, dilated, opened
from recognition.reading import Reading

MAX_SIDE = 0.25
"""Longer side of a dot, in heights of the writing."""
MIN_SIDE_PX = 2.0
"""What is smaller is no piece of its own."""
ALIKE = 1.5
"""The dots of a line are at most so many times larger or smaller than what is sought."""
CELL = 1.7
"""Side of a cell of the grid in which lines are sought, in sides of a dot."""
GAP = 3
"""Dots at most so many cells apart follow one another."""
MIN_HEIGHTS = 2.0
"""Length of a line, in heights of the writing; the dots of a stroke by a pen that runs dry are one high at most."""
MIN_DOTS = 12
"""Length of a line, in cells."""
MAX_CELLS = 6
"""What is thicker than so many cells is no line but a shaded area."""


def without_dotted_lines(readings: Sequence[Reading], height_px: float) -> list[Reading]:
    """Returns the readings without the dots of lying and upright dotted lines.

    Args:
        readings: of all pieces.
        height_px: of the writing; the dots of a line are much smaller.
    """
    if not readings:
        return []
    boxes = np.array([(box.x, box.y, box.width, box.height) for box in (reading.piece.bbox for reading in readings)])
    sides = boxes[:, 2:].max(axis=1)
    centers = boxes[:, :2] + boxes[:, 2:] / 2
    dots = np.zeros(len(readings), np.bool_)
    side = MIN_SIDE_PX
    while side <= MAX_SIDE * height_px:
        alike = np.flatnonzero((sides * ALIKE >= side) & (sides <= ALIKE * side) & (sides <= MAX_SIDE * height_px))
        if alike.size >= MIN_DOTS:
            length = max(MIN_DOTS, int(MIN_HEIGHTS * height_px / (CELL * side)))
            cells = (centers[alike] / (CELL * side)).astype(np.intp)
            dots[alike] |= _in_lines(cells, length) | _in_lines(cells[:, ::-1], length)
        side *= np.sqrt(2)
    return [reading for reading, is_dot in zip(readings, dots.tolist(), strict=True) if not is_dot]


def _in_lines(cells: NDArray[np.intp], length: int) -> NDArray[np.bool_]:
    """Which of the dots, each in a (column, row) of the grid, are in a lying line of so many cells, bool (n,)."""
    columns, rows = (cells - cells.min(axis=0)).T
    grid: Image = np.zeros((rows.max() + 1, columns.max() + 1), np.uint8)
    grid[rows, columns] = 255
    lines = opened(closed(dilated(grid, 1, 3), GAP, 1), length, 1)  # grown, for a line that tilts goes from row to row
    lines &= ~opened(lines, 1, MAX_CELLS + 1)
    return np.asarray(lines[rows, columns] > 0)
