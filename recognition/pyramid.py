"""Reduces images to half their size, to a quarter and so on, so that fine strokes stay seen."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from recognition.arrays import Image, as_image

_SMALL_PX = 256
"""Images up to this side are reduced together."""
_AT_ONCE = 64
"""So many of them, which the processor's cache holds."""

Pyramid = list[Image]
"""An image uint8 (height, width), the same at half its size, at a quarter and so on, as far as that was made."""


def reduced(pyramid: Pyramid, level: int) -> Image:
    """Returns an image reduced so many times to half its size; what is missing of the pyramid is added to it."""
    while len(pyramid) <= level:
        pyramid.append(_halved(pyramid[-1]))
    return pyramid[level]


def reduce_together(pyramids: Sequence[Pyramid], levels: Sequence[int]) -> None:
    """Adds to the pyramids of small images what they lack up to a level, as `reduced` does for each.

    Of a page's hundreds of pieces the calls for each alone would take most of the time.

    Args:
        pyramids: n of them; larger images are left to `reduced`.
        levels: of each.
    """
    lacking = [
        (pyramid, level)
        for pyramid, level in zip(pyramids, levels, strict=True)
        if len(pyramid) <= level and max(pyramid[0].shape) <= _SMALL_PX
    ]
    for start in range(0, len(lacking), _AT_ONCE):
        some = lacking[start : start + _AT_ONCE]
        _reduce_stacked([pyramid for pyramid, _ in some], max(level for _, level in some))


def _reduce_stacked(pyramids: Sequence[Pyramid], level: int) -> None:
    """Puts images below each other where, down to the level, no pixel shows two of them, and halves all as one."""
    heights, widths = np.array([pyramid[0].shape for pyramid in pyramids]).T
    ends = np.cumsum(-(-heights >> level) << level)
    tops = [0, *ends[:-1].tolist()]
    stack = np.zeros((int(ends[-1]), -(-int(widths.max()) >> level) << level), np.uint8)
    for pyramid, top in zip(pyramids, tops, strict=True):
        height, width = pyramid[0].shape
        stack[top : top + height, :width] = pyramid[0]
        del pyramid[1:]
    for _ in range(level):
        for pyramid, top in zip(pyramids, tops, strict=True):
            height, width = pyramid[-1].shape
            if height == 1:  # doubled, as in `_halved`
                stack[top + 1, :width] = stack[top, :width]
            if width == 1:
                rows = slice(top, top + max(2, height))
                stack[rows, 1] = stack[rows, 0]
        stack = _halved(stack)
        tops = [top // 2 for top in tops]
        for pyramid, top in zip(pyramids, tops, strict=True):
            height, width = pyramid[-1].shape
            pyramid.append(stack[top : top + max(1, height // 2), : max(1, width // 2)])


def _halved(image: Image) -> Image:
    """The image at half the size, between mean and maximum, so that fine strokes fade less than by the mean alone."""
    height, width = max(2, image.shape[0] // 2 * 2), max(2, image.shape[1] // 2 * 2)
    if height > image.shape[0] or width > image.shape[1]:
        missing = max(0, height - image.shape[0]), max(0, width - image.shape[1])
        image = as_image(cv2.copyMakeBorder(image, 0, missing[0], 0, missing[1], cv2.BORDER_REPLICATE))
    even = image[:height, :width]
    mean = cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    higher = np.maximum(even[::2], even[1::2])
    return as_image(cv2.addWeighted(mean, 0.5, np.maximum(higher[:, ::2], higher[:, 1::2]), 0.5, 0))
