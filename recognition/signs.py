"""Parts numbers at decimal points, commas, colons and dashes, and doubts those with a dash before them.

Such signs are too small for pieces of writing, and dust is as small; but dust seldom lies between two digits, alone,
and as dark as they are. Where it does so once on a page, nobody can tell, and a person should look; where it does so in
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
from recognition.components import Component, connected, make_component
from recognition.layout import Line
from recognition.neighbors import edges_of
from recognition.params import SignParams
from recognition.reading import Reading
from recognition.types import BoundingBox

MIN_DOTTED = 5
"""So many dots alike, at one height about two digits, are a dotted line to write on, and none of them is a sign."""


@dataclass(frozen=True, slots=True)
class Parted:
    """Lines of numbers after signs were looked for.

    Attributes:
        lines: parted at signs.
        doubtful: the identities, as `id` gives them, of a digit of each number in which there may be a sign; where most
            long numbers have one, of each without.
        signs: around those that part numbers, so that nothing in them is unread.
    """

    lines: list[Line]
    doubtful: set[int]
    signs: list[BoundingBox]


def part_at_signs(lines: Sequence[Line], darkness: Image, params: SignParams) -> Parted:
    """Parts the numbers of a page at the signs in them, where the page has several.

    Args:
        lines: from top to bottom.
        darkness: uint8 page, as in `binarize.Ink`.
        params: see there.
    """
    parts = [[_parts(number, darkness, params) for number in line] for line in lines]
    between = [sign for line in lines for sign in _between(line, darkness, params)]
    parting = [sign for sign in between if not _belongs_to_next(sign, darkness, params)]
    signed = [number for line in parts for number in line if number.signs]
    several = sum(len(number) > 1 for line in lines for number in line)
    # A sign between two numbers is as good as one that parts them: it is the same sign in a wider gap.
    if len(signed) + len(between) < max(params.min_count, params.min_share * (several + len(between))):
        return Parted(list(lines), {id(number.parts[0][0]) for number in signed}, parting)
    # Where signs are how numbers are written, one may also be taken for a part of the digit that it stands close to.
    parts = [
        [number if number.signs else _parts(number.parts[0], darkness, params, bodies=True) for number in line]
        for line in parts
    ]
    every = [number for line in parts for number in line]
    with_sign = sum(len(number.signs) for number in every) + len(between)
    bare = [number for number in every if not number.signs and len(number.parts[0]) >= params.long]
    few = with_sign >= params.usual and len(bare) <= params.max_bare * (len(bare) + with_sign)
    odd = {id(number.parts[0][0]) for number in bare} if few else set()
    within = [sign for number in every for sign in number.signs]
    return Parted([[part for number in line for part in number.parts] for line in parts], odd, within + parting)


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    parts: Line
    signs: list[BoundingBox]


def _parts(number: Sequence[Reading], darkness: Image, params: SignParams, *, bodies: bool = False) -> _Parts:
    """A number parted at its signs; with `bodies` crumbs of its digits may be signs, too."""
    height = median(digit.piece.bbox.height for digit in number)
    pieces = [_body(digit.piece, darkness) if bodies else digit.piece for digit in number]
    found = _Parts([[number[0]]], [])
    for (left, right), digit in zip(pairwise(pieces), number[1:], strict=True):
        sign = find_sign(left, right, height, darkness, params)
        if sign is not None:
            found.parts.append([])
            found.signs.append(sign)
        found.parts[-1].append(digit)
    return found


def _body(piece: Component, darkness: Image) -> Component:
    """The largest connected part of a piece."""
    x, y = piece.bbox.x, piece.bbox.y
    parts = [make_component(mask, x + box.x, y + box.y, darkness) for box, mask in connected(piece.mask, 1)]
    return max((part for part in parts if part is not None), key=lambda part: part.area_px, default=piece)


def _between(line: Line, darkness: Image, params: SignParams) -> list[BoundingBox]:
    """The signs between the numbers of a line."""
    signs = []
    for number, following in pairwise(line):
        left, right = number[-1].piece, following[0].piece
        height = (left.bbox.height + right.bbox.height) / 2
        if right.bbox.x - left.bbox.right <= params.max_gap * height:
            signs.append(find_sign(left, right, height, darkness, params))
    return [sign for sign in signs if sign is not None]


def _belongs_to_next(gap: BoundingBox, darkness: Image, params: SignParams) -> bool:
    """Whether the sign in a gap between two numbers is a dash far nearer to the second: a minus, and no separator."""
    part = darkness[gap.y : gap.bottom, gap.x : gap.right]
    x, _, width, height = cv2.boundingRect(as_mask(part > params.min_darkness * float(part.max())))
    return height <= width / 2 and gap.width - x - width <= params.max_lean * x


def find_sign(
    left: Component, right: Component, height_px: float, darkness: Image, params: SignParams
) -> BoundingBox | None:
    """Returns the sign that stands in the gap between two digits, and nothing else with it.

    Args:
        left: a digit.
        right: the next one.
        height_px: of the number's digits.
        darkness: uint8 page.
        params: see there.
    """
    gap = right.bbox.x - left.bbox.right
    if gap < max(3, params.min_gap * height_px):
        return None
    top = min(left.bbox.y, right.bbox.y)
    bottom = max(left.bbox.bottom, right.bbox.bottom) + round(params.below * height_px)
    # With a column of each digit, in which ink is that goes on from the gap into the digit.
    part = darkness[top:bottom, left.bbox.right - 1 : right.bbox.x + 1]
    inked = as_mask(part > params.min_darkness * min(left.darkness, right.darkness))
    if not inked[:, 1:-1].any():
        return None
    _, _, stats, middles = cv2.connectedComponentsWithStats(inked, connectivity=8)
    spots = [_Spot(*row, *middle) for row, middle in zip(stats[1:].tolist(), middles[1:].tolist(), strict=True)]
    smallest = max(2.0, params.min_side * height_px)
    below = min(left.bbox.bottom, right.bbox.bottom) - top
    seen = [
        spot
        for spot in spots
        if max(spot.width, spot.height) >= smallest and not (spot.within_digit(gap) or spot.runs_below(gap, below))
    ]
    if not seen or any(spot.reaches_digit(gap) for spot in seen):
        return None
    lower = max(spot.middle_y for spot in seen)
    depth = (top + lower - (left.bbox.y + right.bbox.y) / 2) / min(left.bbox.height, right.bbox.height)
    if depth < params.min_depth or not _is_sign(seen, depth, height_px, params):
        return None
    if len(seen) == 1 and _is_dotted(seen[0].on_page(left.bbox.right - 1, top), left, right, darkness, params):
        return None
    return BoundingBox(left.bbox.right, top, gap, bottom - top)


def _is_dotted(dot: BoundingBox, left: Component, right: Component, darkness: Image, params: SignParams) -> bool:
    """Whether a dot between two digits is one of a dotted line, which goes on beside and below them."""
    y = max(0, dot.y - dot.height)
    beside = slice(max(0, left.bbox.x - left.bbox.height), right.bbox.right + right.bbox.height)
    strip = darkness[y : dot.bottom + dot.height, beside]
    inked = as_mask(strip > params.min_darkness * min(left.darkness, right.darkness))
    _, _, stats, _ = cv2.connectedComponentsWithStats(inked, connectivity=8)
    width, height = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    alike = (np.abs(width - dot.width) <= 0.5 * dot.width) & (np.abs(height - dot.height) <= 0.5 * dot.height)
    return int(np.count_nonzero(alike)) >= MIN_DOTTED


def may_be_negative(
    numbers: Sequence[Sequence[Reading]], unread: Sequence[Component], params: SignParams
) -> list[bool]:
    """Tells of each number whether a dash stands before it: without its sign it would look right and be wrong.

    Args:
        numbers: each of at least one digit, from left to right.
        unread: what else stands on the page.
        params: see there.
    """
    dashes = [piece for piece in unread if piece.bbox.height <= piece.bbox.width / 2]
    if not dashes:
        return [False] * len(numbers)
    left, top, right, bottom = edges_of(piece.bbox for piece in dashes).T
    darkness = np.array([piece.darkness for piece in dashes])
    result = []
    for digits in numbers:
        first = digits[0].piece.bbox
        height = median(digit.piece.bbox.height for digit in digits)
        gap = first.x - right
        depth = ((top + bottom) / 2 - first.y) / first.height
        near = (gap >= 0) & (gap <= params.max_sign_gap * height)
        long = (params.min_dash * height <= right - left) & (right - left <= params.max_dash * height)
        flat = (bottom - top <= params.max_thickness * height) & (params.min_depth <= depth)
        dark = darkness >= params.min_darkness * digits[0].piece.darkness
        result.append(bool((near & long & flat & dark & (depth <= params.max_dash_depth)).any()))
    return result


@dataclass(frozen=True, slots=True)
class _Spot:
    """A connected piece of ink in a gap and the columns of digits at its two sides."""

    x: int
    y: int
    width: int
    height: int
    area: int
    middle_x: float
    middle_y: float

    def on_page(self, x: int, y: int) -> BoundingBox:
        """Around it, where the columns and rows begin there."""
        return BoundingBox(x + self.x, y + self.y, self.width, self.height)

    def reaches_digit(self, gap: int) -> bool:
        """Whether it has ink in a digit's column, beside a gap of so many."""
        return self.x == 0 or self.x + self.width == gap + 2

    def runs_below(self, gap: int, row: int) -> bool:
        """Whether it runs all along below a row, as a rule or the lower side of a box does."""
        return self.y >= row and self.width == gap + 2

    def within_digit(self, gap: int) -> bool:
        """Whether it has ink in a digit's column only."""
        return self.reaches_digit(gap) and self.width == 1


def _is_sign(spots: Sequence[_Spot], depth: float, height_px: float, params: SignParams) -> bool:
    filled = all(spot.area >= params.min_fill * spot.width * spot.height for spot in spots)
    flat = any(spot.height <= spot.width / 2 for spot in spots)
    small = not flat and all(max(spot.width, spot.height) <= params.max_side * height_px for spot in spots)
    match spots:
        case [spot]:
            thin = flat and spot.height <= params.max_thickness * height_px
            dash = thin and spot.width <= params.max_dash * height_px and depth <= params.max_dash_depth
            return filled and (small or dash)
        case [one, other]:
            stacked = abs(one.middle_x - other.middle_x) <= params.max_side * height_px / 2
            return filled and small and stacked and abs(one.middle_y - other.middle_y) >= params.min_gap * height_px
    return False
