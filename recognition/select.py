"""Tells the page's writing from everything else that looks like a digit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recognition.params import SelectParams
from recognition.reading import Reading, at_edge, weighted_median
from recognition.words import in_words


def select_digits(
    readings: Sequence[Reading], height_px: float, size: tuple[int, ...], params: SelectParams
) -> list[Reading]:
    """Returns the readings that are digits of the page's own hand.

    Args:
        readings: of all pieces.
        height_px: of the writing, from `reading.writing_height`.
        size: (height, width) of the page.
        params: see there.

    Returns:
        Those that the network takes for digits, that do not stand in words, and that are about as large and as dark as
        the surest of them.
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
    darkness = weighted_median(
        np.array([reading.piece.darkness for reading in sure]),
        np.array([float(reading.piece.area_px) for reading in sure]),
    )
    return [reading for reading in likely if reading.piece.darkness >= params.min_darkness * darkness]
