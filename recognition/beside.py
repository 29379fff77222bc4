"""Tells which numbers may be more than was read of them, by what stands beside and within them and is no digit.

It may be a digit that nobody could read, or crumbs of one that was read without them. What is tall enough for a digit
is doubted. Crumbs are read once more with the digits, as a whole: where that gives the same number, nothing is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image
from recognition.components import Component, ink_within
from recognition.params import BesideParams
from recognition.reading import Reading
from recognition.sequence import SequenceNetwork
from recognition.types import BoundingBox


def may_be_more(
    numbers: Sequence[Sequence[Reading]],
    unread: Sequence[Component],
    darkness: Image,
    network: SequenceNetwork | None,
    params: BesideParams,
) -> list[bool]:
    """Tells of each number whether something of it may not have been read.

    Args:
        numbers: each of at least one digit, from left to right.
        unread: all pieces that were not taken for digits, but for signs.
        darkness: uint8 page.
        network: reads a number as a whole; None does without, and what stands beside a number is then enough.
        params: see there.
    """
    boxes, dark = _measured(unread)
    result = [False] * len(numbers)
    inks: dict[int, Image] = {}
    for k, digits in enumerate(numbers):
        box = BoundingBox.around(digit.piece.bbox for digit in digits)
        near = _near(boxes, box, params.reach, params)
        sides = boxes[near, 2:] - boxes[near, :2]
        typical = median(digit.piece.darkness for digit in digits)
        dark_enough = dark[near] >= params.min_darkness * typical
        large = sides.max(axis=1, initial=0) >= params.min_side * box.height
        if (dark_enough & (sides[:, 1] >= params.tall * box.height)).any():
            result[k] = True
        elif (dark_enough & large).any():
            beside = [unread[int(one)] for one in near[sides[:, 1] <= params.max_height * box.height]]
            pieces = [*(digit.piece for digit in digits), *beside]
            inks[k] = ink_within(BoundingBox.around(piece.bbox for piece in pieces), pieces, darkness)
    answers = [None] * len(inks) if network is None else network.spot(list(inks.values()))
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
    boxes, dark = _measured(cut)
    result = []
    for digits in numbers:
        box = BoundingBox.around(digit.piece.bbox for digit in digits)
        near = _near(boxes, box, params.cut_reach, params)
        sides = boxes[near, 2:] - boxes[near, :2]
        dark_enough = dark[near] >= params.cut_darkness * median(digit.piece.darkness for digit in digits)
        large = sides.max(axis=1, initial=0) >= params.min_side * box.height
        result.append(bool((dark_enough & large & (sides[:, 1] <= params.max_height * box.height)).any()))
    return result


def _measured(pieces: Sequence[Component]) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """The sides (n, 4) of pieces, as `_near` takes them, and their darkness."""
    boxes = np.array([(one.bbox.x, one.bbox.y, one.bbox.right, one.bbox.bottom) for one in pieces], np.int_)
    return boxes.reshape(-1, 4), np.array([one.darkness for one in pieces], np.float64)


def _near(boxes: NDArray[np.int_], box: BoundingBox, reach: float, params: BesideParams) -> NDArray[np.intp]:
    """Which of the boxes (n, 4) stand so near to a number, and so level with it, that they may belong to it."""
    x, y, right, bottom = boxes.T
    reach *= box.height
    shared = np.minimum(bottom, box.bottom) - np.maximum(y, box.y)
    level = shared >= params.min_shared * np.minimum(bottom - y, box.height)
    return np.flatnonzero((x <= box.right + reach) & (right >= box.x - reach) & level)
