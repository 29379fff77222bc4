"""Turns pictures upright as their EXIF data asks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

UPRIGHT = 1
_TAG = 0x0112


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The picture as a person holds it.

    Args:
        pixels: (height, width, channels) as stored.
        orientation: EXIF's 1 to 8; any other value means 1.

    Returns:
        The same array when it is upright already, else a turned or mirrored copy.
    """
    match orientation:
        case 2:
            return _as_uint8(cv2.flip(pixels, 1))
        case 3:
            return _as_uint8(cv2.rotate(pixels, cv2.ROTATE_180))
        case 4:
            return _as_uint8(cv2.flip(pixels, 0))
        case 5:
            return _as_uint8(cv2.transpose(pixels))
        case 6:
            return _as_uint8(cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE))
        case 7:
            return _as_uint8(cv2.flip(cv2.transpose(pixels), -1))
        case 8:
            return _as_uint8(cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE))
        case _:
            return pixels


def orientation_of(exif: Image.Exif) -> int:
    """EXIF's orientation, as `upright` takes it; 1 where there is none or one that is no number."""
    value = exif.get(_TAG, UPRIGHT)
    return value if isinstance(value, int) else UPRIGHT


def _as_uint8(pixels: object) -> NDArray[np.uint8]:
    return np.asarray(pixels, dtype=np.uint8)
