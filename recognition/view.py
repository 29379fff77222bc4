"""Brings a page to the size, and the part of it to the frame, in which it is read; boxes find back through a matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Field, Image, as_field, as_image, closed, dilated
from recognition.binarize import Ink
from recognition.components import Component
from recognition.paper import Sheet, find_sheet
from recognition.params import PaperParams, SizeParams
from recognition.skew import sheet_skew_deg

Affine: TypeAlias = NDArray[np.float64]
"""(2, 3): multiplied by (x, y, 1) it gives the place of a point elsewhere."""

MIN_LINEAR_SCALE = 0.6
"""Down to this scale a pixel made of the nearest four is as good as one made of all that it covers."""
MAX_VIEW_PX = 32_000
"""OpenCV turns no picture whose side is longer than 32,767 pixels."""
_NEAR_FRAME_PX = 3
"""So near to the picture's frame the edge of what is seen is the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A page as it is read.

    Attributes:
        gray: uint8 (height, width).
        inside: uint8 of the same shape, 255 on the page's sheet of paper; None where all of it is page.
        to_page: from places in the view to places on the page.
        sheet: of paper, on the page, where it lies as in the view; None where it was laid level or all of it is page.
    """

    gray: Image
    inside: Image | None
    to_page: Affine
    sheet: Sheet | None = None


def view_of(pixels: Image, size: SizeParams, paper: PaperParams) -> View:
    """Returns a page at its working size; of a photo that shows more than a sheet of paper, only the sheet, laid level.

    Args:
        pixels: uint8 (height, width, 3) BGR.
        size: see there.
        paper: see there.
    """
    sheet = find_sheet(pixels, paper)
    x = y = 0
    if sheet is not None:
        box = sheet.box(pixels.shape)
        x, y = box.x, box.y
        pixels = pixels[y : box.bottom, x : box.right]
    gray = as_image(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    scale = working_scale(gray.shape, size)
    if scale != 1:
        shape = [max(1, round(side * scale)) for side in (gray.shape[1], gray.shape[0])]
        gray = as_image(cv2.resize(gray, shape, interpolation=_interpolation(scale)))
    to_page = np.array([[1 / scale, 0, x], [0, 1 / scale, y]])
    if sheet is None:
        return View(gray, None, to_page)
    inside = _inside(sheet, gray.shape, to_page, paper)
    view = View(_on_paper(gray, inside), inside, to_page, sheet)
    skew = sheet_skew_deg(sheet)
    # Ruled lines are found where they lie level. At half a right angle the digits have to tell which side is up.
    return turned_view(view, -skew) if paper.min_skew_deg <= abs(skew) <= paper.max_skew_deg else view


def _interpolation(scale: float) -> int:
    """How pixels are made of pixels."""
    if scale < MIN_LINEAR_SCALE:
        return cv2.INTER_AREA
    return cv2.INTER_LINEAR if scale < 1 else cv2.INTER_CUBIC


def turned_view(view: View, angle_deg: float) -> View:
    """Returns a view turned counter-clockwise about its middle, with room for all of it, and paper in the corners."""
    height, width = view.gray.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (max(1, round(width * cosine + height * sine)), max(1, round(width * sine + height * cosine)))
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    # OpenCV counts from the middle of the first pixel, boxes from its corner.
    centers = np.asarray(matrix, np.float64).copy()
    centers[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    whole = view.inside if view.inside is not None else np.full(view.gray.shape, 255, np.uint8)
    inside = as_image(cv2.warpAffine(whole, centers, size, flags=cv2.INTER_NEAREST))
    gray = as_image(cv2.warpAffine(view.gray, centers, size, borderMode=cv2.BORDER_REPLICATE))
    back = np.vstack([cv2.invertAffineTransform(matrix), [0, 0, 1]])
    return View(_on_paper(gray, inside), inside, view.to_page @ back)


def working_scale(shape: tuple[int, ...], params: SizeParams) -> float:
    """Returns by how much a page of (height, width) is enlarged or reduced before it is read.

    A roll of paper, more than twice as long as it is wide, is reduced by its area: by its length digits would vanish.
    """
    side = max(shape)
    if side > params.max_side_px:
        by_area = params.max_side_px / sqrt(2 * shape[0] * shape[1])
        return min(1.0, max(params.max_side_px / side, by_area), MAX_VIEW_PX / side)
    return min(max(1.0, params.min_side_px / side), params.max_enlargement)


def only_inside(ink: Ink, inside: Image | None) -> Ink:
    """Returns the ink without what is not on the page's sheet of paper."""
    return ink if inside is None else replace(ink, levels=ink.levels & inside)


def parted_at_edge(
    pieces: list[Component], inside: Image | None, to_page: Affine, shape: tuple[int, ...]
) -> tuple[list[Component], list[Component]]:
    """Returns the pieces that do not reach the sheet's edge, and those that do.

    These are the edge itself, or a shadow along it, or what is left of a digit where that was not seen rightly.

    Args:
        pieces: of the view.
        inside: as in `View`.
        to_page: likewise.
        shape: of the page, (height, width).
    """
    if inside is None:
        return pieces, []
    rim = dilated(as_image(~inside), 3, 3)
    # The frame cuts digits off as a scan's edge does, which is not for this step to judge. In a turned view it is a
    # part of the rim, and within a pixel or two of where it is reckoned.
    height, width = shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    frame = cv2.transform(corners[None], cv2.invertAffineTransform(to_page))
    cv2.polylines(rim, [np.rint(frame[0]).astype(np.int32)], True, 0, 2 * _NEAR_FRAME_PX + 1)
    off: list[Component] = []
    at: list[Component] = []
    for piece in pieces:
        (at if _of(piece, rim) else off).append(piece)
    return off, at


def _of(piece: Component, rim: Image) -> bool:
    box = piece.bbox
    return bool((rim[box.y : box.bottom, box.x : box.right] & piece.mask).any())


def _inside(sheet: Sheet, shape: tuple[int, ...], to_page: Affine, params: PaperParams) -> Image:
    """The sheet without its margin, uint8 of the view's shape; the picture's frame takes no margin off."""
    inside = np.zeros(shape[:2], np.uint8)
    outline = (sheet.outline - to_page[:, 2]) / to_page[0, 0]
    cv2.fillConvexPoly(inside, np.rint(outline).astype(np.int32), 255)
    side = 2 * round(params.margin * max(shape)) + 1
    kernel = np.ones((side, side), np.uint8)
    return as_image(cv2.erode(inside, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=255))


def _on_paper(gray: Image, inside: Image) -> Image:
    """The page with paper about as bright as the sheet's nearby parts in place of all that is not on the sheet."""
    height, width = gray.shape
    scale = min(1.0, 128 / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    weight = as_field(cv2.resize(inside, size, interpolation=cv2.INTER_AREA)) / np.float32(255)
    bare = as_field(closed(as_image(cv2.resize(gray, size, interpolation=cv2.INTER_AREA)), 7, 7))
    paper = _spread(bare * weight, weight)
    wide = as_image(cv2.resize(np.rint(paper).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR))
    return as_image(np.where(inside > 0, gray, wide))


def _spread(values: Field, weight: Field) -> Field:
    """The mean of the values nearby, weighted; far away from any, of all."""
    mean = float(values.sum()) / max(float(weight.sum()), 1e-6)
    near = [as_field(cv2.GaussianBlur(field, (0, 0), 4)) for field in (values, weight)]
    return as_field((near[0] + 1e-3 * mean) / (near[1] + 1e-3))
