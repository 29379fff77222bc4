"""Finds out how usual digits are on a page, and reads every piece in that light.

Most letters do not have a digit's form, so that a page of which most pieces do is no page of text; and where few pieces
look like handwritten digits in their surroundings, the next one most likely is none either. For the latter:

Saerens, Latinne and Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities: A Simple
Procedure", Neural Computation 14 (2002): expectation maximization over the share of digits among a page's pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recognition.components import Component, held
from recognition.params import PriorParams
from recognition.reading import Reading, log_odds
from recognition.types import BoundingBox

STEPS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """By how much the log odds of being a digit are to be raised for the pieces of a page.

    What is written into the boxes of a form is of another kind than the print around it, and is weighed by itself.

    Attributes:
        page: for pieces of the page.
        boxes: for pieces in a box.
        cells: the boxes.
    """

    page: float = 0.0
    boxes: float = 0.0
    cells: Sequence[BoundingBox] = ()

    def of(self, pieces: Sequence[Component]) -> NDArray[np.float64]:
        """Returns by how much each piece is raised, float64 (n,)."""
        return np.where(held(pieces, self.cells), self.boxes, self.page)

    def most_within(self, box: BoundingBox) -> float:
        """Returns by how much a piece that lies in a box, or any part of it, is raised at the most."""
        across = (c.x < box.right and box.x < c.right and c.y < box.bottom and box.y < c.bottom for c in self.cells)
        return max(self.page, self.boxes) if any(across) else self.page

    def more_lenient(self, by: float) -> Prior:
        """Returns the same with everything raised by so much more."""
        return replace(self, page=self.page + by, boxes=self.boxes + by)


def prior_of(readings: Sequence[Reading], height_px: float, cells: Sequence[BoundingBox], params: PriorParams) -> Prior:
    """Returns by how much the pieces of a page are to be raised.

    Args:
        readings: of all pieces, by ink and surroundings.
        height_px: of the writing.
        cells: the boxes of forms; far larger ones frame parts of the page.
        params: see there.
    """
    boxes = [box for box in cells if box.height <= params.max_cell * height_px]
    page = page_log_odds(readings, height_px, params)
    inside = held([reading.piece for reading in readings], boxes)
    if not inside.any():
        return Prior(page)
    written = page_log_odds([readings[int(k)] for k in np.flatnonzero(inside)], height_px, params)
    return Prior(page, max(page, min(written, params.most_in_boxes)), boxes)


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
