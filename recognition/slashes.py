"""Parts dates at their slashes, which look like a 1.

By its ink a slash is a 1. But it is higher than the digits beside it and leans more; and where two such strokes part a
number as day, month and year are parted, it is a date. Read as digits, they would make a number that looks right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

import cv2
import numpy as np

from recognition.layout import Line
from recognition.params import SlashParams
from recognition.reading import Reading
from recognition.signs import Parted

FORMS = frozenset(
    [(day, month, year) for day in (1, 2) for month in (1, 2) for year in (2, 4)]
    + [(4, month, day) for month in (1, 2) for day in (1, 2)]
)
"""How many digits the parts of a date have."""


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A 1 that may be a slash: its place in the number, and how it stands out from the digits about it."""

    place: int
    height: float  # relative to theirs
    lean_deg: float  # to the right


def part_at_slashes(lines: Sequence[Line], params: SlashParams) -> Parted:
    """Parts dates, and leaves out their slashes; doubts what may be a date, and other numbers with a slash.

    Args:
        lines: from top to bottom.
        params: see there.

    Returns:
        In doubt are the slashes themselves, wherever their numbers are parted further.
    """
    parted: list[Line] = []
    doubtful: set[int] = set()
    for line in lines:
        numbers: Line = []
        for number in line:
            strokes = _strokes(number, params)
            pairs = [pair for pair in combinations(strokes, 2) if _part_a_date(*pair, len(number), params)]
            date = next((pair for pair in pairs if min(one.height for one in pair) >= params.min_height), None)
            numbers += [list(number)] if date is None else _without(number, *date)
            if date is None:
                paired = {stroke for pair in pairs for stroke in pair}
                slashes = [one for one in strokes if one in paired or one.height >= params.min_lone_height]
                doubtful |= {id(number[slash.place]) for slash in slashes}
        parted.append(numbers)
    return Parted(parted, doubtful, [])


def _strokes(number: Sequence[Reading], params: SlashParams) -> list[_Stroke]:
    """The 1s of a number that lean, but for its first and its last digit."""
    ones = [k for k, reading in enumerate(number) if reading.digit == 1 and 0 < k < len(number) - 1]
    if not ones:
        return []
    others = [reading for reading in number if reading.digit != 1] or number
    height = median(reading.piece.bbox.height for reading in others)
    lean = median(lean_deg(reading) for reading in others)
    found = []
    for k in ones:
        own = lean_deg(number[k])
        if own >= params.min_lean_deg and own - lean >= params.min_more_lean_deg:
            found.append(_Stroke(k, number[k].piece.bbox.height / height, own))
    return found


def _part_a_date(first: _Stroke, second: _Stroke, count: int, params: SlashParams) -> bool:
    """Whether two strokes stand where the slashes of a date of so many signs do, and look alike."""
    lengths = first.place, second.place - first.place - 1, count - second.place - 1
    alike = abs(first.lean_deg - second.lean_deg) <= params.max_lean_apart_deg
    return lengths in FORMS and alike and first.height + second.height >= 2 * params.min_doubtful_height


def _without(number: Sequence[Reading], first: _Stroke, second: _Stroke) -> Line:
    return [list(number[: first.place]), list(number[first.place + 1 : second.place]), list(number[second.place + 1 :])]


def lean_deg(reading: Reading) -> float:
    """Returns how far a digit leans to the right, from the moments of its ink."""
    moments = cv2.moments(reading.piece.mask, binaryImage=True)
    return float(np.rad2deg(np.arctan2(-moments["mu11"], max(moments["mu02"], 1e-6))))
