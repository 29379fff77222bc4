"""Finds out how usual digits are on a page, and reads every piece in that light.

Most letters do not have a digit's form, so that a page of which most pieces do is no page of text; and where few pieces
look like handwritten digits in their surroundings, the next one most likely is none either. For the latter:

Saerens, Latinne and Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities: A Simple
Procedure", Neural Computation 14 (2002): expectation maximization over the share of digits among a page's pieces.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.params import PriorParams
from recognition.reading import Reading, log_odds

STEPS = 30


def page_log_odds(readings: Sequence[Reading], height_px: float, params: PriorParams) -> float:
    """Returns by how much the log odds of being a digit are to be raised for all pieces of a page.

    Args:
        readings: of all pieces, by ink and surroundings.
        height_px: of the writing; much smaller and larger pieces do not count.
        params: see there.

    Returns:
        0 for a page without such pieces.
    """
    low, high = params.min_height * height_px, params.max_height * height_px
    pieces = [reading for reading in readings if low <= reading.piece.bbox.height <= high]
    counted = [reading.confidence for reading in pieces if reading.by_ink_confidence >= params.min_by_ink]
    if not counted:
        return 0.0
    share = digit_share(log_odds(np.array(counted)))
    usual = float(np.log(share / (1 - share)))
    alike = np.count_nonzero([reading.by_ink_confidence >= params.alike for reading in pieces])
    excess = (alike + 1) / (len(pieces) + 2) - params.usual_alike
    of_ink = float(np.clip(params.alike_weight * excess, -params.limit, params.limit))
    of_surroundings = float(np.clip(usual, -params.limit, params.limit))
    return min(of_surroundings + of_ink + params.lenience, params.most)


def digit_share(odds: NDArray[np.float64]) -> float:
    """Returns the most likely share of digits among pieces with these log odds, with one of each kind seen before."""
    share = 0.5
    for _ in range(STEPS):
        digits = 1 / (1 + np.exp(-(odds + np.log(share / (1 - share)))))
        share = (float(digits.sum()) + 1) / (len(odds) + 2)
    return share
