"""Finds the connected pieces of ink and what can be said of each without reading it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image, piece_at
from recognition.neighbors import edges_of
from recognition.params import ComponentParams
from recognition.types import BoundingBox

MAX_BOXES = 4
"""The boxes of pieces are at most so many times as large together as the page, so that their masks fit into memory.

Those of writing hardly overlap: on 79 real and 24 drawn pages they are as large together as 1.01 pages at the most. Of
hatching and of rings around each other, each line may have one as large as the page.
"""
SMALL_PX = 2**20
"""What boxes so large together take is not worth saving."""

FINE = 0.1
"""A lower median, as a share of the dark parts, only strokes have that are a pixel wide.

In 1,900 digits of 79 real pages and in 1,670 drawn ones it is 0.4 to 1, and 0.15 in the palest shading that is taken
for ink; in black and white it may be 0.
"""
FINE_CORE = 0.25
"""Such strokes are at least so dark, as a share of their ink with its soft edges; specks are less so."""

_Outlined: TypeAlias = tuple[int, int, BoundingBox]
"""Row and column of a pixel of a piece, and the piece's box."""


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """A piece of ink.

    Attributes:
        bbox: on the page.
        mask: uint8 (bbox.height, bbox.width), 255 where the piece has ink.
        area_px: number of ink pixels.
        darkness: median darkness of its ink without soft edges where these are most of it, 0 to 255.
    """

    bbox: BoundingBox
    mask: Image
    area_px: int
    darkness: float

    def ink(self, darkness: Image) -> Image:
        """Returns the piece's own grey ink, full strength at its typical darkness.

        Args:
            darkness: uint8 page, as in `binarize.Ink`.

        Returns:
            uint8 of the mask's shape, for `normalize`.
        """
        box = self.bbox
        crop = darkness[box.y : box.bottom, box.x : box.right]
        return as_image(cv2.convertScaleAbs(crop, alpha=255 / max(self.darkness, 1.0))) & self.mask


def find_components(mask: Image, darkness: Image, params: ComponentParams) -> list[Component]:
    """Returns the pieces of ink that are large and dark enough to be writing, in no particular order.

    Args:
        mask: uint8 (height, width), 255 is ink.
        darkness: uint8 (height, width).
        params: see there.

    Returns:
        All of them; none on a blank page.
    """
    return [
        _measured(piece, box, darkness)
        for box, piece in connected(mask, params.min_side_px)
        if cv2.countNonZero(piece) >= params.min_area_px
    ]


def largest(pieces: Sequence[Component], count: int) -> tuple[list[Component], list[Component]]:
    """Returns those with the most ink, so many at the most, and the others; the least ink first where there are any."""
    if len(pieces) <= count:
        return list(pieces), []
    order = sorted(pieces, key=lambda piece: piece.area_px)
    return order[-count:], order[:-count]


def connected(mask: Image, min_side_px: int) -> Iterator[tuple[BoundingBox, Image]]:
    """Yields the box and the mask of each connected piece of which the longer side is at least so long.

    Where their boxes are far larger together than the page, the largest are left out, see `MAX_BOXES`.
    Outlines tell where the pieces are; labels of the whole page would take longer than those within each box.

    Args:
        mask: uint8 (height, width), 255 is ink.
        min_side_px: see above.
    """
    contours, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if not contours:  # then there is no hierarchy either
        return
    pieces = []
    for index in np.flatnonzero(np.asarray(hierarchy)[0, :, 3] < 0).tolist():
        x, y, width, height = cv2.boundingRect(contours[index])
        if max(width, height) >= min_side_px:
            column, row = contours[index][0, 0].tolist()
            pieces.append((row, column, BoundingBox(x, y, width, height)))
    for row, column, box in sorted(_smallest(pieces, max(MAX_BOXES * mask.size, SMALL_PX))):
        yield box, piece_at(mask[box.y : box.bottom, box.x : box.right], column - box.x, row - box.y)


def _smallest(pieces: list[_Outlined], most_px: int) -> list[_Outlined]:
    """The pieces with the smallest boxes, as many as are no larger together than this."""
    by_size = sorted(pieces, key=lambda piece: piece[2].width * piece[2].height)
    together = np.cumsum([box.width * box.height for _, _, box in by_size])
    return by_size[: int(np.searchsorted(together, most_px, side="right"))]


def make_component(mask: Image, x: int, y: int, darkness: Image) -> Component | None:
    """Returns the ink of a mask as one piece, or None when the mask has none.

    Args:
        mask: uint8 (height, width), 255 is ink.
        x: column of the mask's left edge on the page.
        y: row of its upper edge.
        darkness: uint8 page.
    """
    left, top, width, height = cv2.boundingRect(mask)
    if width == 0 or height == 0:
        return None
    tight = mask[top : top + height, left : left + width]
    return _measured(tight, BoundingBox(x + left, y + top, width, height), darkness)


def join(first: Component, second: Component, darkness: Image) -> Component:
    """Returns two pieces as one, without filling what lies between them."""
    box = first.bbox.union(second.bbox)
    mask = np.zeros((box.height, box.width), np.uint8)
    for piece in (first, second):
        x, y = piece.bbox.x - box.x, piece.bbox.y - box.y
        view = mask[y : y + piece.bbox.height, x : x + piece.bbox.width]
        np.maximum(view, piece.mask, out=view)
    return _measured(mask, box, darkness)


def longer_side(piece: Component) -> int:
    """Returns the longer side of a piece's box in pixels."""
    return max(piece.bbox.width, piece.bbox.height)


def held(pieces: Sequence[Component], boxes: Sequence[BoundingBox]) -> NDArray[np.bool_]:
    """Returns which pieces one of the boxes holds, as `BoundingBox.holds`, bool (n,); for many of both."""
    if not pieces or not boxes:
        return np.zeros(len(pieces), np.bool_)
    x, y = np.array([piece.bbox.center for piece in pieces]).T[:, :, None]
    left, top, right, bottom = edges_of(boxes).T
    return np.asarray(((left <= x) & (x < right) & (top <= y) & (y < bottom)).any(axis=1))


def ink_within(box: BoundingBox, pieces: Iterable[Component], darkness: Image) -> Image:
    """Returns the ink of pieces as they stand in a part of the page, each as strong as `Component.ink` makes it.

    Args:
        box: the part of the page.
        pieces: each reaches into it.
        darkness: uint8 page.

    Returns:
        uint8 (box.height, box.width).
    """
    canvas = np.zeros((box.height, box.width), np.uint8)
    for piece in pieces:
        place = piece.bbox
        left, top = max(place.x, box.x), max(place.y, box.y)
        right, bottom = min(place.right, box.right), min(place.bottom, box.bottom)
        part = piece.ink(darkness)[top - place.y : bottom - place.y, left - place.x : right - place.x]
        view = canvas[top - box.y : bottom - box.y, left - box.x : right - box.x]
        np.maximum(view, part, out=view)
    return canvas


def _measured(mask: Image, box: BoundingBox, darkness: Image) -> Component:
    inside = mask > 0
    values = darkness[box.y : box.bottom, box.x : box.right][inside]
    return Component(box, mask, int(values.size), _typical(values))


def _typical(values: Image) -> float:
    """The median of at least one value; of a stroke's darker part where the rest, its soft edges, is more than half."""
    typical = _median(values)
    if typical >= FINE * float(values.max()):
        return typical
    dark = float(np.quantile(values, 0.9))
    core = values[values >= 0.5 * dark]
    return _median(core) if typical < FINE * dark and core.size >= FINE_CORE * values.size else typical


def _median(values: Image) -> float:
    """The median of at least one value; NumPy's own takes several times as long for few."""
    middle = values.size // 2
    if values.size % 2:
        return float(np.partition(values, middle)[middle])
    parted = np.partition(values, (middle - 1, middle))
    return (float(parted[middle - 1]) + float(parted[middle])) / 2


def stroke_width(mask: Image) -> float:
    """Returns the mean width of the strokes in pixels: twice the ink's area over the length of its outline.

    Args:
        mask: uint8 (height, width), 255 is ink.
    """
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    contours, _ = cv2.findContours(padded, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    outline = sum(cv2.arcLength(contour, True) for contour in contours)
    # An outline through the pixels' centers is half a pixel inside the stroke's edge, on either side.
    return 2.0 * np.count_nonzero(mask) / max(outline, 1.0)
