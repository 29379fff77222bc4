"""Leaves out what is drawn around numbers: circles and frames, which look like a 0 or keep numbers from being read."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from recognition.arrays import Image, as_mask
from recognition.components import Component, connected, held, make_component
from recognition.neighbors import edges_of, overlapping
from recognition.params import ComponentParams, RingParams
from recognition.pen import pen_px
from recognition.reader import Reader
from recognition.reading import Reading, no_surer
from recognition.types import BoundingBox


def without_rings(
    readings: Sequence[Reading], darkness: Image, reader: Reader, params: RingParams, of_pieces: ComponentParams
) -> list[Reading]:
    """Returns the readings without those of thin lines around digits.

    What is grown together with such a line, as a digit that touches it, is read by itself, and the number in it goes to
    review. A 0 has nothing in it but a dot or a slash, which by itself is no digit or a 1.

    Args:
        readings: of all pieces.
        darkness: uint8 page.
        reader: reads what touches a line.
        params: see there.
        of_pieces: which parts of a piece are looked at.
    """
    left: list[Reading] = []
    inside: list[Component] = []
    touched: list[BoundingBox] = []
    for reading, around in zip(readings, _around(readings, params), strict=True):
        if not around:
            left.append(reading)
            continue
        parts, is_bare = _inside(reading.piece, darkness, params, of_pieces)
        inside += parts
        if not is_bare:
            touched.append(_wider(reading.piece.bbox, params))
    left += reader.read(inside, darkness, touching=True) if inside else []
    doubted = held([reading.piece for reading in left], touched).tolist()
    return [no_surer(reading, params.most) if doubt else reading for reading, doubt in zip(left, doubted, strict=True)]


def _wider(box: BoundingBox, params: RingParams) -> BoundingBox:
    """A box with room on both sides for a digit that is half in it."""
    reach = round(params.reach * box.height)
    left = max(0, box.x - reach)
    return BoundingBox(left, box.y, box.right + reach - left, box.height)


def _around(readings: Sequence[Reading], params: RingParams) -> list[bool]:
    """Which pieces are thin lines around a digit."""
    boxes = [reading.piece.bbox for reading in readings]
    edges = edges_of(boxes)
    starts, ends = edges[:, :2], edges[:, 2:]
    heights = (ends - starts)[:, 1]
    thin = np.array([r.piece.area_px for r in readings]) <= params.max_fill * (ends - starts).prod(axis=1)
    digits = np.array([r.digit != 1 and r.by_ink_confidence >= params.min_confidence for r in readings], np.bool_)
    result = [False] * len(readings)
    for outer, inner in overlapping(starts[:, 0], ends[:, 0]):
        share = heights[inner] / heights[outer]
        fits = thin[outer] & digits[inner] & (params.min_height <= share) & (share <= params.max_height)
        fits &= (starts[outer] < starts[inner]).all(axis=1) & (ends[outer] > ends[inner]).all(axis=1)
        for k, digit in zip(outer[fits].tolist(), inner[fits].tolist(), strict=True):
            result[k] = result[k] or _surrounds(readings[k].piece, boxes[digit])
    return result


def _surrounds(piece: Component, box: BoundingBox) -> bool:
    """Whether there is ink of a piece on all four sides of the middle of a box within its own."""
    left, top = box.x - piece.bbox.x, box.y - piece.bbox.y
    right, bottom = left + box.width, top + box.height
    rows = slice(top + box.height // 3, bottom - box.height // 3)
    columns = slice(left + box.width // 3, right - box.width // 3)
    beside = (
        piece.mask[rows, :left],
        piece.mask[rows, right:],
        piece.mask[:top, columns],
        piece.mask[bottom:, columns],
    )
    return all(side.any() for side in beside)


def _inside(
    ring: Component, darkness: Image, params: RingParams, of_pieces: ComponentParams
) -> tuple[list[Component], bool]:
    """The ink of a piece that is not of the line along its outside, and whether the line is all there is."""
    pen = pen_px(ring)
    outlines, _ = cv2.findContours(ring.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros((ring.bbox.height + 2, ring.bbox.width + 2), np.uint8)
    cv2.fillConvexPoly(filled, cv2.convexHull(np.vstack(outlines)) + 1, 255)
    deep = cv2.distanceTransform(filled, cv2.DIST_L2, 3)[1:-1, 1:-1] > params.line * pen
    least = max(of_pieces.min_side_px, round(params.part * ring.bbox.height))
    found = connected(as_mask(deep) & ring.mask, least)
    parts = [make_component(mask, ring.bbox.x + box.x, ring.bbox.y + box.y, darkness) for box, mask in found]
    whole = [part for part in parts if part is not None and part.area_px >= of_pieces.min_area_px]
    padded = cv2.copyMakeBorder(ring.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    thickest = 2 * float(cv2.distanceTransform(padded, cv2.DIST_L2, 3).max())
    return whole, not whole and thickest <= params.max_width * pen
