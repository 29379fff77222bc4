"""Takes off writing the pale letters that are printed in the boxes of forms, as those for day, month and year.

They are as wide as a pen's strokes. But print is of one grey all over a form; where that, and a far darker ink, are all
that a page's boxes hold, and nothing lies between the two, what is as pale as the print is none of the writing.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image
from recognition.components import Component, held
from recognition.fields import Field
from recognition.params import ComponentParams
from recognition.shading import darker_parts, ink_of

FLAT = 14
"""Within a stroke the darkness of neighboring pixels differs by at most so much of 255; at its edge by far more."""
MIN_SHARE = 0.05
"""So much of the flat ink in boxes is print at least, and writing."""
MIN_PIECES = 0.3
"""In so many of the pieces in boxes there is some print."""
MIN_COUNT = 3
"""And in so many."""
MIN_FLAT_PX = 6
"""So much flat ink of its grey shows print."""
MAX_SPREAD = 0.2
"""Most of the print is as dark as its median, give or take so much of that; pencil is not."""
MIN_DARKER = 1.4
"""Writing is so many times as dark as print."""
MAX_BETWEEN = 0.03
"""So much of the flat ink lies between the two at most, in the middle half."""
LIMIT = 0.2
"""Writing begins so far from the print's darkness to its own."""


def without_placeholders(
    pieces: Sequence[Component], fields: Sequence[Field], darkness: Image, of_pieces: ComponentParams
) -> list[Component]:
    """Returns the pieces, those in boxes without the print that they have grown together with.

    What is as pale as the print all over stays: it may be writing of another pen.

    Args:
        pieces: of ink.
        fields: rows of boxes.
        darkness: uint8 page.
        of_pieces: which parts of a piece are looked at.
    """
    inside = held(pieces, [field.bbox for field in fields]).tolist()
    if sum(inside) < MIN_COUNT:
        return list(pieces)
    limit = _limit([_flat(piece, darkness) for piece, boxed in zip(pieces, inside, strict=True) if boxed])
    if limit is None:
        return list(pieces)
    result: list[Component] = []
    for piece, boxed in zip(pieces, inside, strict=True):
        result += (darker_parts(piece, darkness, limit, of_pieces) if boxed else []) or [piece]
    return result


def _flat(piece: Component, darkness: Image) -> Image:
    """How dark the pixels of a piece are that are as dark as those about them."""
    ink = ink_of(piece, darkness)
    smooth = cv2.blur(ink, (3, 3))
    around = np.ones((3, 3), np.uint8)
    uneven = cv2.subtract(cv2.dilate(smooth, around), cv2.erode(smooth, around))
    within = cv2.erode(piece.mask, around, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(smooth[(uneven <= FLAT) & (within > 0)], np.uint8)


def _limit(flat: Sequence[Image]) -> float | None:
    """Up to which darkness ink is none of the writing; None without print."""
    values = np.concatenate(flat)
    if values.size < MIN_FLAT_PX:
        return None
    threshold, _ = cv2.threshold(values, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    pale, dark = values[values <= threshold], values[values > threshold]
    if min(pale.size, dark.size) < MIN_SHARE * values.size:
        return None
    printed, writing = float(np.median(pale)), float(np.median(dark))
    apart = writing - printed
    between = np.count_nonzero(np.abs(values - (printed + writing) / 2) < apart / 4)
    count = sum(np.count_nonzero(of_one <= threshold) >= MIN_FLAT_PX for of_one in flat)
    spread = _spread(pale) / printed
    if count < max(MIN_COUNT, MIN_PIECES * len(flat)) or spread > MAX_SPREAD:
        return None
    if writing < MIN_DARKER * printed or between > MAX_BETWEEN * values.size:
        return None
    return printed + LIMIT * apart


def _spread(values: NDArray[np.uint8]) -> float:
    """How far most values are from their median."""
    return float(np.percentile(np.abs(values - np.median(values)), 80))
