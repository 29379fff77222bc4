"""Weighs each reading by what stands beside it: digits stand among digits, letters among letters.

One pass of belief propagation along lines of writing (Pearl, "Probabilistic Reasoning in Intelligent Systems", 1988):
each piece tells its neighbors by how much it speaks for digits or against them. What the page as a whole says is not
passed on, because each has heard it already: digits in a field of a form stand against a page of print together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.neighbors import edges_of, overlapping
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
    tellers = [readings[int(k)] for k in telling]
    edges = edges_of(teller.piece.bbox for teller in tellers)
    voices = log_odds(np.array([reading.first_confidence for reading in tellers]))
    strokes = np.array([reading.digit == 1 for reading in tellers])
    voices[strokes & (voices < 0)] *= params.strokes
    heard = np.zeros(len(readings))
    heard[telling] = _heard(edges, voices, height_px, params)
    return raised(readings, heard)


def _heard(
    edges: NDArray[np.float64], voices: NDArray[np.float64], height_px: float, params: CompanyParams
) -> NDArray[np.float64]:
    """What each piece's neighbors along its line say, in log odds."""
    said = np.where(voices > 0, params.for_digits * voices, params.against * voices)
    heard = np.zeros(len(edges))
    for first, second in overlapping(edges[:, 0], edges[:, 2] + params.reach * height_px):
        (x, y, right, bottom), (other_x, other_y, other_right, other_bottom) = edges[first].T, edges[second].T
        gaps = np.maximum(other_x - right, x - other_right) / height_px
        shared = np.minimum(bottom, other_bottom) - np.maximum(y, other_y)
        beside = (shared >= 0.4 * np.minimum(bottom - y, other_bottom - other_y)) & (gaps >= -0.5)
        near = np.exp(-np.maximum(gaps[beside], 0))  # what is farther off says less
        np.add.at(heard, first[beside], near * said[second[beside]])
        np.add.at(heard, second[beside], near * said[first[beside]])
    return np.clip(heard, -params.limit, params.limit)
