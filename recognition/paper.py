"""Finds the sheet of paper in a photo that also shows what the sheet lies on.

The sheet is one of the connected regions above a range of thresholds, as in Matas, Chum, Urban and Pajdla, "Robust wide
baseline stereo from maximally stable extremal regions", BMVC 2002; but of the regions the one is taken that looks most
like a sheet: about a quadrilateral, and sharply brighter than what surrounds it, all around. Light that falls off has
no sharp edge, and a page that fills the picture has no edge at all: neither is taken for a sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_field, as_image, closed
from recognition.params import PaperParams
from recognition.types import BoundingBox

_EDGE_PX = 4
"""So far from its edge a sheet and its surroundings are compared; the reduced image's edges are that unsharp."""
_WHITE_SHARE = 0.95
"""So much of a picture is no brighter than its white."""
_BEYOND = 0.002
"""So much is seen beyond a sheet's edge, where that is not the picture's frame, as a share of the longer side."""
_AT_FRAME_PX = 2.5
"""A corner of an outline so near to the picture's frame may as well lie beyond it."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A sheet of paper on a page.

    Attributes:
        outline: float32 (4, 2), x and y of its corners in pixels of the page; they may lie beyond its frame.
    """

    outline: NDArray[np.float32]

    def box(self, shape: tuple[int, ...]) -> BoundingBox:
        """Returns the sheet's box on a page of (height, width), with a little of what it lies on where that is seen."""
        beyond = max(2, round(_BEYOND * max(shape[:2])))
        left, top = np.maximum(np.floor(self.outline.min(axis=0)) - beyond, 0).astype(int)
        right, bottom = np.minimum(np.ceil(self.outline.max(axis=0)) + beyond, (shape[1], shape[0])).astype(int)
        return BoundingBox(int(left), int(top), int(max(1, right - left)), int(max(1, bottom - top)))


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A region that may be a sheet.

    Attributes:
        outline: float32 (4, 2), corners.
        score: 0 to 1.
        rim: share of its outline that is within the picture.
    """

    outline: NDArray[np.float32]
    score: float
    rim: float


def find_sheet(pixels: Image, params: PaperParams) -> Sheet | None:
    """Returns the sheet of paper that a photo shows with its surroundings.

    Args:
        pixels: uint8 (height, width, 3) BGR.
        params: see there.

    Returns:
        None when the page fills the picture, is no paper, or its sheet does not stand out clearly; also when blank.
    """
    small, scale = _reduced(pixels, params.side_px)
    if min(small.shape[:2]) < 8 * _EDGE_PX:
        return None
    side = max(3, round(params.writing * max(small.shape[:2]))) | 1
    channels = cv2.split(cv2.medianBlur(small, 3))
    colors = [closed(as_image(channel), side, side) for channel in channels]
    whiteness = _whiteness(colors)
    low, high = np.quantile(whiteness, (0.03, 0.97))
    levels = np.unique(np.linspace(low, high, params.levels + 1)[:-1].astype(int)).tolist()
    logarithms = np.log2(np.dstack(colors).astype(np.float32) + 8)
    candidates = [_candidate(whiteness, logarithms, level, params) for level in levels]
    likely = [c for c in candidates if c is not None and c.score >= params.min_score]
    if not likely:
        return None
    # A region that runs out to the frame has no unclear edge there, but also one edge less.
    best = max(likely, key=lambda c: c.score * c.rim**0.5)
    outline = best.outline + np.float32(0.5)
    size = np.array(small.shape[1::-1], np.float32)
    outline = np.where(outline < _AT_FRAME_PX, outline - _EDGE_PX, outline)
    outline = np.where(outline > size - _AT_FRAME_PX, outline + _EDGE_PX, outline)
    return Sheet((outline / scale).astype(np.float32))


def _whiteness(colors: Sequence[Image]) -> Image:
    """How bright and how free of color a picture is, uint8 (height, width), from its channels.

    Wood and cloth are colored where paper is not, also where they shine as brightly. Under a lamp paper is colored,
    too, and what is brightest of a picture counts as white: Land and McCann, "Lightness and retinex theory", Journal of
    the Optical Society of America 61, 1971.
    """
    brightest = [max(1.0, float(np.quantile(channel, _WHITE_SHARE))) for channel in colors]
    balanced = [
        cv2.convertScaleAbs(channel, alpha=max(brightest) / top) for channel, top in zip(colors, brightest, strict=True)
    ]
    least = np.minimum.reduce(balanced).astype(np.int16)
    return as_image(np.maximum(least - (np.maximum.reduce(balanced) - least) // 2, 0))


def _candidate(whiteness: Image, logarithms: NDArray[np.float32], level: int, params: PaperParams) -> _Candidate | None:
    """The largest region above a level, where it may be a sheet."""
    height, width = whiteness.shape
    hull, area = _largest_region(whiteness > level, params)
    outline = None if hull is None else enclosing_quadrilateral(hull)
    if outline is None or cv2.pointPolygonTest(outline, (width / 2, height / 2), False) < 0:
        return None
    filled = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(filled, np.rint(outline).astype(np.int32), 1)
    solidity = area / max(1, cv2.countNonZero(filled))
    if solidity < params.min_solidity:
        return None
    across = _across(filled, logarithms)
    rim = len(across) / cv2.arcLength(outline, True)
    if rim < params.min_rim:
        return None
    steps = across[:, 0] - across[:, -1]
    mean = steps.mean(axis=1)
    color = np.linalg.norm(steps - mean[:, None], axis=1)
    # A shadow is as sharp as a table's edge at times, but neither as dark nor of another color; a board in its frame is
    # no paper.
    if np.median(mean) < (params.min_brighter if np.median(color) >= params.min_color_step else params.min_step):
        return None
    # Into the fold of a book, and along the edge of a scan, a page darkens little by little, and bears writing.
    steepest = (across[:, :-1] - across[:, 1:]).mean(axis=2).max(axis=1)
    sharp = steepest >= params.sharp * mean
    clear = (sharp & (steps.max(axis=1) > params.edge_step)) | (color > params.min_color_step)
    return _Candidate(outline, solidity * float(clear.mean()), rim)


def _largest_region(bright: NDArray[np.bool_], params: PaperParams) -> tuple[NDArray[np.int32] | None, float]:
    """The convex hull of the largest connected region, without its thin outgrowths, and the region's area."""
    labels = np.asarray(cv2.connectedComponents(bright.view(np.uint8), connectivity=4)[1])
    areas = np.bincount(labels.ravel())[1:]
    if areas.size == 0 or not params.min_area <= areas.max() / bright.size <= params.max_area:
        return None, 0.0
    region = (labels == 1 + int(areas.argmax())).view(np.uint8)
    region = as_image(cv2.morphologyEx(region, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)))
    contours, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None, 0.0
    contour = max(contours, key=cv2.contourArea)
    return np.asarray(cv2.convexHull(contour), np.int32).reshape(-1, 2), float(cv2.contourArea(contour))


def enclosing_quadrilateral(hull: NDArray[np.int32]) -> NDArray[np.float32] | None:
    """Returns a small quadrilateral around a convex polygon.

    Of the polygon's sides the one is left out whose neighbors, prolonged until they meet, add the least area, until
    four are left: Visvalingam and Whyatt's way of simplifying lines (The Cartographic Journal 30, 1993), turned
    outward. So a sheet gets back the corners that lie in the dark.

    Args:
        hull: int32 (n, 2), x and y of its corners in order.

    Returns:
        float32 (4, 2), or None where the polygon has less than four sides or its sides never meet.
    """
    corners = cv2.approxPolyDP(hull, 1.5, True).reshape(-1, 2).astype(np.float64)
    while len(corners) > 4:
        meetings = [_meeting(*(corners[(k + d) % len(corners)] for d in (-1, 0, 1, 2))) for k in range(len(corners))]
        least = min(range(len(corners)), key=lambda k: meetings[k][1])
        if not np.isfinite(meetings[least][1]):
            return None
        corners[least] = meetings[least][0]
        corners = np.delete(corners, (least + 1) % len(corners), axis=0)
    return corners.astype(np.float32) if len(corners) == 4 else None


def _meeting(
    before: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64], after: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Where the sides before and after the one from `start` to `end` meet beyond it, and the area that this adds."""
    forward, backward, side = start - before, end - after, end - start
    cross = forward[0] * backward[1] - forward[1] * backward[0]
    if abs(cross) < 1e-9:
        return start, np.inf
    along = (side[0] * backward[1] - side[1] * backward[0]) / cross
    point = start + along * forward
    if along < 0 or (point - end) @ backward < 0:
        return start, np.inf
    return point, abs(side[0] * (point - start)[1] - side[1] * (point - start)[0]) / 2


def _across(sheet: Image, logarithms: NDArray[np.float32]) -> NDArray[np.float32]:
    """The brightness along the edge, from the inside to the outside, in octaves, (points, 5, 3); not at the frame."""
    height, width = sheet.shape
    rim = sheet - cv2.erode(sheet, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    y, x = np.nonzero(rim)
    soft = as_field(cv2.GaussianBlur(sheet.astype(np.float32), (0, 0), 3))
    inward = np.stack([cv2.Sobel(soft, cv2.CV_32F, 1, 0)[y, x], cv2.Sobel(soft, cv2.CV_32F, 0, 1)[y, x]], axis=1)
    length = np.linalg.norm(inward, axis=1, keepdims=True)
    inward = _EDGE_PX * inward / np.maximum(length, 1e-6)
    points = np.stack([x, y], axis=1)
    places = np.rint(points[:, None] + np.linspace(1, -1, 5)[:, None] * inward[:, None]).astype(int)
    kept = ((places >= 0) & (places < (width, height))).all(axis=(1, 2)) & (length[:, 0] > 1e-3)
    columns, rows = places[kept].transpose(2, 0, 1)
    return np.asarray(logarithms[rows, columns], np.float32)


def _reduced(pixels: Image, side_px: int) -> tuple[Image, float]:
    """The page at a longer side of `side_px`, or as it is where it is smaller; and by how much it was reduced."""
    stride = max(1, max(pixels.shape[:2]) // (2 * side_px))
    coarse = pixels[::stride, ::stride]
    scale = min(1.0, side_px / max(coarse.shape[:2]))
    size = (max(1, round(coarse.shape[1] * scale)), max(1, round(coarse.shape[0] * scale)))
    small = as_image(cv2.resize(np.ascontiguousarray(coarse), size, interpolation=cv2.INTER_AREA))
    return small, scale / stride
