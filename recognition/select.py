"""Tells the page's writing from everything else that looks like a digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognition.binarize import Shading
from recognition.components import Component
from recognition.params import SelectParams
from recognition.reading import Reading, at_edge, weighted_median
from recognition.types import BoundingBox
from recognition.words import in_words


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The page's writing.

    Attributes:
        digits: the readings that are digits of the page's own hand.
        unread: those that are none but large and dark enough to be a part of one, be it where the pen ran dry.
    """

    digits: list[Reading]
    unread: list[Reading]


def select_digits(readings: Sequence[Reading], height_px: float, page: Shading, params: SelectParams) -> Selection:
    """Tells the page's digits from other pieces.

    Args:
        readings: of all pieces.
        height_px: of the writing, from `reading.writing_height`.
        page: that they stand on.
        params: see there.

    Returns:
        As digits those that the network takes for digits, that do not stand in words, and that are about as large and
        as dark as the surest of them.
    """
    likely = [
        reading
        for reading in readings
        if reading.confidence >= params.min_confidence
        and reading.confidence > reading.rubbish
        and params.min_height * height_px <= reading.piece.bbox.height <= params.max_height * height_px
        and not (at_edge(reading.piece, page.light.shape) and (reading.digit == 1 or reading.confidence < 0.9))
        and not (reading.digit == 1 and is_border(reading.piece, page))
    ]
    letters = in_words(readings, likely, height_px, params)
    likely = [reading for reading in likely if id(reading) not in letters]
    sure = [reading for reading in likely if reading.confidence >= 0.8] or likely
    typical = weighted_median(
        np.array([reading.piece.darkness for reading in sure]),
        np.array([float(reading.piece.area_px) for reading in sure]),
    )
    dark = params.min_darkness * typical
    digits = [reading for reading in likely if reading.piece.darkness >= dark]
    digits += _likely_members(readings, digits, letters, height_px, params)
    chosen = {id(reading) for reading in digits}
    low, high = params.min_part * height_px, params.max_height * height_px
    unread = [
        reading
        for reading in readings
        if id(reading) not in chosen
        and max(reading.piece.bbox.width, reading.piece.bbox.height) >= low
        and reading.piece.bbox.height <= high
        and reading.piece.darkness >= params.min_unread_darkness * typical
    ]
    return Selection(digits, unread)


def _likely_members(
    readings: Sequence[Reading], digits: Sequence[Reading], letters: set[int], height_px: float, params: SelectParams
) -> list[Reading]:
    """What alone would be no digit, but stands right beside one and is as high: left out, it would go unnoticed."""
    chosen = {id(reading) for reading in digits}
    return [
        reading
        for reading in readings
        if id(reading) not in chosen | letters
        and reading.confidence >= params.min_member_confidence
        and 0.7 * height_px <= reading.piece.bbox.height <= 1.5 * height_px
        and any(_is_neighbor(reading.piece.bbox, digit.piece.bbox, params.word_gap * height_px) for digit in digits)
    ]


def _is_neighbor(box: BoundingBox, other: BoundingBox, gap_px: float) -> bool:
    apart = max(box.x - other.right, other.x - box.right)
    shared = min(box.bottom, other.bottom) - max(box.y, other.y)
    return -0.3 * min(box.width, other.width) <= apart <= gap_px and shared >= 0.5 * min(box.height, other.height)


def is_border(piece: Component, page: Shading) -> bool:
    """Tells whether an upright piece is where the paper ends or a shadow begins, and no stroke on paper.

    Args:
        piece: of the ink.
        page: that it stands on.
    """
    box = piece.bbox
    reach = max(4, box.height // 2)
    rows = slice(box.y, box.bottom)
    columns = [slice(max(0, box.x - reach), box.x), slice(box.right, box.right + reach)]
    beside = [(rows, side) for side in columns if page.light[rows, side].size]
    stroke = float(np.median(page.light[rows, box.x : box.right][piece.mask > 0]))
    # A neighboring digit may fill a part of a side, but never all of it.
    contrasts = [float(np.percentile(page.light[side], 70)) - stroke for side in beside]
    if min(contrasts, default=0.0) < 0.4 * max(contrasts, default=0.0):
        return True
    return any(float(np.percentile(page.darkness[side], 30)) > 0.5 * piece.darkness for side in beside)
