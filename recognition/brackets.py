"""Takes off numbers the brackets about them, which look like 1s.

By its ink a parenthesis is a 1. But it is higher than the digits, and bowed away from them. Where two such strokes
stand about digits, or one behind the one or two digits that count the items of a list, they are brackets; elsewhere a
person should look. Brackets that the networks take for no digits leave no doubt then, either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

import numpy as np

from recognition.arrays import Image
from recognition.layout import Line
from recognition.neighbors import edges_of
from recognition.params import BracketParams
from recognition.reading import Reading
from recognition.signs import Parted
from recognition.types import BoundingBox

LEFT, RIGHT = -1, 1


def without_brackets(lines: Sequence[Line], unread: Sequence[Reading], params: BracketParams) -> Parted:
    """Takes brackets off the numbers of a page, parts numbers at them, and doubts numbers with what may be one.

    Args:
        lines: from top to bottom.
        unread: what was taken for no digit; a bracket often is.
        params: see there.

    Returns:
        In doubt are digits of numbers that had but one bracket, or may have one.
    """
    page = _Page(unread, params)
    parted = []
    for line in lines:
        parts: Line = []
        for k, number in enumerate(line):
            before, after = line[max(0, k - 1) : k], line[k + 1 : k + 2]
            parts += page.parts(number, _lone(before), _lone(after))
        parted.append(parts)
    kept = [[[digit for digit in part if id(digit) not in page.off] for part in parts] for parts in parted]
    return Parted([numbers for line in kept if (numbers := [*filter(None, line)])], page.doubtful, page.signs)


def _lone(beside: Line) -> list[Reading]:
    """What may be a bracket that stands so far from its number that it is one by itself."""
    return [number[0] for number in beside if len(number) == 1 and number[0].digit == 1]


@dataclass(frozen=True, slots=True, eq=False)
class _Stroke:
    """A stroke that may be a bracket: its place in a number, and how it stands out from the digits about it."""

    place: int
    reading: Reading
    height: float  # relative to theirs
    bow: float  # away from them: to the left, negative, where it opens

    @property
    def opens(self) -> bool:
        return self.bow < 0


class _Page:
    """The brackets found so far: the identities of their readings, and of digits in doubt, and where they stand."""

    def __init__(self, unread: Sequence[Reading], params: BracketParams) -> None:
        slender = [one for one in unread if one.piece.bbox.width <= params.max_breadth * one.piece.bbox.height]
        self._slender = slender
        self._unread = {id(one) for one in slender}
        self._sides = edges_of(one.piece.bbox for one in slender).T
        self._params = params
        self.off: set[int] = set()
        self.doubtful: set[int] = set()
        self.signs: list[BoundingBox] = []

    def parts(self, number: list[Reading], before: Sequence[Reading], after: Sequence[Reading]) -> Line:
        """Returns what a number falls into at its brackets, with those that are to be left out of it.

        Args:
            number: of at least one digit.
            before: what may be a bracket of it, read as a number.
            after: likewise, behind it.
        """
        others = [digit.piece.bbox.height for digit in number if digit.digit != 1]
        height = median(others) if others else min(digit.piece.bbox.height for digit in number)
        left = self._beyond(number[0], before, height, LEFT)
        row = [*left, *number, *self._beyond(number[-1], after, height, RIGHT)]
        found = [self._stroke(row, k, height) for k in range(len(row))]
        highest = max((stroke.height for stroke in found if stroke), default=0.0)
        strokes = [stroke for stroke in found if stroke and stroke.height >= self._params.alike * highest]
        # A bowed 1 beside a bracket is lower.
        peaks = [max(run, key=lambda one: one.height) for _, run in groupby(strokes, lambda one: one.opens)]
        pairs = [(one, other) for one, other in pairwise(peaks) if _enclose(one, other)]
        brackets = [stroke for pair in pairs for stroke in pair]
        self._take_off(brackets)
        for stroke in strokes:
            if stroke not in brackets:
                self._weigh(stroke, row, alone=len(strokes) == 1)
        inner = {min(max(0, stroke.place - len(left)), len(number)) for stroke in brackets}
        return [number[start:end] for start, end in pairwise(sorted(inner | {0, len(number)}))]

    def _take_off(self, strokes: Sequence[_Stroke]) -> None:
        self.off |= {id(stroke.reading) for stroke in strokes}
        self.signs += [stroke.reading.piece.bbox for stroke in strokes]

    def _weigh(self, stroke: _Stroke, row: Sequence[Reading], *, alone: bool) -> None:
        """Takes a stroke that is one of no pair off a number, or doubts the number, or neither."""
        params = self._params
        read = id(stroke.reading) not in self._unread
        if read and stroke.reading.digit != 1:
            return
        clear = stroke.height >= params.clear_height and abs(stroke.bow) >= params.clear_bow
        seen = stroke.height >= params.min_lone_height and abs(stroke.bow) >= params.min_lone_bow
        at_end = stroke.place == (0 if stroke.opens else len(row) - 1)
        if clear and alone and at_end and not stroke.opens and len(row) - 1 <= params.max_list_digits:
            self._take_off([stroke])
        elif read and clear and at_end:
            self._take_off([stroke])
            self.doubtful.add(id(row[stroke.place + (1 if stroke.opens else -1)]))
        elif read and (clear or (seen and at_end)):
            self.doubtful.add(id(stroke.reading))

    def _beyond(self, end: Reading, beside: Sequence[Reading], height_px: float, side: int) -> list[Reading]:
        """The nearest that may be a bracket beyond an end of a number, if anything is: one or none."""
        box = end.piece.bbox
        x, y, right, bottom = self._sides
        gaps = x - box.right if side == RIGHT else box.x - right
        near = (np.abs(gaps) <= self._params.reach * height_px) & (y < box.bottom) & (bottom > box.y)
        nearest = [self._slender[k] for k in sorted(np.flatnonzero(near).tolist(), key=lambda k: abs(gaps[k]))]
        found = (one for one in (*nearest, *beside) if self._is_beside(one, end, height_px, side))
        return [one for one in found if side * bow_of(one.piece.mask) >= self._params.min_bow][:1]

    def _stroke(self, row: Sequence[Reading], k: int, height_px: float) -> _Stroke | None:
        one = row[k]
        least = self._params.min_height if k in (0, len(row) - 1) else self._params.min_inner_height
        if one.piece.bbox.height < least * height_px:
            return None
        if int((one.piece.mask > 0).sum(axis=1).max()) > self._params.max_width * one.piece.bbox.height:
            return None
        bow = bow_of(one.piece.mask)
        inwards = k + (1 if bow < 0 else -1)
        if abs(bow) < self._params.min_bow or not 0 <= inwards < len(row):
            return None
        beside = self._is_beside(one, row[inwards], height_px, LEFT if bow < 0 else RIGHT)
        return _Stroke(k, one, one.piece.bbox.height / height_px, bow) if beside else None

    def _is_beside(self, one: Reading, digit: Reading, height_px: float, side: int) -> bool:
        """Whether it stands near and level with a digit."""
        box, other = one.piece.bbox, digit.piece.bbox
        gap = box.x - other.right if side == RIGHT else other.x - box.right
        level = min(box.bottom, other.bottom) - max(box.y, other.y)
        return abs(gap) <= self._params.reach * height_px and level >= self._params.level * other.height


def _enclose(one: _Stroke, other: _Stroke) -> bool:
    """Whether two strokes are brackets about the digits between them."""
    return one.opens and not other.opens and other.place - one.place > 1


def bow_of(mask: Image) -> float:
    """Returns how far a stroke is bowed to the right, or, negative, to the left.

    A quarter of its height from either end the middle of its ink lies off the straight line between its ends. It is
    bowed by the smaller of both: the hook of a 1 bows but one half of it.

    Args:
        mask: uint8 (height, width), ink in its first and its last row.

    Returns:
        A share of its height; 0 where its halves are bowed to different sides.
    """
    height = mask.shape[0]
    rows, columns = np.nonzero(mask)
    counts = np.bincount(rows, minlength=height)
    inked = np.flatnonzero(counts)
    middles = np.interp(np.arange(height), inked, np.bincount(rows, columns, height)[inked] / counts[inked])
    span = max(1, height // 10)
    starts = (round(share * (height - span)) for share in (0, 0.25, 0.75, 1))
    top, upper, lower, bottom = (float(middles[start : start + span].mean()) for start in starts)
    halves = upper - 0.75 * top - 0.25 * bottom, lower - 0.25 * top - 0.75 * bottom
    return min(halves, key=abs) / height if halves[0] * halves[1] > 0 else 0.0
