"""Makes fields of dashes that stand in a row, one below each digit, and doubts digits on dashes that are less sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from recognition.arrays import Image
from recognition.components import held
from recognition.dashes import MAX_SLOPE, MIN_FREE, Dash, dash_near, find_dashes, near_dashes
from recognition.fields import Field, spots
from recognition.lines import Rule
from recognition.reading import Reading
from recognition.types import BoundingBox

MIN_DIGITS = 3
"""So many dashes with one digit on each show a field; two do where the page has a field of dashes like them."""
MAX_GAP = 0.8
"""The dashes of a field are at most so much of their length apart."""
MAX_LENGTH = 1.4
"""They are no longer, in heights of the digits: digits in the cells of a table have more room, and are numbers each."""
MAX_DASHES = 20
"""What has more dashes is a dashed line, on which numbers stand as on any other;"""
MIN_SINGLE = 0.6
"""and so is what has not one digit on so many of the dashes that digits stand on, and on those between."""
MAX_DOUBTFUL_GAP = 1.0
"""Digits on dashes that are at most so much of their length apart may be of one number."""
UNLIKE = 0.08
"""Dashes of a field, and the distances between them, are longer or shorter than most by at most so much of a length,"""
EXACT_PX = 3
"""or by so much."""
MAX_UNLIKE = 1.4
"""The dashes of a doubtful number are at most so many times as long as each other: digits may lie on their ends."""
MAX_OFF_PX = 2.0
"""Dashes of a field lie so near to one straight line."""
NEAR = 0.5
"""A digit stands on a dash when its lower edge is so near to that, in heights of the digit."""
CELL_HEIGHT = 1.4
"""The cells above dashes are so many times as high as they are wide, unless the digits are higher."""


@dataclass(frozen=True, slots=True, eq=False)
class DashRows:
    """The dashes below the digits of a page.

    Attributes:
        rows: that are fields.
        loose: around dashes that are none, but beside which there are others.
    """

    rows: tuple[DashRow, ...] = ()
    loose: tuple[BoundingBox, ...] = ()

    def fields(self, digits: Sequence[Reading]) -> tuple[Field, ...]:
        """Returns the rows as such of boxes, high enough for the digits on them."""
        return tuple(row.field(row.standing(digits)) for row in self.rows)

    def doubtful(self, digits: Sequence[Reading]) -> set[int]:
        """Returns, by id, the digits that may be of one number with those beside them, or beside which one is missing.

        These are all on loose dashes, and those of a field with another dash between its digits than with one digit.
        """
        result = {id(digit) for dash in self.loose for digit in _on(dash, dash.width, digits)}
        for row in self.rows:
            written = row.written(digits)
            if any(len(on_one) != 1 for on_one in written):
                result |= {id(digit) for on_one in written for digit in on_one}
        return result


def find_dash_rows(
    digits: Sequence[Reading],
    known: Sequence[Field],
    cells: Sequence[BoundingBox],
    uprights: Sequence[Rule],
    darkness: Image,
) -> DashRows:
    """Finds the dashes below digits that stand beside each other.

    Args:
        digits: of the page.
        known: other fields, in which no dashes are sought.
        cells: boxes of forms, likewise.
        uprights: rules, which part what stands beside them.
        darkness: uint8 page, with the dashes still on it.
    """
    places = spots([digit.piece.bbox for digit in digits], known)
    boxed = held([digit.piece for digit in digits], cells).tolist()
    alone = [digit for digit, spot, inside in zip(digits, places, boxed, strict=True) if spot is None and not inside]
    if len(alone) < 2:
        return DashRows()
    height = median(digit.piece.bbox.height for digit in alone)
    rows = _dash_rows(find_dashes(near_dashes(alone, height, darkness), height, darkness), alone, uprights, darkness)
    if rows.rows:
        rows = _dash_rows(find_dashes(alone, height, darkness), alone, uprights, darkness)
    return rows


def _dash_rows(
    dashes: Sequence[Dash], digits: Sequence[Reading], uprights: Sequence[Rule], darkness: Image
) -> DashRows:
    """The rows that dashes form, and those of them that may form one."""
    height = median(digit.piece.bbox.height for digit in digits)
    rows = _rows(dashes, uprights, height)
    parts = sorted((part for row in rows for part in _parts(row)), key=len, reverse=True)
    even = [(part, DashRow.of(part, darkness)) for part in parts if _is_even(part, height)]
    lines = [row for _, row in even if row.is_line(digits)]
    found: list[DashRow] = []
    for part, row in even:
        if any(row.is_like(line) for line in lines) or any(other.holds(part[0]) for other in found):
            continue
        single = sum(len(on_one) == 1 for on_one in row.standing(digits))
        sure = single >= MIN_DIGITS and sum(dash.free for dash in part) >= MIN_FREE
        if sure or (single > 1 and any(row.is_like(other) for other in found)):
            found.append(row)
    free = [row for row in rows if found or sum(dash.free for dash in row) >= MIN_FREE]
    loose = [
        BoundingBox(dash.start, dash.row, dash.length, 1)
        for row in free
        for dash in row
        if not any(line.is_of(dash) for line in lines) and not any(other.holds(dash) for other in found)
    ]
    return DashRows(tuple(found), tuple(loose))


def _rows(dashes: Sequence[Dash], uprights: Sequence[Rule], height_px: float) -> list[list[Dash]]:
    """Dashes that stand beside each other, from left to right, at least two in each row."""
    rows: list[list[Dash]] = []
    for dash in sorted(dashes, key=lambda dash: dash.start):
        row = max((row for row in rows if _follows(row[-1], dash)), key=lambda row: row[-1].end, default=None)
        if row is not None and any(_parts_them(rule.box, row[-1], dash, height_px) for rule in uprights):
            row = None
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


def _parts_them(rule: BoundingBox, last: Dash, dash: Dash, height_px: float) -> bool:
    """Whether an upright rule stands between two dashes, or above the gap between them."""
    beside = min(rule.bottom, dash.row) - max(rule.y, dash.row - height_px)
    return last.end - EXACT_PX <= rule.center[0] <= dash.start + EXACT_PX and beside >= 0.5 * height_px


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


def _is_even(row: Sequence[Dash], height_px: float) -> bool:
    """Whether dashes are of one length, no longer than for a digit, evenly apart and level."""
    length, step = _form(row)
    if not 0 < step - length <= MAX_GAP * length or length > MAX_LENGTH * height_px:
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
class DashRow:
    """A row of dashes, with those below which no digit was found.

    Attributes:
        dashes: around each, from left to right.
        step: how far one begins behind the other.
    """

    dashes: tuple[BoundingBox, ...]
    step: float

    @classmethod
    def of(cls, found: Sequence[Dash], darkness: Image) -> DashRow:
        """Returns found dashes with those that follow on both sides, as long and as far apart."""
        length, step = _form(found)
        slope = _slope(found)
        start = median(dash.start - k * step for k, dash in enumerate(found))
        level = median(dash.row - slope * dash.start for dash in found)
        half = round(median(dash.thickness for dash in found) / 2) + 1
        boxes = []
        for k in range(len(found)):
            x = start + k * step
            boxes.append(BoundingBox(round(x), round(level + slope * x) - half, round(length), 2 * half + 1))
        before = _onward(boxes[0], -step, darkness)
        return cls((*reversed(before), *boxes, *_onward(boxes[-1], step, darkness)), step)

    def standing(self, digits: Sequence[Reading]) -> list[list[Reading]]:
        """Returns which digits stand on each dash."""
        return [_on(dash, self.step, digits) for dash in self.dashes]

    def written(self, digits: Sequence[Reading]) -> list[list[Reading]]:
        """Returns which digits stand on each dash from the first that has any to the last."""
        standing = self.standing(digits)
        filled = [k for k, on_one in enumerate(standing) if on_one]
        return standing[filled[0] : filled[-1] + 1] if filled else []

    def is_line(self, digits: Sequence[Reading]) -> bool:
        """Tells whether it is a dashed line, on which digits stand as they come."""
        written = self.written(digits)
        single = sum(len(on_one) == 1 for on_one in written)
        return len(self.dashes) > MAX_DASHES or single < MIN_SINGLE * len(written)

    def is_of(self, dash: Dash) -> bool:
        """Tells whether a dash is as long as those of the row."""
        return abs(dash.length - self.dashes[0].width) <= max(EXACT_PX, UNLIKE * self.dashes[0].width)

    def is_like(self, other: DashRow) -> bool:
        """Tells whether another row has dashes as long, and as far apart."""
        unlike = abs(self.dashes[0].width - other.dashes[0].width), abs(self.step - other.step)
        return max(unlike) <= max(EXACT_PX, UNLIKE * self.dashes[0].width)

    def holds(self, dash: Dash) -> bool:
        """Tells whether a dash is one of the row."""
        middle = (dash.start + dash.end) / 2
        return any(
            box.x <= middle < box.right and box.y - EXACT_PX <= dash.row < box.bottom + EXACT_PX for box in self.dashes
        )

    def field(self, standing: Sequence[Sequence[Reading]]) -> Field:
        """Returns the row as one of boxes, high enough for the digits on it."""
        cells = []
        heights = [digit.piece.bbox.height for on_one in standing for digit in on_one]
        height = round(max([CELL_HEIGHT * self.step, *heights]))
        for dash, on_one in zip(self.dashes, standing, strict=True):
            bottom = max([dash.bottom, *(digit.piece.bbox.bottom for digit in on_one)])
            top = max(0, bottom - height)
            cells.append(BoundingBox(round(dash.center[0] - self.step / 2), top, round(self.step), bottom - top))
        return Field(BoundingBox.around(cells), tuple(cells))


def _onward(dash: BoundingBox, step: float, darkness: Image) -> list[BoundingBox]:
    """The dashes that follow on one, to the left where the step is negative."""
    gap = max(1, round(abs(step)) - dash.width)
    found = [dash]
    while len(found) <= MAX_DASHES:
        last = found[-1]
        place = BoundingBox(round(last.x + step), last.y, last.width, last.height)
        following = dash_near(place, gap, darkness)
        if following is None:
            break
        found.append(following)
    return found[1:]


def _on(dash: BoundingBox, step: float, digits: Sequence[Reading]) -> list[Reading]:
    """The digits that stand on a dash, or on its share of the gaps beside it."""
    middle, level = dash.center
    boxes = [(digit, digit.piece.bbox) for digit in digits]
    return [
        digit
        for digit, box in boxes
        if -step / 2 <= box.center[0] - middle < step / 2 and abs(box.bottom - level) <= NEAR * box.height
    ]
