"""Shows a piece of ink in its surroundings, and tells from them whether it is one handwritten digit.

The ink alone cannot tell an o in a word from a 0, a printed digit from a written one, or half an 8 from a 3. So a
second network sees the piece with what stands close to it, and, smaller, with what stands around it, both at the
piece's own scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image
from recognition.calibrate import scale
from recognition.components import Component
from recognition.errors import ModelMismatchError
from recognition.litert import Network
from recognition.model_file import read_model

NEAR_PX = 32
"""Side of the near window."""
NEAR_PIECE_PX = 18
"""Longer side of the piece in the near window."""
FAR_HEIGHT_PX, FAR_WIDTH_PX = 32, 64
"""Of the far window."""
FAR_PIECE_PX = 7
"""Longer side of the piece in the far window."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """What the network sees of n pieces; in both arrays the last axis is the page's darkness, and the piece's own ink.

    Attributes:
        near: uint8 (n, 32, 32, 2).
        far: uint8 (n, 32, 64, 2).
    """

    near: NDArray[np.uint8]
    far: NDArray[np.uint8]


def windows(pieces: Sequence[Component], darkness: Image) -> Windows:
    """Returns the surroundings of each piece at its own scale and darkness.

    Args:
        pieces: of the page.
        darkness: uint8 page, as in `binarize.Ink`, with rules and frames.
    """
    near = np.zeros((len(pieces), NEAR_PX, NEAR_PX, 2), np.uint8)
    far = np.zeros((len(pieces), FAR_HEIGHT_PX, FAR_WIDTH_PX, 2), np.uint8)
    pyramid = [darkness]
    for k, piece in enumerate(pieces):
        masks = [piece.mask]
        _show(near[k], piece, pyramid, masks, NEAR_PIECE_PX)
        _show(far[k], piece, pyramid, masks, FAR_PIECE_PX)
    return Windows(near, far)


def _show(window: NDArray[np.uint8], piece: Component, pyramid: list[Image], masks: list[Image], piece_px: int) -> None:
    """Fills a window (height, width, 2) around the middle of the piece, whose longer side becomes `piece_px` long."""
    box = piece.bbox
    rows, columns = window.shape[:2]
    scale = max(box.width, box.height) / piece_px
    height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
    left, top = round(box.x + box.width / 2 - width / 2), round(box.y + box.height / 2 - height / 2)
    # The part on the page; beyond it nothing is known, which looks like paper.
    page = pyramid[0].shape
    x, y, right, bottom = max(0, left), max(0, top), min(page[1], left + width), min(page[0], top + height)
    place = [round(v / scale) for v in (x - left, y - top, right - left, bottom - top)]
    reduced, factor = _level(pyramid, scale)
    shown = reduced[
        y // factor : max(y // factor + 1, bottom // factor), x // factor : max(x // factor + 1, right // factor)
    ]
    strength = 255 / max(piece.darkness, 1.0)
    _place(window[:, :, 0], as_image(cv2.convertScaleAbs(_scaled(shown, place), alpha=strength)), place)
    ink = [round(v / scale) for v in (box.x - left, box.y - top, box.right - left, box.bottom - top)]
    level = factor.bit_length() - 1
    while len(masks) <= level:
        masks.append(_halved(masks[-1]))
    _place(window[:, :, 1], _scaled(masks[level], ink), ink)


def _level(pyramid: list[Image], scale: float) -> tuple[Image, int]:
    """The page reduced by a power of two to at least the size at which it is shown, and the factor."""
    level = 0
    while scale / 2 ** (level + 1) >= 1 and min(pyramid[0].shape) >> (level + 1) > 0:
        level += 1
    while len(pyramid) <= level:
        pyramid.append(_halved(pyramid[-1]))
    return pyramid[level], 2**level


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


def _scaled(image: Image, place: list[int]) -> Image:
    size = max(1, place[2] - place[0]), max(1, place[3] - place[1])
    method = cv2.INTER_AREA if size[0] < image.shape[1] else cv2.INTER_LINEAR
    return as_image(cv2.resize(image, size, interpolation=method))


def _place(window: NDArray[np.uint8], image: Image, place: list[int]) -> None:
    view = window[place[1] : place[1] + image.shape[0], place[0] : place[0] + image.shape[1]]
    view[:] = image[: view.shape[0], : view.shape[1]]


class ContextNetwork:
    """A loaded context network. Not to be used by two threads at once."""

    def __init__(self, model: bytes, temperature: float = 1.0) -> None:
        self._network = Network(model, "context")
        self._temperature = temperature
        shapes = {(1, NEAR_PX, NEAR_PX, 2): "near", (1, FAR_HEIGHT_PX, FAR_WIDTH_PX, 2): "far"}
        self._places = {shapes[shape]: place for place, shape in enumerate(self._network.inputs) if shape in shapes}
        if sorted(self._network.inputs) != sorted(shapes) or self._network.output != (1, 1):
            raise ModelMismatchError(
                f"a context network must take {list(shapes)} and give (1, 1). "
                f"Received: {self._network.inputs} and {self._network.output}"
            )

    def whole(self, pieces: Sequence[Component], darkness: Image) -> NDArray[np.float32]:
        """Returns how probable it is that each piece is one handwritten digit.

        Args:
            pieces: of the page.
            darkness: uint8 page.

        Returns:
            float32 (n,), 0 to 1.
        """
        seen = windows(pieces, darkness)
        shown = self._network.run({self._places["near"]: seen.near, self._places["far"]: seen.far})[:, 0]
        return scale(np.stack([1 - shown, shown], axis=1), self._temperature)[:, 1]


def load_context(path: Path) -> ContextNetwork:
    """Returns the network of a .tflite file, with the facts in the .json beside it.

    Raises:
        ModelLoadError: a file is missing or damaged, or the two do not belong together.
        ModelMismatchError: it is no context network.
    """
    model, info = read_model(path)
    return ContextNetwork(model, info.temperature)
