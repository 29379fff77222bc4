"""Other inks, paper and print than the plain ones that pages are drawn with; a board has none of these."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Disturb = Callable[[Pixels], Pixels]
Color = tuple[int, int, int]

LIGHT_BLUE, ORANGE = (230, 170, 60), (60, 150, 250)
PALE_ORANGE, PALE_GREEN, BLUE_GREY = (90, 170, 250), (110, 190, 100), (165, 145, 125)
BLUE, RED, VIOLET = (190, 70, 40), (50, 40, 200), (150, 50, 120)
PX_PER_MM = 200 / 25.4
"""The pages are drawn at 200 dots an inch."""


def as_pixels(values: object) -> Pixels:
    """Brightness of any kind as uint8."""
    return np.clip(np.asarray(values), 0, 255).astype(np.uint8)


def _on_paper(disturb: Callable[..., Pixels]) -> Callable[..., Pixels]:
    """Leaves boards as they are."""

    @wraps(disturb)
    def disturbed(page: Pixels, *args: object, **options: object) -> Pixels:
        return page if np.median(page) < 128 else disturb(page, *args, **options)

    return disturbed


@_on_paper
def written_in(page: Pixels, color: Color) -> Pixels:
    """The page as a JPEG, its ink of another color."""
    gray = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY).astype(np.float32)
    paper = cv2.GaussianBlur(cv2.dilate(cv2.medianBlur(as_pixels(gray), 5), np.ones((61, 61))), (0, 0), 20) + 1.0
    relative = np.minimum(gray / paper, 1)
    darkest = np.quantile(relative, 0.005)
    ink = np.median(page[relative <= darkest], axis=0)
    share = np.clip((1 - relative) / (1 - darkest), 0, 1) * (paper / paper.max())
    share[share < 0.15] = 0
    written = as_pixels(page + share[..., None] * (np.array(color) - ink))
    return as_pixels(cv2.imdecode(cv2.imencode(".jpg", written, (cv2.IMWRITE_JPEG_QUALITY, 85))[1], cv2.IMREAD_COLOR))


@_on_paper
def on_millimeter_paper(page: Pixels, color: Color) -> Pixels:
    """The page on squared paper with lines 1 mm apart, every fifth and tenth of them stronger."""
    down, across = (_lines(length) for length in page.shape[:2])
    return _printed(page, np.maximum(down[:, None], across[None]), color)


def _lines(length: int) -> NDArray[np.float64]:
    """How much of each row of pixels is covered by such lines, 0 to 1."""
    covered = np.zeros(length)
    for number in range(int(length / PX_PER_MM) + 1):
        width, strength = (2.0, 0.9) if number % 10 == 0 else (1.4, 0.75) if number % 5 == 0 else (0.9, 0.6)
        distance = np.abs(np.arange(length) - number * PX_PER_MM)
        covered = np.maximum(covered, strength * np.clip(width / 2 + 0.5 - distance, 0, min(1.0, width)))
    return covered


@_on_paper
def on_halftone(page: Pixels, pitch_px: float) -> Pixels:
    """The page with the dots of a printer's grey so far apart behind its writing."""
    down, across = (np.cos(np.arange(length) * 2 * np.pi / pitch_px) for length in page.shape[:2])
    return _printed(page, np.clip(2 * (down[:, None] + across[None] - 0.6), 0, 1), (110, 110, 110))


@_on_paper
def on_guilloche(page: Pixels, brightness: int) -> Pixels:
    """The page on the woven waves of a check or a voucher."""
    height, width = page.shape[:2]
    waves = np.zeros((height, width), np.uint8)
    x = np.arange(0, width, 4)
    for y in range(-30, height + 30, 12):
        for sign in (-1, 1):
            rows = y + 14 * np.sin(x / 23 + sign * y / 31) + 9 * np.sin(x / 61 * sign)
            cv2.polylines(waves, [np.rint(np.stack([x, rows], axis=1)).astype(np.int32)], False, 255, 1, cv2.LINE_AA)
    return _printed(page, waves / 255, (brightness,) * 3)


@_on_paper
def stamped(page: Pixels, color: Color) -> Pixels:
    """The page with round and square stamps across its writing."""
    height, width = page.shape[:2]
    rng = np.random.default_rng(5)
    stamps = np.zeros((height, width), np.uint8)
    for number in range(6):
        x, y = int(rng.uniform(0.2, 0.8) * width), int((number + rng.uniform(0.3, 0.7)) * height / 6)
        if number % 2:
            cv2.circle(stamps, (x, y), 120, 255, 4, cv2.LINE_AA)
            cv2.circle(stamps, (x, y), 92, 255, 2, cv2.LINE_AA)
        else:
            cv2.rectangle(stamps, (x - 150, y - 70), (x + 150, y + 70), 255, 4, cv2.LINE_AA)
        for text, row in (("RECEIVED", -18), ("12 MAR 2024", 30)):
            cv2.putText(stamps, text, (x - 82, y + row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)
    uneven = cv2.GaussianBlur(rng.uniform(0, 1, (height, width)), (0, 0), 2)
    return _printed(page, stamps / 255 * np.clip(0.75 + 2 * (uneven - 0.5), 0.4, 0.95), color)


@_on_paper
def dotted(page: Pixels, pitch_px: int) -> Pixels:
    """The page on dotted paper."""
    dots = np.full(page.shape, 255, np.uint8)
    for y in range(20, page.shape[0], pitch_px):
        for x in range(20, page.shape[1], pitch_px):
            cv2.circle(dots, (x, y), 3, (150, 150, 150), cv2.FILLED, cv2.LINE_AA)
    return as_pixels(np.minimum(page, dots))


def _printed(page: Pixels, share: NDArray[np.float64], color: Color) -> Pixels:
    """The page with print of a color below its writing, which lets so much less of the light through."""
    return as_pixels(page * (1 - share[..., None] * (1 - np.array(color) / 255)))
