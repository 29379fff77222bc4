"""Reads the digits of a whole piece of ink, or of a whole number, side by side and without cutting them apart.

A network with convolutions alone slides over ink of any width and says for each place which digit's middle is there, if
any: a space displacement neural network, as in Matan, Burges, LeCun and Denker, "Multi-Digit Recognition Using a Space
Displacement Neural Network", NIPS 4 (1991). It sees each digit with its neighbors, where a network for single digits
sees what a cut has left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from recognition.arrays import Image, as_image, stretches
from recognition.calibrate import Probabilities, scale
from recognition.classify import CLASSES, NOT_A_DIGIT
from recognition.errors import ModelMismatchError
from recognition.litert import Network

STRIP_HEIGHT_PX = 24
"""Height to which ink is brought."""
FRAME_PX = 2
"""The network gives one answer for so many columns."""
MARGIN_PX = 4
"""Paper to the left and the right of the ink."""
WIDTHS_PX = (48, 72, 96, 144, 192, 384)
"""Widths the network is run with; a strip is padded to the smallest that holds it, and a wider one is not read."""
BATCHES = (1, 4)
"""Batch sizes; strips are large, and more at once are read no faster."""
FAINT_FRAME = 0.5
"""Probability of any digit from which a frame belongs to one."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Ink at the network's height.

    Attributes:
        image: uint8 (24, width), ink bright.
        left_px: column of the ink that the strip was made of where the strip begins.
        scale: columns of the strip for each of the ink.
    """

    image: Image
    left_px: float
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class Spotted:
    """A digit that was seen in a strip.

    Attributes:
        column: of its middle, in pixels of the ink that the strip was made of.
        probabilities: float32 (11,), index 10 for none.
    """

    column: float
    probabilities: Probabilities

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return int(self.probabilities[:NOT_A_DIGIT].argmax())

    @property
    def confidence(self) -> float:
        """The probability of the most probable digit."""
        return float(max(self.probabilities[:NOT_A_DIGIT].tolist()))


def to_strip(ink: Image) -> Strip | None:
    """Returns ink at the network's height, from its upper to its lower end.

    Args:
        ink: uint8 (height, width), 0 is paper and 255 the darkest ink.

    Returns:
        None where there is no ink, or it is too long for its height.
    """
    x, y, width, height = cv2.boundingRect(ink)
    if not height:
        return None
    factor = STRIP_HEIGHT_PX / height
    columns = max(1, round(width * factor))
    if columns + 2 * MARGIN_PX > WIDTHS_PX[-1]:
        return None
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    inner = cv2.resize(ink[y : y + height, x : x + width], (columns, STRIP_HEIGHT_PX), interpolation=how)
    image = np.zeros((STRIP_HEIGHT_PX, columns + 2 * MARGIN_PX), np.uint8)
    image[:, MARGIN_PX : MARGIN_PX + columns] = cv2.convertScaleAbs(inner, alpha=255 / max(1, int(inner.max())))
    return Strip(as_image(image), x - MARGIN_PX * width / columns, columns / width)


class SequenceNetwork:
    """A loaded network that reads strips. Not to be used by two threads at once."""

    def __init__(self, model: bytes, temperature: float = 1.0) -> None:
        self._network = Network(model, "sequence", BATCHES)
        self._temperature = temperature
        [shape], output = self._network.inputs, self._network.output
        if len(shape) != 4 or shape[1] != STRIP_HEIGHT_PX or shape[3] != 1 or output[1:2] + output[3:] != (1, CLASSES):
            raise ModelMismatchError(
                f"a sequence network must take (n, {STRIP_HEIGHT_PX}, width, 1) and give (n, 1, width / {FRAME_PX}, "
                f"{CLASSES}). Received: {self._network.inputs} and {output}"
            )

    def spot(self, inks: Sequence[Image]) -> list[list[Spotted] | None]:
        """Returns the digits of each piece of ink, from left to right; None where it cannot be read.

        There is no ink then, or it is too long for its height, as `to_strip` says.

        Args:
            inks: uint8 (height, width) each, 0 is paper and 255 the darkest ink.
        """
        found: list[list[Spotted] | None] = [None] * len(inks)
        strips = {k: strip for k, ink in enumerate(inks) if (strip := to_strip(ink)) is not None}
        for narrower, width in zip((0, *WIDTHS_PX), WIDTHS_PX, strict=False):
            chosen = [k for k, strip in strips.items() if narrower < strip.image.shape[1] <= width]
            if not chosen:
                continue
            batch = np.zeros((len(chosen), STRIP_HEIGHT_PX, width, 1), np.uint8)
            for row, k in zip(batch, chosen, strict=True):
                row[:, : strips[k].image.shape[1], 0] = strips[k].image
            answers = self._network.run({0: batch})[:, 0]
            calibrated = scale(answers.reshape(-1, CLASSES), self._temperature).reshape(answers.shape)
            for k, frames in zip(chosen, calibrated, strict=True):
                found[k] = _spotted(frames[: strips[k].image.shape[1] // FRAME_PX], strips[k])
        return found


def _spotted(frames: Probabilities, strip: Strip) -> list[Spotted]:
    return [
        Spotted((middle + 0.5) * FRAME_PX / strip.scale + strip.left_px, row) for middle, row in spotted_frames(frames)
    ]


def spotted_frames(frames: Probabilities) -> list[tuple[float, Probabilities]]:
    """Returns the digits that a strip's frames show: the middle of each in frames, and its probabilities.

    Args:
        frames: float32 (n, 11), from left to right.
    """
    starts, stops = stretches(1 - frames[:, NOT_A_DIGIT] >= FAINT_FRAME)
    classes = frames[:, :NOT_A_DIGIT].argmax(axis=1).tolist()
    result = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        # Where one digit follows upon another without paper between them, each is seen surely for itself.
        turns = [start, *(k for k in range(start + 1, stop) if classes[k] != classes[k - 1]), stop]
        parts = [(start, stop)]
        if len(turns) > 2:
            sure = [(a, b) for a, b in pairwise(turns) if frames[a:b, classes[a]].max() >= 0.8]
            parts = sure if len({classes[a] for a, _ in sure}) > 1 else parts
        result += [_together(frames[a:b], a) for a, b in parts]
    return result


def _together(run: Probabilities, start: int) -> tuple[float, Probabilities]:
    """One digit of several frames: the surer a frame, the more it counts."""
    weights = (1 - run[:, NOT_A_DIGIT]) ** 2
    weights /= weights.sum()
    return float(weights @ np.arange(len(run))) + start, weights @ run
