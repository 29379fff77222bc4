"""Finds which of many things overlap along a line, without comparing each with each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from recognition.types import BoundingBox

_AT_ONCE = 256
"""Things whose partners are looked for at once: of thousands, all pairs would not fit into memory."""

Indices = NDArray[np.intp]


def overlapping(
    starts: NDArray[np.floating] | NDArray[np.integer], ends: NDArray[np.floating] | NDArray[np.integer]
) -> Iterator[tuple[Indices, Indices]]:
    """Yields the pairs of intervals of which the second begins within the first, or at its end.

    Args:
        starts: (n,), in any order.
        ends: (n,), an interval may end before it starts, and then has no partner.

    Yields:
        Two equal arrays of indices: the first of each pair starts no later than the second. Each pair comes once, in
        the order of the first's and then of the second's start.
    """
    order = np.argsort(starts, kind="stable")
    last = np.searchsorted(starts[order], ends[order], "right")
    for begin in range(0, len(order), _AT_ONCE):
        at = np.arange(begin, min(begin + _AT_ONCE, len(order)))
        counts = np.maximum(last[at] - at - 1, 0)
        first = np.repeat(at, counts)
        second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
        yield order[first], order[second]


def edges_of(boxes: Iterable[BoundingBox]) -> NDArray[np.float64]:
    """Returns the left, upper, right and lower edges of n boxes, float64 (n, 4); (0, 4) of none."""
    return np.array([(box.x, box.y, box.right, box.bottom) for box in boxes], np.float64).reshape(-1, 4)
