"""Clears a page of ink that is no writing, so that nothing sees it any more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recognition.arrays import Image, dilated
from recognition.components import Component
from recognition.neighbors import edges_of
from recognition.types import BoundingBox

_SOFT_PX = 2
"""The edges of a piece are paler than what counts as ink, so many pixels beyond it."""


def cleared(darkness: Image, gone: Sequence[Component], others: Sequence[Component]) -> Image:
    """Returns a page without some pieces of its ink and their soft edges, and with all ink of the others.

    Args:
        darkness: uint8 page.
        gone: the pieces that go.
        others: those that stay, some of which may touch them.
    """
    result = darkness.copy()
    boxes = edges_of(one.bbox for one in others)
    for piece in gone:
        x, y = max(0, piece.bbox.x - _SOFT_PX), max(0, piece.bbox.y - _SOFT_PX)
        right = min(darkness.shape[1], piece.bbox.right + _SOFT_PX)
        bottom = min(darkness.shape[0], piece.bbox.bottom + _SOFT_PX)
        zone = np.zeros((bottom - y, right - x), np.uint8)
        place = piece.bbox.y - y, piece.bbox.x - x
        zone[place[0] : place[0] + piece.bbox.height, place[1] : place[1] + piece.bbox.width] = piece.mask
        zone = dilated(zone, 2 * _SOFT_PX + 1, 2 * _SOFT_PX + 1)
        near = (boxes[:, 0] < right) & (boxes[:, 2] > x) & (boxes[:, 1] < bottom) & (boxes[:, 3] > y)
        for k in np.flatnonzero(near).tolist():
            _take_off(zone, BoundingBox(x, y, right - x, bottom - y), others[k])
        result[y:bottom, x:right][zone > 0] = 0
    return result


def _take_off(zone: Image, box: BoundingBox, piece: Component) -> None:
    """Clears a mask of a part of the page where a piece has ink."""
    place = piece.bbox
    x, y = max(place.x, box.x), max(place.y, box.y)
    right, bottom = min(place.right, box.right), min(place.bottom, box.bottom)
    part = piece.mask[y - place.y : bottom - place.y, x - place.x : right - place.x]
    zone[y - box.y : bottom - box.y, x - box.x : right - box.x][part > 0] = 0
