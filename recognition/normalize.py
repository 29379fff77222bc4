"""Brings the ink of one digit into the form of MNIST's images.

The steps were reconstructed by Yadav and Bottou, "Cold Case: The Lost MNIST Digits", NeurIPS 2019 (arXiv 1905.10498):
tight box, padded to a square, area-resampled to 20x20, stretched by its peak, centered by its center of mass in 28x28.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image
from recognition.types import PICTURE_PX

IMAGE_PX = PICTURE_PX
INNER_PX = 20
MIN_SIDE_PX = 10
"""A smaller box is padded to this side, so that specks are not magnified."""


def normalize(ink: Image) -> Image:
    """Returns the ink of one digit as an MNIST image.

    Args:
        ink: uint8 (height, width), 0 is paper and 255 the darkest ink; any size, any margin.

    Returns:
        uint8 (28, 28); all zero where `ink` is all zero or has no pixels.
    """
    image: Image = normalize_all([ink])[0]
    return image


def normalize_all(inks: Iterable[Image]) -> Image:
    """Returns the normalized images of several digits, uint8 (n, 28, 28); each ink is needed only for its own."""
    inner = [_inner(ink) for ink in inks]
    if not inner:
        return np.zeros((0, IMAGE_PX, IMAGE_PX), np.uint8)
    stretched = np.stack(inner, dtype=np.float32, casting="safe")
    stretched *= 255 / np.maximum(stretched.max(axis=(1, 2), keepdims=True), 1)  # 1 where there is no ink
    return _centered(stretched)


def _inner(ink: Image) -> Image:
    box = _tight(ink)
    if box.size == 0:
        return np.zeros((INNER_PX, INNER_PX), np.uint8)
    square = _square(box)
    while square.shape[0] < INNER_PX:
        square = square.repeat(2, axis=0).repeat(2, axis=1)
    return as_image(cv2.resize(square, (INNER_PX, INNER_PX), interpolation=cv2.INTER_AREA))


def _tight(ink: Image) -> Image:
    x, y, width, height = cv2.boundingRect(ink)
    return ink[y : y + height, x : x + width]


def _square(box: Image) -> Image:
    height, width = box.shape
    side = max(height, width, MIN_SIDE_PX)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.zeros((side, side), np.uint8)
    square[top : top + height, left : left + width] = box
    return square


def _centered(inner: NDArray[np.float32]) -> Image:
    """Images float32 (n, 20, 20) in larger ones, so that their centers of mass are in the middle."""
    columns, rows = (inner.sum(axis=axis, dtype=np.float64) for axis in (1, 2))
    mass = np.maximum(columns.sum(axis=1), 1)
    along = np.arange(INNER_PX)
    places = [np.rint(IMAGE_PX / 2 - sums @ along / mass).astype(int) for sums in (columns, rows)]
    lefts, tops = (np.clip(place, 0, IMAGE_PX - INNER_PX).tolist() for place in places)
    images = np.zeros((len(inner), IMAGE_PX, IMAGE_PX), np.uint8)
    for image, one, left, top in zip(images, np.rint(inner), lefts, tops, strict=True):
        image[top : top + INNER_PX, left : left + INNER_PX] = one
    return images
