"""Writes what looks like handwritten text but holds no digit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Field, as_field
from recognition.training.sheets.fonts import Fonts, set_text
from recognition.training.sheets.words import word

SCRIPTS = (cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)
CAPITALS = "ABCDEFGHJKLMNPQRTUVWXYABCDBCDTFN"
"""What is written into boxes: no letter that is a digit's form whole, and those of lists of choices more often."""
UPSIDE_DOWN_STAYS = (0, 1, 3, 8)
"""Mirrored top to bottom these digits stay what they are, or nearly."""

Pick = Callable[[], tuple[Field, int]]
"""Gives the coverage of a digit, cropped to its ink, with its label."""


@dataclass(frozen=True, slots=True, eq=False)
class Scribe:
    """A hand that writes words.

    Attributes:
        pick: gives digits, whose mirror images serve as letters in a real hand.
        font: a face that imitates a hand, None on a machine without any.
        shares: of words in that face, in OpenCV's script, in loops without letters, and in mirrored digits.
        level: at which the ink is cut, low for a broad pen.
        shear: slant, columns a row.
    """

    pick: Pick
    font: Path | None
    shares: tuple[float, ...]
    level: float
    shear: float

    @classmethod
    def anyone(cls, rng: np.random.Generator, fonts: Fonts, pick: Pick) -> Scribe:
        """Returns a scribe by chance; most keep to one way of writing."""
        font = fonts.handwriting[int(rng.integers(len(fonts.handwriting)))] if fonts.handwriting else None
        shares = rng.dirichlet([0.8, 0.25, 0.25, 0.25])
        return cls(pick, font, tuple(float(v) for v in shares), rng.uniform(0.25, 0.75), float(rng.normal(0.1, 0.15)))

    def word(self, rng: np.random.Generator, height_px: int) -> Field:
        """Returns something like a handwritten word as coverage.

        Args:
            rng: source of chance.
            height_px: of its tall letters.

        Returns:
            float32 (height, width) in 0..1.
        """
        kind = int(rng.choice(4, p=self.shares))
        if kind == 0 and self.font:
            drawn = set_text(word(rng), self.font, height_px)
        elif kind <= 1:
            drawn = _script(rng, height_px)
        else:
            drawn = cursive(rng, height_px) if kind == 2 else mirrored_digits(rng, self.pick, height_px)
        return bent(rng, drawn, self.level, self.shear)

    def block_letter(self, rng: np.random.Generator, height_px: int) -> Field:
        """Returns a handwritten capital as coverage, as people fill boxes and lists of choices with them.

        Args:
            rng: source of chance.
            height_px: of the letter, about.

        Returns:
            float32 (height, width) in 0..1.
        """
        letter = str(rng.choice(list(CAPITALS)))
        drawn = set_text(letter, self.font, height_px) if self.font else _plain(letter, height_px, rng)
        return bent(rng, drawn, self.level, self.shear)


def bent(rng: np.random.Generator, drawn: Field, level: float, shear: float) -> Field:
    """Returns coverage as an unsteady hand would have left it, slanted, and cut at a level for the pen's width."""
    margin = max(3, drawn.shape[0] // 6)
    padded = cv2.copyMakeBorder(drawn, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    soft = cv2.GaussianBlur(padded, (0, 0), max(0.5, drawn.shape[0] / 50))
    height, width = soft.shape
    shear = float(np.clip(shear + rng.normal(0, 0.04), -0.5, 0.5))
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    cells = 4, max(4, round(6 * width / height))
    coarse = rng.normal(0, 0.018 * height, (2, *cells)).astype(np.float32)
    dx, dy = (cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC) for part in coarse)
    moved = cv2.remap(
        soft,
        xs + dx + np.float32(shear) * (ys - np.float32(height / 2)),
        ys + dy,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    level *= max(float(moved.max()), 1e-3)
    return as_field(np.clip((moved - level + 0.12) / 0.24, 0, 1))


def cursive(rng: np.random.Generator, height_px: int) -> Field:
    """Returns joined-up writing without letters: a pen that circles while it moves on, now and then far up or down."""
    x_height = height_px * rng.uniform(0.4, 0.6)
    strokes = int(rng.integers(4, 14))
    pitch = x_height * rng.uniform(0.5, 1.0)
    t = np.linspace(0, strokes, strokes * 14)
    which = np.minimum(t.astype(int), strokes - 1)
    reach = rng.choice([1.0, 2.0, 1.4], strokes, p=[0.7, 0.2, 0.1])[which]
    down = rng.choice([0.0, 0.9], strokes, p=[0.88, 0.12])[which]
    loop = rng.uniform(0.0, 0.7, strokes)[which] * pitch
    phase = 2 * np.pi * t
    x = t * pitch + loop * np.sin(phase) * rng.uniform(0.6, 1.0)
    rise = (1 - np.cos(phase)) / 2
    y = x_height * (1 - rise * reach) + down * x_height * np.maximum(0, np.cos(phase + np.pi / 2))
    y += rng.normal(0, 0.03 * x_height, strokes)[which]
    return _polyline(np.stack([x, y], axis=1), max(1, round(height_px * rng.uniform(0.04, 0.1))))


def mirrored_digits(rng: np.random.Generator, pick: Pick, height_px: int) -> Field:
    """Returns mirrored and turned digits side by side, some joined: letters of no alphabet in a real hand."""
    glyphs = [_turned(rng, *pick(), height_px)[: 2 * height_px] for _ in range(int(rng.integers(2, 8)))]
    gap = rng.uniform(-0.12, 0.15) * height_px
    width = sum(glyph.shape[1] for glyph in glyphs) + len(glyphs) * (abs(round(gap)) + 2) + 4
    canvas = np.zeros((2 * height_px, width), np.float32)
    x, last = 2.0, None
    for glyph in glyphs:
        height, glyph_width = glyph.shape
        top = int(np.clip(1.5 * height_px - height + rng.normal(0, 0.05) * height_px, 0, 2 * height_px - height))
        left = int(np.clip(x, 0, width - glyph_width))
        view = canvas[top : top + height, left : left + glyph_width]
        np.maximum(view, glyph, out=view)
        at = left, top + round(height * rng.uniform(0.5, 0.95))
        if last is not None and rng.random() < 0.5:
            cv2.line(canvas, last, at, 1.0, max(1, height_px // 16), cv2.LINE_AA)
        last = left + glyph_width - 1, top + round(height * rng.uniform(0.5, 0.95))
        x = left + glyph_width + gap
    return canvas


def scribble(rng: np.random.Generator, height_px: int) -> Field:
    """Returns a crossing out, a check mark, an arrow, a ring or a signature's flourish."""
    h = float(height_px)
    thickness = max(1, round(h * rng.uniform(0.04, 0.12)))
    kind = int(rng.integers(5))
    if kind == 0:  # a check mark
        points = np.array([(0, h * 0.6), (h * 0.35, h), (h * rng.uniform(0.8, 1.4), 0)])
    elif kind == 1:  # to and fro
        count = int(rng.integers(4, 12))
        points = np.stack([np.linspace(0, h * rng.uniform(1, 3), count), (np.arange(count) % 2) * h], axis=1)
    elif kind == 2:  # a ring around nothing
        angle = np.linspace(0.3, 2 * np.pi + rng.uniform(0, 0.6), 40)
        points = np.stack([np.cos(angle) * h * rng.uniform(0.7, 3), np.sin(angle) * h * 0.8], axis=1)
    elif kind == 3:  # an arrow
        reach = h * rng.uniform(1, 3)
        points = np.array(
            [(0, h / 2), (reach, h / 2), (reach - h / 3, h * 0.2), (reach, h / 2), (reach - h / 3, h * 0.8)]
        )
    else:
        steps = rng.normal(0, h / 4, (int(rng.integers(6, 20)), 2))
        points = np.cumsum(steps + np.array([h / 8, 0]), axis=0)
    return _polyline(points + rng.normal(0, 0.03 * h, points.shape), thickness)


def _turned(rng: np.random.Generator, digit: Field, label: int, height_px: int) -> Field:
    height = max(4, round(height_px * float(rng.choice([1.0, 0.6], p=[0.4, 0.6]))))
    scaled = cv2.resize(digit, (max(2, round(digit.shape[1] * height / digit.shape[0])), height))
    if label in UPSIDE_DOWN_STAYS or rng.random() < 0.3:
        return as_field(np.ascontiguousarray(np.rot90(scaled, 1 if label != 1 else 0)))
    if label in (2, 3, 4, 5, 7) and rng.random() < 0.5:
        return as_field(np.ascontiguousarray(scaled[:, ::-1]))
    return as_field(np.ascontiguousarray(scaled[::-1]))


def _script(rng: np.random.Generator, height_px: int) -> Field:
    text = word(rng)
    font = SCRIPTS[int(rng.integers(len(SCRIPTS)))]
    scale, thickness = height_px / 21, max(1, round(height_px * rng.uniform(0.03, 0.09)))
    (width, height), base = cv2.getTextSize(text, font, scale, thickness)
    canvas = np.zeros((height + base + 2 * thickness + 4, width + 2 * thickness + 8), np.uint8)
    cv2.putText(canvas, text, (thickness + 2, height + thickness + 2), font, scale, 255, thickness, cv2.LINE_AA)
    return canvas.astype(np.float32) / np.float32(255)


def _plain(letter: str, height_px: int, rng: np.random.Generator) -> Field:
    scale, thickness = height_px / 21, max(1, round(height_px * rng.uniform(0.03, 0.09)))
    canvas = np.zeros((round(1.4 * height_px) + 4, round(1.4 * height_px) + 8), np.uint8)
    cv2.putText(
        canvas, letter, (4, round(1.2 * height_px)), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA
    )
    return canvas.astype(np.float32) / np.float32(255)


def _polyline(points: NDArray[np.float64], thickness: int) -> Field:
    low = points.min(axis=0) - thickness - 2
    size = np.ceil(points.max(axis=0) - low + thickness + 3).astype(int)
    canvas = np.zeros((int(size[1]), int(size[0])), np.uint8)
    cv2.polylines(canvas, [np.rint((points - low) * 8).astype(np.int32)], False, 255, thickness, cv2.LINE_AA, 3)
    return canvas.astype(np.float32) / np.float32(255)
