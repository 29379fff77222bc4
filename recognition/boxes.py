"""Finds the frames of boxes and tables in the ink."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image, as_mask, dilated, opened
from recognition.box_rows import with_rows_of_boxes
from recognition.fields import Field
from recognition.params import RuleParams
from recognition.types import BoundingBox

Contour: TypeAlias = NDArray[Any]

MAX_FRAME_PX = 24
"""No line of a frame is taken to be thicker, however large its cells are."""
MIN_SIDES = 0.93
"""Ink runs along at least this share of a box's outline; the strokes of a digit as square run along less of it."""
MIN_FILLED = 0.6
"""A box that writing crosses fills at least this share of the rectangle about both."""
NEAR_SIDE = 0.12
"""So near to where a cell's side should lie it may lie, as a share of its length."""
MAX_OPENED_PX = 256
"""The thick part of what is larger is found at this size: the time that takes grows with the cube of the size."""
MANY_MORE = 1.5
"""A row is taken by its dark ink where that shows so many times the boxes; a few that are open are found anyway."""
MIN_ROUNDED = 0.96
"""The inside of a box of which a blur may have rounded the corners: its area over that of its rectangle."""
MIN_ROUNDED_PX = 12
"""The shorter side of that; no digit is written into a smaller one."""
EDGE_SHARE = 0.5
"""What is paler than this share of a line is its soft edge, and no stroke's."""
MAX_FIELD_CELLS = 16
"""More boxes in one piece are squared paper or a table, unless they stand in one row, as those of a bank account do."""


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames on a page.

    Attributes:
        zone: uint8 (height, width), 255 on the frames; None where there is none.
        fields: rows of boxes.
        cells: all boxes of forms, in those rows or by themselves.
        long: boxes by themselves that are too long for one digit, or for one number.
    """

    zone: Image | None
    fields: tuple[Field, ...]
    cells: tuple[BoundingBox, ...]
    long: tuple[BoundingBox, ...] = ()


def find_frames(mask: Image, params: RuleParams, darkness: Image | None = None) -> Frames:
    """Finds the frames of boxes and tables.

    A hole of the ink whose hull is a rectangle is a cell. The frame is the ink about the edges of such hulls; so
    neither the tilt of the box nor its size matters, and writing that touches a box from inside stays.

    Args:
        mask: uint8 (height, width), 255 is ink.
        params: see there.
        darkness: uint8 of the same shape, as in `binarize.Ink`; by it boxes are found in which the soft edges of digits
            and frame run together, as on small or blurred pages.

    Returns:
        No frames on a page without any.
    """
    zone = None
    fields = []
    boxes: list[BoundingBox] = []
    alone: list[BoundingBox] = []
    long: list[BoundingBox] = []
    for outline, holes in _pieces_with_holes(mask):
        cells = _cells(outline, holes, params)
        crossed = _crossed_cell(mask, outline, cells, params) if len(cells) < 2 else []
        if not crossed and not cells:
            continue
        if darkness is not None and (crossed or _is_form(cells)):
            sharper = _rounded_cells(_sharper_holes(darkness, outline), params)
            if len(sharper) > max(1, MANY_MORE * len(cells)) and _is_row_of_form(sharper, outline):
                cells, crossed = sharper, []
        if zone is None:
            zone = np.zeros_like(mask)
        _add_edges(zone, outline, crossed or cells)
        if not crossed and _is_form(cells):
            _add_runs(zone, mask, outline, cells)
            box = _bounds(outline)
            if len(cells) > 1 and _is_row(cells, box):
                fields.append(Field(box, tuple(map(_bounds, cells))))
        if crossed or _is_form(cells):
            found = [_bounds(cell) for cell in crossed or cells]
            boxes += found
            alone += found if len(found) == 1 else []
        elif len(cells) == 1:
            long.append(_bounds(cells[0]))
    rows = with_rows_of_boxes(fields, alone, mask)
    return Frames(None if zone is None else zone & mask, rows, tuple(boxes), tuple(long))


def _pieces_with_holes(mask: Image) -> Iterator[tuple[Contour, list[Contour]]]:
    contours, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:  # then there is no hierarchy either
        return
    following, _, first_hole, parent = np.asarray(hierarchy)[0].T
    for index in np.flatnonzero((parent < 0) & (first_hole >= 0)):
        holes = []
        hole = int(first_hole[index])
        while hole >= 0:
            holes.append(contours[hole])
            hole = int(following[hole])
        yield contours[int(index)], holes


def _cells(outline: Contour, holes: Sequence[Contour], params: RuleParams) -> list[Contour]:
    """The insides of boxes among the holes of a piece."""
    rounded = _rounded_cells(holes, params)
    cells = [hull for hull in rounded if _is_cell(hull, params)]
    return rounded if len(rounded) > len(cells) and _is_row_of_form(rounded, outline) else cells


def _rounded_cells(holes: Sequence[Contour], params: RuleParams) -> list[Contour]:
    """The insides of boxes, of which a blur may have rounded the corners."""
    return [hull for hull in map(cv2.convexHull, holes) if _is_cell(hull, params) or _is_rounded_cell(hull)]


def _is_row_of_form(cells: list[Contour], outline: Contour) -> bool:
    return _is_form(cells) and _is_row(cells, _bounds(outline))


def _is_rounded_cell(hull: Contour) -> bool:
    (_, _), (width, height), _ = cv2.minAreaRect(hull)
    return min(width, height) >= MIN_ROUNDED_PX and cv2.contourArea(hull) >= MIN_ROUNDED * width * height


def _sharper_holes(darkness: Image, outline: Contour) -> list[Contour]:
    """The holes within an outline of what is at least half as dark as the outline's line."""
    x, y, width, height = cv2.boundingRect(outline)
    about = darkness[y : y + height, x : x + width]
    columns, rows = (outline[:, 0] - (x, y)).T
    near = 2 * _edge_px(min(width, height)) + 1
    line = float(np.median(dilated(about, near, near)[rows, columns]))
    corner = np.array((x, y), np.int32)
    pieces = _pieces_with_holes(as_mask(about > EDGE_SHARE * line))
    return [hole + corner for _, holes in pieces for hole in holes]


def _bounds(contour: Contour) -> BoundingBox:
    return BoundingBox(*(int(value) for value in cv2.boundingRect(contour)))


def _is_cell(hull: Contour, params: RuleParams) -> bool:
    (_, _), (width, height), _ = cv2.minAreaRect(hull)
    area = cv2.contourArea(hull)
    if min(width, height) < 8 or area < params.min_rectangularity * width * height:
        return False
    corners = cv2.approxPolyDP(hull, 0.04 * cv2.arcLength(hull, True), True)
    return len(corners) == 4 and cv2.contourArea(corners) >= 0.93 * area


def _crossed_cell(mask: Image, outline: Contour, cells: list[Contour], params: RuleParams) -> list[Contour]:
    """The inside of one box that writing reaches across, so that no hole of it, or only a part of it, is a rectangle.

    None of what is no box, and of a row of boxes of which but one is whole: that one is as high as the row.
    """
    box_hull = _box_alone(outline, params)
    if box_hull is None:
        return []
    x, y, width, height = cv2.boundingRect(box_hull)
    if any(cv2.boundingRect(cell)[2] < 0.8 * width for cell in cells):
        return []
    filled = np.zeros((height + 2, width + 2), np.uint8)
    cv2.fillPoly(filled, [box_hull - (x - 1, y - 1)], 255)
    depth = cv2.distanceTransform(filled, cv2.DIST_L2, 5)[1:-1, 1:-1].round().astype(np.int32)
    ink = mask[y : y + height, x : x + width] > 0
    deepest = min(MAX_FRAME_PX, int(depth.max()) // 3)
    shares = [float(ink[depth == k].mean()) for k in range(1, deepest + 1)]
    if max(shares, default=0.0) < MIN_SIDES:
        return []
    thickness = next((k for k, share in enumerate(shares) if k > 0 and share < 0.6), 0)
    contours, _ = cv2.findContours(as_mask(depth > thickness), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [cv2.convexHull(contours[0] + (x, y))] if thickness and len(contours) == 1 else []


def _box_alone(outline: Contour, params: RuleParams) -> Contour | None:
    """The outline of a box without the strokes that reach out of it, if it is that of a box."""
    hull = cv2.convexHull(outline)
    if _is_cell(hull, params):
        return hull
    x, y, width, height = cv2.boundingRect(outline)
    side = min(width, height)
    if side < 8 or cv2.contourArea(outline) < MIN_FILLED * width * height:
        return None
    margin = side // 3
    filled = np.zeros((height + 2 * margin, width + 2 * margin), np.uint8)
    cv2.drawContours(filled, [outline - (x - margin, y - margin)], -1, 255, cv2.FILLED)
    without = _without_strokes(filled, side)
    contours, _ = cv2.findContours(without, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if len(contours) != 1:
        return None
    hull = cv2.convexHull(contours[0])
    corners = cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, True), True)  # without the stubs of the strokes
    return corners + np.array((x - margin, y - margin)) if _is_cell(corners, params) else None


def _without_strokes(filled: Image, side_px: int) -> Image:
    """A filled outline, the shorter side of which is so long, without what is thinner than a third of that."""
    thick = side_px // 3
    if side_px > MAX_OPENED_PX:
        height, width = filled.shape
        size = [round(side * MAX_OPENED_PX / side_px) for side in (width, height)]
        small = as_image(cv2.resize(filled, size, interpolation=cv2.INTER_NEAREST))
        core = dilated(opened(small, MAX_OPENED_PX // 3, MAX_OPENED_PX // 3), 11, 11)
        filled = as_image(cv2.resize(core, (width, height), interpolation=cv2.INTER_NEAREST)) & filled
        thick = MAX_FRAME_PX  # only the stubs of the strokes are left, as long as what came back of the corners
    # What is opened away of the corners of a tilted box comes back.
    return dilated(opened(filled, thick, thick), 5, 5) & filled


def _is_form(cells: list[Contour]) -> bool:
    """Tells boxes for digits from ruled and squared paper, whose cells writing may be higher than."""
    bounds = np.array([cv2.boundingRect(cell) for cell in cells])
    width, height = np.median(bounds[:, 2:], axis=0)
    if not height / 3 <= width <= 3 * height:
        return False
    return len(cells) <= MAX_FIELD_CELLS or bool(np.ptp(bounds[:, 1]) < 0.5 * height)


def _is_row(cells: list[Contour], box: BoundingBox) -> bool:
    """Tells whether the cells stand side by side and are as high as the whole, whose tilt adds a little to it."""
    return bool(np.median([cv2.boundingRect(cell)[3] for cell in cells]) >= 0.6 * box.height)


def _add_edges(zone: Image, outline: Contour, cells: list[Contour]) -> None:
    """Marks what is near the edge of a cell and not well inside of it."""
    x, y, width, height = cv2.boundingRect(outline)
    margin = 2  # so that the morphology also works at the edges
    inside = np.zeros((height + 2 * margin, width + 2 * margin), np.uint8)
    for cell in cells:
        cv2.fillPoly(inside, [cell - (x - margin, y - margin)], 255)
    sides = [min(cv2.minAreaRect(cell)[1]) for cell in cells]
    reach = _edge_px(float(np.median(sides)))
    about = dilated(inside, 2 * reach + 1, 2 * reach + 1)
    core = inside.copy()
    for cell in cells:  # each for itself: hulls of neighbors may meet over a thin divider
        cv2.polylines(core, [cell - (x - margin, y - margin)], True, 0, 3)
    zone[y : y + height, x : x + width] |= (about & ~core)[margin:-margin, margin:-margin]


def _edge_px(side_px: float) -> int:
    """How far a frame may reach on either side of the edge of a cell whose shorter side is so long."""
    return min(max(4, round(0.12 * side_px)), MAX_FRAME_PX)


def _add_runs(zone: Image, mask: Image, outline: Contour, cells: list[Contour]) -> None:
    """Marks straight runs as long as a cell's side: the sides of cells that writing crosses and opens.

    They lie at the ends of the piece, where the sides of the cells lie that were found, or up to two cells farther. In
    a cell that was found, and is closed, no side can be: what is as long there is a 1, or a bold digit.
    """
    x, y, width, height = cv2.boundingRect(outline)
    frame = np.zeros((height, width), np.uint8)
    cv2.drawContours(frame, [outline - (x, y)], -1, 255, cv2.FILLED)
    frame &= mask[y : y + height, x : x + width]
    for cell in cells:
        cv2.fillPoly(frame, [cell - (x, y)], 0)
    boxes = np.array([cv2.boundingRect(cell) for cell in cells])
    across, down = (max(8, round(0.85 * float(side))) for side in np.median(boxes[:, 2:], axis=0))
    rows = _about_sides(boxes[:, 1] - y, boxes[:, 3], height)
    columns = _about_sides(boxes[:, 0] - x, boxes[:, 2], width)
    for shape, near in (((across, 1), rows[:, None]), ((1, down), columns[None, :])):
        runs = opened(frame, *shape)
        runs &= ~opened(runs, MAX_FRAME_PX, MAX_FRAME_PX)
        zone[y : y + height, x : x + width] |= dilated(runs & near, 3, 3)


def _about_sides(starts: NDArray[np.int_], lengths: NDArray[np.int_], size: int) -> Image:
    """255 near where sides of cells lie, or may lie, along one axis of a piece that is so long; else 0."""
    side = float(np.median(lengths))
    steps = np.asarray(np.diff(np.sort(starts)), np.float64)
    steps = steps[(steps >= side) & (steps <= 1.5 * side)]
    pitch = float(np.median(steps)) if steps.size else 1.06 * side
    near = np.zeros(size, np.uint8)
    reach = max(3, round(NEAR_SIDE * side))
    beside = np.concatenate([edges + cells * pitch for cells in range(-2, 3) for edges in (starts, starts + lengths)])
    for at in np.unique(np.rint([*beside, 0, size - 1]).astype(int)).tolist():
        near[max(0, at - reach) : max(0, at + reach + 1)] = 255
    return near
