"""Puts boxes that stand close to each other in a row, and share no sides, together to one field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import cv2

from recognition.arrays import Image
from recognition.fields import Field
from recognition.types import BoundingBox

MAX_GAP = 0.5
"""The first two boxes of a field are at most so much of their width apart."""
EVEN = 1.5
"""Others are at most so many times as far apart as those before them."""
MAX_SHIFT = 0.15
"""The middles of such boxes are at most so much of their height above or below each other."""
MAX_UNLIKE = 1.25
"""Such boxes are at most so many times as wide, or as high, as each other."""
MAX_WIDTH = 1.2
"""A box for one digit is at most so many times as wide as it is high; one that is wider holds a whole number."""
MIN_SIDE = 0.8
"""Where a box was not found, because writing crosses it, ink runs along so much of its upper and its lower side."""
NEAR_PX = 4
"""A side lies so near to where the sides of its neighbors lie."""


def with_rows_of_boxes(fields: Sequence[Field], boxes: Sequence[BoundingBox], mask: Image) -> tuple[Field, ...]:
    """Returns the fields with those that boxes make which stand by themselves.

    Boxes that writing has joined are among them. Groups of boxes, as for day, month and year, stay apart: they are
    farther from each other than their boxes are.

    Args:
        fields: rows of boxes in one piece of ink.
        boxes: other boxes.
        mask: uint8 (height, width), 255 is ink, by which a box is told that was not found.
    """
    alone = [Field(box, (box,)) for box in boxes if box.width <= MAX_WIDTH * box.height]
    if len(alone) < 2:
        return tuple(fields)
    rows: list[_Row] = []
    ended: list[_Row] = []
    for field in sorted([*alone, *fields], key=lambda field: field.bbox.x):
        cells = _even(field)
        ended += [row for row in rows if row.reach < cells[0].x]
        rows = [row for row in rows if row.reach >= cells[0].x]
        row = max(
            (row for row in rows if _follow(row.cells, cells, mask)), key=lambda row: row.bbox.right, default=None
        )
        if row is None:
            rows.append(_Row([field], cells))
        else:
            row.parts.append(field)
            row.cells += cells
    several = [row for row in (*ended, *rows) if len(row.cells) > 1]
    return tuple(row.parts[0] if len(row.parts) == 1 else _field(row, mask) for row in several)


@dataclass(slots=True)
class _Row:
    parts: list[Field]
    cells: list[BoundingBox]  # of all parts, from left to right

    @property
    def reach(self) -> float:
        """No box of the row can begin farther to the right, also where one was not found."""
        return self.cells[-1].right + (1 + 2 * MAX_GAP) * self.cells[-1].width

    @property
    def bbox(self) -> BoundingBox:
        return BoundingBox.around(part.bbox for part in self.parts)


def _even(field: Field) -> list[BoundingBox]:
    """The boxes of a field from left to right, all as high as the highest: writing may cross out a part of one."""
    highest = max(field.cells, key=lambda cell: cell.height)
    cells = sorted(field.cells, key=lambda cell: cell.x)
    return [BoundingBox(cell.x, highest.y, cell.width, highest.height) for cell in cells]


def _follow(row: Sequence[BoundingBox], cells: Sequence[BoundingBox], mask: Image) -> bool:
    """Whether boxes stand beside the last of a row, or one box farther, with a box between that was not found."""
    last, first = row[-1], cells[0]
    if not _are_alike(last, first):
        return False
    near = MAX_GAP * last.width
    for boxes in (row, cells):
        gaps = [right.x - left.right for left, right in pairwise(boxes)]
        near = min(near, EVEN * max(gaps) + NEAR_PX) if gaps else near
    gap = first.x - last.right
    if gap <= near:
        return gap >= -NEAR_PX
    return abs(gap - last.width - near) <= near and _has_sides(last.union(first), last.right, first.x, mask)


def _are_alike(box: BoundingBox, other: BoundingBox) -> bool:
    sides = ((box.width, other.width), (box.height, other.height))
    alike = all(max(pair) <= MAX_UNLIKE * min(pair) for pair in sides)
    return alike and abs(box.center[1] - other.center[1]) <= MAX_SHIFT * box.height


def _field(row: _Row, mask: Image) -> Field:
    """A row of boxes, with the boxes at its ends that were not found."""
    around = BoundingBox.around(row.cells)
    left, right = row.bbox.x, row.bbox.right
    step = round(median(after.x - before.x for before, after in pairwise(row.cells)))
    while left >= step and _has_sides(around, left - step, left, mask):
        left -= step
    while right + step <= mask.shape[1] and _has_sides(around, right, right + step, mask):
        right += step
    return Field(BoundingBox(left, around.y, right - left, around.height), tuple(row.cells))


def _has_sides(box: BoundingBox, start: int, stop: int, mask: Image) -> bool:
    """Whether ink runs along the upper and the lower side of a box, from one column to another."""
    strips = (mask[max(0, y - NEAR_PX) : y + NEAR_PX, start:stop] for y in (box.y, box.bottom))
    return all(cv2.countNonZero(cv2.reduce(strip, 0, cv2.REDUCE_MAX)) >= MIN_SIDE * (stop - start) for strip in strips)
