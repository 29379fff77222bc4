"""Keeps apart what stands in different columns of a table, and doubts ones that may be pieces of the rules there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from recognition.fields import Field, Spot, spots
from recognition.layout import Line
from recognition.lines import Rule
from recognition.params import ColumnParams
from recognition.reading import Reading
from recognition.types import BoundingBox

INNER = 0.8
"""What is within so much of a digit's width goes through it; one that leans reaches over a rule beside it."""


def part_at_columns(
    lines: Sequence[Line], rules: Sequence[Rule], fields: Sequence[Field], params: ColumnParams
) -> list[Line]:
    """Parts numbers where an upright rule stands between two of their digits.

    Rules as near to each other as those of squared paper, or as the sides of boxes for single digits, part nothing. Nor
    do any where they go through digits as well: they are what was found of squared paper, streaks that dust left in a
    scanner, or the edges of a note that sticks on the page. What stands in one row of boxes stays together: sides of
    boxes in several rows may happen to make one rule.

    Args:
        lines: from top to bottom.
        rules: the upright ones of the page.
        fields: rows of boxes.
        params: see there.
    """
    digits = [digit.piece.bbox for line in lines for number in line for digit in number]
    if not digits or not rules:
        return list(lines)
    height = median(box.height for box in digits)
    between = [rule for rule in _wide_apart(rules, height, params) if rule.box.height >= params.min_length * height]
    spot_of = dict(zip(map(id, digits), spots(digits, fields), strict=True))
    parted = [[part for number in line for part in _parts(number, between, spot_of)] for line in lines]
    more = sum(map(len, parted)) - sum(map(len, lines))
    through = sum(_goes_through(rule, box) for rule in between for box in digits)
    return list(lines) if through > params.max_through * more else parted


def _wide_apart(rules: Sequence[Rule], height_px: float, params: ColumnParams) -> list[Rule]:
    """Those beside which no other stands as near as in squared paper; the two of a double rule count as one."""
    tops, bottoms = (np.array(ends) for ends in zip(*((rule.box.y, rule.box.bottom) for rule in rules), strict=True))
    middles = np.array([rule.box.center[0] for rule in rules])
    kept = []
    for rule in rules:
        shared = np.minimum(bottoms, rule.box.bottom) - np.maximum(tops, rule.box.y)
        beside = shared >= 0.5 * np.minimum(bottoms - tops, rule.box.height)
        apart = np.abs(middles - rule.box.center[0]) / height_px
        if not (beside & (apart > params.double) & (apart < params.min_width)).any():
            kept.append(rule)
    return kept


def _parts(number: Sequence[Reading], rules: Sequence[Rule], spot_of: Mapping[int, Spot | None]) -> Line:
    parts = [[number[0]]]
    for last, digit in pairwise(number):
        left, right = last.piece.bbox, digit.piece.bbox
        together = spot_of[id(left)] is not None and spot_of[id(left)] == spot_of[id(right)]
        if not together and any(_stands_between(rule, left, right) for rule in rules):
            parts.append([])
        parts[-1].append(digit)
    return parts


def _goes_through(rule: Rule, box: BoundingBox) -> bool:
    """Whether a rule goes through a digit, and not only along its side."""
    columns = _columns(rule, box.y, box.bottom)
    return columns.size > 0 and abs(columns.mean() - box.center[0]) < 0.5 * INNER * box.width


def _columns(rule: Rule, top: int, bottom: int) -> NDArray[np.intp]:
    """The columns that a rule takes between two rows; none where it does not reach over all of them."""
    if top >= bottom or rule.box.y > top or rule.box.bottom < bottom:
        return np.empty(0, np.intp)
    return rule.box.x + np.flatnonzero(rule.ink[top - rule.box.y : bottom - rule.box.y].any(axis=0))


def _stands_between(rule: Rule, left: BoundingBox, right: BoundingBox) -> bool:
    if not left.center[0] < rule.box.right or not rule.box.x < right.center[0]:
        return False
    columns = _columns(rule, max(left.y, right.y), min(left.bottom, right.bottom))
    return columns.size > 0 and left.center[0] < columns.mean() < right.center[0]


def may_be_rules(numbers: Sequence[Sequence[Reading]], rules: Sequence[Rule], params: ColumnParams) -> list[bool]:
    """Tells of each number whether a 1 in it may be a piece of an upright rule, on which it lies.

    A line of squared paper goes through many a 1, but it is paler than the pen.

    Args:
        numbers: each of at least one digit.
        rules: the upright ones of the page.
        params: see there.
    """
    if not numbers or not rules:
        return [False] * len(numbers)
    pieces = [digit.piece for digits in numbers for digit in digits]
    apart = _wide_apart(rules, median(piece.bbox.height for piece in pieces), params)
    pale = params.pale * median(piece.darkness for piece in pieces)
    return [
        any(
            _lies_on(digit.piece.bbox, rule, params)
            for digit in digits
            if digit.digit == 1
            for rule in (rules if digit.piece.darkness < pale else apart)
        )
        for digits in numbers
    ]


def _lies_on(box: BoundingBox, rule: Rule, params: ColumnParams) -> bool:
    """Whether a 1 lies on a rule, or in its gap: a piece that is left of a rule was not found with it."""
    if rule.box.y > box.y or rule.box.bottom < box.bottom:
        return False
    columns = _columns(rule, box.y, box.bottom)
    if not columns.size:
        around = _columns(rule, max(rule.box.y, box.y - box.height), min(rule.box.bottom, box.bottom + box.height))
        middle = around.size // 2
        columns = around[middle : middle + 1]
    reach = params.on_rule * box.height
    return columns.size > 0 and columns[0] - reach <= box.center[0] <= columns[-1] + reach
