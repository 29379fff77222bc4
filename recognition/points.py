"""Parts numbers at decimal points and commas.

A point is too small for a piece of writing, and dust is as small; but dust seldom lies between two digits, alone, and
as dark as they are. Where it does so once on a page, nobody can tell, and a person should look; where it does so in
many numbers, it is how they are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import cv2
import numpy as np

from recognition.arrays import Image, as_mask
from recognition.components import Component
from recognition.layout import Line
from recognition.params import PointParams
from recognition.reading import Reading


@dataclass(frozen=True, slots=True)
class Parted:
    """Lines of numbers after points were looked for.

    Attributes:
        lines: parted at points.
        doubtful: the identities, as `id` gives them, of the first digits of numbers in which there may be a point.
    """

    lines: list[Line]
    doubtful: set[int]


def part_at_points(lines: Sequence[Line], darkness: Image, params: PointParams) -> Parted:
    """Parts the numbers of a page at their points, where the page has several.

    Args:
        lines: from top to bottom.
        darkness: uint8 page, as in `binarize.Shading`.
        params: see there.
    """
    parts = [[_parts(number, darkness, params) for number in line] for line in lines]
    several = sum(len(number) > 1 for line in lines for number in line)
    pointed = [number for line in parts for number in line if len(number) > 1]
    if len(pointed) >= max(params.min_count, params.min_share * several):
        return Parted([[part for number in line for part in number] for line in parts], set())
    return Parted(list(lines), {id(number[0][0]) for number in pointed})


def _parts(number: Sequence[Reading], darkness: Image, params: PointParams) -> Line:
    height = median(digit.piece.bbox.height for digit in number)
    parts = [[number[0]]]
    for last, digit in pairwise(number):
        if has_point(last.piece, digit.piece, height, darkness, params):
            parts.append([])
        parts[-1].append(digit)
    return parts


def has_point(left: Component, right: Component, height_px: float, darkness: Image, params: PointParams) -> bool:
    """Tells whether a point or a comma stands in the gap between two digits, and nothing else.

    Args:
        left: a digit.
        right: the next one.
        height_px: of the number's digits.
        darkness: uint8 page.
        params: see there.
    """
    gap = right.bbox.x - left.bbox.right
    if gap < max(3, params.min_gap * height_px):
        return False
    top = min(left.bbox.y, right.bbox.y)
    bottom = max(left.bbox.bottom, right.bbox.bottom) + round(params.below * height_px)
    # With a column of each digit, in which ink is that goes on from the gap into the digit.
    part = darkness[top:bottom, left.bbox.right - 1 : right.bbox.x + 1]
    inked = as_mask(part > params.min_darkness * min(left.darkness, right.darkness))
    if not inked[:, 1:-1].any():
        return False
    _, _, stats, middles = cv2.connectedComponentsWithStats(inked, connectivity=8)
    x, _, width, height, area = stats[1:].T
    of_digits = (x == 0) | (x + width == gap + 2)
    side = np.maximum(width, height)
    (seen,) = np.nonzero((side >= max(2.0, params.min_side * height_px)) & ~(of_digits & (width == 1)))
    if len(seen) != 1 or of_digits[seen[0]]:
        return False
    k = int(seen[0])
    depth = top + middles[1 + k][1] - (left.bbox.y + right.bbox.y) / 2
    return bool(
        side[k] <= params.max_side * height_px
        and area[k] >= params.min_fill * width[k] * height[k]
        and depth >= params.min_depth * min(left.bbox.height, right.bbox.height)
    )
