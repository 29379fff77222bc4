"""Finds the columns and lines of a page whose last number is not the sum of the others.

A sum is wrong when any one of its numbers is read wrong, and also when one of them was not found at all, which nothing
else tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from recognition.params import MAX_DIGITS, Sums
from recognition.types import REJECTED, BoundingBox, Number

_MAX_ASIDE = 0.5
"""A number may stand so far to the left or right of the one above it, relative to its height: ones are narrow."""


def wrong_sums(numbers: Sequence[Number], where: Sequence[Sums]) -> list[bool]:
    """Tells of each number whether it stands in a column or line that does not add up.

    A column or line with a rejected digit is not known to be wrong, and neither is one with a single number.

    Args:
        numbers: of a page.
        where: the numbers add up.
    """
    result = [False] * len(numbers)
    for kind in where:
        for indices in _lines(numbers) if kind is Sums.ROWS else _columns([number.bbox for number in numbers]):
            if _is_wrong([numbers[index].text for index in indices]):
                for index in indices:
                    result[index] = True
    return result


def _is_wrong(texts: Sequence[str]) -> bool:
    if len(texts) == 1 or any(REJECTED in text for text in texts):
        return False
    if any(len(text) > MAX_DIGITS for text in texts):
        return True
    *parts, total = map(int, texts)
    return sum(parts) != total


def _lines(numbers: Sequence[Number]) -> Iterator[list[int]]:
    """The indices of the numbers of each line, from left to right."""
    order = sorted(range(len(numbers)), key=lambda index: (numbers[index].line, numbers[index].position))
    for _, indices in groupby(order, key=lambda index: numbers[index].line):
        yield list(indices)


def _columns(boxes: Sequence[BoundingBox]) -> list[list[int]]:
    """The indices of the numbers of each column, from the top."""
    result: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda index: boxes[index].center[::-1]):
        above = _above(boxes[index], [boxes[column[-1]] for column in result])
        if above is None:
            result.append([index])
        else:
            result[above].append(index)
    return result


def _above(box: BoundingBox, others: Sequence[BoundingBox]) -> int | None:
    """The place of the one below which a box stands: of the nearest above it the one that is least aside."""
    shared = {
        place: min(box.right, other.right) - max(box.x, other.x)
        for place, other in enumerate(others)
        if other.bottom <= box.center[1]
    }
    over = [place for place, width in shared.items() if width >= -_MAX_ASIDE * box.height]
    if not over:
        return None
    lowest = max(others[place].bottom for place in over)
    return max((place for place in over if others[place].bottom > lowest - box.height), key=shared.__getitem__)
