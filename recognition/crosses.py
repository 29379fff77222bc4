"""Leaves out crosses, as they stand beside what is wrong: two straight strokes that meet in the middle alone.

The four ends of a cross are open, where an 8 is closed above and below.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.components import Component
from recognition.marks import has_size, without_marks
from recognition.params import CrossParams
from recognition.reading import Reading

_RIM = 0.1
"""So far from its edges, as a share of its sides, there is no ink in the middle of any side of a cross."""


def without_crosses(readings: Sequence[Reading], height_px: float, params: CrossParams) -> list[Reading]:
    """Returns the readings without those of crosses; what may be a digit all the same stays, and goes to review.

    Args:
        readings: of whole digits and what was left of the page; an x in a word is a letter, and was of use until then.
        height_px: of the writing, from `reading.writing_height`.
        params: see there.
    """
    return without_marks(readings, height_px, lambda piece: is_cross(piece, params), params)


def is_cross(piece: Component, params: CrossParams) -> bool:
    """Whether a piece of ink is a cross.

    Args:
        piece: of ink.
        params: see there.
    """
    if not has_size(piece, params) or _has_ink_at_a_side(piece.mask):
        return False
    height = piece.mask.shape[0]
    ink = piece.mask > 0
    starts = ink.copy()
    starts[:, 1:] &= ~ink[:, :-1]
    counts = np.count_nonzero(starts, axis=1)
    arms = np.flatnonzero(counts == 2)
    gaps = np.flatnonzero(np.diff(arms) > 1)
    if counts.min() == 0 or counts.max() > 2 or gaps.size != 1:
        return False
    upper, lower = arms[: gaps[0] + 1], arms[gaps[0] + 1 :]
    if min(len(upper), len(lower)) < params.min_arms * height or lower[0] - upper[-1] > params.max_waist * height:
        return False
    if max(upper[0], height - 1 - lower[-1]) > params.max_end * height:
        return False
    inked = np.count_nonzero(ink, axis=1)
    ends = np.concatenate([inked[: upper[0]], inked[lower[-1] + 1 :]])
    if ends.size and ends.max() > params.max_end_width * np.median(inked[arms]) / 2 + 1:
        return False
    return _crosses(*_middles(ink, starts, arms), arms, len(upper), params)


def _has_ink_at_a_side(mask: NDArray[np.uint8]) -> bool:
    height, width = mask.shape
    down, across = int(_RIM * height), int(_RIM * width)
    column, row = mask[:, width // 2], mask[height // 2]
    return bool(column[down] or column[-1 - down] or row[across] or row[-1 - across])


def _middles(
    ink: NDArray[np.bool_], starts: NDArray[np.bool_], rows: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The middles of the left and of the right stroke in rows that have two."""
    stops = ink[rows].copy()
    stops[:, :-1] &= ~ink[rows, 1:]
    first, last = (np.nonzero(edges)[1].reshape(-1, 2) for edges in (starts[rows], stops))
    left, right = ((first + last) / 2).T
    return left, right


def _crosses(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    rows: NDArray[np.intp],
    count: int,
    params: CrossParams,
) -> bool:
    """Whether what is left in the first `count` rows goes on straight at the right below them, and the other way."""
    apart = right - left
    for part, end in ((apart[:count], apart[:2]), (apart[count:], apart[-2:])):
        if end.max() < params.min_open * part.max():
            return False
    height = rows[-1] - rows[0] + 1
    for above, below, side in ((left, right, 1), (right, left, -1)):
        stroke = np.concatenate([above[:count], below[count:]])
        slope, offset = np.polyfit(rows, stroke, 1)
        if side * slope < params.min_lean or np.abs(stroke - slope * rows - offset).max() > params.max_waver * height:
            return False
    return True
