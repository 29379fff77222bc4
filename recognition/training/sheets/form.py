"""Fills a sheet with a form."""

from __future__ import annotations

import cv2
import numpy as np

from recognition.arrays import as_field
from recognition.training.sheets.desk import Desk, write_number
from recognition.training.sheets.fonts import set_text
from recognition.training.sheets.hand import scribble
from recognition.training.sheets.sheet import CLUTTER
from recognition.training.sheets.words import printed_number, sentence


def form(desk: Desk) -> None:
    """Fills the sheet with printed labels and boxes, some with a handwritten number, some with letters."""
    rng, size = desk.rng, desk.size_px
    face = desk.print_face()
    label_px = max(9, round(size * rng.uniform(0.35, 0.9)))
    y = size * rng.uniform(1.5, 3)
    thickness = desk.whole(1, 1 + max(2, size / 14))
    while y < desk.sheet.size[0] - size * 0.5:
        x = size * rng.uniform(0.2, 1)
        while x < desk.sheet.size[1] - 2 * size:
            if desk.chance(0.75):
                text = sentence(rng, 0.2)[: desk.whole(4, 24)] if desk.chance(0.7) else printed_number(rng)
                printed = set_text(text, face, label_px)
                above = desk.chance(0.25)
                desk.sheet.print(printed, round(x), round(y - size * 1.7 if above else y - label_px))
                x += 0 if above else printed.shape[1] + size * 0.3
            x = _bubbles(desk, x, y, thickness) if desk.chance(0.07) else _field(desk, x, y, thickness)
            x += size * rng.uniform(0.5, 3)
        y += size * rng.uniform(2, 3)


def _field(desk: Desk, x: float, y: float, thickness: int) -> float:
    """A field of a form: boxes for digits, one box, a line, a check box or nothing; and what was written into it."""
    rng, size, sheet = desk.rng, desk.size_px, desk.sheet
    count = desk.whole(1, 7)
    kind = rng.random()
    pitch = None
    width = count * size * 0.95 + size * 0.4
    if kind < 0.35:
        pitch = round(size * rng.uniform(0.95, 1.4))
        top, height = y - size * rng.uniform(1.1, 1.3), size * rng.uniform(1.3, 1.6)
        for k in range(count):
            sheet.frame(x + k * pitch, top, pitch, height, thickness)
        width = count * pitch
    elif kind < 0.6:
        sheet.frame(x, y - size * 1.3, width, size * 1.6, thickness)
    elif kind < 0.75:
        sheet.line((x, y + size * 0.12), (x + width, y + size * 0.12), thickness)
    elif kind < 0.85:
        side = size * rng.uniform(0.4, 0.9)
        sheet.frame(x, y - side, side, side, thickness)
        if desk.chance(0.5):
            mark = scribble(rng, round(side * rng.uniform(0.8, 1.4)))
            sheet.write(mark, round(x), round(y - side * 1.1), CLUTTER)
        return x + side
    what = rng.random()
    if what < 0.6:
        write_number(
            desk, x + (0 if pitch else size * 0.2), y, count=count, gap=rng.uniform(-0.03, 0.2), pitch_px=pitch
        )
    elif what < 0.75:
        _letters(desk, x + size * 0.2, y, count, pitch)
    elif what < 0.85:
        printed = set_text(printed_number(rng), desk.print_face(), max(9, round(size * rng.uniform(0.5, 1.0))))
        sheet.print(printed, round(x + size * 0.2), round(y - printed.shape[0]))
    return x + width


def _bubbles(desk: Desk, x: float, y: float, thickness: int) -> float:
    """Printed rings or ovals to be filled in, in rows; some hold a printed digit, some are filled."""
    rng, size, sheet = desk.rng, desk.size_px, desk.sheet
    high = size * rng.uniform(0.35, 1.0)
    wide = high * rng.uniform(0.8, 1.5)
    columns, rows = desk.whole(1, 8), desk.whole(1, 4)
    numbered, filled = desk.chance(0.3), desk.chance(0.4)
    pitch, face = wide * rng.uniform(1.3, 2.5), desk.print_face()
    for row in range(rows):
        for column in range(columns):
            at = x + column * pitch, y - row * high * 1.5 - high
            drawn = np.zeros((round(high) + 4, round(wide) + 4), np.uint8)
            middle = drawn.shape[1] // 2, drawn.shape[0] // 2
            pen = cv2.FILLED if filled and desk.chance(0.2) else thickness
            cv2.ellipse(drawn, middle, (round(wide / 2), round(high / 2)), 0, 0, 360, 255, pen, cv2.LINE_AA)
            sheet.print(as_field(drawn / 255), round(at[0]), round(at[1]))
            if numbered:
                digit = set_text(str(column % 10), face, max(6, round(0.6 * high)))
                sheet.print(digit, round(at[0] + 2 + (wide - digit.shape[1]) / 2), round(at[1] + 2 + 0.2 * high))
    return x + columns * pitch


def _letters(desk: Desk, x: float, y: float, count: int, pitch: int | None) -> None:
    block = desk.chance(0.6)
    for _ in range(count if pitch else 1):
        if pitch and block:
            drawn = desk.scribe.block_letter(desk.rng, round(0.95 * desk.size_px))
        else:
            drawn = desk.scribe.word(desk.rng, desk.size_px)
        if pitch:
            drawn = drawn[:, : max(4, round(pitch * 0.8))]
        desk.sheet.write(drawn, round(x), round(y - drawn.shape[0]))
        x += pitch or drawn.shape[1]
