"""Weighs readings in doubt by the digits in their row and their column: what fills a gap in a table is one, too.

`company` tells neighbors in a number; in a table of lone digits, each in its cell, the neighbors are too far off for
that. A letter stands in line with digits now and then, but seldom both ways.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.params import GridParams
from recognition.reading import Reading, raised

_ENOUGH = 3
"""More digits in a row or column tell no more than so many."""


def filled(readings: Sequence[Reading], height_px: float, params: GridParams) -> list[Reading]:
    """Returns the readings with those raised that stand both in a row and in a column of sure digits.

    No reading becomes surer than its ink alone is. What has the form of a 1, and is as narrow as a bare stroke, may be
    a piece of the table's rules, and stays as it is.

    Args:
        readings: of all pieces, on a page whose lines lie about level.
        height_px: of the writing; pieces far from it neither tell nor are told anything.
        params: see there.
    """
    heights = np.array([reading.piece.bbox.height for reading in readings], np.float64)
    writing = (heights >= params.min_height * height_px) & (heights <= params.max_height * height_px)
    confidence = np.array([reading.confidence for reading in readings])
    sure = np.flatnonzero(writing & (confidence >= params.sure))
    doubtful = [
        k
        for k in np.flatnonzero(writing & (confidence < params.sure)).tolist()
        if readings[k].by_ink_confidence >= params.min_by_ink and not _may_be_a_rule(readings[k], params)
    ]
    if not sure.size or not doubtful:
        return list(readings)
    centers = np.array([reading.piece.bbox.center for reading in readings]) / height_px
    told = np.zeros(len(readings))
    for k in doubtful:
        told[k] = params.weight * _support(np.abs(centers[sure] - centers[k]), params)
    return raised(readings, told)


def _may_be_a_rule(reading: Reading, params: GridParams) -> bool:
    box = reading.piece.bbox
    return reading.digit == 1 and box.width < params.min_one * box.height


def _support(away: NDArray[np.float64], params: GridParams) -> float:
    """How much of the most that a row and a column can say, 0 to 1, from how far off each sure digit is, (n, 2)."""
    across, down = away.T
    apart = params.min_step
    in_row = int(np.count_nonzero((down <= params.max_drift) & (apart <= across) & (across <= params.row_reach)))
    in_column = int(np.count_nonzero((across <= params.max_drift) & (apart <= down) & (down <= params.column_reach)))
    if not in_row or not in_column:
        return 0.0
    return (min(in_row, _ENOUGH) + min(in_column, _ENOUGH)) / (2 * _ENOUGH)
