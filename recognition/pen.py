"""Measures how bold the pen was that wrote a page."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from recognition.arrays import Image
from recognition.components import Component
from recognition.params import PenParams
from recognition.reading import Reading, writing_height


def pen_px(piece: Component) -> float:
    """Returns how wide the strokes of a piece are on average, in pixels.

    The middles of a stroke's pixels are a quarter of its width, and half a pixel, from those of the paper's nearest.
    """
    padded = cv2.copyMakeBorder(piece.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    return 4 * float(depth[padded > 0].mean()) - 2


def too_bold_px(readings: Sequence[Reading], darkness: Image, params: PenParams) -> int:
    """Returns by how much a page's strokes are wider than those that the networks know.

    Args:
        readings: of all pieces.
        darkness: uint8 (height, width) page, as in `binarize.Ink`.
        params: see there.

    Returns:
        Pixels; 0 where the pen is none too bold, or its strokes are a few pixels wide anyway.
    """
    height = writing_height(readings, darkness.shape)
    digits = [
        one.piece
        for one in readings
        if one.digit != 1
        and one.confidence >= params.min_confidence
        and one.piece.bbox.height >= params.min_height * height
    ]
    if height < params.min_height_px or len(digits) < params.min_count:
        return 0
    digits = digits[:: 1 + len(digits) // params.max_count]
    pens = np.array([pen_px(piece) / piece.bbox.height for piece in digits])
    # Bold print may be most of a page, and what is written on it thin.
    if np.quantile(pens, params.thinner) < params.bold:
        return 0
    # Out of focus all strokes are wide, but their edges are as soft, and thinning would leave nothing of them.
    if np.median([_solidity(piece, darkness) for piece in digits]) < params.solid:
        return 0
    return max(0, round((float(np.median(pens)) - params.usual) * height))


def _solidity(piece: Component, darkness: Image) -> float:
    """How dark a piece is on average, as a share of its darkest parts."""
    ink = piece.ink(darkness)[piece.mask > 0]
    return float(ink.mean() / max(1.0, float(np.quantile(ink, 0.95))))
