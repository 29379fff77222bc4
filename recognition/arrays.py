"""The arrays recognition works on, their morphology, stretches and a median, which several steps use."""

from __future__ import annotations

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""(height, width) or (height, width, 3), 0 to 255."""
Field: TypeAlias = NDArray[np.float32]


def as_image(array: Any) -> Image:
    """Returns an array of OpenCV's, whose stubs leave the type of pixels open, as uint8; copies nothing."""
    return np.asarray(array, np.uint8)


def as_field(array: Any) -> Field:
    """Returns an array of OpenCV's as float32; copies nothing."""
    return np.asarray(array, np.float32)


def opened(mask: Image, width: int, height: int) -> Image:
    """Returns the mask without what a rectangle of width x height pixels does not fit into; outside there is no ink."""
    kernel, anchor, opposite = _rectangle(width, height)
    core = cv2.erode(mask, kernel, anchor=anchor, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return as_image(cv2.dilate(core, kernel, anchor=opposite))


def closed(mask: Image, width: int, height: int) -> Image:
    """Returns the mask with its gaps filled that a rectangle of width x height pixels does not fit into."""
    kernel, anchor, opposite = _rectangle(width, height)
    return as_image(cv2.erode(cv2.dilate(mask, kernel, anchor=anchor), kernel, anchor=opposite))


def _rectangle(width: int, height: int) -> tuple[Image, tuple[int, int], tuple[int, int]]:
    """The kernel with its anchors for the two steps: with one anchor for both, even sides would move the mask."""
    anchor = width // 2, height // 2
    return np.ones((height, width), np.uint8), anchor, (width - 1 - anchor[0], height - 1 - anchor[1])


def dilated(mask: Image, width: int, height: int) -> Image:
    """Returns the mask grown by a rectangle of width x height pixels."""
    return as_image(cv2.dilate(mask, np.ones((height, width), np.uint8)))


def as_mask(condition: NDArray[np.bool_]) -> Image:
    """Returns 255 where the condition holds, else 0."""
    return condition.view(np.uint8) * np.uint8(255)


def piece_at(mask: Image, column: int, row: int) -> Image:
    """Returns a mask of the connected piece alone that a pixel belongs to."""
    labels = np.asarray(cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_32S)[1])
    return as_mask(labels == labels[row, column])


def stretches(wanted: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Returns where each stretch of wanted places begins, and the places behind their ends.

    Args:
        wanted: bool (n,).
    """
    padded = np.zeros(len(wanted) + 2, np.bool_)
    padded[1:-1] = wanted
    ends = np.flatnonzero(padded[1:] != padded[:-1])
    return ends[::2], ends[1::2]


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Returns the value at which half of the weight is reached, 0 for no values."""
    if values.size == 0:
        return 0.0
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
