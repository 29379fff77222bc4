"""Doubts digits that are filled with ink all over: dots, bullets and what was blotted out have the outline of a 0."""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from recognition.components import Component
from recognition.params import BlotParams
from recognition.reading import Reading, no_surer


def without_blots(readings: Sequence[Reading], params: BlotParams) -> list[Reading]:
    """Returns the readings with those in doubt, whatever is said of them later, that may be blots.

    They are not left out: a 0 may have closed under a thick pen. A 1 is filled as a rule.

    Args:
        readings: the digits of a page.
        params: see there.
    """
    return [
        no_surer(reading, params.most) if reading.digit != 1 and is_blot(reading.piece, params) else reading
        for reading in readings
    ]


def is_blot(piece: Component, params: BlotParams) -> bool:
    """Whether ink fills its box as an ellipse does, and has no strokes but is as thick as it is wide.

    Args:
        piece: of ink.
        params: see there.
    """
    box = piece.bbox
    if box.height < params.min_height_px or piece.area_px < params.min_fill * box.width * box.height:
        return False
    padded = cv2.copyMakeBorder(piece.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    deepest = float(cv2.distanceTransform(padded, cv2.DIST_L2, 5).max())
    return 2 * deepest >= params.min_thickness * min(box.width, box.height)
