"""Leaves out ticks, which look like ones, fours and fives to networks that know digits alone.

A tick has two arms: a short one down to the right, and a long one from there up to the right. No digit is written so:
below or above nearly every point of a digit's strokes there is another of them, or its long arm comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.components import Component
from recognition.marks import has_size, without_marks
from recognition.params import TickParams
from recognition.reading import Reading


def without_ticks(readings: Sequence[Reading], height_px: float, params: TickParams) -> list[Reading]:
    """Returns the readings without those of ticks; what surely is a digit all the same stays, and goes to review.

    Lower ones stay, too: the foot of a broken digit may have a tick's form.

    Args:
        readings: of all pieces, before any are put together or cut apart.
        height_px: of the writing, from `reading.writing_height`.
        params: see there.
    """
    return without_marks(readings, height_px, lambda piece: is_tick(piece, params), params)


def is_tick(piece: Component, params: TickParams) -> bool:
    """Whether a piece of ink is a tick.

    Args:
        piece: of ink.
        params: see there.
    """
    if not has_size(piece, params):
        return False
    mask = piece.mask
    height, width = mask.shape
    corner, end = _middle(mask[-1]), _middle(mask[0])
    if corner > params.max_corner * width or end < params.min_end * width:
        return False
    ink = mask > 0
    tops, lasts = ink.argmax(axis=0), height - 1 - ink[::-1].argmax(axis=0)
    if np.mean(np.count_nonzero(ink, axis=0) == lasts - tops + 1) < params.min_single:
        return False
    if height - 1 - lasts[tops.argmax()] > params.max_foot * height:
        return False
    return _has_short_arm(tops, height, params) and _has_long_arm(ink[: tops.max()], corner, height, params)


def _middle(row: NDArray[np.uint8]) -> float:
    """The middle of the ink of a row of pixels."""
    return float(np.flatnonzero(row).mean())


def _has_short_arm(tops: NDArray[np.intp], height: int, params: TickParams) -> bool:
    """Whether the upper outline goes down from the left to a notch before the long arm, `tops` being its rows."""
    left = tops[: int(tops.argmax()) + 1]
    start = int(left.argmin())
    length, notch = (height - int(left[start])) / height, int(left[-1] - left[start]) / height
    in_time = start <= params.max_start * (len(left) - 1)
    return in_time and params.min_arm <= length <= params.max_arm and notch >= params.min_notch


def _has_long_arm(ink: NDArray[np.bool_], corner: float, height: int, params: TickParams) -> bool:
    """Whether the rightmost ink of the rows above the notch makes a line, hardly bent, that leans to the right."""
    width = ink.shape[1]
    rows = np.arange(int(0.05 * height), len(ink))
    if len(rows) < params.min_rows * height:
        return False
    reversed_ink = ink[rows, ::-1]
    first = reversed_ink.argmax(axis=1)
    bare = ~reversed_ink & (np.arange(width)[None] >= first[:, None])
    last = np.where(bare.any(axis=1), bare.argmax(axis=1), width)
    if not reversed_ink.any(axis=1).all() or (first > width - corner / 2).any():
        return False
    middles = width - 1 - (first + last - 1) / 2
    lean = -np.polyfit(rows, middles, 1)[0]
    waver = float(np.abs(middles - np.polyval(np.polyfit(rows, middles, 2), rows)).max()) / height
    return bool(params.min_lean <= lean <= params.max_lean and waver <= params.max_waver)
