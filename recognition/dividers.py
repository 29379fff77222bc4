"""Finds the dashed lines that part a long box of a form into cells for a digit each.

They are told from digits by their evenness, as the teeth of combs are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, stretches
from recognition.combs import EXACT_PX, MIN_FOUND, PLACE, UNLIKE, Combs, is_known, possible_cells
from recognition.fields import Field
from recognition.lines import piece_px
from recognition.types import BoundingBox

MIN_LONG = 1.2
"""A box of several cells is at least so many times as wide as it is high."""
MAX_WIDE = 1.5
"""A cell between dashed dividers is at most so many times as wide as it is high."""
MIN_DASHES = 4
"""A dashed divider has so many dashes at least; a 3 or an 8 has three strokes one above the other."""
DASHED = (0.3, 0.85)
"""Dashes cover so much of a divider's length."""
NEAR_END = 0.2
"""A dashed divider begins and ends within so much of a box's height of its sides; no digit is as high."""


def find_dividers(masks: Sequence[Image], boxes: Sequence[BoundingBox], known: Sequence[Field]) -> Combs:
    """Finds boxes with dashed dividers.

    Args:
        masks: of the page's ink, the dark alone and then all, uint8 (height, width), 255 is ink.
        boxes: on the page.
        known: rows of boxes, which have none.
    """
    fields: list[Field] = []
    strokes: list[BoundingBox] = []
    for mask in masks:
        for box in boxes:
            if box.width < MIN_LONG * box.height or is_known(box, (*known, *fields)):
                continue
            dividers = _dividers(mask, box)
            if dividers:
                strokes += dividers
                fields.append(Field(box, _between(dividers, box)))
    return Combs.of(strokes, fields, masks[0].shape)


def _dividers(mask: Image, box: BoundingBox) -> list[BoundingBox]:
    """Around the dashed dividers in a long box, from left to right."""
    ink = mask[box.y + EXACT_PX : box.bottom - EXACT_PX, box.x : box.right] > 0  # a cell has its frame's inner edge
    near_end = round(NEAR_END * box.height)
    share = ink.mean(axis=0)
    dashes = np.count_nonzero(ink[1:] & ~ink[:-1], axis=0) + ink[0]
    whole = ink[: near_end + 1].any(axis=0) & ink[-near_end - 1 :].any(axis=0)
    dashed = whole & (dashes >= MIN_DASHES) & (share >= DASHED[0]) & (share <= DASHED[1])
    starts, stops = stretches(dashed)
    even = np.array(
        [_is_even(ink[:, (start + stop) // 2]) for start, stop in zip(starts, stops, strict=True)], np.bool_
    )
    starts, stops = starts[even], stops[even]
    middles = (starts + stops - 1) / 2
    for cells in possible_cells(middles, box.width, piece_px(mask.shape[1])):
        pitch = box.width / cells
        if pitch > MAX_WIDE * box.height:
            continue
        near = np.abs(middles[:, None] - pitch * np.arange(1, cells) + 0.5) <= max(EXACT_PX, PLACE * pitch)
        if near.any(axis=1).all() and np.count_nonzero(near.any(axis=0)) >= max(1, MIN_FOUND * (cells - 1)):
            half = int((stops - starts).max()) // 2 + 2
            columns = np.rint(box.x + pitch * np.arange(1, cells) - 0.5).astype(int).tolist()
            return [BoundingBox(column - half, box.y, 2 * half + 1, box.height) for column in columns]
    return []


def _is_even(column: NDArray[np.bool_]) -> bool:
    """Whether the dashes in a column, but for the outermost, are of one length, and so are the gaps between them."""
    lengths = np.diff(np.flatnonzero(np.diff(column)))[1:-1]
    for alike in (lengths[::2], lengths[1::2]):
        if alike.size and np.abs(alike - np.median(alike)).max() > max(EXACT_PX, UNLIKE * np.median(alike)):
            return False
    return True


def _between(dividers: Sequence[BoundingBox], box: BoundingBox) -> tuple[BoundingBox, ...]:
    """The cells of a box."""
    sides = [box.x, *(round(divider.center[0]) for divider in dividers), box.right]
    return tuple(BoundingBox(left, box.y, right - left, box.height) for left, right in pairwise(sides))
