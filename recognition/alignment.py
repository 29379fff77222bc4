"""Doubts numbers that may be two of neighboring columns, which other rows keep apart.

Columns without rules between them are seen by the edges at which their numbers begin or end. Where two numbers of a row
stand so close that the gaps alone make one of them, no digit of it looks doubtful.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.neighbors import edges_of
from recognition.params import AlignmentParams
from recognition.reading import Reading

Edges = NDArray[np.float64]
"""Left, upper, right and lower sides (n, 4) of boxes, in pixels."""


def may_span_columns(numbers: Sequence[Sequence[Reading]], params: AlignmentParams) -> list[bool]:
    """Tells of each number whether one column of the page may end, and another begin, within it.

    That is where a gap in it is wider than most within numbers, and the digit behind it begins where other numbers do,
    or the one before it ends where others end. Where two numbers each stand in most of the rows that have one where
    this begins, or ends, one before the gap and one behind it, the gap may be as narrow as any.

    Args:
        numbers: each of at least one digit, from left to right.
        params: see there.
    """
    if not numbers:
        return []
    boxes = [edges_of(digit.piece.bbox for digit in digits) for digits in numbers]
    height = float(np.median(np.concatenate([one[:, 3] - one[:, 1] for one in boxes])))
    gaps = [one[1:, 0] - one[:-1, 2] for one in boxes]
    within = np.concatenate(gaps)
    usual = float(np.median(within)) if within.size else 0.0
    whole = np.array([[*one[0, :2], *one[-1, 2:]] for one in boxes], np.float64)
    reach = params.reach * height
    result = []
    for own, (one, between) in enumerate(zip(boxes, gaps, strict=True)):
        begin = (np.abs(whole[:, 0] - one[1:, :1]) <= reach).sum(axis=1)
        end = (np.abs(whole[:, 2] - one[:-1, 2:3]) <= reach).sum(axis=1)
        wide = between - usual >= params.wider * height
        aligned = bool((wide & (np.maximum(begin, end) >= params.min_count)).any())
        edges = [(0, one[k + 1, 0]) for k in _often(begin, params)] + [(2, one[k, 2]) for k in _often(end, params)]
        result.append(aligned or any(_parted_elsewhere(whole, own, *edge, height, params) for edge in edges))
    return result


def _often(counts: NDArray[np.int_], params: AlignmentParams) -> list[int]:
    """The gaps of a number beside which so many numbers begin or end that other rows may be parted there."""
    return [int(k) for k in np.flatnonzero(counts >= params.min_rows)]


def _parted_elsewhere(whole: Edges, own: int, side: int, at: float, height: float, params: AlignmentParams) -> bool:
    """Whether most rows with a number whose side is in line with this one's have another whose side is at `at`."""
    sides, reach = whole[:, side], params.reach * height
    others = np.arange(len(whole)) != own
    rows = whole[others & (np.abs(sides - whole[own, side]) <= reach)]
    beside = whole[others & (np.abs(sides - at) <= reach)]
    levels, beside_levels = ((edges[:, 1] + edges[:, 3]) / 2 for edges in (rows, beside))
    parted = (np.abs(levels[:, None] - beside_levels[None]) <= 0.5 * height).any(axis=1)
    count = int(np.count_nonzero(parted))
    return count >= params.min_rows and count >= params.min_share * len(rows)
