"""Brings every sort of pixels that Pillow knows to 8-bit color on white."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from recognition import refusals
from recognition.formats import Format

_UNSUPPORTED = {"F": "floating-point pixels", "I": "32-bit or signed 16-bit pixels"}
_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})

_BITS_PER_SAMPLE, _PHOTOMETRIC, _WHITE_IS_ZERO = 258, 262, 0


def to_bgr(image: ImageFile, kind: Format) -> NDArray[np.uint8]:
    """Decodes the picture's current frame.

    Args:
        image: its header parsed, its size checked.
        kind: for messages.

    Returns:
        (height, width, 3) uint8, BGR, the caller's own. Transparent places are white.

    Raises:
        UnreadableImageError: floating-point, 32-bit and signed pixels: what is black and what is white is not known.
        Exception: whatever Pillow raises on damaged content.
    """
    if image.mode in _UNSUPPORTED:
        raise refusals.unsupported(kind, _UNSUPPORTED[image.mode])
    if image.mode.startswith("I;16"):
        return _from_16_bit_grey(image)
    if image.mode == "LAB":
        # OpenCV's a and b start at 128, Pillow hands them out signed, as they stand in a TIFF.
        return _cv(np.asarray(image) ^ np.array([0, 128, 128], np.uint8), cv2.COLOR_LAB2BGR)
    if image.mode in _ALPHA or "transparency" in image.info:
        return _rgb_to_bgr(_on_white(_converted(image, "RGBA")))
    if image.mode == "CMYK" and kind is Format.JPEG:
        return _rgb_to_bgr(_converted(_jpeg_cmyk(image), "RGB"))
    if image.mode in ("1", "L"):
        return _cv(np.asarray(_converted(image, "L")), cv2.COLOR_GRAY2BGR)
    return _rgb_to_bgr(_converted(image, "RGB"))


def _from_16_bit_grey(image: ImageFile) -> NDArray[np.uint8]:
    """16-bit grey scaled to 8; Pillow leaves TIFF's 12-bit samples and its inverted polarity to the caller."""
    bits, inverted = 16, False
    if isinstance(image, TiffImageFile):
        bits = int(image.tag_v2.get(_BITS_PER_SAMPLE, (16,))[0])
        inverted = image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    samples = np.asarray(image)
    if not inverted:
        # Cameras of 10 and 12 bits say 16. Where white is zero, the greatest is ink, or the grain of a blank page.
        bits = min(bits, int(samples.max()).bit_length())
    grey = (samples >> max(0, bits - 8)).astype(np.uint8)
    return _cv(np.bitwise_not(grey) if inverted else grey, cv2.COLOR_GRAY2BGR)


def _on_white(image: Image.Image) -> Image.Image:
    alpha = image.getchannel("A")
    if alpha.getextrema() == (0, 0):
        # Nothing would be left to see: programs that write 32-bit bitmaps often leave the fourth byte 0.
        return image.convert("RGB")
    page = Image.new("RGB", image.size, "white")
    page.paste(image, mask=alpha)
    return page


def _jpeg_cmyk(image: ImageFile) -> Image.Image:
    """A CMYK JPEG's inks; Pillow takes all for inverted, as Adobe writes them, but without its marker they are not."""
    image.load()
    return image if "adobe" in image.info else ImageChops.invert(image)


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """The picture in that mode; Pillow's own conversion copies even where nothing changes."""
    return image if image.mode == mode else image.convert(mode)


def _rgb_to_bgr(image: Image.Image) -> NDArray[np.uint8]:
    return _cv(np.asarray(image), cv2.COLOR_RGB2BGR)


def _cv(pixels: NDArray[Any], conversion: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(pixels, conversion), dtype=np.uint8)
