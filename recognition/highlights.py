"""Takes what a highlighter marked, and boxes printed grey, for paper.

Where such a stripe is narrower than the window by which the paper's brightness is found, it is as dark as ink all over,
and the writing on it one piece with it.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from recognition.arrays import Image
from recognition.params import HighlightParams
from recognition.types import BoundingBox


def without_highlights(darkness: Image, params: HighlightParams) -> Image:
    """Returns how dark each pixel is, on even stripes with darker strokes against the stripe around it.

    Args:
        darkness: uint8 (height, width), against the paper, as in `binarize.Ink`. It may be changed.
        params: see there.
    """
    ragged = round(params.min_side * max(darkness.shape))
    for box in _solid(darkness, params):
        part = darkness[box.y : box.bottom, box.x : box.right]
        shade = float(np.median(part))
        uneven = params.grain + params.unevenness * shade
        if _is_written_on(part, shade, uneven, params):
            paper = round(shade + uneven)
            whole = darkness[max(0, box.y - ragged) : box.bottom + ragged, max(0, box.x - ragged) : box.right + ragged]
            whole[:] = cv2.convertScaleAbs(np.maximum(whole, paper) - np.uint8(paper), alpha=255 / (255 - paper))
    return darkness


def _solid(darkness: Image, params: HighlightParams) -> Iterator[BoundingBox]:
    """The boxes of what is darker than the paper, higher and wider than strokes, and fills its box."""
    step = max(1, round(max(darkness.shape) / params.side_px))
    height, width = darkness.shape[0] // step, darkness.shape[1] // step
    if not height or not width:
        return
    whole = darkness[: height * step, : width * step]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)  # by a whole number, which is far faster
    least = max(3, round(params.min_side * max(small.shape)))
    dark = cv2.threshold(small, params.min_darkness, 255, cv2.THRESH_BINARY)[1]
    dark = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((least, least), np.uint8))
    for x, y, wide, high, area in cv2.connectedComponentsWithStats(dark, connectivity=4)[2][1:].tolist():
        if area >= params.min_fill * wide * high:
            yield BoundingBox(x * step, y * step, wide * step, high * step)


def _is_written_on(part: Image, shade: float, uneven: float, params: HighlightParams) -> bool:
    """Whether most of a stripe is of one darkness, and some of it much darker."""
    if not params.min_darkness <= shade <= params.max_darkness:
        return False
    even = cv2.countNonZero(cv2.inRange(part, shade - uneven, shade + uneven))
    strokes = cv2.countNonZero(cv2.threshold(part, shade + params.contrast * (255 - shade), 255, cv2.THRESH_BINARY)[1])
    return params.min_strokes * part.size <= strokes <= params.max_strokes * part.size and even >= params.min_even * (
        part.size - strokes
    )
