"""Tells which digits the boxes of a form put together, and which they keep apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from recognition.types import BoundingBox


@dataclass(frozen=True, slots=True)
class Field:
    """A row of boxes.

    Attributes:
        bbox: of the row.
        cells: the boxes in it, in any order, at least two.
    """

    bbox: BoundingBox
    cells: tuple[BoundingBox, ...]


class Spot(NamedTuple):
    """Where a digit stands.

    Attributes:
        field: index of the row of boxes.
        cell: index of the box in it; None where each box holds one digit, so that the row is one number.
    """

    field: int
    cell: int | None


def spots(boxes: Sequence[BoundingBox], fields: Sequence[Field]) -> list[Spot | None]:
    """Returns for each digit where in the fields it stands, None outside of them.

    A row most of whose filled boxes hold several digits is no number with a digit a box but numbers side by side, as
    year, month and day.

    Args:
        boxes: of the digits.
        fields: of the page.
    """
    result: list[Spot | None] = [None] * len(boxes)
    x, y = np.array([box.center for box in boxes]).reshape(-1, 2).T
    for index, field in enumerate(fields):
        row = field.bbox
        inside = np.flatnonzero((row.x <= x) & (x < row.right) & (row.y <= y) & (y < row.bottom)).tolist()
        cells = [_nearest(boxes[k], field.cells) for k in inside]
        # A box that writing crosses was not found; digits that stand in none say nothing of the others.
        sure = [cell for k, cell in zip(inside, cells, strict=True) if field.cells[cell].holds(boxes[k])]
        counts = np.bincount(np.array(sure, np.int64), minlength=1)
        several = np.count_nonzero(counts > 1) > 0.5 * np.count_nonzero(counts)
        for k, cell in zip(inside, cells, strict=True):
            result[k] = Spot(index, cell if several else None)
    return result


def may_share_boxes(numbers: Sequence[Sequence[BoundingBox]], fields: Sequence[Field]) -> list[bool]:
    """Tells of each number whether a box holds several of its digits, in a row in which each holds one.

    One of them is then a part of the other: the left stroke of a 4 was read as a 1.

    Args:
        numbers: the boxes of the digits of each.
        fields: of the page.
    """
    found = iter(spots([box for digits in numbers for box in digits], fields))
    result = []
    for digits in numbers:
        alone = [(box, spot.field) for box, spot in zip(digits, found, strict=False) if spot and spot.cell is None]
        held = [(field, cell) for box, field in alone if (cell := _holding(box, fields[field].cells)) is not None]
        result.append(len(set(held)) < len(held))
    return result


def _holding(box: BoundingBox, cells: Sequence[BoundingBox]) -> int | None:
    nearest = _nearest(box, cells)
    return nearest if cells[nearest].holds(box) else None


def rows_of(numbers: Sequence[Sequence[BoundingBox]], fields: Sequence[Field]) -> list[BoundingBox | None]:
    """Returns for each number the row of boxes that holds it and no other, with a digit a box; None where none does.

    Args:
        numbers: the boxes of the digits of each.
        fields: of the page.
    """
    found = iter(spots([box for digits in numbers for box in digits], fields))
    of_numbers = [{next(found) for _ in digits} for digits in numbers]
    holding = Counter(spot.field for of_one in of_numbers for spot in of_one if spot is not None)
    result: list[BoundingBox | None] = []
    for of_one in of_numbers:
        spot = of_one.pop() if len(of_one) == 1 else None
        alone = spot is not None and spot.cell is None and holding[spot.field] == 1
        result.append(fields[spot.field].bbox if spot is not None and alone else None)
    return result


def _nearest(box: BoundingBox, cells: Sequence[BoundingBox]) -> int:
    """The cell whose sides the digit's middle is between, or else nearest to: a cell may not have been found."""
    return int(np.argmin([max(cell.x - box.center[0], box.center[0] - cell.right) for cell in cells]))
