"""Makes fields of dashes that stand in a row, one below each digit, and doubts digits on dashes that are less sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from recognition.arrays import Image
from recognition.dashes import Dash, find_dashes, is_dash
from recognition.fields import Field, spots
from recognition.reading import Reading
from recognition.types import BoundingBox

MIN_DIGITS = 3
"""So many dashes with one digit on each show a field; two do where the page has a field of dashes like them."""
MIN_FREE = 2
"""So many of a field's dashes are apart from the digits on them."""
MAX_GAP = 0.8
"""The dashes of a field are at most so much of their length apart."""
MAX_DOUBTFUL_GAP = 1.5
"""Digits on dashes that are at most so much of their length apart may be of one number."""
UNLIKE = 0.08
"""Dashes of a field, and the distances between them, are longer or shorter than most by at most so much of a length,"""
EXACT_PX = 3
"""or by so much."""
MAX_UNLIKE = 1.4
"""The dashes of a doubtful number are at most so many times as long as each other: digits may lie on their ends."""
MAX_OFF_PX = 2.0
"""Dashes of a field lie so near to one straight line,"""
MAX_SLOPE = 0.02
"""which rises or falls by at most so much of its length."""
NEAR = 0.5
"""A digit stands on a dash when its lower edge is so near to that, in heights of the digit."""
CELL_HEIGHT = 1.4
"""The cells above dashes are so many times as high as they are wide, unless the digits are higher."""


@dataclass(frozen=True, slots=True)
class Dashed:
    """What dashes below digits tell.

    Attributes:
        fields: rows of dashes, with the room above each as its cell.
        boxes: around the dashes of these.
        doubtful: by id, the digits that may be of one number with those beside them, or of which one may be missing.
    """

    fields: tuple[Field, ...] = ()
    boxes: tuple[BoundingBox, ...] = ()
    doubtful: frozenset[int] = frozenset()


def fields_of_dashes(digits: Sequence[Reading], known: Sequence[Field], darkness: Image) -> Dashed:
    """Returns the fields that dashes below digits make.

    Args:
        digits: of the page.
        known: other fields, in which no dashes are sought.
        darkness: uint8 page, with the dashes still on it.
    """
    places = spots([digit.piece.bbox for digit in digits], known)
    alone = [digit for digit, spot in zip(digits, places, strict=True) if spot is None]
    if len(alone) < 2:
        return Dashed()
    height = median(digit.piece.bbox.height for digit in alone)
    rows = _rows(find_dashes(alone, height, darkness))
    found: list[_Row] = []
    for dashes in sorted((part for row in rows for part in _parts(row)), key=len, reverse=True):
        if not _is_even(dashes) or any(row.holds(dashes[0]) for row in found):
            continue
        row = _Row.of(dashes, alone, darkness)
        if row.single >= MIN_DIGITS or any(row.is_like(other) for other in found):
            found.append(row)
    held = {id(digit) for row in found for digit in row.digits()}
    doubtful = {id(dash.digit) for dashes in rows for dash in dashes} - held
    doubtful |= {id(digit) for row in found if not row.is_full() for digit in row.digits()}
    boxes = tuple(box for row in found for box in row.dashes)
    return Dashed(tuple(row.field() for row in found), boxes, frozenset(doubtful))


def _rows(dashes: Sequence[Dash]) -> list[list[Dash]]:
    """Dashes that stand beside each other, from left to right, at least two in each row."""
    rows: list[list[Dash]] = []
    for dash in sorted(dashes, key=lambda dash: dash.start):
        row = max((row for row in rows if _follows(row[-1], dash)), key=lambda row: row[-1].end, default=None)
        if row is None:
            rows.append([dash])
        else:
            row.append(dash)
    return [row for row in rows if len(row) > 1]


def _follows(last: Dash, dash: Dash) -> bool:
    """Whether a dash stands beside another."""
    shorter, longer = sorted((last.length, dash.length))
    level = abs(dash.row - last.row) <= MAX_OFF_PX + MAX_SLOPE * (dash.start - last.start)
    return level and longer <= MAX_UNLIKE * shorter and dash.start - last.end <= MAX_DOUBTFUL_GAP * shorter


def _parts(row: Sequence[Dash]) -> list[list[Dash]]:
    """A row parted where the distance of two dashes is another than most, as between day and month; no lone dashes."""
    length, step = _form(row)
    exact = max(EXACT_PX, UNLIKE * length)
    parts = [[row[0]]]
    for last, dash in pairwise(row):
        if min(abs(dash.start - last.start - step), abs(dash.end - last.end - step)) > exact:
            parts.append([])
        parts[-1].append(dash)
    return [part for part in parts if len(part) > 1]


def _is_even(row: Sequence[Dash]) -> bool:
    """Whether dashes are of one length, evenly apart and level, and some of them are apart from their digits."""
    length, step = _form(row)
    if not 0 < step - length <= MAX_GAP * length or sum(dash.free for dash in row) < MIN_FREE:
        return False
    starts, ends, levels = np.array([(dash.start, dash.end, dash.row) for dash in row], np.float64).T
    numbers = step * np.arange(len(row))
    exact = max(EXACT_PX, UNLIKE * length)
    left, right = (np.abs(sides - numbers - np.median(sides - numbers)) <= exact for sides in (starts, ends))
    levels = levels - _slope(row) * starts
    straight = np.abs(levels - np.median(levels)) <= MAX_OFF_PX
    both = int(np.count_nonzero(left & right))
    return bool((left | right).all() and straight.all()) and both >= min(MIN_DIGITS, len(row))


def _form(row: Sequence[Dash]) -> tuple[float, float]:
    """How long the dashes of a row are, and how far one begins behind the other."""
    sides = zip(*((dash.start, dash.end) for dash in row), strict=True)
    step = median(after - before for each in sides for before, after in pairwise(each))
    return median(dash.length for dash in row), step


def _slope(row: Sequence[Dash]) -> float:
    """By how many rows a column dashes rise or fall."""
    slope = np.polyfit([dash.start for dash in row], [dash.row for dash in row], 1)[0]
    return float(np.clip(slope, -MAX_SLOPE, MAX_SLOPE))


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A row of dashes, with those below which no digit was found.

    Attributes:
        dashes: around each, with room for its soft edges, from left to right.
        standing: the digits on each.
        step: how far one begins behind the other.
    """

    dashes: list[BoundingBox]
    standing: list[list[Reading]]
    step: float

    @classmethod
    def of(cls, found: Sequence[Dash], digits: Sequence[Reading], darkness: Image) -> _Row:
        """Returns found dashes with those that follow on both sides, as long and as far apart."""
        length, step = _form(found)
        slope = _slope(found)
        start = median(dash.start - k * step for k, dash in enumerate(found))
        level = median(dash.row - slope * dash.start for dash in found)
        half = max(dash.thickness for dash in found) + EXACT_PX

        def place(k: int) -> BoundingBox:
            x = start + k * step
            return BoundingBox(round(x), round(level + slope * x) - half, round(length), 2 * half + 1)

        first, last = 0, len(found) - 1
        while is_dash(place(first - 1), round(step - length), darkness):
            first -= 1
        while is_dash(place(last + 1), round(step - length), darkness):
            last += 1
        dashes = [place(k) for k in range(first, last + 1)]
        return cls(dashes, [_on(dash, step, digits) for dash in dashes], step)

    @property
    def single(self) -> int:
        """On how many dashes there is one digit."""
        return sum(len(digits) == 1 for digits in self.standing)

    def digits(self) -> list[Reading]:
        """Returns all digits on the dashes."""
        return [digit for digits in self.standing for digit in digits]

    def is_full(self) -> bool:
        """Tells whether there is one digit on each dash, but for those before and behind all digits."""
        counts = [len(digits) for digits in self.standing]
        filled = [k for k, count in enumerate(counts) if count]
        return all(count == 1 for count in counts[filled[0] : filled[-1] + 1])

    def is_like(self, other: _Row) -> bool:
        """Tells whether another row has dashes as long, and as far apart."""
        unlike = abs(self.dashes[0].width - other.dashes[0].width), abs(self.step - other.step)
        return self.single > 1 and max(unlike) <= max(EXACT_PX, UNLIKE * self.dashes[0].width)

    def holds(self, dash: Dash) -> bool:
        """Tells whether a dash is one of the row."""
        middle = (dash.start + dash.end) / 2
        return any(box.x <= middle < box.right and box.y <= dash.row < box.bottom for box in self.dashes)

    def field(self) -> Field:
        """Returns the row as one of boxes."""
        digits = [digit.piece.bbox for digit in self.digits()]
        height = round(max(CELL_HEIGHT * self.step, *(box.height for box in digits)))
        cells = []
        for dash, standing in zip(self.dashes, self.standing, strict=True):
            left = round(dash.center[0] - self.step / 2)
            bottom = max(dash.bottom, *(digit.piece.bbox.bottom for digit in standing), dash.bottom)
            top = max(0, bottom - height)
            cells.append(BoundingBox(left, top, round(self.step), bottom - top))
        return Field(BoundingBox.around(cells), tuple(cells))


def _on(dash: BoundingBox, step: float, digits: Sequence[Reading]) -> list[Reading]:
    """The digits that stand on a dash, or on its share of the gaps beside it."""
    middle, level = dash.center
    boxes = [(digit, digit.piece.bbox) for digit in digits]
    return [
        digit
        for digit, box in boxes
        if -step / 2 <= box.center[0] - middle < step / 2 and abs(box.bottom - level) <= NEAR * box.height
    ]
