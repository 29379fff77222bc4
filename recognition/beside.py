"""Tells which numbers may be more than was read of them, by what stands beside and within them and is no digit.

It may be a digit that nobody could read, or crumbs of one that was read without them. What is tall enough for a digit
is doubted, be it one piece or several above each other. Other crumbs are read once more with the digits, as a whole and
each with the digit it is a part of, if it is one: where all that gives the same number, nothing is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image
from recognition.components import Component, ink_within, join
from recognition.fields import Field, rows_of
from recognition.normalize import normalize_all
from recognition.params import BesideParams
from recognition.reader import Reader
from recognition.reading import Reading
from recognition.types import BoundingBox


def may_be_more(
    numbers: Sequence[Sequence[Reading]],
    unread: Sequence[Component],
    fields: Sequence[Field],
    darkness: Image,
    reader: Reader,
    params: BesideParams,
) -> list[bool]:
    """Tells of each number whether something of it may not have been read.

    Args:
        numbers: each of at least one digit, from left to right.
        unread: all pieces that were not taken for digits, but for signs.
        fields: rows of boxes; what may be a digit belongs to the number of its row, however far it stands from that.
        darkness: uint8 page.
        reader: reads numbers with what is beside them; where it cannot read them as a whole, what stands beside a
            number is enough to doubt it.
        params: see there.
    """
    pieces = _Pieces(unread)
    result = [False] * len(numbers)
    inks: dict[int, Image] = {}
    parts: list[_Part] = []
    rows = rows_of([_boxes(digits) for digits in numbers], fields)
    for k, (digits, row) in enumerate(zip(numbers, rows, strict=True)):
        about = _About(digits, pieces, params, row)
        result[k] = about.may_hold_a_digit(darkness) or about.may_be_a_barless_seven()
        if result[k]:
            continue
        parts += [_Part(k, *pair) for pair in about.parts()]
        if beside := about.beside():
            whole = [*(digit.piece for digit in digits), *beside]
            inks[k] = ink_within(BoundingBox.around(piece.bbox for piece in whole), whole, darkness)
    for k in _changed(parts, darkness, reader, params):
        result[k] = True
        inks.pop(k, None)
    answers = [None] * len(inks) if reader.sequence is None else reader.sequence.spot(list(inks.values()))
    for k, spotted in zip(inks, answers, strict=True):
        result[k] = spotted is None or [one.digit for one in spotted] != [digit.digit for digit in numbers[k]]
    return result


def may_be_cut_off(numbers: Sequence[Sequence[Reading]], cut: Sequence[Component], params: BesideParams) -> list[bool]:
    """Tells of each number whether the page's edge may have cut a digit of it off, of which a part is left.

    How large and how near the digit was is not to be seen in what is left.

    Args:
        numbers: each of at least one digit.
        cut: all pieces at the page's edge that were not taken for digits.
        params: see there.
    """
    if not cut:
        return [False] * len(numbers)
    pieces = _Pieces(cut)
    return [_About(digits, pieces, params).may_be_cut_off() for digits in numbers]


class _Part(NamedTuple):
    number: int
    crumb: Component
    digit: Reading  # that it may be a part of


def _changed(parts: Sequence[_Part], darkness: Image, reader: Reader, params: BesideParams) -> set[int]:
    """The numbers with a crumb with which no digit reads the same, as a 6 does not with the bar of a 5."""
    wholes = [join(part.digit.piece, part.crumb, darkness) for part in parts]
    rows = reader.classifier.probabilities(normalize_all(piece.ink(darkness) for piece in wholes))
    best: dict[tuple[int, int], float] = {}
    for part, row in zip(parts, rows, strict=True):
        key = (part.number, id(part.crumb))
        best[key] = max(best.get(key, 0.0), float(row[part.digit.digit]))
    return {number for (number, _), confidence in best.items() if confidence < params.with_crumb}


class _Pieces:
    """Pieces that were not read, with their left, upper, right and lower sides (n, 4) in pixels."""

    def __init__(self, pieces: Sequence[Component]) -> None:
        self.pieces = pieces
        boxes = [(one.bbox.x, one.bbox.y, one.bbox.right, one.bbox.bottom) for one in pieces]
        self.boxes = np.array(boxes, np.int_).reshape(-1, 4)
        self.dark = np.array([one.darkness for one in pieces], np.float64)


class _About:
    """The pieces about a number, measured in heights of the number from its upper left corner."""

    def __init__(
        self, digits: Sequence[Reading], pieces: _Pieces, params: BesideParams, row: BoundingBox | None = None
    ) -> None:
        box = BoundingBox.around(_boxes(digits))
        self._box = box
        sides = (pieces.boxes - (box.x, box.y, box.x, box.y)) / box.height
        x, y, right, bottom = sides.T
        reach = max(params.reach, params.cut_reach)
        outer = box if row is None else box.union(row)
        self._outer = outer
        self._row = (outer.x - box.x) / box.height, (outer.right - box.x) / box.height
        width = box.width / box.height
        about = (x <= max(width + reach, self._row[1])) & (right >= min(-reach, self._row[0]))
        about &= (y <= 1 + params.over) & (bottom >= -params.over)
        found = np.flatnonzero(about)
        self._params = params
        self._digits = digits
        self._columns = [((one.x - box.x) / box.height, (one.right - box.x) / box.height) for one in _boxes(digits)]
        self._width = width
        self._pieces = [pieces.pieces[int(k)] for k in found]
        self._x, self._y, self._right, self._bottom = sides[found].T
        self._heights = self._bottom - self._y
        self._digit_darkness = median(digit.piece.darkness for digit in digits)
        self._dark = pieces.dark[found] / self._digit_darkness
        self._large = np.maximum(self._right - self._x, self._heights) >= params.min_side
        self._low = self._heights <= params.max_height
        self._crumbs = self._large & self._low & (self._dark >= params.min_darkness)

    def may_hold_a_digit(self, darkness: Image) -> bool:
        """Whether something beside it is as large and dark as a part of a digit, in one piece or above each other."""
        left, right = self._row
        level = self._level(self._params.reach, left, right)
        if any(self._reaches_in(k, darkness) for k in np.flatnonzero(level & ~self._low).tolist()):
            return True
        near = level & self._low & (self._dark >= self._params.tall_darkness)
        if (near & (self._heights >= self._params.tall)).any() or self._has_stack(near & self._large):
            return True
        bulky = np.minimum(self._right - self._x, self._heights) >= self._params.bulk
        pale = np.flatnonzero(level & bulky & (self._dark >= self._params.bulk_darkness))
        return not all(self._is_over_a_digit(k) for k in pale.tolist())

    def may_be_a_barless_seven(self) -> bool:
        """Whether a crumb to the upper left of a 1 may be what is left of the bar of a 7."""
        crumbs = self._crumbs & (self._y + self._bottom < 1)
        middles = (self._x + self._right) / 2
        return any(
            bool((crumbs & (middles < (start + end) / 2) & (self._right >= start - self._params.bar_reach)).any())
            for digit, (start, end) in zip(self._digits, self._columns, strict=True)
            if digit.digit == 1
        )

    def parts(self) -> list[tuple[Component, Reading]]:
        """The crumbs above, below and in it, each with every digit that it may be a part of."""
        return [
            (self._pieces[k], digit)
            for k in np.flatnonzero(self._crumbs).tolist()
            for digit, (start, end) in zip(self._digits, self._columns, strict=True)
            if self._x[k] <= end and self._right[k] >= start
        ]

    def beside(self) -> list[Component]:
        """All that is to be read with it; nothing where there is only dust."""
        near = self._level(self._params.reach)
        if not (near & self._large & (self._dark >= self._params.min_darkness)).any():
            return []
        return [self._pieces[int(k)] for k in np.flatnonzero(near & self._low)]

    def may_be_cut_off(self) -> bool:
        """Whether something may be what is left of a digit."""
        near = self._level(self._params.cut_reach) & (self._dark >= self._params.cut_darkness)
        return bool((near & self._large & self._low).any())

    def _level(self, reach: float, left: float = 0.0, right: float = 0.0) -> NDArray[np.bool_]:
        """Which pieces stand so near to it, or between two columns, and so level with it that they may belong to it."""
        shared = np.minimum(self._bottom, 1) - np.maximum(self._y, 0)
        level = shared >= self._params.min_shared * np.minimum(self._heights, 1)
        return np.asarray(level & (self._x <= max(self._width + reach, right)) & (self._right >= min(-reach, left)))

    def _has_stack(self, chosen: NDArray[np.bool_]) -> bool:
        """Whether some of these pieces stand above each other where no digit does, and are tall together."""
        alone = [k for k in np.flatnonzero(chosen).tolist() if not self._is_over_a_digit(k)]
        right = top = bottom = 0.0
        for count, k in enumerate(sorted(alone, key=lambda k: float(self._x[k]))):
            if not count or self._x[k] > right + self._params.stack_gap:
                right, top, bottom = self._right[k], self._y[k], self._bottom[k]
            right = max(right, self._right[k])
            top, bottom = min(top, self._y[k]), max(bottom, self._bottom[k])
            if bottom - top >= self._params.tall:
                return True
        return False

    def _reaches_in(self, k: int, darkness: Image) -> bool:
        """Whether what is too high for a digit has ink beside it, or in its row, as tall and dark as a part of one."""
        piece, box, outer = self._pieces[k], self._box, self._outer
        reach = round(self._params.reach * box.height)
        x = max(piece.bbox.x, min(box.x - reach, outer.x))
        right = min(piece.bbox.right, max(box.right + reach, outer.right))
        y, bottom = max(piece.bbox.y, box.y), min(piece.bbox.bottom, box.bottom)
        mask = piece.mask[y - piece.bbox.y : bottom - piece.bbox.y, x - piece.bbox.x : right - piece.bbox.x]
        dark = darkness[y:bottom, x:right] >= self._params.tall_darkness * self._digit_darkness
        rows = np.flatnonzero(((mask > 0) & dark).any(axis=1))
        return rows.size > 0 and int(rows[-1] - rows[0]) + 1 >= self._params.tall * box.height

    def _is_over_a_digit(self, k: int) -> bool:
        shared = max(min(self._right[k], end) - max(self._x[k], start) for start, end in self._columns)
        return bool(shared >= 0.5 * (self._right[k] - self._x[k]))


def _boxes(digits: Sequence[Reading]) -> list[BoundingBox]:
    return [digit.piece.bbox for digit in digits]
