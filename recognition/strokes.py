"""Finds strokes in the form of an underline, thin, level and about straight, by themselves or with digits on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_mask, closed, dilated, opened
from recognition.components import Component, connected, make_component
from recognition.params import UnderlineParams

RUN = 0.3
"""The line is sought by runs of ink so long, in heights of the writing."""
SMOOTH = 0.8
"""Its lower edge is the median over so many heights of the writing: digits' strokes that cross it are narrower."""
EDGE = 0.04
"""How far the line's ink may reach below that edge, in heights of the writing."""
USUAL = 30
"""Percentile of the ink's thickness above that edge which is the line's own; where digits touch it, there is more."""
MIN_COVERAGE = 0.9
"""So much of its length has ink."""
MIN_SHARE = 0.6
"""It is so long as a share of the piece's width at least."""
MAX_HEIGHT = 1.5
"""What stands on it is no higher than this many heights of the writing: the sides of a frame are."""
CRUMB = 0.2
"""What is left along the line, and no higher than this many heights of the writing, is its own rough edge."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A thin, level and about straight stroke, in pixels of the page.

    Attributes:
        start: its first column.
        end: the column after its last.
        slope: rows a column.
        row: of its middle at column 0.
        thickness: of most of it.
    """

    start: int
    end: int
    slope: float
    row: float
    thickness: float

    @property
    def length(self) -> int:
        """How many columns it has."""
        return self.end - self.start

    def rows_at(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the row of its middle in each column."""
        return self.row + self.slope * columns


@dataclass(frozen=True, slots=True, eq=False)
class Underline:
    """What may be an underline.

    Attributes:
        stroke: its form.
        line: its ink.
        rest: what else is of the piece it was found in: strokes that touch it.
    """

    stroke: Stroke
    line: Component
    rest: tuple[Component, ...] = ()


def lone_stroke(piece: Component, height_px: float, params: UnderlineParams) -> Stroke | None:
    """Returns the stroke that a piece is, or None where it has another form, or something hangs on it.

    Args:
        piece: of ink.
        height_px: of the writing.
        params: see there.
    """
    box = piece.bbox
    rise = params.max_thickness * height_px + (params.max_slope + params.max_bend) * box.width
    if box.width < params.min_length * height_px or box.height > rise:
        return None
    ink = piece.mask > 0
    stroke = _fitted(piece, height_px, params)
    if stroke is None:
        return None
    columns = np.arange(box.width, dtype=np.float64)
    bow = np.polyval(np.polyfit(columns, _middles(ink), 2), columns)
    rough = np.abs(np.arange(box.height)[:, None] - bow)[ink].max()
    return stroke if rough <= stroke.thickness / 2 + params.max_rough * height_px else None


def stroke_below(piece: Component, height_px: float, darkness: Image, params: UnderlineParams) -> Underline | None:
    """Returns the stroke along the lower edge of a piece, apart from what stands on it.

    Args:
        piece: of ink, wider than a digit.
        height_px: of the writing.
        darkness: uint8 page.
        params: see there.

    Returns:
        None where there is none.
    """
    box = piece.bbox
    if not (params.long * height_px <= box.width and 0.5 * height_px <= box.height <= 3 * height_px):
        return None
    rest = _without_lowest(piece.mask, height_px, params)
    if rest is None:
        return None
    second = _without_lowest(rest, height_px, params)  # as below a sum
    rest = rest if second is None else second
    parts = []
    for place, mask in connected(rest, 1):
        if place.height > CRUMB * height_px:
            part = make_component(mask, box.x + place.x, box.y + place.y, darkness)
            parts += [part] if part is not None else []
        else:
            rest[place.y : place.bottom, place.x : place.right] &= ~mask
    line = make_component(piece.mask & ~rest, box.x, box.y, darkness)
    stroke = None if line is None else _fitted(line, height_px, params)
    if line is None or stroke is None or not parts:
        return None
    too_high = any(part.bbox.height > MAX_HEIGHT * height_px for part in parts)
    return None if too_high else Underline(stroke, line, tuple(parts))


def _fitted(piece: Component, height_px: float, params: UnderlineParams) -> Stroke | None:
    """The straight stroke nearest to a piece's ink, None where it is too thick, steep or bent."""
    box, ink = piece.bbox, piece.mask > 0
    columns = np.flatnonzero(ink.any(axis=0))
    thickness = float(np.median(ink.sum(axis=0)[columns]))
    if thickness > params.max_thickness * height_px or params.min_slenderness * thickness > box.width:
        return None
    rows = _middles(ink)[columns]
    if columns.size < 2:
        return None
    slope, row = np.polyfit(columns.astype(np.float64), rows, 1)
    off = float(np.sqrt(np.mean((rows - row - slope * columns) ** 2)))
    if abs(slope) > params.max_slope or off > params.max_bend * box.width:
        return None
    return Stroke(box.x, box.right, float(slope), float(row + box.y - slope * box.x), thickness)


def _middles(ink: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The mean row of each column's ink."""
    return np.asarray((np.arange(len(ink))[:, None] * ink).sum(axis=0) / np.maximum(ink.sum(axis=0), 1), np.float64)


def _without_lowest(mask: Image, height_px: float, params: UnderlineParams) -> Image | None:
    """The mask without the stroke along its lower edge, and closed again where others cross that; None without one."""
    run = max(8, round(RUN * height_px))
    thickest = round(params.max_thickness * height_px)
    runs = opened(mask, run, 1)
    runs &= ~opened(runs, 1, thickest + 1)
    pieces = connected(closed(runs, 2 * run + 1, 3), round(params.long * height_px))
    box, whole = max(pieces, key=lambda one: one[0].width, default=(None, None))
    if box is None or whole is None or box.width < MIN_SHARE * mask.shape[1]:
        return None
    ink = runs[box.y : box.bottom, box.x : box.right] & whole
    edge = _lower_edge(ink, max(3, round(SMOOTH * height_px)))
    if edge is None:
        return None
    edge += box.y
    return _erased(mask, box.x, edge, round(EDGE * height_px) + 1, thickest)


def _lower_edge(ink: Image, window: int) -> NDArray[np.int_] | None:
    """The row of a stroke's lower edge in each column, without what hangs from it."""
    columns = np.flatnonzero(ink.any(axis=0))
    if columns.size < window:
        return None
    lowest = len(ink) - 1 - ink[::-1, columns].argmax(axis=0)
    every = np.interp(np.arange(ink.shape[1]), columns, lowest)
    padded = np.pad(every, window // 2, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * (window // 2) + 1)
    return np.asarray(np.rint(np.median(around, axis=1)), np.int_)


def _erased(mask: Image, x: int, edge: NDArray[np.int_], margin: int, thickest: int) -> Image | None:
    """The mask without a stroke from a column on; None where it has gaps or is too thick; what crosses it stays.

    Args:
        mask: uint8 (height, width).
        x: see above.
        edge: row of the stroke's lower edge in each of its columns.
        margin: so far below it the stroke may have ink.
        thickest: the stroke is no thicker.
    """
    columns = np.arange(x, x + edge.size)
    rows = edge[None, :] - np.arange(thickest + 1)[:, None]  # upwards
    ink = (mask[np.maximum(rows, 0), columns[None, :]] > 0) & (rows >= 0)
    ink[0] |= ink[1]
    runs = np.where(ink.all(axis=0), thickest + 1, ink.argmin(axis=0))
    if np.mean(runs > 0) < MIN_COVERAGE:
        return None
    thickness = int(np.percentile(runs[runs > 0], USUAL))
    if thickness > thickest:
        return None
    grid = np.arange(mask.shape[0])[:, None]
    lowest, highest = edge + margin, edge - thickness
    band = np.zeros(mask.shape, np.bool_)
    band[:, columns] = (grid <= lowest) & (grid > highest)
    erased = as_mask(band) & mask
    rest: Image = mask & ~erased
    side = thickness + margin + 3
    below = np.zeros_like(mask)
    below[:, columns] = rest[:, columns] & as_mask(grid > lowest)
    crossed = dilated(below, 2 * side + 1, 2 * side + 1)  # elsewhere closing would fill what stands on the line
    return rest | (closed(rest, side, side) & erased & crossed)
