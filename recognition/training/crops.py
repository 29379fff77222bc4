"""Small pictures of what was read wrong, for people to look at."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image
from recognition.training.truth import Box

MAX_HEIGHT_PX, MAX_WIDTH_PX = 96, 480
MIN_HEIGHT_PX, MAX_ENLARGEMENT = 64, 4.0
"""A lower crop is enlarged to that height, but by no more than this factor."""
ABOVE, BESIDE = 0.5, 1.3
"""Of the box's height, shown around it; a digit that was lost stands beside it."""
BLUE_BGR, SKY_BLUE_BGR = (178, 114, 0), (233, 180, 86)
DARK = 110
"""Mean grey below which the frame is drawn in the lighter blue."""
JPEG_QUALITY = 80


def crop_with_context(pixels: Image, box: Box) -> bytes:
    """Cuts a number out of its page, with what stands around it and a thin frame around itself.

    Args:
        pixels: uint8 (height, width, 3) BGR.
        box: of the number; what lies outside of the page is left out.

    Returns:
        A JPEG at most 96 pixels high and 480 wide; empty when the box does not meet the page.
    """
    x, y, width, height = box
    above, beside = max(4.0, ABOVE * height), max(4.0, BESIDE * height)
    top, bottom = _span(y - above, y + height + above, pixels.shape[0])
    left, right = _span(x - beside, x + width + beside, pixels.shape[1])
    if top >= bottom or left >= right:
        return b""
    crop = pixels[top:bottom, left:right]
    enlarged = min(MAX_ENLARGEMENT, max(1.0, MIN_HEIGHT_PX / crop.shape[0]))
    scale = min(enlarged, MAX_HEIGHT_PX / crop.shape[0], MAX_WIDTH_PX / crop.shape[1])
    size = (max(1, int(crop.shape[1] * scale)), max(1, int(crop.shape[0] * scale)))
    crop = as_image(cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC))
    first = (round((x - left) * scale) - 2, round((y - top) * scale) - 2)
    last = (round((x + width - left) * scale) + 1, round((y + height - top) * scale) + 1)
    framed = cv2.rectangle(crop.copy(), first, last, SKY_BLUE_BGR if crop.mean() < DARK else BLUE_BGR, 1)
    return _encode(".jpg", framed, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def digit_png(image: Image) -> bytes:
    """A digit as the network saw it, uint8 (28, 28) with bright ink, as a PNG with dark ink on white."""
    return _encode(".png", as_image(255 - image), [])


def data_uri(content: bytes) -> str:
    """A JPEG or PNG as an address that holds the picture itself."""
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _span(low: float, high: float, size: int) -> tuple[int, int]:
    return max(0, int(low)), min(size, int(np.ceil(high)))


def _encode(suffix: str, pixels: NDArray[np.generic], options: list[int]) -> bytes:
    done, content = cv2.imencode(suffix, as_image(pixels), options)
    if not done:
        raise RuntimeError(f"OpenCV cannot write a {suffix} of shape {pixels.shape}")
    return content.tobytes()
