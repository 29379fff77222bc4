"""Tells by which angle the lines of a page slope."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.paper import Sheet
from recognition.reading import Reading

_BIN_DEG = 3
_NEIGHBORS = 4


def sheet_skew_deg(sheet: Sheet) -> float:
    """Returns how far the sides of a sheet slope, -45 to 45, positive where they rise to the right.

    Each side counts as much as it is long; a sheet's sides are at right angles to each other.
    """
    sides = np.roll(sheet.outline, -1, axis=0) - sheet.outline
    return _mean_deg(np.arctan2(-sides[:, 1], sides[:, 0]), np.hypot(sides[:, 0], sides[:, 1]))


def writing_skew_deg(readings: Sequence[Reading]) -> float:
    """Returns how far the lines of writing slope, -45 to 45, positive where they rise to the right.

    The directions from each piece to its nearest neighbors gather around those of the lines, and of columns at right
    angles to them: O'Gorman, "The document spectrum for page layout analysis", PAMI 15, 1993. Near that, the angle is
    taken across which the pieces stand in the fewest and fullest rows: Baird, "The skew angle of printed documents",
    SPSE 1987.

    Args:
        readings: of pieces of about the size of the writing.

    Returns:
        0 for so few pieces, or of so many directions, that there are no lines.
    """
    if len(readings) < 3 * _NEIGHBORS:
        return 0.0
    centers = np.array([reading.piece.bbox.center for reading in readings])
    apart = centers[None] - centers[:, None]
    distance = np.hypot(apart[..., 0], apart[..., 1])
    np.fill_diagonal(distance, np.inf)
    near = np.argsort(distance, axis=1)[:, :_NEIGHBORS]
    toward = np.take_along_axis(apart, near[..., None], axis=1).reshape(-1, 2)
    degrees = np.rad2deg(np.arctan2(-toward[:, 1], toward[:, 0])) % 90
    counts, _ = np.histogram(degrees, 90 // _BIN_DEG, (0, 90))
    smooth = counts + 0.5 * (np.roll(counts, 1) + np.roll(counts, -1))
    if smooth.max() < 2 * smooth.mean():
        return 0.0
    peak = (int(smooth.argmax()) + 0.5) * _BIN_DEG
    row_px = 0.35 * float(np.median([max(r.piece.bbox.width, r.piece.bbox.height) for r in readings]))
    around = peak + np.arange(-10, 10.5, 0.5)
    best = max(around.tolist(), key=lambda angle: _fullness(centers, angle, row_px))
    return float((best + 45) % 90 - 45)


def _fullness(centers: NDArray[np.float64], angle_deg: float, row_px: float) -> float:
    """How unevenly the centers fall into rows that slope by an angle, or into columns at right angles to them."""
    radians = np.deg2rad(angle_deg)
    across = centers @ np.array([[np.sin(radians), np.cos(radians)], [np.cos(radians), -np.sin(radians)]]).T
    energies = []
    for axis in (0, 1):
        # Rows that overlap by half: a line does not fall apart because a row ends in it.
        fine = np.bincount(((across[:, axis] - across[:, axis].min()) / (row_px / 2)).astype(int))
        energies.append(float((np.convolve(fine, (1, 1)).astype(float) ** 2).sum()))
    return max(energies)


def _mean_deg(radians: NDArray[np.floating], weights: NDArray[np.floating]) -> float:
    """The mean of directions that mean the same a quarter turn on."""
    turn = np.sum(weights * np.exp(4j * radians))
    return float(np.rad2deg(np.angle(turn)) / 4)
