"""Draws one sheet: fills it, and scans or photographs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image
from recognition.training.dataset import Digits
from recognition.training.sheets.camera import photograph
from recognition.training.sheets.clutter import clutter, ruling
from recognition.training.sheets.desk import Desk
from recognition.training.sheets.fonts import Fonts
from recognition.training.sheets.form import form
from recognition.training.sheets.hand import Scribe
from recognition.training.sheets.numbers import notes, numbers, table
from recognition.training.sheets.sheet import Sheet, shade
from recognition.training.sheets.texts import handwritten_page, imitations, printed_page
from recognition.training.sheets.writer import Writer

KINDS: dict[Callable[[Desk], None], float] = {
    numbers: 0.24,
    form: 0.18,
    table: 0.14,
    printed_page: 0.14,
    handwritten_page: 0.18,
    notes: 0.12,
}
"""What sheets are filled with, and how often."""
LARGEST_PX: dict[Callable[[Desk], None], int] = {printed_page: 60, notes: 260}
"""Height of their largest digits, where it is not 110."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture of a sheet with its truth.

    Attributes:
        page: uint8 (height, width).
        owner: int16 (height, width), see `sheet.Sheet`.
        labels: of the digits; the owner of a digit's pixels is 1 + its index.
        size_px: typical height of the digits in the picture.
    """

    page: Image
    owner: NDArray[np.int16]
    labels: tuple[int, ...]
    size_px: float


def draw(rng: np.random.Generator, digits: Digits, fonts: Fonts) -> Drawn:
    """Returns a sheet by chance.

    Args:
        rng: source of chance.
        digits: MNIST's, of the split that is trained on.
        fonts: from `fonts.find_fonts`.
    """
    height, width = int(rng.integers(600, 1300)), int(rng.integers(600, 1300))
    kinds = list(KINDS)
    fill = kinds[int(rng.choice(len(kinds), p=list(KINDS.values())))]
    largest_px = LARGEST_PX.get(fill, 110)
    size_px = round(float(np.exp(rng.uniform(np.log(20), np.log(largest_px)))))
    writer = Writer.anyone(rng, digits)
    scribe = Scribe.anyone(rng, fonts, lambda: writer.digit(rng, size_px))
    desk = Desk(rng, Sheet.blank(height, width), writer, scribe, fonts, size_px)
    if desk.chance(0.3):
        ruling(desk)
    fill(desk)
    if fill in (printed_page, handwritten_page) and desk.chance(0.25):
        notes(desk)
    if desk.chance(0.5):
        clutter(desk)
    if desk.chance(0.1):
        imitations(desk)
    page = shade(desk.sheet, rng.uniform(120, 255), _pen(rng), rng.uniform(0.35, 1.0))
    picture, owner = photograph(rng, page, desk.sheet.owner)
    scale = picture_scale(desk.sheet, owner)
    return Drawn(picture, owner, tuple(desk.sheet.labels), size_px * scale)


def picture_scale(sheet: Sheet, owner: NDArray[np.int16]) -> float:
    """Returns by how much digits are larger in a picture than on the sheet, from their median height; 1 without any."""
    ratios = []
    for index in range(min(len(sheet.labels), 30)):
        rows = np.flatnonzero((owner == index + 1).any(axis=1))
        before = np.flatnonzero((sheet.owner == index + 1).any(axis=1))
        if rows.size and before.size:
            ratios.append((rows[-1] - rows[0] + 1) / (before[-1] - before[0] + 1))
    return float(np.median(ratios)) if ratios else 1.0


def _pen(rng: np.random.Generator) -> float:
    """Share of the light that the pen's ink takes: seldom that of faint pencil."""
    return rng.uniform(0.14, 0.3) if rng.random() < 0.12 else rng.uniform(0.3, 0.95)
