"""The annotated picture of a page, and the crops of its numbers.

Accepted and doubtful numbers differ in colour (blue and vermillion of Okabe and Ito's palette, which the colour-blind
tell apart), and without any colour in shape: a solid frame and a light plate against a dashed frame with a filled
corner and a dark plate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from recognition.arrays import as_image
from recognition.labels import Label, place_labels, text_height_px
from recognition.params import AnnotateParams
from recognition.types import BoundingBox, Number

Pixels = NDArray[np.uint8]
Color = tuple[int, int, int]

_BLUE: Color = (178, 114, 0)  # blue, green, red
_SKY_BLUE: Color = (233, 180, 86)
_VERMILLION: Color = (0, 94, 213)
_ORANGE: Color = (0, 159, 230)
_WHITE: Color = (255, 255, 255)
_PLATE_OPACITY = 0.85  # what is under a plate stays visible
_DARK = 110  # mean grey below which a page's frames are drawn in the lighter of the two blues and reds
_SAMPLING = 16
_MIN_CAPTION_PX = 4
_NO_NUMBERS = "no numbers found"

_MAX_CROP_HEIGHT_PX = 48
_MAX_CROP_WIDTH_PX = 480
_CROP_MARGIN = 0.15  # of the number's height
# Runs of one grey are long as they are; differences from pixel to pixel, PNG's usual filter, would break them.
_CROP_ENCODING = (
    cv2.IMWRITE_PNG_STRATEGY,
    cv2.IMWRITE_PNG_STRATEGY_RLE,
    cv2.IMWRITE_PNG_FILTER,
    cv2.IMWRITE_PNG_FILTER_NONE,
)

_DIGIT_PER_EM = 0.7  # height of a digit in the font, relative to its size
_WEIGHT = 600


def annotate(pixels: Pixels, numbers: Sequence[Number], unread: Sequence[BoundingBox], params: AnnotateParams) -> bytes:
    """Draws each number's frame, and its reading above it; a page without numbers says so.

    Args:
        pixels: (height, width, 3) blue, green, red, writable and contiguous; they are drawn on, which saves memory for
            a second page.
        numbers: their boxes lie on the page.
        unread: what else may be digits; no reading is to hide that it was left out.
        params: the quality of the picture.

    Returns:
        A JPEG of the page's size.
    """
    if numbers:
        _draw_numbers(pixels, numbers, unread)
    else:
        _draw_caption(pixels, _NO_NUMBERS)
    return bytes(simplejpeg.encode_jpeg(pixels, params.jpeg_quality, "BGR", "420"))


def crop_png(pixels: Pixels, bbox: BoundingBox) -> bytes:
    """A number as it stands on the page, in 16 greys, with a little margin, at most 48 pixels high and 480 wide.

    Paper's grain does not compress: in 16 greys a crop has a kilobyte, in colour it had ten, and a day's table has
    thousands of them.

    Args:
        pixels: (height, width, 3) blue, green, red.
        bbox: of the number; it lies on the page.

    Returns:
        A PNG.
    """
    page_height, page_width = pixels.shape[:2]
    box = _grown(bbox, max(2, round(bbox.height * _CROP_MARGIN)))
    part = pixels[max(0, box.y) : min(page_height, box.bottom), max(0, box.x) : min(page_width, box.right)]
    crop = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    height, width = crop.shape
    scale = min(1.0, _MAX_CROP_HEIGHT_PX / height, _MAX_CROP_WIDTH_PX / width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    crop = as_image(cv2.LUT(crop, _sixteen_greys()))
    done, data = cv2.imencode(".png", crop, _CROP_ENCODING)
    if not done:
        raise RuntimeError(f"OpenCV must encode a crop. Received: shape {crop.shape}, {crop.dtype}")
    return data.tobytes()


@dataclass(frozen=True, slots=True)
class _Style:
    """What tells accepted numbers from doubtful ones."""

    line: Color
    line_on_dark: Color
    plate: Color
    text: Color
    dashed: bool


_ACCEPTED = _Style(_BLUE, _SKY_BLUE, _WHITE, _BLUE, dashed=False)
_DOUBTFUL = _Style(_VERMILLION, _ORANGE, _VERMILLION, _WHITE, dashed=True)


def _draw_numbers(picture: Pixels, numbers: Sequence[Number], unread: Sequence[BoundingBox]) -> None:
    """All frames first, so that no frame crosses a reading."""
    dark = picture[::_SAMPLING, ::_SAMPLING].mean() < _DARK
    page_shape = picture.shape[0], picture.shape[1]
    lines = [_line_px(page_shape, number.bbox.height) for number in numbers]
    frames = [_frame(page_shape, number.bbox, line_px) for number, line_px in zip(numbers, lines, strict=True)]
    styles = [_DOUBTFUL if number.needs_review else _ACCEPTED for number in numbers]
    for frame, line_px, style in zip(frames, lines, styles, strict=True):
        _draw_frame(picture, frame, line_px, style.line_on_dark if dark else style.line, dashed=style.dashed)
    labels = place_labels(page_shape, frames, [_aspect(number.text) for number in numbers], unread)
    for label, number, style in zip(labels, numbers, styles, strict=True):
        _draw_label(picture, label, number.text, style)


def _line_px(page_shape: tuple[int, int], number_height_px: int) -> int:
    """Thickness that is visible on the whole page and does not crowd the writing."""
    return max(1, round(min(max(page_shape) / 800, number_height_px / 9)))


def _frame(page_shape: tuple[int, int], bbox: BoundingBox, line_px: int) -> BoundingBox:
    """The number's box with a little air, inside the page."""
    box = _grown(bbox, line_px + max(1, round(bbox.height * 0.08)))
    x, y = max(0, box.x), max(0, box.y)
    return BoundingBox(x, y, min(page_shape[1], box.right) - x, min(page_shape[0], box.bottom) - y)


def _draw_frame(picture: Pixels, frame: BoundingBox, line_px: int, color: Color, *, dashed: bool) -> None:
    half = line_px // 2
    left, top, right, bottom = frame.x + half, frame.y + half, frame.right - 1 - half, frame.bottom - 1 - half
    if not dashed:
        cv2.rectangle(picture, (left, top), (right, bottom), color, line_px)
        return
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    sides = zip(corners, [*corners[1:], corners[0]], strict=True)
    cv2.polylines(picture, [dash for side in sides for dash in _dashes(*side, line_px)], False, color, line_px)
    leg = max(4, 3 * line_px, min(round(frame.height * 0.22), 8 * line_px))
    cv2.fillConvexPoly(picture, np.array([(right, bottom), (right - leg, bottom), (right, bottom - leg)]), color)


def _dashes(start: tuple[int, int], end: tuple[int, int], line_px: int) -> list[Any]:
    """A side's dashes, one at each end, so that the corners are closed."""
    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    count = max(1, round((length / (line_px * 4) + 1) / 2))
    ends = np.linspace(start, end, 2 * count).round().astype(np.int32)
    return list(ends.reshape(count, 2, 2))


def _draw_caption(picture: Pixels, text: str) -> None:
    """A sentence in the upper left corner, as wide as the page at the most; nothing where it could not be read."""
    page_height, page_width = picture.shape[:2]
    aspect = _aspect(text)
    text_px = min(1.4 * text_height_px((page_height, page_width), 1), page_width / (aspect + 3), page_height / 3)
    if text_px < _MIN_CAPTION_PX:
        return
    padding = round(text_px)
    box = BoundingBox(0, 0, min(page_width, round(aspect * text_px) + 2 * padding), round(text_px) + 2 * padding)
    _draw_plate(picture, box, _ACCEPTED.plate)
    _draw_text(picture, (padding, 2 * padding), text, text_px, _ACCEPTED.text)


def _draw_label(picture: Pixels, label: Label, text: str, style: _Style) -> None:
    _draw_plate(picture, label.box, style.plate)
    origin = label.box.x + label.padding_px, label.box.bottom - label.padding_px
    _draw_text(picture, origin, text, label.text_px, style.text)


def _draw_plate(picture: Pixels, box: BoundingBox, color: Color) -> None:
    part = picture[box.y : box.bottom, box.x : box.right]
    cv2.LUT(part, _plate_table(color), dst=part)


def _draw_text(picture: Pixels, origin: tuple[int, int], text: str, text_px: float, color: Color) -> None:
    cv2.putText(picture, text, origin, color, _font(), round(text_px / _DIGIT_PER_EM), _WEIGHT)


@cache
def _plate_table(color: Color) -> Pixels:
    """What becomes of each value of blue, green and red under a plate, shape (1, 256, 3)."""
    under = np.arange(256)[None, :, None] * (1 - _PLATE_OPACITY)
    return np.round(under + np.array(color) * _PLATE_OPACITY).astype(np.uint8)


@cache
def _sixteen_greys() -> Pixels:
    """The nearest of 16 greys for each of the 256."""
    return np.round(np.round(np.arange(256) / 17) * 17).astype(np.uint8)


@cache
def _font() -> cv2.FontFace:
    """OpenCV's built-in TrueType font."""
    return cv2.FontFace("sans")


def _aspect(text: str) -> float:
    """Width of a text relative to the height of its digits."""
    size = 100
    _, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), _font(), size, _WEIGHT)
    return width / (size * _DIGIT_PER_EM)


def _grown(box: BoundingBox, margin_px: int) -> BoundingBox:
    return BoundingBox(box.x - margin_px, box.y - margin_px, box.width + 2 * margin_px, box.height + 2 * margin_px)
