"""Takes dotted lines out: those to write on, of forms, and those of squared paper; and the dots of dotted paper.

A dotted line is no stroke that could be told by its length; its dots are. They stood beside most numbers as what might
be a part of one, were joined to broken digits, and sent clear numbers to review. Those of dotted paper, far apart and
in rows and columns, were taken for decimal points, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, closed, dilated, opened
from recognition.clearing import cleared
from recognition.components import Component
from recognition.reading import Reading, writing_height

MAX_SIDE = 0.25
"""Longer side of a line's dot, in heights of the writing."""
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

MIN_LATTICE, MAX_LATTICE = 60, 30_000
"""Dotted paper shows so many dots; dots 5 millimeters apart are 2,500 on a sheet of A4, and 2 millimeters 15,000."""
MAX_LATTICE_SIDE = 0.35
"""Longer side of a dot of dotted paper, in heights of the writing, which may be small there."""
MAX_SAMPLE = 1024
"""So many dots tell how far apart they all are."""
OFF = 0.15
"""So far from its place a dot may be, as a share of what lies between two."""
MIN_BESIDE = 3
"""Of the eight places around a dot of dotted paper so many have dots: a number may cover the others."""
MIN_APART = 2.5
"""They are so many times as far apart as they are large; a shaded area has nearer ones."""
MIN_SHARE = 0.5
"""So many of the dots alike have them."""
_BLOCK = 64
"""Of so many dots at once the way to others is measured."""


def without_dots(
    readings: Sequence[Reading], darkness: Image, left_out: Sequence[Component] = ()
) -> tuple[list[Reading], Image]:
    """Returns the readings, and the page, without the dots of lying and upright dotted lines, and of dotted paper.

    Args:
        readings: of all pieces that were read.
        darkness: uint8 page.
        left_out: pieces that were not read; of paper with thousands of dots, many of these.

    Returns:
        The same darkness where there is no such dot.
    """
    height_px = writing_height(readings, darkness.shape)
    pieces = [*(reading.piece for reading in readings), *left_out]
    is_dot = _dots(pieces, height_px).tolist() if readings else []
    if not any(is_dot):
        return list(readings), darkness
    dots = [piece for piece, found in zip(pieces, is_dot, strict=True) if found]
    others = [piece for piece, found in zip(pieces, is_dot, strict=True) if not found]
    left = [reading for reading, found in zip(readings, is_dot, strict=False) if not found]
    return left, cleared(darkness, dots, others)


def _dots(pieces: Sequence[Component], height_px: float) -> NDArray[np.bool_]:
    """Which pieces are such dots, bool (n,); they are much smaller than the writing."""
    boxes = np.array([(box.x, box.y, box.width, box.height) for box in (piece.bbox for piece in pieces)])
    sides = boxes[:, 2:].max(axis=1)
    centers = boxes[:, :2] + boxes[:, 2:] / 2
    dots = np.zeros(len(pieces), np.bool_)
    side = MIN_SIDE_PX
    while side <= MAX_LATTICE_SIDE * height_px:
        alike = (sides * ALIKE >= side) & (sides <= ALIKE * side)
        of_lines = np.flatnonzero(alike & (sides <= MAX_SIDE * height_px))
        if side <= MAX_SIDE * height_px and of_lines.size >= MIN_DOTS:
            length = max(MIN_DOTS, int(MIN_HEIGHTS * height_px / (CELL * side)))
            cells = (centers[of_lines] / (CELL * side)).astype(np.intp)
            dots[of_lines] |= _in_lines(cells, length) | _in_lines(cells[:, ::-1], length)
        of_paper = np.flatnonzero(alike & (sides <= MAX_LATTICE_SIDE * height_px))
        dots[of_paper] |= _in_lattice(centers[of_paper], side)
        side *= np.sqrt(2)
    return dots


def _in_lines(cells: NDArray[np.intp], length: int) -> NDArray[np.bool_]:
    """Which of the dots, each in a (column, row) of the grid, are in a lying line of so many cells, bool (n,)."""
    columns, rows = (cells - cells.min(axis=0)).T
    grid: Image = np.zeros((rows.max() + 1, columns.max() + 1), np.uint8)
    grid[rows, columns] = 255
    lines = opened(closed(dilated(grid, 1, 3), GAP, 1), length, 1)  # grown, for a line that tilts goes from row to row
    lines &= ~opened(lines, 1, MAX_CELLS + 1)
    return np.asarray(lines[rows, columns] > 0)


def _in_lattice(centers: NDArray[np.float64], side_px: float) -> NDArray[np.bool_]:
    """Which of the dots stand in rows and columns that are equally far apart, bool (n,); none where few do."""
    if not MIN_LATTICE <= len(centers) <= MAX_LATTICE:
        return np.zeros(len(centers), np.bool_)
    order = centers[:, 1].argsort()
    places = centers[order, 0] + 1j * centers[order, 1]
    step = _step(places)
    if abs(step) < MIN_APART * side_px:
        return np.zeros(len(centers), np.bool_)
    beside = np.concatenate([_count_beside(some, near, step) for some, near in _blocks(places, 2 * abs(step))])
    found = np.empty(len(centers), np.bool_)
    found[order] = beside >= MIN_BESIDE
    return np.asarray(found & (found.mean() >= MIN_SHARE))


def _step(places: NDArray[np.complex128]) -> complex:
    """The way from a dot to the next of its row: as long as it is for most, and turned as the page is."""
    chosen = places[:: max(1, len(places) // MAX_SAMPLE)]
    ways = np.concatenate([_to_nearest(some, places) for some in np.array_split(chosen, len(chosen) // _BLOCK + 1)])
    usual = float(np.median(np.abs(ways)))
    straight = ways[np.abs(np.abs(ways) - usual) <= OFF * usual]
    # The fourth power of a way is the same for all four directions of a lattice.
    return complex(usual * np.exp(1j * np.angle(((straight / usual) ** 4).sum()) / 4))


def _blocks(
    places: NDArray[np.complex128], reach_px: float
) -> Iterator[tuple[NDArray[np.complex128], NDArray[np.complex128]]]:
    """Yields some of the places, which lie from the top down, and with them all that are not farther above or below."""
    rows = places.imag
    for start in range(0, len(places), _BLOCK):
        some = places[start : start + _BLOCK]
        first, last = np.searchsorted(rows, (some[0].imag - reach_px, some[-1].imag + reach_px))
        yield some, places[first:last]


def _to_nearest(some: NDArray[np.complex128], places: NDArray[np.complex128]) -> NDArray[np.complex128]:
    ways = places - some[:, None]
    lengths = np.abs(ways)
    lengths[lengths == 0] = np.inf
    return np.asarray(ways[np.arange(len(some)), lengths.argmin(axis=1)])


def _count_beside(some: NDArray[np.complex128], places: NDArray[np.complex128], step: complex) -> NDArray[np.intp]:
    """How many of the eight places around each of some dots have a dot."""
    ways = (places - some[:, None]) / step
    nearest = np.round(ways)
    around = np.maximum(np.abs(nearest.real), np.abs(nearest.imag)) == 1
    return np.asarray((around & (np.abs(ways - nearest) <= OFF)).sum(axis=1))
