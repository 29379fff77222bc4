"""Ink that is no digit, for the eleventh class: what a segmenter hands over besides digits.

Training with such patterns follows Bromley and Denker, "Improving Rejection Performance on Handwritten Digits by
Training with 'Rubbish'", Neural Computation 5 (1993). Letters that have the form of a digit (O, l, S, Z, B, g ...) are
left out: the ink alone cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from recognition.arrays import Field, Image, as_field, as_image
from recognition.training.augment import damage, height_field, ink_at_level, warp

GLYPHS = "ACEFHJKLMNPRTUVWXYacdefhijkmnprtuvwxy+-=():;,.%&@#$*?<>{}[]_~ÄäöüßéРжд"
FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Italic", "DejaVuSansMono")
SCRIPTS = (cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX, cv2.FONT_HERSHEY_SIMPLEX)

SHARES = (0.24, 0.24, 0.12, 0.24, 0.12, 0.04)
"""Of halves, touching digits, fragments, letters, rules and smudges."""
LETTER = 3

Pick = Callable[[], tuple[Image, int]]


def rubbish(rng: np.random.Generator, pick: Pick, glyphs: Sequence[Field]) -> Image:
    """Returns the ink of something that is no digit.

    Args:
        rng: source of chance.
        pick: gives a random MNIST image uint8 (28, 28) with its label.
        glyphs: from `glyph_fields`.

    Returns:
        uint8 (height, width) ink of any size, for `recognition.normalize`.
    """
    while True:
        kind = int(rng.choice(6, p=SHARES))
        ink = damage(rng, _undamaged(rng, kind, pick, glyphs))
        # Damage can leave nothing, or of any of them a stroke; letters with one long stroke are no 1 all the same.
        if np.count_nonzero(ink) and (kind == LETTER or not is_stroke(ink)):
            return ink


def _undamaged(rng: np.random.Generator, kind: int, pick: Pick, glyphs: Sequence[Field]) -> Image:
    if kind == LETTER:
        glyph = glyphs[int(rng.integers(len(glyphs)))]
        return ink_at_level(warp(rng, glyph, 0.8), rng.uniform(0.2, 0.5))
    if kind < LETTER:
        return (half, pair, fragment)[kind](rng, pick)
    return rule(rng) if kind == LETTER + 1 else smudge(rng)


def glyph_fields(height_px: int = 40) -> list[Field]:
    """Returns letters and signs of several typefaces as height fields, to be cut by `ink_at_level`."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    fields = []
    for name in FONTS:
        font = ImageFont.truetype(str(folder / f"{name}.ttf"), height_px)
        fields += [_field(_printed(glyph, font, height_px)) for glyph in GLYPHS]
    for script in SCRIPTS:
        fields += [_field(_script(glyph, script, height_px)) for glyph in GLYPHS if glyph.isascii()]
    return [field for field in fields if field.max() > 0.4]


def half(rng: np.random.Generator, pick: Pick) -> Image:
    """Returns a digit that was cut apart where it should not have been."""
    while True:
        digit, label = pick()
        ink = _written(rng, digit)
        x, y, width, height = cv2.boundingRect(ink)
        across = label not in (6, 8, 9) and rng.random() < 0.3  # their loops are zeros
        share = rng.uniform(0.35, 0.65)
        if across:
            cut = y + round(height * share)
            ink = ink[:cut] if rng.random() < 0.5 else ink[cut:]
        else:
            cut = x + round(width * share)
            ink = ink[:, :cut] if rng.random() < 0.5 else ink[:, cut:]
        if not is_stroke(ink):
            return ink


def pair(rng: np.random.Generator, pick: Pick) -> Image:
    """Returns two or three digits that touch, as one piece of ink."""
    inks = [_written(rng, pick()[0], height_px=36) for _ in range(2 if rng.random() < 0.85 else 3)]
    boxes = [cv2.boundingRect(ink) for ink in inks]
    total = sum(box[2] for box in boxes)
    canvas = np.zeros((80, total + 40), np.uint8)
    x = 10
    for ink, (left, top, width, height) in zip(inks, boxes, strict=True):
        y = int(np.clip(20 + rng.normal(0, 3), 0, 30))
        view = canvas[y : y + height, x : x + width]
        np.maximum(view, ink[top : top + view.shape[0], left : left + view.shape[1]], out=view)
        x += width - int(rng.integers(0, 1 + max(1, width // 6)))
    return canvas


def fragment(rng: np.random.Generator, pick: Pick) -> Image:
    """Returns a piece of one or two digits, as a wrong crop shows it."""
    while True:
        ink = _written(rng, pick()[0]) if rng.random() < 0.5 else pair(rng, pick)
        x, y, width, height = cv2.boundingRect(ink)
        side_x, side_y = (max(4, round(n * rng.uniform(0.25, 0.6))) for n in (width, height))
        left = x + int(rng.integers(0, max(1, width - side_x)))
        top = y + int(rng.integers(0, max(1, height - side_y)))
        ink = ink[top : top + side_y, left : left + side_x]
        if np.count_nonzero(ink) > 12 and not is_stroke(ink):
            return ink


def rule(rng: np.random.Generator) -> Image:
    """Returns a piece of a ruled line, a box corner, a crossing or an underline; never a lone upright stroke."""
    side = 48
    canvas = np.zeros((side, side), np.uint8)
    thickness = int(rng.integers(1, 6))
    x, y = (int(v) for v in rng.integers(8, side - 8, 2))
    low, high = int(rng.integers(2, 10)), side - int(rng.integers(2, 10))
    cv2.line(canvas, (low, y), (high, y + int(rng.integers(-3, 4))), 255, thickness, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 3))):
        ends = [(low, high), (low, y), (y, high)][int(rng.integers(3))]
        cv2.line(canvas, (x, ends[0]), (x + int(rng.integers(-2, 3)), ends[1]), 255, thickness, cv2.LINE_AA)
        x = int(rng.integers(4, side - 4))
    return canvas


def smudge(rng: np.random.Generator) -> Image:
    """Returns a blot, a dot or a scribble."""
    side = 40
    if rng.random() < 0.6:
        noise = cv2.GaussianBlur(rng.random((side, side)).astype(np.float32), (0, 0), rng.uniform(2, 6))
        ys, xs = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
        blot = (noise - noise.mean()) / noise.std() - 2.5 * (xs**2 + ys**2) + rng.uniform(0, 1.5)
        ink = as_image(np.clip(blot * 120, 0, 255))
        if np.count_nonzero(ink):
            return ink
    canvas = np.zeros((side, side), np.uint8)
    points = rng.integers(3, side - 3, (int(rng.integers(7, 16)), 2)).astype(np.int32)
    cv2.polylines(canvas, [points], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    return canvas


def is_stroke(ink: Image) -> bool:
    """Tells whether the ink is one straight upright or slanted stroke, which has the form of a 1, or nothing at all."""
    moments = cv2.moments(ink)
    if not moments["m00"]:
        return True
    xx, xy, yy = (moments[name] / moments["m00"] for name in ("mu20", "mu11", "mu02"))
    spread = np.hypot(xx - yy, 2 * xy)
    flatness = np.sqrt(max(xx + yy - spread, 0.0) / max(xx + yy + spread, 1e-6))
    return bool(flatness < 0.3 and yy > 0.6 * xx)


def _written(rng: np.random.Generator, digit: Image, height_px: int = 32) -> Image:
    return ink_at_level(warp(rng, height_field(digit, height_px), 0.7), rng.uniform(0.2, 0.5))


def _printed(glyph: str, font: ImageFont.FreeTypeFont, height_px: int) -> Image:
    picture = PillowImage.new("L", (2 * height_px, 2 * height_px), 0)
    ImageDraw.Draw(picture).text((height_px // 2, height_px // 4), glyph, fill=255, font=font)
    return np.asarray(picture, np.uint8)


def _script(glyph: str, font: int, height_px: int) -> Image:
    canvas = np.zeros((2 * height_px, 2 * height_px), np.uint8)
    cv2.putText(canvas, glyph, (height_px // 2, round(1.4 * height_px)), font, height_px / 26, 255, 2, cv2.LINE_AA)
    return canvas


def _field(glyph: Image) -> Field:
    x, y, width, height = cv2.boundingRect(glyph)
    margin = 8
    padded = cv2.copyMakeBorder(
        glyph[y : y + height, x : x + width], margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0
    )
    return as_field(cv2.GaussianBlur(padded.astype(np.float32) / np.float32(255), (0, 0), 1.2))
