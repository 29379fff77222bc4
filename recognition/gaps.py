"""Tells from the gaps on a page how far apart the digits of one number may be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from recognition.params import LayoutParams
from recognition.types import BoundingBox

APART = -1.0
"""A limit that no gap keeps: every digit is a number."""
MIN_GRID_LINES, MIN_GRID_COLUMNS = 3, 5


def number_gap(lines: Sequence[Sequence[BoundingBox]], params: LayoutParams) -> float:
    """Returns how far apart the digits of one number may be on this page, in digit heights.

    Where the gaps fall into two groups, narrow ones within numbers and far wider ones between them, it is the middle of
    the widest step from one to the other. Where they are all of one kind, either all digits of a line are a number, or
    every digit is one; which of the two, the typical gap tells, and sooner where the digits stand in a grid.

    Args:
        lines: the digits' boxes, from left to right.
        params: see there.

    Returns:
        `APART` for digits that stand for themselves; `params.max_gap` for a page without gaps.
    """
    gaps = np.sort([gap for line in lines for gap in gaps_of(line)])
    if gaps.size == 0:
        return params.max_gap
    step = _widest_step(gaps, params)
    if step is not None:
        return step
    typical = float(np.median(gaps))
    loose = typical > (params.max_grid_gap if is_grid(lines, params) else params.max_typical_gap)
    if not loose:
        widest = 1.5 * typical + 0.1  # of a loose hand; where many gaps are wider, they are no one hand's
        return max(params.max_gap, widest) if np.mean(gaps <= widest) >= 0.9 else params.max_gap
    # Some narrow gaps among the wide are numbers that stand among lone digits.
    return APART if np.percentile(gaps, 25) > params.tight_gap else params.max_gap


def may_be_apart(lines: Sequence[Sequence[BoundingBox]], params: LayoutParams) -> bool:
    """Tells whether digits that are taken for one number each line might as well be numbers each.

    That is where the gaps are all of one kind and nearly as wide as between digits that stand for themselves.

    Args:
        lines: as for `number_gap`.
        params: see there.
    """
    gaps = np.sort([gap for line in lines for gap in gaps_of(line)])
    if gaps.size == 0 or _widest_step(gaps, params) is not None or np.median(gaps) <= params.max_sure_gap:
        return False
    return number_gap(lines, params) > params.max_gap


def gaps_of(line: Sequence[BoundingBox]) -> list[float]:
    """Returns the gaps between the digits of a line, in heights of the digits about each."""
    heights = [box.height for box in line]
    return [
        (box.x - last.right) / median(heights[max(0, k - 2) : k + 4]) for k, (last, box) in enumerate(pairwise(line))
    ]


def _widest_step(gaps: NDArray[np.float64], params: LayoutParams) -> float | None:
    """The middle of the widest step from gaps within numbers to gaps between them; None where all are of one kind."""
    clipped = np.clip(gaps, 0.0, params.clear_gap + params.min_step)
    steps = np.diff(clipped)
    best, widest = None, params.min_step
    for k in np.flatnonzero(steps >= params.min_step):
        middle = float(clipped[k] + steps[k] / 2)
        narrow, wide = np.median(gaps[: k + 1]), np.median(gaps[k + 1 :])
        telling = params.tight_gap <= middle <= params.clear_gap and narrow <= params.max_gap_ratio * wide
        if telling and steps[k] >= widest:
            best, widest = middle, float(steps[k])
    return best


def is_grid(lines: Sequence[Sequence[BoundingBox]], params: LayoutParams) -> bool:
    """Tells whether digits stand in rows of about the same count, about as far apart across as down.

    What is nearer to its neighbor in the line than to the next line is seen as one thing (Wertheimer's law of
    proximity, 1923); in a grid it is not.

    Args:
        lines: the digits' boxes, from left to right, the lines from top to bottom.
        params: see there.
    """
    rows = [line for line in lines if len(line) >= MIN_GRID_COLUMNS]
    if len(rows) < max(MIN_GRID_LINES, 0.7 * len(lines)):
        return False
    counts = np.array([len(row) for row in rows])
    even = float(np.mean(np.abs(counts - np.median(counts)) <= 1))
    across = np.median([b.center[0] - a.center[0] for row in rows for a, b in pairwise(row)])
    levels = np.sort([np.median([box.center[1] for box in row]) for row in rows])
    return even >= 0.7 and float(np.median(np.diff(levels))) <= params.max_grid_aspect * across
