"""Doubts numbers through which a line runs from end to end: somebody struck them out.

Cut at the line, the digits of such a number are read as if nothing were wrong with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, dilated
from recognition.params import StruckParams
from recognition.reading import Reading
from recognition.types import BoundingBox


def may_be_struck_out(numbers: Sequence[Sequence[Reading]], darkness: Image, params: StruckParams) -> list[bool]:
    """Tells of each number whether a line runs through its digits, about level and without a gap.

    The bar of a lone 4 or 7 is such a line, too; so numbers of one digit are never doubted.

    Args:
        numbers: each of at least one digit, from left to right.
        darkness: uint8 page.
        params: see there.
    """
    return [len(digits) > 1 and _has_line_through(digits, darkness, params) for digits in numbers]


def _has_line_through(digits: Sequence[Reading], darkness: Image, params: StruckParams) -> bool:
    box = BoundingBox.around(digit.piece.bbox for digit in digits)
    height = median(digit.piece.bbox.height for digit in digits)
    limit = params.min_darkness * median(digit.piece.darkness for digit in digits)
    if not all(_is_inked(one.piece.bbox, other.piece.bbox, darkness, limit) for one, other in pairwise(digits)):
        return False
    ink = np.where(darkness[box.y : box.bottom, box.x : box.right] >= limit, np.uint8(255), np.uint8(0))
    covered = dilated(ink, 1, max(1, round(params.waver * height)) | 1) > 0
    return max(_coverage(covered, slope, params) for slope in np.linspace(-params.max_slope, params.max_slope, 9)) >= (
        params.min_coverage
    )


def _is_inked(left: BoundingBox, right: BoundingBox, darkness: Image, limit: float) -> bool:
    """Whether there is ink in the middle of the gap between two digits, or no gap; with none, no line runs on."""
    column = (left.right + right.x) // 2
    top, bottom = min(left.y, right.y), max(left.bottom, right.bottom)
    return right.x <= left.right or bool(darkness[top:bottom, column].max() >= limit)


def _coverage(covered: NDArray[np.bool_], slope: float, params: StruckParams) -> float:
    """The greatest share of the columns in which there is ink on one line of this slope."""
    height, width = covered.shape
    columns = np.arange(width)
    first, last = round(params.outside * height), round((1 - params.outside) * height)
    rows = np.arange(first, max(first + 1, last))[:, None] + np.rint(slope * (columns - width / 2)).astype(int)
    return float(covered[np.clip(rows, 0, height - 1), columns].mean(axis=1).max())
