"""Reads each number once more as a whole, beside the reading of its digits one by one.

Two networks that see the same ink differently, each digit cut out or all of them side by side, seldom make the same
mistake; so a number of which they say the same may be trusted, and where they do not, a person should look. Where the
second sees as many digits as pieces can be put together to, they are, if that reads better: parts of a broken digit
that were taken for two, or left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image
from recognition.calibrate import Probabilities
from recognition.classify import NOT_A_DIGIT
from recognition.components import Component, ink_within, join
from recognition.join import SURE
from recognition.params import RecheckParams, ViewParams
from recognition.reader import Reader
from recognition.reading import Reading, no_surer, raised, seconded
from recognition.sequence import Spotted
from recognition.types import BoundingBox
from recognition.views import closely_spotted

UNSEEN: Probabilities = np.array([0.03] * NOT_A_DIGIT + [0.7], np.float32)
"""What the second reading says of a digit of which it saw nothing, or two things: among others, it goes to review.

On 300 drawn pages 40 numbers more would be accepted if it spoke no louder than to let a very sure digit pass, and 5 of
these are wrong.
"""

DISPUTED = 0.7
"""A digit that the second reading takes for another than what both together give is no surer than this.

On drawn and real pages that were sure all the same, it was right in 27 of 38 such cases.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Rechecked:
    """A number that was read twice.

    Attributes:
        digits: with what both readings say of them.
        missed: whether the second reading saw a digit where the first has none.
    """

    digits: list[Reading]
    missed: bool


def recheck(
    numbers: Sequence[Sequence[Reading]],
    unread: Sequence[Reading],
    darkness: Image,
    reader: Reader,
    params: RecheckParams,
    views: ViewParams,
) -> list[Rechecked]:
    """Reads numbers once more.

    Args:
        numbers: each of at least one digit, from left to right.
        unread: pieces that were not taken for digits; those that stand in a number are read with it.
        darkness: uint8 page.
        reader: reads several digits at once, and pieces that are put together.
        params: see there.
        views: of numbers in doubt.

    Returns:
        The numbers in their order; as they were where one is too long to be read as a whole, or nothing can do so.
    """
    if reader.sequence is None:
        return [Rechecked(list(digits), missed=False) for digits in numbers]
    others = [reading.piece for reading in unread]
    middles = np.array([piece.bbox.center for piece in others]).reshape(-1, 2)
    found = []
    inks = []
    for digits in numbers:
        box = BoundingBox.around(digit.piece.bbox for digit in digits)
        parts = _inside(box, others, middles)
        found.append(_Number(digits, parts, box))
        inks.append(ink_within(box, [*(digit.piece for digit in digits), *parts], darkness))
    seen = [
        None if spotted is None else [replace(one, column=one.column + number.box.x) for one in spotted]
        for number, spotted in zip(found, closely_spotted(inks, reader.sequence, views), strict=True)
    ]
    heard = [_heard(number, spotted, params) for number, spotted in zip(found, seen, strict=True)]
    told = iter(_told(found, heard, params))
    result = []
    for number, spotted, said in zip(found, seen, heard, strict=True):
        compared = Rechecked(list(islice(told, len(number.digits))), said.missed)
        put_together = None if said.agreed else _put_together(number, spotted or (), darkness, reader, params)
        result.append(put_together or compared)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Number:
    digits: Sequence[Reading]
    parts: list[Component]  # that stand in it and were not read
    box: BoundingBox


def _inside(box: BoundingBox, pieces: Sequence[Component], middles: NDArray[np.float64]) -> list[Component]:
    """Pieces of which most lies in a box; what reaches far out of it belongs to something else."""
    x, y = middles.T
    within = (box.x <= x) & (x < box.right) & (box.y <= y) & (y < box.bottom)
    return [pieces[int(k)] for k in np.flatnonzero(within) if pieces[int(k)].bbox.height <= box.height]


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    evidence: Sequence[Probabilities | None]  # of each digit; None where the number could not be read as a whole
    missed: bool
    agreed: bool  # one digit was seen in the place of each, and no other


def _heard(number: _Number, spotted: Sequence[Spotted] | None, params: RecheckParams) -> _Heard:
    digits = number.digits
    if spotted is None:
        return _Heard([None] * len(digits), missed=False, agreed=True)
    theirs: list[list[Spotted]] = [[] for _ in digits]
    missed = False
    reach = params.reach * number.box.height
    for one in spotted:
        far = [_outside(digit.piece.bbox, one.column) for digit in digits]
        nearest = far.index(min(far))
        if far[nearest] <= reach:
            theirs[nearest].append(one)
        else:
            missed = missed or one.confidence >= params.sure
    evidence = [seen[0].probabilities if len(seen) == 1 else UNSEEN for seen in theirs]
    return _Heard(evidence, missed, all(len(seen) == 1 for seen in theirs) and len(spotted) == len(digits))


def _told(numbers: Sequence[_Number], heard: Sequence[_Heard], params: RecheckParams) -> list[Reading]:
    """The digits of all numbers, one after the other, with what was heard of each."""
    digits = [digit for number in numbers for digit in number.digits]
    evidence = [said for one in heard for said in one.evidence]
    weights = [params.weight if len(one.digits) > 1 else params.lone_weight for one in numbers for _ in one.digits]
    heard_of = [k for k, said in enumerate(evidence) if said is not None]
    twice = _seconded(
        [digits[k] for k in heard_of],
        [said for said in evidence if said is not None],
        [weights[k] for k in heard_of],
    )
    for k, reading in zip(heard_of, twice, strict=True):
        digits[k] = reading
    return digits


def _seconded(
    readings: Sequence[Reading], evidence: Sequence[Probabilities], weights: float | Sequence[float]
) -> list[Reading]:
    """As `seconded`; what the evidence takes for another digit than comes out is in doubt."""
    return [
        reading if said.argmax() in (reading.digit, NOT_A_DIGIT) else no_surer(reading, DISPUTED)
        for reading, said in zip(seconded(readings, evidence, weights), evidence, strict=True)
    ]


def _put_together(
    number: _Number, spotted: Sequence[Spotted], darkness: Image, reader: Reader, params: RecheckParams
) -> Rechecked | None:
    """The number with its pieces put together to the digits that were spotted; None where that reads no better."""
    if not spotted or any(1 - one.probabilities[NOT_A_DIGIT] < params.sure for one in spotted):
        return None
    groups: list[list[Component]] = [[] for _ in spotted]
    whole: set[int] = set()
    for digit in number.digits:
        box = digit.piece.bbox
        if np.count_nonzero([_outside(box, one.column) == 0 for one in spotted]) > 1:
            return None
        nearest = _nearest(box, spotted)
        groups[nearest].append(digit.piece)
        if digit.by_ink_confidence >= SURE:
            if nearest in whole:
                return None  # two digits that are whole by themselves are no parts of one
            whole.add(nearest)
    for part in number.parts:
        group = groups[_nearest(part.bbox, spotted)]
        if not group or any(_above(part.bbox, piece.bbox) for piece in group):
            group.append(part)
    if not all(groups):
        return None
    told = float(np.median([digit.told for digit in number.digits]))
    pieces = [reduce(lambda a, b: join(a, b, darkness), group) for group in groups]
    if min(piece.bbox.height for piece in pieces) < params.min_height * number.box.height:
        return None  # a crumb is no digit of its own
    # A blot, or what was only read uncut, stays in doubt with what is put to it.
    most = min(digit.most for digit in number.digits)
    fresh = [no_surer(one, most) for one in reader.read(pieces, darkness)]
    read = raised(fresh, told)
    twice = _seconded(read, [one.probabilities for one in spotted], params.weight)
    better = min(reading.confidence for reading in twice) > params.put_together
    return Rechecked(twice, missed=False) if better else None


def _nearest(box: BoundingBox, spotted: Sequence[Spotted]) -> int:
    far = [(_outside(box, one.column), abs(box.center[0] - one.column)) for one in spotted]
    return far.index(min(far))


def _above(box: BoundingBox, other: BoundingBox) -> bool:
    """Whether most of a box is above, below or within another."""
    return min(box.right, other.right) - max(box.x, other.x) >= 0.5 * box.width


def _outside(box: BoundingBox, column: float) -> float:
    """How far a column is from a box's inner half."""
    return max(box.x + 0.25 * box.width - column, column - box.right + 0.25 * box.width, 0.0)
