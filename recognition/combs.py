"""Finds combs: fields of a form whose cells are parted by teeth, short upright lines at even distances on one line.

The teeth are told from ones that stand on a line by their evenness: print is exact to a pixel, and no hand is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image, stretches
from recognition.fields import Field
from recognition.lines import Rule, Runs, piece_px, thickest_px
from recognition.params import RuleParams
from recognition.types import BoundingBox

MIN_PITCH, MAX_PITCH = 0.5, 6.0
"""A cell for one digit is so many times as wide as the pieces that lines are found by: 2.6 to 32 mm on A4."""
MIN_LENGTH = 1.5
"""A comb's line is at least so many times as long as these pieces."""
MIN_TOOTH_PX = 5
"""A tooth stands out of its line by so much at least; what stands out by less is a stroke that touches the line."""
MAX_TOOTH = 2.0
"""A tooth is at most so many times as long as the cells are wide."""
MAX_STOUTNESS = 2.0
"""A tooth is at most so many times as thick as its line."""
MIN_COVERAGE = 0.9
"""A comb's line has ink along so much of its length; what is broken more often is the feet of printed letters."""
MIN_STRAIGHT = 0.8
"""A tooth is as long in all of its columns: their mean length is so much of the longest. A slanted stroke is not."""
MAX_CROSSED = 0.3
"""Where so many of what seems to be teeth go on beyond their line, it is one of squared paper, or the bar of a 4."""
MAX_SLOPE = 0.03
"""A comb's line rises or falls by at most so much of its length."""
PLACE = 0.05
"""A tooth stands within so much of the cells' width of where it must, or within `EXACT_PX`."""
UNLIKE = 0.15
"""A tooth is longer or shorter than most by at most so much, or by `EXACT_PX`."""
EXACT_PX = 2
MIN_FOUND = 0.7
"""So much of a comb's teeth is found; writing covers the others."""
MIN_TEETH = 2
"""A single tooth between the ends of a line may be a digit, unless there are teeth like it, or sides, at both ends."""
MIN_SIDES = 2.2
"""The sides of a box are so many times as high as the teeth on its lower one; digits in it are higher than these."""
MIN_CLOSED = 0.8
"""Where ink runs along so much of the ends of all teeth, they are the sides of boxes."""
CELL_HEIGHT = 1.4
"""A comb's cells are so many times as high as they are wide, unless the teeth are longer."""


@dataclass(frozen=True, slots=True, eq=False)
class Combs:
    """Fields that are no rows of boxes.

    Attributes:
        zone: uint8 (height, width), 255 about the lines that part their cells; None where there are none.
        fields: their cells.
    """

    zone: Image | None
    fields: tuple[Field, ...]

    @classmethod
    def of(cls, strokes: Sequence[BoundingBox], fields: Sequence[Field], shape: tuple[int, ...]) -> Combs:
        """Returns fields on a page of (height, width), and around which strokes their lines are."""
        if not strokes:
            return cls(None, ())
        zone = np.zeros(shape, np.uint8)
        for stroke in strokes:
            zone[max(0, stroke.y) : stroke.bottom, max(0, stroke.x) : stroke.right] = 255
        return cls(zone, tuple(fields))


@dataclass(frozen=True, slots=True)
class _Teeth:
    places: NDArray[np.float64]  # columns of the page, where teeth are or must be, with the ends of the line
    length: int  # from the line's edge
    thickness: int


def find_combs(layers: Sequence[tuple[Image, Runs]], known: Sequence[Field], params: RuleParams) -> Combs:
    """Finds lines with teeth standing on them, and above these lines with teeth that hang: the upper ends of the same.

    Args:
        layers: of the page's ink, the dark alone and then all, uint8 (height, width), 255 is ink; with its thin runs.
        known: other fields.
        params: see there.
    """
    fields: list[Field] = []
    strokes: list[BoundingBox] = []
    seen: list[tuple[Image, Rule, NDArray[np.bool_], NDArray[np.bool_]]] = []
    for mask, runs in layers:
        height, width = mask.shape
        piece, thickest = piece_px(width), thickest_px(width, params)
        for line, _ in runs.lines(piece + 1, MIN_LENGTH * piece):
            box = line.box
            thin = box.height <= thickest + MAX_SLOPE * box.width
            if not thin or line.coverage < MIN_COVERAGE or is_known(box, known):
                continue
            flipped = Rule(_flipped(box, height), as_image(line.ink[::-1]))
            above, below = _risen(mask, line, MIN_TOOTH_PX) > 0, _risen(mask[::-1], flipped, MIN_TOOTH_PX) > 0
            seen.append((mask[::-1], flipped, below, above))
            standing = None if is_known(box, fields) else _teeth(mask, line, above, below)
            if standing is not None:
                strokes += _strokes(line, standing)
                fields.append(_field(line, standing))
    for upside_down, flipped, below, above in seen:
        height = len(upside_down)
        if is_known(_flipped(flipped.box, height), fields):
            hanging = _teeth(upside_down, flipped, below, above)
            strokes += [] if hanging is None else [_flipped(stroke, height) for stroke in _strokes(flipped, hanging)]
    return Combs.of(strokes, fields, layers[0][0].shape)


def _flipped(box: BoundingBox, height: int) -> BoundingBox:
    """A box on a page of that height that is turned upside-down."""
    return BoundingBox(box.x, height - box.bottom, box.width, box.height)


def is_known(box: BoundingBox, fields: Sequence[Field]) -> bool:
    """Whether a line, or another box, is a part of one of the fields."""
    x, y = box.center
    return any(
        field.bbox.x <= x < field.bbox.right and abs(y - field.bbox.center[1]) <= 0.6 * field.bbox.height
        for field in fields
    )


def _teeth(mask: Image, line: Rule, feet: NDArray[np.bool_], beyond: NDArray[np.bool_]) -> _Teeth | None:
    """The teeth that stand on a line, None where none do.

    Args:
        mask: uint8 (height, width), 255 is ink.
        line: on it.
        feet: columns of the line in which ink stands on it.
        beyond: columns in which ink hangs from it.
    """
    crossed = np.count_nonzero(feet & beyond)
    if not (feet[1:] > feet[:-1]).any() or crossed > MAX_CROSSED * np.count_nonzero(feet):
        return None
    box = line.box
    piece = piece_px(mask.shape[1])
    reach = round(MAX_TOOTH * MAX_PITCH * piece)
    risen = _risen(mask, line, reach, feet)
    thickness = max(1.0, cv2.countNonZero(line.ink) / np.count_nonzero(line.ink.any(axis=0)))
    starts, stops, lengths = _uprights(risen)
    chosen = (stops - starts <= MAX_STOUTNESS * thickness + 1) & (lengths < reach)
    middles, widths, lengths = ((starts + stops - 1) / 2)[chosen], (stops - starts)[chosen], lengths[chosen]
    crossing = beyond[np.rint(middles).astype(int)]
    span = box.width - thickness
    best: _Teeth | None = None
    most = 0
    for cells in possible_cells(middles, span, piece):
        pitch = span / cells
        places = np.asarray((thickness - 1) / 2 + pitch * np.arange(cells + 1), np.float64)
        off = max(EXACT_PX, PLACE * pitch)
        near = np.abs(middles[:, None] - places[None, :]) <= off
        inner = near[:, 1:-1].any(axis=1)
        if not inner.any() or crossing[inner].mean() > MAX_CROSSED:
            continue
        usual = float(np.median(lengths[inner]))
        alike = np.abs(lengths - usual) <= max(EXACT_PX, UNLIKE * usual)
        found = near[alike].any(axis=0)
        between = int(np.count_nonzero(found[1:-1]))
        needed = MIN_FOUND * (cells - 1) if cells > 2 else 1
        sides = near[lengths >= MIN_SIDES * usual].any(axis=0)
        ended = bool((found | sides)[[0, -1]].all())
        bare = between >= needed and (between >= MIN_TEETH or ended)
        written = np.count_nonzero(found) > MIN_TEETH and _are_covered(risen, places, off, usual - EXACT_PX)
        on_lattice = np.count_nonzero(near[alike].any(axis=1)) >= MIN_FOUND * np.count_nonzero(alike)
        if (bare or written) and on_lattice and usual <= MAX_TOOTH * pitch and between > most:
            most = between
            best = _Teeth(places + box.x, round(usual), int(np.median(widths[inner & alike])))
    return None if best is None or _is_closed(mask, line, best) else best


def possible_cells(middles: NDArray[np.float64], span: float, piece: int) -> list[int]:
    """Returns how many cells of one width a line may have, by how far apart the uprights on it are.

    Args:
        middles: columns of the uprights, from the line's beginning.
        span: the line's length.
        piece: length of the pieces that lines are found by.
    """
    apart = np.abs(middles[:, None] - np.array([0.0, span, *middles])[None, :])
    apart = apart[(apart >= MIN_PITCH * piece) & (apart <= MAX_PITCH * piece)]
    return [int(cells) for cells in np.unique(np.rint(span / apart)) if cells >= 2]


def _risen(mask: Image, line: Rule, reach: int, feet: NDArray[np.bool_] | None = None) -> NDArray[np.int_]:
    """How far ink reaches straight up from a line in each of its columns, at most so far; 0 for less than a tooth."""
    box = line.box
    inked = line.ink > 0
    columns = np.arange(box.width)
    on_line = inked.any(axis=0)
    tops = np.interp(columns, columns[on_line], inked.argmax(axis=0)[on_line]).astype(int) + box.y
    if feet is not None:
        columns = np.flatnonzero(feet)
    rows = tops[columns] - 1 - np.arange(reach)[:, None]
    ink = (mask[np.maximum(rows, 0), columns + box.x] > 0) & (rows >= 0)
    risen = np.zeros(box.width, np.int_)
    risen[columns] = np.cumprod(ink, axis=0, dtype=np.uint8).sum(axis=0, dtype=np.int_)
    risen[risen < MIN_TOOTH_PX] = 0
    return risen


def _are_covered(risen: NDArray[np.int_], places: NDArray[np.float64], off: float, length: float) -> bool:
    """Whether ink reaches so far up at all places, be it of teeth or of what is written over them."""
    near = np.abs(np.arange(risen.size)[:, None] - places[None, :]) <= off
    return bool((near & (risen >= length)[:, None]).any(axis=0).all())


def _uprights(risen: NDArray[np.int_]) -> tuple[NDArray[np.int_], NDArray[np.int_], NDArray[np.int_]]:
    """The first column of each straight upright on a line, the one behind its last, and how long it is."""
    starts, stops = stretches(risen > 0)
    straight = []
    lengths = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        columns = risen[start:stop]
        lengths.append(int(columns.max()))
        straight.append(columns.mean() >= MIN_STRAIGHT * lengths[-1])
    chosen = np.array(straight, np.bool_)
    return starts[chosen], stops[chosen], np.array(lengths, np.int_)[chosen]


def _is_closed(mask: Image, line: Rule, teeth: _Teeth) -> bool:
    """Whether a line runs along the ends of the teeth."""
    box = line.box
    top = box.y - teeth.length
    strip = mask[max(0, top - EXACT_PX) : top + EXACT_PX + 1, box.x : box.right]
    return cv2.countNonZero(cv2.reduce(strip, 0, cv2.REDUCE_MAX)) >= MIN_CLOSED * box.width


def _strokes(line: Rule, teeth: _Teeth) -> list[BoundingBox]:
    """Around a line and its teeth."""
    box = line.box
    half = teeth.thickness // 2 + 2
    top = box.y - teeth.length - EXACT_PX
    columns = np.rint(teeth.places).astype(int).tolist()
    upright = [BoundingBox(column - half, top, 2 * half + 1, box.bottom - top) for column in columns]
    return [BoundingBox(box.x, box.y - 1, box.width, box.height + 2), *upright]


def _field(line: Rule, teeth: _Teeth) -> Field:
    sides = np.rint(teeth.places).astype(int).tolist()
    height = max(teeth.length, round(CELL_HEIGHT * (sides[-1] - sides[0]) / (len(sides) - 1)))
    top = max(0, line.box.y - height)
    cells = tuple(BoundingBox(a, top, b - a, line.box.bottom - top) for a, b in pairwise(sides))
    return Field(BoundingBox.around(cells), cells)
