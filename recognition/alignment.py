"""Doubts numbers that may be two of neighboring columns, which other rows keep apart.

Columns without rules between them are seen by the edges at which their numbers begin or end. Where two numbers of a row
stand so close that the gaps alone make one of them, no digit of it looks doubtful.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recognition.neighbors import edges_of
from recognition.params import AlignmentParams
from recognition.reading import Reading


def may_span_columns(numbers: Sequence[Sequence[Reading]], params: AlignmentParams) -> list[bool]:
    """Tells of each number whether one column of the page may end, and another begin, within it.

    That is where a gap in it is wider than most within numbers, and the digit behind it begins where other numbers do,
    or the one before it ends where others end.

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
    starts = np.array([one[0, 0] for one in boxes])
    ends = np.array([one[-1, 2] for one in boxes])
    result = []
    for one, between in zip(boxes, gaps, strict=True):
        begin = (np.abs(starts - one[1:, :1]) <= params.reach * height).sum(axis=1)
        end = (np.abs(ends - one[:-1, 2:3]) <= params.reach * height).sum(axis=1)
        wide = between - usual >= params.wider * height
        result.append(bool((wide & (np.maximum(begin, end) >= params.min_count)).any()))
    return result
