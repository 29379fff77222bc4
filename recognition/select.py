"""Tells the page's writing from everything else that looks like a digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognition.arrays import weighted_median
from recognition.neighbors import edges_of
from recognition.params import SelectParams
from recognition.reading import Reading, at_edge
from recognition.types import BoundingBox
from recognition.words import in_words


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The page's writing.

    Attributes:
        digits: the readings that are digits of the page's own hand.
        unread: those that are none but large and dark enough to be a part of one, be it where the pen ran dry.
        crumbs: all others.
    """

    digits: list[Reading]
    unread: list[Reading]
    crumbs: list[Reading]


def select_digits(
    readings: Sequence[Reading], height_px: float, size: tuple[int, ...], params: SelectParams
) -> Selection:
    """Tells the page's digits from other pieces.

    Args:
        readings: of all pieces.
        height_px: of the writing, from `reading.writing_height`.
        size: (height, width) of the page.
        params: see there.

    Returns:
        As digits those that the network takes for digits, that do not stand in words, and that are about as large and
        as dark as the surest of them; and what stands right beside one and may be another, however unlikely.
    """
    likely = [
        reading
        for reading in readings
        if reading.confidence >= params.min_confidence
        and reading.confidence > reading.rubbish
        and params.min_height * height_px <= reading.piece.bbox.height <= params.max_height * height_px
        and not (at_edge(reading.piece, size) and (reading.digit == 1 or reading.confidence < 0.9))
    ]
    letters = in_words(readings, likely, height_px, params)
    likely = [reading for reading in likely if id(reading) not in letters]
    sure = [reading for reading in likely if reading.confidence >= 0.8] or likely
    typical = weighted_median(
        np.array([reading.piece.darkness for reading in sure]),
        np.array([float(reading.piece.area_px) for reading in sure]),
    )
    digits = [reading for reading in likely if reading.piece.darkness >= params.min_darkness * typical]
    inked = [reading for reading in readings if reading.piece.darkness >= params.min_member_darkness * typical]
    digits += _likely_members(inked, digits, letters, height_px, params)
    chosen = {id(reading) for reading in digits}
    low, high = params.min_part * height_px, params.max_height * height_px
    unread: list[Reading] = []
    crumbs: list[Reading] = []
    for reading in readings:
        if id(reading) in chosen:
            continue
        box = reading.piece.bbox
        large = max(box.width, box.height) >= low and box.height <= high
        dark = reading.piece.darkness >= params.min_unread_darkness * typical
        (unread if large and dark else crumbs).append(reading)
    return Selection(digits, unread, crumbs)


def _likely_members(
    readings: Sequence[Reading], digits: Sequence[Reading], letters: set[int], height_px: float, params: SelectParams
) -> list[Reading]:
    """What alone would be no digit, but stands right beside one and is as high: left out, it would go unnoticed."""
    others = {id(reading) for reading in digits} | letters
    left, top, right, bottom = edges_of(digit.piece.bbox for digit in digits).T

    def stands_beside_one(box: BoundingBox) -> bool:
        apart = np.maximum(box.x - right, left - box.right)
        shared = np.minimum(box.bottom, bottom) - np.maximum(box.y, top)
        near = (apart <= params.word_gap * height_px) & (apart >= -0.3 * np.minimum(box.width, right - left))
        return bool((near & (shared >= 0.5 * np.minimum(box.height, bottom - top))).any())

    return [
        reading
        for reading in readings
        if id(reading) not in others
        and reading.confidence >= params.min_member_confidence
        and 0.7 * height_px <= reading.piece.bbox.height <= 1.5 * height_px
        and stands_beside_one(reading.piece.bbox)
    ]
