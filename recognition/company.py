"""Weighs each reading by what stands beside it: digits stand among digits, letters among letters.

One pass of belief propagation along lines of writing (Pearl, "Probabilistic Reasoning in Intelligent Systems", 1988):
each piece tells its neighbors by how much it speaks for digits or against them. What the page as a whole says is not
passed on, because each has heard it already: digits in a field of a form stand against a page of print together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.params import CompanyParams
from recognition.reading import Reading, log_odds, raised


def weighed(readings: Sequence[Reading], height_px: float, params: CompanyParams) -> list[Reading]:
    """Returns the readings with their probabilities raised beside digits and lowered beside what is none.

    No reading becomes surer than its ink alone is. What stands alone stays as it is.

    Args:
        readings: of all pieces.
        height_px: of the writing; pieces far from it tell nothing.
        params: see there.
    """
    heights = np.array([reading.piece.bbox.height for reading in readings], np.float64)
    telling = np.flatnonzero((heights >= params.min_height * height_px) & (heights <= params.max_height * height_px))
    if len(telling) < 2:
        return list(readings)
    boxes = np.array([_edges(readings[int(k)]) for k in telling], np.float64)
    voices = log_odds(np.array([readings[int(k)].first_confidence for k in telling]))
    heard = {int(k): _heard(at, boxes, voices, height_px, params) for at, k in enumerate(telling)}
    return [raised(reading, heard.get(k, 0.0)) for k, reading in enumerate(readings)]


def _heard(
    at: int, boxes: NDArray[np.float64], voices: NDArray[np.float64], height_px: float, params: CompanyParams
) -> float:
    """What a piece's neighbors along its line say, in log odds."""
    x, y, right, bottom = boxes[at]
    gaps = np.maximum(boxes[:, 0] - right, x - boxes[:, 2]) / height_px
    shared = np.minimum(boxes[:, 3], bottom) - np.maximum(boxes[:, 1], y)
    lower = np.minimum(boxes[:, 3] - boxes[:, 1], bottom - y)
    beside = (shared >= 0.4 * lower) & (gaps <= params.reach) & (gaps >= -0.5)
    beside[at] = False
    if not beside.any():
        return 0.0
    near = np.exp(-np.maximum(gaps[beside], 0))  # what is farther off says less
    said = voices[beside]
    said = np.where(said > 0, params.for_digits * said, params.against * said)
    return float(np.clip((near * said).sum(), -params.limit, params.limit))


def _edges(reading: Reading) -> tuple[int, int, int, int]:
    box = reading.piece.bbox
    return box.x, box.y, box.right, box.bottom
