"""Finds the short printed dashes that stand below digits on forms, one below each.

They are sought right below digits alone. By itself a row of dashes looks like the feet of printed letters, or like a
broken rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_mask, opened, stretches
from recognition.neighbors import edges_of
from recognition.reading import Reading
from recognition.types import BoundingBox

SIDE = 1.6
"""A dash is sought so far to the left and to the right of a digit's middle, in heights of the digits."""
ABOVE = 0.4
"""And from so far above the digit's lower edge,"""
BELOW = 0.7
"""to so far below it."""
MIN_CONTRAST = 14
"""A dash is darker than the paper about it by so much of 255."""
MIN_RUN = 0.35
"""A dash is sought by runs of ink so long, in heights of the digits; a stroke that crosses it is narrower."""
MAX_THICKNESS = 0.2
"""A dash is no thicker, in heights of the digits."""
LENGTH = (0.5, 1.8)
"""A dash is so long, in heights of the digits; what is longer is a line for a whole number."""
MIN_THIN = 0.35
"""So much of a dash has nothing but the dash above and below it."""
MAX_UNDER = 0.25
"""So much of a dash may have ink below it, of a digit that reaches over it."""
CLEAR = 0.3
"""That is sought so far below it, in heights of the digits."""
MAX_OWN = 0.5
"""A dash of which more is a part of the digit's own ink may be the base of a 2, or the foot of a printed 1."""
MIN_ALONG = 0.9
"""Where a dash must be there is one if ink runs along so much of it,"""
MAX_BESIDE = 0.5
"""and along no more of the gap on one side at least."""
NEAR_PX = 2
"""It lies so near to that place."""
MIN_FREE = 2
"""So many of a row's dashes are apart from the digits on them,"""
BESIDE = 8
"""and from each other by so many heights of the digits at most."""
LINE = 1.5
"""In the line of a dash are digits whose lower edges are so near to it, in heights of the digits."""
MAX_SLOPE = 0.02
"""A row of dashes rises or falls by at most so much of its length."""
SAMPLES = np.linspace(-0.5, 0.5, 11)
"""Where a dash is looked for first, to the right of a digit's middle, in heights of the digits;"""
MIN_SAMPLES = 5
"""it is seen in so many of these places at least, being so long and below the middle."""
REACH_PX = 1
"""A dash that rises or falls a little has ink in its row, or so near to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Dash:
    """A dash below a digit, in pixels of the page.

    Attributes:
        digit: that stands on it.
        start: its first column.
        end: the column after its last.
        row: that it lies in.
        thickness: rows that it takes.
        free: whether it is apart from the digit.
    """

    digit: Reading
    start: int
    end: int
    row: int
    thickness: int
    free: bool

    @property
    def length(self) -> int:
        """How many columns it has."""
        return self.end - self.start


def near_dashes(digits: Sequence[Reading], height_px: float, darkness: Image) -> list[Reading]:
    """Returns the digits in whose line there may be dashes apart from the digits above them; on most pages few.

    Args:
        digits: of a page.
        height_px: of most of them.
        darkness: uint8 page, with the dashes still on it.
    """
    boxes = [digit.piece.bbox for digit in digits]
    middles = np.array([round(box.center[0]) for box in boxes])
    bottoms = np.array([box.bottom for box in boxes])
    rows = bottoms[:, None] + np.arange(round(BELOW * height_px))
    columns = middles[:, None] + np.rint(height_px * SAMPLES).astype(int)
    counts = _inked(darkness, rows, columns, 3).sum(axis=2)
    below = np.flatnonzero(counts.max(axis=1) >= MIN_SAMPLES)
    x, y = middles[below], bottoms[below] + counts[below].argmax(axis=1)
    apart, off = np.abs(x[:, None] - x), np.abs(y[:, None] - y)
    level = (off <= 2 * REACH_PX + MAX_SLOPE * apart) & (apart <= BESIDE * height_px)
    lines = y[level.sum(axis=1) >= MIN_FREE]
    near = (np.abs(bottoms[:, None] - lines) <= LINE * height_px).any(axis=1)
    return [digits[k] for k in np.flatnonzero(near).tolist()]


def find_dashes(digits: Sequence[Reading], height_px: float, darkness: Image) -> list[Dash]:
    """Returns the dashes below digits, at most one below each, in no particular order.

    Args:
        digits: of a page.
        height_px: of most of them.
        darkness: uint8 page, with the dashes still on it.
    """
    if not digits:
        return []
    ends, runs, inked = _strips(digits, height_px, darkness)
    middle = runs.shape[2] // 2
    half = round(0.5 * LENGTH[0] * height_px)
    lying = runs[:, :, middle - half : middle + half + 1].any(axis=2)
    found = []
    for k in np.flatnonzero(np.asarray(lying).any(axis=1)).tolist():
        dash = _dash(digits[k], runs[k], inked[k], ends[k], height_px)
        if dash is not None:
            found.append(dash)
    edges = edges_of(digit.piece.bbox for digit in digits)
    return [dash for dash in found if not _is_written(dash, digits, edges)]


def _strips(
    digits: Sequence[Reading], height_px: float, darkness: Image
) -> tuple[list[tuple[int, int]], NDArray[np.bool_], NDArray[np.bool_]]:
    """The page about the lower edges of digits: where each strip begins, and its thin runs and its ink, (n, h, w)."""
    side, above, below = (round(share * height_px) for share in (SIDE, ABOVE, BELOW))
    boxes = [digit.piece.bbox for digit in digits]
    ends = [(round(box.center[0]) - side, box.bottom - above) for box in boxes]
    left, top = np.array(ends).T
    inked = _inked(darkness, top[:, None] + np.arange(above + below), left[:, None] + np.arange(2 * side + 1), 4)
    mask = as_mask(inked).reshape(-1, inked.shape[2])
    runs = opened(mask, max(8, round(MIN_RUN * height_px)), 1)
    runs &= ~opened(runs, 1, max(2, round(MAX_THICKNESS * height_px)) + 1)
    return ends, runs.reshape(inked.shape) > 0, inked


def _inked(darkness: Image, rows: NDArray[np.int_], columns: NDArray[np.int_], every: int) -> NDArray[np.bool_]:
    """Where the page is darker than the paper there: of each of n digits so many rows and columns, (n, h, w).

    Rows (n, h) and columns (n, w) may lie beyond the page; the paper is told by each fourth row, and each such column.
    """
    height, width = darkness.shape
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    values = darkness[rows[:, :, None], columns[:, None, :]]
    paper = np.median(values[:, ::4, ::every], axis=(1, 2))
    return np.asarray(values >= paper[:, None, None] + MIN_CONTRAST)


def _dash(
    digit: Reading, runs: NDArray[np.bool_], inked: NDArray[np.bool_], corner: tuple[int, int], height_px: float
) -> Dash | None:
    """The dash in a strip, (height, width), whose upper left corner is at (x, y) of the page; None where there is none.

    What reaches beyond the strip is a longer line.
    """
    middle = inked.shape[1] // 2
    about = round(0.5 * LENGTH[1] * height_px)
    counts = runs[:, max(0, middle - about) : middle + about + 1].sum(axis=1)
    row = len(counts) - 1 - int(counts[::-1].argmax())
    near = slice(max(0, row - REACH_PX), row + REACH_PX + 1)
    starts, ends = stretches(np.asarray(inked[near].any(axis=0)))
    holding = np.flatnonzero((starts <= middle) & (middle < ends))
    if not holding.size:
        return None
    start, end = int(starts[holding[0]]), int(ends[holding[0]])
    length = end - start
    if start == 0 or end == inked.shape[1] or not LENGTH[0] * height_px <= length <= LENGTH[1] * height_px:
        return None
    thin = runs[:, start:end]
    if thin[near].any(axis=0).sum() < MIN_THIN * length:
        return None
    tops, bottoms = stretches(np.asarray(thin.sum(axis=1) >= 0.5 * counts[row]))
    own = np.flatnonzero((tops <= row) & (row < bottoms))
    if not own.size:
        return None
    top, bottom = int(tops[own[0]]), int(bottoms[own[0]])
    lowest = bottom + REACH_PX + 1
    under = inked[lowest : lowest + round(CLEAR * height_px), start:end].any(axis=0)
    if bottom - top > MAX_THICKNESS * height_px + 1 or under.mean() > MAX_UNDER:
        return None
    x, y = corner
    place = y + (top + bottom - 1) // 2
    free = _own(digit, x + start, x + end, place) <= MAX_OWN * length
    return Dash(digit, x + start, x + end, place, bottom - top, free)


def _is_written(dash: Dash, digits: Sequence[Reading], edges: NDArray[np.float64]) -> bool:
    """Whether a dash is a stroke of another digit than the one it stands below."""
    left, top, right, bottom = edges.T
    about = (top <= dash.row) & (dash.row < bottom) & (left < dash.end) & (dash.start < right)
    others = [digits[k] for k in np.flatnonzero(about).tolist()]
    return any(
        digit is not dash.digit and _own(digit, dash.start, dash.end, dash.row) > MAX_OWN * dash.length
        for digit in others
    )


def _own(digit: Reading, start: int, end: int, row: int) -> int:
    """In how many columns of a dash the digit's own ink is."""
    box = digit.piece.bbox
    rows = slice(max(0, row - REACH_PX - box.y), max(0, row + REACH_PX + 1 - box.y))
    columns = slice(max(0, start - box.x), max(0, end - box.x))
    return int(np.count_nonzero(digit.piece.mask[rows, columns].any(axis=0)))


def dash_near(place: BoundingBox, gap_px: int, darkness: Image) -> BoundingBox | None:
    """Returns the dash at a place, or so near to it as dashes of a row are out of line; None where there is none.

    Args:
        place: around where it must be.
        gap_px: between dashes.
        darkness: uint8 page.
    """
    top, bottom = place.y - NEAR_PX, place.bottom + NEAR_PX
    left, right = place.x - gap_px, place.right + gap_px
    if left < 0 or top < 0 or right > darkness.shape[1] or bottom > darkness.shape[0]:
        return None
    paper = np.median(darkness[max(0, top - place.width) : bottom, left:right])
    inked = darkness[top:bottom, left:right] >= paper + MIN_CONTRAST
    along = inked[:, gap_px:-gap_px].mean(axis=1)
    rows = np.flatnonzero(along >= max(MIN_ALONG, float(along.max())))
    if not rows.size:
        return None
    row = int(rows[rows.size // 2])
    if min(inked[row, :gap_px].mean(), inked[row, -gap_px:].mean()) > MAX_BESIDE:
        return None
    starts, ends = stretches(inked[row])
    k = int(np.searchsorted(starts, inked.shape[1] // 2, "right")) - 1
    start, end = (int(sides[k]) + left for sides in (starts, ends))
    whole = abs(start - place.x) <= NEAR_PX and abs(end - place.right) <= NEAR_PX
    x = (start + end - place.width) // 2 if whole else place.x
    return BoundingBox(x, top + row - place.height // 2, place.width, place.height)
