"""Doubts numbers that stand upon each other, or so close that the digits of both may be parts of one.

The halves of a broken digit are read as digits of their own now and then, such as a long leaning 1 as two short ones:
the one makes a number with what stands beside it, the other is a number for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from recognition.neighbors import edges_of, overlapping
from recognition.params import CrowdParams
from recognition.reading import Reading


def may_share_digits(numbers: Sequence[Sequence[Reading]], params: CrowdParams) -> list[bool]:
    """Tells of each number whether one of its digits may be a part of what was read in another number.

    Args:
        numbers: of a page, each of at least one digit.
        params: see there.
    """
    result = [False] * len(numbers)
    digits = [digit.piece.bbox for number in numbers for digit in number]
    if not digits:
        return result
    number_of = np.repeat(np.arange(len(numbers)), [len(number) for number in numbers])
    starts, ends = np.hsplit(edges_of(digits), 2)
    sizes = ends - starts
    page_height = float(np.median(sizes[:, 1]))
    heights = np.array([max(page_height, median(digit.piece.bbox.height for digit in number)) for number in numbers])
    for first, second in overlapping(starts[:, 0], ends[:, 0] + params.reach * heights.max()):
        of_two = number_of[first] != number_of[second]
        one, other = first[of_two], second[of_two]
        shared = np.minimum(ends[one], ends[other]) - np.maximum(starts[one], starts[other])
        upon = (shared >= params.overlap * np.minimum(sizes[one], sizes[other])).all(axis=1)
        height = np.maximum(heights[number_of[one]], heights[number_of[other]])
        low = np.minimum(sizes[one, 1], sizes[other, 1]) < params.low * height
        close = shared.min(axis=1) >= -params.reach * height
        for k in np.flatnonzero(upon | (low & close)).tolist():
            result[int(number_of[one[k]])] = result[int(number_of[other[k]])] = True
    return result
