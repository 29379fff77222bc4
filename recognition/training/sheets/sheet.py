"""A sheet under construction: what was written, what was printed, and whose ink is where."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Field, Image

NOBODY, UNKNOWN = 0, -1
"""Owners of pixels without ink, and of ink that may or may not be taken for a handwritten digit."""
TEXT = -2
"""Owner of letters and of printed digits: no handwritten digit, but perhaps of a digit's form."""
CLUTTER = -3
"""Owner of rules, frames, scribbles and stains."""

INK_FROM = 0.4
"""Coverage from which a pixel belongs to whoever drew it."""


@dataclass(slots=True, eq=False)
class Sheet:
    """A sheet under construction.

    Attributes:
        written: float32 (height, width), coverage by the pen.
        printed: likewise by print, rules and frames.
        owner: int16 (height, width), 1 + index of a digit in `labels`, or one of the constants above.
        labels: of the digits.
    """

    written: Field
    printed: Field
    owner: NDArray[np.int16]
    labels: list[int] = field(default_factory=list)

    @classmethod
    def blank(cls, height: int, width: int) -> Sheet:
        """Returns an empty sheet."""
        return cls(
            np.zeros((height, width), np.float32),
            np.zeros((height, width), np.float32),
            np.zeros((height, width), np.int16),
        )

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        height, width = self.owner.shape
        return height, width

    def digit(self, coverage: Field, label: int, x: int, y: int) -> bool:
        """Writes a digit with its upper left corner at (x, y); False, and nothing, where it does not fit."""
        height, width = coverage.shape
        if x < 2 or y < 2 or x + width > self.size[1] - 2 or y + height > self.size[0] - 2:
            return False
        self.labels.append(label)
        self._put(self.written, coverage, x, y, len(self.labels))
        return True

    def write(self, coverage: Field, x: int, y: int, owner: int = TEXT) -> None:
        """Writes something else by pen; what does not fit is cut off."""
        self._put(self.written, coverage, x, y, owner)

    def print(self, coverage: Field, x: int, y: int, owner: int = TEXT) -> None:
        """Prints something; what does not fit is cut off."""
        self._put(self.printed, coverage, x, y, owner)

    def line(self, start: tuple[float, float], end: tuple[float, float], thickness: int, strength: float = 1.0) -> None:
        """Prints a rule."""
        ends = np.rint(np.array([start, end])).astype(np.int32)
        low = ends.min(axis=0) - thickness - 2
        size = ends.max(axis=0) - low + thickness + 3
        drawn = np.zeros((int(size[1]), int(size[0])), np.uint8)
        cv2.polylines(drawn, [ends - low], False, 255, thickness, cv2.LINE_AA)
        self._put(self.printed, drawn * np.float32(strength / 255), int(low[0]), int(low[1]), CLUTTER)

    def frame(self, x: float, y: float, width: float, height: float, thickness: int) -> None:
        """Prints the frame of a box."""
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        outline = np.rint(np.array(corners)).astype(np.int32)
        low = np.maximum(outline.min(axis=0) - thickness - 1, 0)
        size = outline.max(axis=0) - low + thickness + 2
        drawn = np.zeros((int(size[1]), int(size[0])), np.float32)
        cv2.polylines(drawn, [outline - low.astype(np.int32)], True, 1.0, thickness)
        self._put(self.printed, drawn, int(low[0]), int(low[1]), CLUTTER)

    def is_free(self, x: int, y: int, width: int, height: int) -> bool:
        """Tells whether a rectangle lies on the sheet and nothing stands in it but rules and frames."""
        if x < 0 or y < 0 or x + width > self.size[1] or y + height > self.size[0]:
            return False
        part = self.owner[y : y + height : 2, x : x + width : 2]
        return not ((part != NOBODY) & (part != CLUTTER)).any()

    def _put(self, layer: Field, coverage: Field, x: int, y: int, owner: int) -> None:
        left, top = max(0, -x), max(0, -y)
        coverage = coverage[top : max(top, self.size[0] - y), left : max(left, self.size[1] - x)]
        height, width = coverage.shape
        if not height or not width:
            return
        x, y = x + left, y + top
        view = layer[y : y + height, x : x + width]
        owners = self.owner[y : y + height, x : x + width]
        inked = coverage > INK_FROM
        # A rule under writing is the writing's, as to the eye; where digits touch, the stronger has the pixel.
        mine = (
            inked & ((owners == NOBODY) | (owners == CLUTTER) | (coverage > view))
            if owner != CLUTTER
            else (inked & (owners == NOBODY))
        )
        owners[mine] = owner
        np.maximum(view, coverage, out=view)


def shade(sheet: Sheet, paper: float, pen: float, print_strength: float) -> Image:
    """Returns the sheet as a grey picture.

    Args:
        sheet: whose layers are used.
        paper: its brightness, 0 to 255.
        pen: share of the light that the pen's ink takes, 0 to 1.
        print_strength: likewise of print.

    Returns:
        uint8 (height, width).
    """
    light = paper * (1 - np.float32(pen) * sheet.written) * (1 - np.float32(print_strength) * sheet.printed)
    return np.clip(light, 0, 255).astype(np.uint8)
