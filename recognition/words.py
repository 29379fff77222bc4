"""Tells digits that stand alone or among digits from letters that look like one, by the company they keep."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from recognition.neighbors import edges_of, overlapping
from recognition.params import SelectParams
from recognition.reading import Reading
from recognition.types import BoundingBox


def in_words(
    readings: Sequence[Reading], digits: Sequence[Reading], height_px: float, params: SelectParams
) -> set[int]:
    """Finds what was read as a digit within words, texture and clutter.

    Pieces of the size of writing, and about as dark, that nearly touch along a line are a word; what is left of rules
    is paler. A word of more other pieces than digits is no number, and whatever looks like a digit in it is a letter.

    Args:
        readings: of all pieces.
        digits: those of them that may be digits.
        height_px: of the writing.
        params: see there.

    Returns:
        The identities, as `id` gives them, of the digits in such words.
    """
    likely = {id(digit) for digit in digits}
    low, high = params.min_height * height_px, params.max_height * height_px
    dark = params.min_darkness * median([digit.piece.darkness for digit in digits] or [0.0])
    pieces = [
        r for r in readings if id(r) in likely or (low <= r.piece.bbox.height <= high and r.piece.darkness >= dark)
    ]
    found: set[int] = set()
    for word in _words([r.piece.bbox for r in pieces], params.word_gap * height_px):
        members = [pieces[k] for k in word]
        inside = {id(r) for r in members} & likely
        other = len(members) - len(inside)
        if other >= 2 and other > len(inside):
            found |= inside
    return found


def _words(boxes: Sequence[BoundingBox], gap_px: float) -> list[list[int]]:
    """The boxes, by index, in groups of which each is near another along a line."""
    group = list(range(len(boxes)))

    def root(k: int) -> int:
        while group[k] != k:
            group[k] = group[group[k]]
            k = group[k]
        return k

    edges = edges_of(boxes)
    for first, second in overlapping(edges[:, 0], edges[:, 2] + gap_px):
        (_, y, _, bottom), (_, other_y, _, other_bottom) = edges[first].T, edges[second].T
        shared = np.minimum(bottom, other_bottom) - np.maximum(y, other_y)
        near = shared >= 0.3 * np.minimum(bottom - y, other_bottom - other_y)
        for i, j in zip(first[near].tolist(), second[near].tolist(), strict=True):
            group[root(j)] = root(i)
    words: dict[int, list[int]] = {}
    for k in range(len(boxes)):
        words.setdefault(root(k), []).append(k)
    return list(words.values())
