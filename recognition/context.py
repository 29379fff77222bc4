"""Shows a piece of ink in its surroundings, and tells from them whether it is one handwritten digit.

The ink alone cannot tell an o in a word from a 0, a printed digit from a written one, or half an 8 from a 3. So a
second network sees the piece with what stands close to it, and, smaller, with what stands around it, both at the
piece's own scale.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image
from recognition.calibrate import scale
from recognition.components import Component
from recognition.errors import ModelMismatchError
from recognition.litert import Network
from recognition.pyramid import Pyramid, reduce_together, reduced

NEAR_PX = 32
"""Side of the near window."""
NEAR_PIECE_PX = 18
"""Longer side of the piece in the near window."""
FAR_HEIGHT_PX, FAR_WIDTH_PX = 32, 64
"""Of the far window."""
FAR_PIECE_PX = 7
"""Longer side of the piece in the far window."""
AT_ONCE = 1024
"""So many pieces have their windows at the same time: those of a page's all were hundreds of megabytes."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """What the network sees of n pieces; in both arrays the last axis is the page's darkness, and the piece's own ink.

    Attributes:
        near: uint8 (n, 32, 32, 2).
        far: uint8 (n, 32, 64, 2).
    """

    near: NDArray[np.uint8]
    far: NDArray[np.uint8]


def windows(pieces: Sequence[Component], darkness: Image, halved: list[Image] | None = None) -> Windows:
    """Returns the surroundings of each piece at its own scale and darkness.

    Args:
        pieces: of the page.
        darkness: uint8 page, as in `binarize.Ink`, with rules and frames.
        halved: the page at half its size, at a quarter and so on, as far as that was made; what is needed is added.
    """
    halved = [] if halved is None else halved
    near = np.zeros((len(pieces), NEAR_PX, NEAR_PX, 2), np.uint8)
    far = np.zeros((len(pieces), FAR_HEIGHT_PX, FAR_WIDTH_PX, 2), np.uint8)
    if pieces:
        pyramid, masks = [darkness, *halved], [[piece.mask] for piece in pieces]
        _show(far, pieces, pyramid, masks, FAR_PIECE_PX)
        _show(near, pieces, pyramid, masks, NEAR_PIECE_PX)
        halved[:] = pyramid[1:]
    return Windows(near, far)


def _show(
    shown: NDArray[np.uint8],
    pieces: Sequence[Component],
    pyramid: Pyramid,
    masks: Sequence[Pyramid],
    piece_px: int,
) -> None:
    """Fills windows (n, height, width, 2), each around the middle of a piece, whose longer side becomes `piece_px`."""
    boxes = np.array([(one.bbox.x, one.bbox.y, one.bbox.right, one.bbox.bottom) for one in pieces])
    sides = boxes[:, 2:] - boxes[:, :2]
    scales = sides.max(axis=1, keepdims=True) / piece_px
    sizes = np.maximum(1, np.rint(np.array(shown.shape[2:0:-1]) * scales))
    starts = np.rint(boxes[:, :2] + sides / 2 - sizes / 2)
    # The part on the page; beyond it nothing is known, which looks like paper.
    page = pyramid[0].shape
    parts = np.hstack([np.maximum(starts, 0), np.minimum(starts + sizes, page[::-1])]).astype(np.int64)
    origins = np.tile(starts, 2)
    places = np.rint((parts - origins) / scales).astype(np.int64).tolist()
    inks = np.rint((boxes - origins) / scales).astype(np.int64).tolist()
    # The page and the piece are reduced by the power of two that leaves them at least as large as they are shown.
    levels = np.clip(np.frexp(scales[:, 0])[1] - 1, 0, min(page).bit_length() - 1).tolist()
    reduce_together(masks, levels)
    for k, (window, piece, part, level) in enumerate(zip(shown, pieces, parts.tolist(), levels, strict=True)):
        x, y, right, bottom = (side >> level for side in part)
        around = reduced(pyramid, level)[y : max(y + 1, bottom), x : max(x + 1, right)]
        strength = 255 / max(piece.darkness, 1.0)
        _place(window[:, :, 0], as_image(cv2.convertScaleAbs(_scaled(around, places[k]), alpha=strength)), places[k])
        _place(window[:, :, 1], _scaled(reduced(masks[k], level), inks[k]), inks[k])


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
        self._page: weakref.ref[Image] | None = None
        self._halved: list[Image] = []  # of that page, of which more pieces are shown time and again
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
            darkness: uint8 page; not to be changed between two calls.

        Returns:
            float32 (n,), 0 to 1.
        """
        if self._page is None or self._page() is not darkness:
            self._page, self._halved = weakref.ref(darkness), []
        starts = range(0, max(1, len(pieces)), AT_ONCE)
        shown = np.concatenate([self._shown(pieces[k : k + AT_ONCE], darkness) for k in starts])
        return scale(np.stack([1 - shown, shown], axis=1), self._temperature)[:, 1]

    def _shown(self, pieces: Sequence[Component], darkness: Image) -> NDArray[np.float32]:
        seen = windows(pieces, darkness, self._halved)
        return self._network.run({self._places["near"]: seen.near, self._places["far"]: seen.far})[:, 0]
