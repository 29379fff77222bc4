"""Draws numbers as strips of ink, with the middles of their digits: what the sequence network is trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Field, Image, as_field, as_image
from recognition.classify import NOT_A_DIGIT
from recognition.sequence import FRAME_PX, to_strip
from recognition.training.ahead import made_ahead
from recognition.training.augment import damage, ink_at_level, warp
from recognition.training.dataset import Digits
from recognition.training.rubbish import glyph_fields
from recognition.training.sheets.writer import Writer

MAX_WIDTH_PX = 192
"""A longer strip is drawn anew."""
CHUNK = 500
LONGEST = 8
MIXED_SHARE = 0.35
"""Of the numbers so many have each digit by a hand of its own."""
SIGN_SHARE = 0.05
"""So many digits are followed by a letter or a sign, which is to be read over."""
CUT_SHARE = 0.08
"""Of the numbers so many have only a part of their last or first digit, which may be read or not."""
IGNORED = 255
"""Target of a frame that says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class String:
    """A drawn number.

    Attributes:
        image: uint8 (24, width), as `sequence.to_strip` makes it.
        targets: uint8 (width / 2,), for each frame the digit whose middle is there, 10 for none, 255 for either.
        text: its digits.
        whole: no digit of it is cut.
    """

    image: Image
    targets: NDArray[np.uint8]
    text: str
    whole: bool


@dataclass(frozen=True, slots=True)
class _Glyph:
    coverage: Field
    label: int  # NOT_A_DIGIT for a sign, IGNORED for a part of a digit


def draw_strings(digits: Digits, *, seed: int, count: int, processes: int) -> list[String]:
    """Returns drawn numbers.

    Args:
        digits: MNIST's, of the split that is trained on.
        seed: the same seed gives the same numbers, whatever the number of processes.
        count: how many.
        processes: how many draw them.
    """
    return next(string_epochs(digits, seed=seed, count=count, epochs=1, processes=processes))


def string_epochs(digits: Digits, *, seed: int, count: int, epochs: int, processes: int) -> Iterator[list[String]]:
    """Yields `epochs` times other drawn numbers, each time drawn while those before are in use.

    Args:
        digits: MNIST's, of the split that is trained on.
        seed: the same seed gives the same numbers, whatever the number of processes.
        count: how many each time.
        epochs: how many times.
        processes: how many draw them.
    """
    chunks = [
        [(seed, start, min(CHUNK, begin + count - start)) for start in range(begin, begin + count, CHUNK)]
        for begin in range(0, epochs * count, count)
    ]
    made = made_ahead(chunks, _draw_chunk, processes=processes, start=_start, arguments=(digits,))
    for parts in made:
        yield [string for part in parts for string in part]


_digits: Digits
_glyphs: list[Field]


def _start(digits: Digits) -> None:
    global _digits, _glyphs
    cv2.setNumThreads(1)
    _digits, _glyphs = digits, glyph_fields()


def _draw_chunk(chunk: tuple[int, int, int]) -> list[String]:
    seed, start, count = chunk
    rng = np.random.default_rng((seed, start))
    return [draw_string(rng, _digits, _glyphs) for _ in range(count)]


def draw_string(rng: np.random.Generator, digits: Digits, signs: Sequence[Field]) -> String:
    """Returns one drawn number: its digits apart or touching, on a line that may slope, damaged as scans are.

    Args:
        rng: source of chance.
        digits: MNIST's.
        signs: letters and signs, from `rubbish.glyph_fields`.
    """
    while True:
        size_px = int(rng.integers(16, 48))
        string = _strip(rng, _written(rng, digits, signs, size_px), size_px)
        if string is not None:
            return string


def _written(rng: np.random.Generator, digits: Digits, signs: Sequence[Field], size_px: int) -> list[_Glyph]:
    count = min(LONGEST, 1 + int(rng.geometric(0.33)) - int(rng.random() < 0.35))
    writer = Writer.anyone(rng, digits)
    mixed = rng.random() < MIXED_SHARE
    by_longer_side = rng.random() < 0.5  # as MNIST has its digits, where a broad one is low
    glyphs = []
    for _ in range(count):
        if mixed:
            writer = Writer.anyone(rng, digits)
        coverage, label = writer.digit(rng, max(8, round(size_px * float(np.exp(rng.normal(0, 0.09))))))
        height, width = coverage.shape
        if by_longer_side and width > height:
            coverage = as_field(cv2.resize(coverage, (height, max(4, round(height * height / width)))))
        glyphs.append(_Glyph(coverage, label))
        if rng.random() < SIGN_SHARE:
            glyphs.append(_Glyph(_sign(rng, signs, size_px), NOT_A_DIGIT))
    if len(glyphs) > 1 and rng.random() < CUT_SHARE:
        at = -1 if rng.random() < 0.5 else 0
        whole = glyphs[at].coverage
        kept = max(2, round(whole.shape[1] * rng.uniform(0.15, 0.6)))
        glyphs[at] = _Glyph(whole[:, :kept] if at else whole[:, -kept:], IGNORED)
    return glyphs


def _sign(rng: np.random.Generator, signs: Sequence[Field], size_px: int) -> Field:
    drawn = ink_at_level(warp(rng, signs[int(rng.integers(len(signs)))], 0.8), rng.uniform(0.2, 0.5))
    x, y, width, height = cv2.boundingRect(drawn)
    if not height:
        return np.zeros((4, 4), np.float32)
    scale = size_px / 40 * rng.uniform(0.8, 1.3)
    size = max(2, round(width * scale)), max(2, round(height * scale))
    return cv2.resize(drawn[y : y + height, x : x + width], size).astype(np.float32) / np.float32(255)


def _strip(rng: np.random.Generator, glyphs: Sequence[_Glyph], size_px: int) -> String | None:
    gap = float(rng.choice([-0.16, -0.07, 0.02, 0.12, 0.3, 0.8], p=[0.15, 0.27, 0.2, 0.2, 0.12, 0.06]))
    slope, unsteady = rng.normal(0, 0.04), rng.uniform(0, 0.07)
    margin = size_px
    length = sum(glyph.coverage.shape[1] for glyph in glyphs) + round((abs(gap) + 0.3) * size_px * len(glyphs))
    canvas = np.zeros((3 * size_px + 2 * margin, length + 2 * margin), np.float32)
    at, base = float(margin), 2.0 * size_px + margin
    placed = []
    for glyph in glyphs:
        height, width = glyph.coverage.shape
        top = round(base - height + slope * at + rng.normal(0, unsteady) * size_px)
        top, left = min(max(top, 0), canvas.shape[0] - height), min(max(round(at), 0), canvas.shape[1] - width)
        view = canvas[top : top + height, left : left + width]
        np.maximum(view, glyph.coverage, out=view)
        placed.append((left + width / 2, width, glyph.label))
        # Between two that touch it is the inks that meet and not their boxes, most often.
        at = left + width + size_px * (gap + rng.normal(0, 0.05))
    x, y, width, height = cv2.boundingRect((canvas > 0).view(np.uint8))
    around = size_px // 4
    crop = canvas[max(0, y - around) : y + height + around, x - around : x + width + around]
    strip = to_strip(damage(rng, as_image(np.rint(255 * crop))))
    if strip is None or strip.image.shape[1] > MAX_WIDTH_PX:
        return None
    left = x - around + strip.left_px
    return _labeled(strip.image, [((middle - left) * strip.scale, w * strip.scale, k) for middle, w, k in placed])


def _labeled(image: Image, placed: Sequence[tuple[float, float, int]]) -> String:
    frames = image.shape[1] // FRAME_PX
    targets = np.full(frames, NOT_A_DIGIT, np.uint8)
    columns = (np.arange(frames) + 0.5) * FRAME_PX
    middles = [middle for middle, _, label in placed if label != NOT_A_DIGIT]
    for middle, width, label in placed:
        if label == NOT_A_DIGIT:
            continue
        apart = min((abs(middle - other) for other in middles if other != middle), default=np.inf)
        away = np.abs(columns - middle)
        targets[away <= min(max(0.3 * width, FRAME_PX), 0.35 * apart)] = IGNORED
    for middle, width, label in placed:
        away = np.abs(columns - middle)
        if label == IGNORED:
            targets[away <= max(width / 2, FRAME_PX)] = IGNORED
        elif label != NOT_A_DIGIT:
            targets[away <= max(0.15 * width, FRAME_PX / 2)] = label
    text = "".join(str(label) for _, _, label in placed if label < NOT_A_DIGIT)
    return String(image, targets, text, all(label != IGNORED for _, _, label in placed))
