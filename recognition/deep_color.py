"""16-bit color that uses fewer bits: the upper bytes, which Pillow and OpenCV hand out, are nearly black."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile, _Tile

_SWAPPED = {"RGB;16L": "RGB;16B", "RGB;16B": "RGB;16L", "RGBX;16L": "RGBX;16B", "RGBX;16B": "RGBX;16L"}
"""How samples are stored, and what they are to be taken for so that their lower byte is handed out as the upper one."""

_NATIVE = "L" if sys.byteorder == "little" else "B"


def is_deep(image: ImageFile) -> bool:
    """Whether a picture has 16-bit color without transparency; its pixels must not be decoded yet."""
    storages = {_storage(tile) for tile in image.tile}
    return bool(storages) and storages <= _SWAPPED.keys() and "transparency" not in image.info


def swap_bytes(image: ImageFile) -> None:
    """Has a deep picture decoded by its samples' lower bytes; its pixels must not be decoded yet."""
    for index, tile in enumerate(image.tile):
        more = tile.args[1:] if isinstance(tile.args, tuple) else ()
        image.tile[index] = tile._replace(args=(_SWAPPED[_storage(tile)], *more))


def joined(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The eight greatest bits in use of all channels, in place of `upper`.

    Args:
        upper: of any shape, the samples' upper bytes.
        lower: of the same shape, their lower bytes, which are used up.
    """
    bits = int(upper.max()).bit_length()
    np.left_shift(upper, 8 - bits, out=upper)
    np.right_shift(lower, bits, out=lower)
    return np.bitwise_or(upper, lower, out=upper)


def _storage(tile: _Tile) -> str:
    word = tile.args if isinstance(tile.args, str) else str(tile.args[0]) if tile.args else ""
    return word[:-1] + _NATIVE if word.endswith(";16N") else word
