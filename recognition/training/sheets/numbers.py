"""Fills a sheet with numbers: in lines, in a table, or a few anywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from recognition.arrays import as_field
from recognition.training.sheets.desk import Desk, write_number
from recognition.training.sheets.fonts import set_text
from recognition.training.sheets.sheet import CLUTTER
from recognition.training.sheets.words import printed_number, word


def numbers(desk: Desk) -> None:
    """Fills the sheet with lines of numbers: close and far, touching, lone digits, columns."""
    rng, size = desk.rng, desk.size_px
    gap = float(rng.choice([-0.07, 0.02, 0.12, 0.3, 0.9], p=[0.22, 0.18, 0.35, 0.13, 0.12]))
    between = rng.uniform(0.8, 3)
    longest = desk.whole(1, 9)
    slope = rng.normal(0, 0.02)
    writer = desk.writer.only(rng) if desk.chance(0.2) else desk.writer
    desk = replace(desk, writer=writer)
    y = size * rng.uniform(1.2, 3)
    while y < desk.sheet.size[0] - size * 0.3:
        x = size * rng.uniform(0.3, 3)
        while x < desk.sheet.size[1] - size:
            x = write_number(desk, x, y + slope * x, count=desk.whole(1, longest + 1), gap=gap)
            x += size * between * rng.uniform(0.7, 1.3)
            if desk.chance(0.08):
                _sign(desk, x, y)
                x += size
        y += size * rng.uniform(1.35, 2.4)


def table(desk: Desk) -> None:
    """Fills the sheet with a ruled table: printed or written heads and labels, numbers in most cells."""
    rng, size, sheet = desk.rng, desk.size_px, desk.sheet
    longest = desk.whole(1, 5)
    column = size * (0.9 * longest + rng.uniform(0.3, 1.2))
    row = size * rng.uniform(1.3, 2.2)
    left, top = size * rng.uniform(1, 6), size * rng.uniform(1, 4)
    columns, rows = int((sheet.size[1] - left) / column), int((sheet.size[0] - top) / row)
    thickness = desk.whole(1, 1 + max(2, size / 16))
    strength = rng.uniform(0.4, 1)
    if desk.chance(0.85):
        for k in range(rows + 1):
            sheet.line((left, top + k * row), (left + columns * column, top + k * row), thickness, strength)
    if desk.chance(0.75):
        for k in range(columns + 1):
            sheet.line((left + k * column, top), (left + k * column, top + rows * row), thickness, strength)
    by_hand = desk.chance(0.4)
    printed = desk.chance(0.2)
    choices = desk.chance(0.25)  # rows of printed numbers in order, each with a row for answers under it
    letters = desk.chance(0.7)
    face = desk.print_face()
    for k in range(rows):
        base = top + (k + 1) * row - 0.18 * row
        if left > 1.5 * size:
            _text(desk, word(rng), face, size * 0.2, base, by_hand=by_hand)
        for j in range(columns):
            x = left + j * column + 0.1 * size
            if choices and k % 2 == 0:
                _text(desk, str(k // 2 * columns + j + 1), face, x + 0.3 * column, base, by_hand=False)
            elif choices and letters:
                drawn = desk.scribe.block_letter(rng, size)
                sheet.write(drawn, round(x + rng.uniform(0, 0.4) * column), round(base - drawn.shape[0] + 0.1 * size))
            elif k == 0 and desk.chance(0.8):
                _text(desk, printed_number(rng) if desk.chance(0.4) else word(rng)[:6], face, x, base, by_hand=by_hand)
            elif printed:
                _text(desk, printed_number(rng)[:longest], face, x, base, by_hand=False)
            elif desk.chance(0.85):
                write_number(
                    desk,
                    x + rng.uniform(0, 0.3) * size,
                    base,
                    count=desk.whole(1, longest + 1),
                    gap=rng.uniform(-0.02, 0.15),
                )


def _text(desk: Desk, text: str, face: Path, x: float, y: float, *, by_hand: bool) -> None:
    if by_hand:
        drawn = desk.scribe.word(desk.rng, desk.size_px)
        desk.sheet.write(drawn, round(x), round(y - drawn.shape[0]))
    else:
        drawn = set_text(text, face, max(9, round(desk.size_px * 0.7)))
        desk.sheet.print(drawn, round(x), round(y - drawn.shape[0]))


def notes(desk: Desk) -> None:
    """Puts a few numbers and little else on the sheet, anywhere."""
    for _ in range(desk.whole(1, 8)):
        x, y = desk.whole(0, desk.sheet.size[1] * 0.8), desk.whole(desk.size_px * 1.2, desk.sheet.size[0] - 4)
        count = desk.whole(1, 7)
        if desk.sheet.is_free(x, y - round(1.3 * desk.size_px), round(count * desk.size_px), round(1.4 * desk.size_px)):
            write_number(desk, x, y, count=count, gap=desk.rng.uniform(-0.04, 0.6))


def _sign(desk: Desk, x: float, y: float) -> None:
    """A plus, a minus, an equals sign, a multiplication or division sign, a comma or a point."""
    size, kind = desk.size_px, desk.whole(0, 6)
    drawn = np.zeros((size, size), np.uint8)
    pen, middle, near, far = max(1, size // 12), size // 2, size // 5, size - size // 5
    strokes = {
        0: [((near, middle), (far, middle)), ((middle, near), (middle, far))],
        1: [((near, middle), (far, middle))],
        2: [((near, size // 3), (far, size // 3)), ((near, 2 * size // 3), (far, 2 * size // 3))],
        3: [((near, near), (far, far)), ((far, near), (near, far))],
        4: [((near, middle), (far, middle)), ((middle, near), (middle, near)), ((middle, far), (middle, far))],
        5: [((middle, far), (middle - near // 2, size - 1))],
    }[kind]
    for start, end in strokes:
        cv2.line(drawn, start, end, 255, pen, cv2.LINE_AA)
    desk.sheet.write(as_field(drawn / 255), round(x), round(y - size), CLUTTER)
