"""Fills a sheet with print or handwriting."""

from __future__ import annotations

from recognition.training.sheets.desk import Desk, write_number
from recognition.training.sheets.fonts import set_text
from recognition.training.sheets.sheet import UNKNOWN
from recognition.training.sheets.words import sentence


def printed_page(desk: Desk) -> None:
    """Fills the sheet with print, with or without numbers in it, some pages with nothing but printed numbers."""
    rng, sheet = desk.rng, desk.sheet
    share = float(rng.choice([0.0, 0.1, 1.0], p=[0.3, 0.35, 0.35]))
    faces = [desk.print_face() for _ in range(desk.whole(1, 4))]
    text_px = max(9, round(desk.size_px * rng.uniform(0.4, 1.1)))
    margin = rng.uniform(0.02, 0.1) * sheet.size[1]
    y = margin
    while y < sheet.size[0] - text_px:
        face = faces[desk.whole(0, len(faces))]
        height = text_px if desk.chance(0.92) else round(text_px * rng.uniform(1.2, 2.5))
        x = margin
        while x < sheet.size[1] - margin - 3 * height:
            line = set_text(sentence(rng, share), face, height)
            if x + line.shape[1] > sheet.size[1] - margin:
                line = line[:, : max(1, int(sheet.size[1] - margin - x))]
            sheet.print(line, round(x), round(y))
            x += line.shape[1] + height * rng.uniform(0.4, 0.8)
            if desk.chance(0.15):
                break
        y += height * rng.uniform(1.5, 2.6)


def handwritten_page(desk: Desk) -> None:
    """Fills the sheet with lines of handwriting; on some sheets a number stands among the words now and then."""
    rng, sheet, size = desk.rng, desk.sheet, desk.size_px
    share = 0.0 if desk.chance(0.5) else rng.uniform(0.02, 0.3)
    height = max(12, round(size * rng.uniform(0.8, 1.3)))
    step = height * rng.uniform(1.3, 2.2)
    y = height * rng.uniform(1.2, 2)
    while y < sheet.size[0] - 0.3 * height:
        x = height * rng.uniform(0.2, 2)
        while x < sheet.size[1] - height:
            if rng.random() < share:
                x = write_number(desk, x, y, count=desk.whole(1, 5), gap=rng.uniform(-0.02, 0.15))
            else:
                drawn = desk.scribe.word(rng, height)
                sheet.write(drawn, round(x), round(y - drawn.shape[0] + 0.2 * height))
                x += drawn.shape[1]
            x += height * rng.uniform(0.3, 1.0)
            if desk.chance(0.06):
                break
        y += step


def imitations(desk: Desk) -> None:
    """Writes digits in typefaces that imitate a hand: whether they are handwritten, nobody can say."""
    for _ in range(desk.whole(0, 3)):
        if desk.fonts.handwriting:
            font = desk.fonts.handwriting[desk.whole(0, len(desk.fonts.handwriting))]
            drawn = set_text(str(desk.whole(0, 100000)), font, desk.size_px)
            desk.sheet.write(drawn, desk.whole(0, desk.sheet.size[1]), desk.whole(0, desk.sheet.size[0]), UNKNOWN)
