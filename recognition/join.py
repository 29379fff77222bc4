"""Puts the pieces of broken digits together where the network reads the whole better than the parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image
from recognition.components import Component, join
from recognition.neighbors import overlapping
from recognition.params import JoinParams
from recognition.reader import Reader
from recognition.reading import Reading
from recognition.types import BoundingBox

SURE, NONE = 0.9, 0.1
"""Confidence from which a piece is a digit, and below which it is none."""


def join_broken(
    readings: Sequence[Reading], height_px: float, darkness: Image, reader: Reader, params: JoinParams
) -> list[Reading]:
    """Returns the readings with near pieces joined.

    Two pieces are joined when they are closer than a pen's lift, are not two sure digits side by side, and read
    together as a digit about as surely as the better of them does alone; less surely where a part would else be left
    over. Each round joins disjoint pairs, the surest first.

    Args:
        readings: of all pieces.
        height_px: of the writing.
        darkness: uint8 page.
        reader: reads the joined pieces.
        params: see there.
    """
    readings = list(readings)
    wholes: dict[tuple[Component, Component], Reading] = {}  # also of pairs that stay apart, and come up every round
    for _ in range(params.rounds):
        pairs = _pairs(readings, height_px, params)
        if not pairs:
            break
        parts = [(readings[i].piece, readings[j].piece) for i, j in pairs]
        unread = [pair for pair in parts if pair not in wholes]
        joined = reader.read([join(*pair, darkness) for pair in unread], darkness)
        wholes.update(zip(unread, joined, strict=True))
        taken: set[int] = set()
        fresh = []
        read = [wholes[pair] for pair in parts]
        for whole, (i, j) in sorted(zip(read, pairs, strict=True), key=lambda item: -item[0].confidence):
            if not taken & {i, j} and _better(whole, readings[i], readings[j], height_px, params):
                taken |= {i, j}
                fresh.append(whole)
        if not fresh:
            break
        readings = [r for k, r in enumerate(readings) if k not in taken] + fresh
    return readings


def _better(whole: Reading, first: Reading, second: Reading, height_px: float, params: JoinParams) -> bool:
    weaker, stronger = sorted((first, second), key=lambda reading: reading.confidence)
    if stronger.confidence >= SURE and stronger.digit != 1 and not _stacked(first, second):
        # A piece beside a digit that is whole without it belongs to the next digit, or to nothing.
        if whole.digit == stronger.digit:
            # But where it is none itself, and the digit reads clearly better with it, it is the bar of a broken 5.
            gain = -params.bar_loss if _is_bar_of(weaker, stronger, height_px) else params.sure_gain
            return weaker.confidence < NONE and whole.confidence >= stronger.confidence + gain
        return whole.confidence >= stronger.confidence
    needed = stronger.confidence - 0.02
    side = max(weaker.piece.bbox.width, weaker.piece.bbox.height)
    if _stacked(first, second) or (weaker.confidence < 0.5 and side >= params.min_part * height_px):
        # Read apart, one of the two would be left over, or one digit would stand right on another: both are unlikely.
        needed *= params.leftover
    return whole.confidence >= max(params.min_confidence, needed)


def _is_bar_of(bar: Reading, digit: Reading, height_px: float) -> bool:
    """Whether a flat piece stands at the upper right of a 5, as its bar does."""
    box, body = bar.piece.bbox, digit.piece.bbox
    flat = box.width >= 1.5 * box.height and box.width >= 0.2 * height_px
    top = box.bottom <= body.y + 0.35 * body.height
    return digit.digit == 5 and flat and top and box.right > body.right


def _stacked(first: Reading, second: Reading) -> bool:
    a, b = first.piece.bbox, second.piece.bbox
    shared = min(a.right, b.right) - max(a.x, b.x)
    return shared >= 0.5 * min(a.width, b.width) and max(a.y, b.y) >= min(a.bottom, b.bottom) - 0.2 * min(
        a.height, b.height
    )


def _pairs(readings: Sequence[Reading], height_px: float, params: JoinParams) -> list[tuple[int, int]]:
    sure = np.array([reading.confidence >= SURE for reading in readings], np.bool_)
    boxes = [reading.piece.bbox for reading in readings]
    dark = [reading.piece.darkness for reading in readings]
    widest = replace(params, max_width=max(params.max_width, params.max_width_with_bar))
    return [
        (i, j)
        for i, j in near_pairs(boxes, sure, height_px, widest)
        if min(dark[i], dark[j]) >= params.min_darkness * max(dark[i], dark[j])
        and (not (sure[i] and sure[j]) or _stacked(readings[i], readings[j]))
        and (
            boxes[i].union(boxes[j]).width <= params.max_width * height_px
            or _is_bar_of(readings[j], readings[i], height_px)
            or _is_bar_of(readings[i], readings[j], height_px)
        )
    ]


def near_pairs(
    bboxes: Sequence[BoundingBox], sure: NDArray[np.bool_], height_px: float, params: JoinParams
) -> list[tuple[int, int]]:
    """Returns which pieces are so near to each other, and together so small, that they may be one digit.

    Args:
        bboxes: of the pieces.
        sure: bool (n,), which of them are digits by themselves; something below them is none of theirs.
        height_px: of the writing.
        params: see there.
    """
    boxes = np.array([[box.x, box.y, box.right, box.bottom] for box in bboxes])
    if len(boxes) < 2:
        return []
    heights = boxes[:, 3] - boxes[:, 1]
    widths = boxes[:, 2] - boxes[:, 0]
    small = np.flatnonzero((heights <= params.max_height * height_px) & (widths <= params.max_width * height_px))
    pairs: list[tuple[int, int]] = []
    for one, other in overlapping(boxes[small, 0], boxes[small, 2] + params.max_gap * height_px):
        first, second = small[one], small[other]
        (x, y, right, bottom), (other_x, other_y, other_right, other_bottom) = boxes[first].T, boxes[second].T
        gap_x = np.maximum(other_x - right, 0)
        gap_y = np.maximum(np.maximum(other_y - bottom, y - other_bottom), 0)
        below = (gap_x == 0) & (gap_y <= params.max_gap_below * height_px) & ~(sure[first] | sure[second])
        near = (np.hypot(gap_x, gap_y) <= params.max_gap * height_px) | below
        tall = np.maximum(bottom, other_bottom) - np.minimum(y, other_y)
        wide = np.maximum(right, other_right) - x
        fits = near & (tall <= params.max_height * height_px) & (tall >= 0.4 * height_px)
        fits &= wide <= params.max_width * height_px
        pairs += zip(first[fits].tolist(), second[fits].tolist(), strict=True)
    return pairs
