"""The desk at which a sheet is filled: paper, pen, typefaces and chance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recognition.training.sheets.fonts import Fonts
from recognition.training.sheets.hand import Scribe
from recognition.training.sheets.sheet import Sheet
from recognition.training.sheets.writer import Writer


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """All that a sheet is filled with.

    Attributes:
        rng: source of chance.
        sheet: to be filled.
        writer: of its digits.
        scribe: of its words.
        fonts: of its print and its handwriting-like text.
        size_px: height of its digits.
    """

    rng: np.random.Generator
    sheet: Sheet
    writer: Writer
    scribe: Scribe
    fonts: Fonts
    size_px: int

    def chance(self, share: float) -> bool:
        """Returns True in that share of the calls."""
        return bool(self.rng.random() < share)

    def whole(self, low: float, high: float) -> int:
        """Returns a whole number from low up to, not including, high (at least low)."""
        return int(self.rng.integers(round(low), max(round(low) + 1, round(high))))

    def print_face(self) -> Path:
        """Returns a printed typeface by chance."""
        return self.fonts.printed[int(self.rng.integers(len(self.fonts.printed)))]


def write_number(desk: Desk, x: float, y: float, *, count: int, gap: float, pitch_px: int | None = None) -> float:
    """Writes a number and returns the column after it.

    Args:
        desk: see there.
        x: column of its left edge.
        y: row of its base line.
        count: of digits.
        gap: between digits, in digit heights; negative where they touch.
        pitch_px: between the middles of boxes that it is written into.
    """
    rng, size = desk.rng, desk.size_px
    for k in range(count):
        coverage, label = desk.writer.digit(rng, max(8, round(size * rng.uniform(0.82, 1.12))))
        height, width = coverage.shape
        left = x if pitch_px is None else x + (pitch_px - width) / 2 + rng.normal(0, 0.05) * size
        top = y - height + rng.normal(0, 0.04) * size
        fits = desk.sheet.digit(coverage, label, round(left), round(top))
        if not fits and k == 0:
            return x + pitch_px if pitch_px else x + width
        x = x + pitch_px if pitch_px else left + width + size * (gap + abs(rng.normal(0, 0.04)))
    return x
