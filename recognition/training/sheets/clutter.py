"""Adds what lies about on sheets, and rules the paper."""

from __future__ import annotations

import cv2
import numpy as np

from recognition.arrays import as_field
from recognition.training.sheets.desk import Desk
from recognition.training.sheets.fonts import set_text
from recognition.training.sheets.hand import scribble
from recognition.training.sheets.sheet import CLUTTER
from recognition.training.sheets.words import sentence


def clutter(desk: Desk) -> None:
    """Adds some of what lies about on sheets: scribbles, punch holes, stains, a margin line, underlines, a stamp."""
    rng, sheet, size = desk.rng, desk.sheet, desk.size_px
    for _ in range(desk.whole(0, 5)):
        kind = desk.whole(0, 6)
        x, y = desk.whole(0, sheet.size[1]), desk.whole(0, sheet.size[0])
        if kind == 0:
            sheet.write(scribble(rng, desk.whole(size * 0.5, size * 3)), x, y, CLUTTER)
        elif kind == 1:
            radius = desk.whole(size * 0.2, size)
            hole = np.zeros((2 * radius + 3, 2 * radius + 3), np.uint8)
            cv2.circle(hole, (radius + 1, radius + 1), radius, 255, cv2.FILLED if desk.chance(0.7) else 2, cv2.LINE_AA)
            sheet.print(as_field(hole / 255), desk.whole(0, max(1, size)), y, CLUTTER)
        elif kind == 2:
            side = desk.whole(size * 0.3, size * 2)
            blot = cv2.GaussianBlur(rng.random((side, side)).astype(np.float32), (0, 0), max(1.0, side / 12))
            low, high = float(blot.min()), float(blot.max())
            sheet.print(np.clip((blot - low) / (high - low + 1e-6) * 2 - 1.1, 0, 1).astype(np.float32), x, y, CLUTTER)
        elif kind == 3:
            sheet.line((x, 0), (x, sheet.size[0]), desk.whole(1, 4), rng.uniform(0.3, 1))
        elif kind == 4:
            sheet.line((x, y), (x + desk.whole(size, size * 8), y + desk.whole(-4, 4)), desk.whole(1, 5))
        else:
            _stamp(desk, x, y)


def _stamp(desk: Desk, x: int, y: int) -> None:
    printed = set_text(
        sentence(desk.rng, 0.3), desk.print_face(), max(9, round(desk.size_px * desk.rng.uniform(0.3, 1.5)))
    )
    desk.sheet.print(printed, x, y)


def ruling(desk: Desk) -> None:
    """Rules or squares the paper, at a distance that fits the writing or any."""
    rng, sheet = desk.rng, desk.sheet
    step = desk.size_px * rng.uniform(0.5, 2.2)
    thickness, strength = desk.whole(1, 1 + max(2, desk.size_px / 20)), rng.uniform(0.2, 0.8)
    for y in np.arange(rng.uniform(0, step), sheet.size[0], step):
        sheet.line((0, y), (sheet.size[1], y), thickness, strength)
    if desk.chance(0.5):
        for x in np.arange(rng.uniform(0, step), sheet.size[1], step):
            sheet.line((x, 0), (x, sheet.size[0]), thickness, strength)
