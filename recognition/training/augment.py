"""Turns an MNIST digit into ink as other hands and other scanners would have left it.

A digit is enlarged to a smooth height field, warped (slant, rotation, aspect, elastic displacement), cut at a level
that sets the pen's width, damaged as scans damage it, and given as ink for `recognition.normalize`.
Elastic displacement follows Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks Applied to
Visual Document Analysis", ICDAR 2003.
"""

from __future__ import annotations

import cv2
import numpy as np

from recognition.arrays import Field, Image, as_field, as_image, as_mask, dilated
from recognition.training.forms import FORMS, SHARES, form_field
from recognition.training.thinning import REACH, line_field

SMALL_HEIGHT_PX, MIN_HEIGHT_PX, MAX_HEIGHT_PX = 10, 20, 56
COARSE_HEIGHT_PX = 13
THINNING_PX = 48
"""Height at which a digit is thinned."""
FINE_SHARE = 0.2
"""Of the variants so many are by a pen of one width, mostly finer than MNIST's."""
STRETCHED_SHARE = 0.18
"""Of the variants so many are stretched about as wide as high, half of them small and in black and white."""
BILEVEL_SHARE = 0.12
"""Of the other variants so many are black and white alone, as a scanner or an app leaves them."""

SLIGHT = 0.5
"""How strongly, relative to other hands, one hand varies."""


def height_field(digit: Image, height_px: int) -> Field:
    """Returns an MNIST digit enlarged and smooth, ink towards 1.

    Args:
        digit: uint8 (28, 28), ink bright.
        height_px: height of the digit in the field; a margin of a quarter of it surrounds it.

    Returns:
        float32 (height, width) in 0..1, to be cut by `ink_at_level`.
    """
    x, y, width, height = cv2.boundingRect((digit > 64).view(np.uint8))
    crop = digit[y : y + height, x : x + width]
    enlarged = cv2.resize(
        crop, (max(4, round(width * height_px / height)), height_px), interpolation=cv2.INTER_CUBIC
    ).astype(np.float32)
    margin = height_px // 4
    padded = cv2.copyMakeBorder(enlarged, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    return as_field(cv2.GaussianBlur(padded, (0, 0), max(0.4, height_px / 30)) / np.float32(255))


def pen_field(digit: Image, height_px: int) -> Field:
    """Returns an MNIST digit as the way of the pen, which `ink_at_level` gives a stroke of one width all along.

    Args:
        digit: uint8 (28, 28), ink bright.
        height_px: as for `height_field`.

    Returns:
        float32 (height, width) in 0..1; cut at a level, the stroke is `0.4 * height_px * (1 - level)` wide.
    """
    drawn = height_field(digit, THINNING_PX)
    near = line_field((drawn > 0.4).view(np.uint8), REACH * THINNING_PX)
    scale = height_px / THINNING_PX
    size = max(3, round(near.shape[1] * scale)), max(3, round(near.shape[0] * scale))
    blur_px = 0.6 + height_px / 200
    ridge = 1 - 0.8 * blur_px / (REACH * height_px)  # what the blur leaves of the top of a straight ridge
    soft = cv2.GaussianBlur(cv2.resize(near, size, interpolation=cv2.INTER_CUBIC), (0, 0), blur_px)
    return as_field(np.clip(soft / np.float32(ridge), 0, 1))


def ink_at_level(field: Field, level: float, edge: float = 0.2) -> Image:
    """Returns the field cut at a level: a low one gives a broad pen, a high one a fine pen.

    Args:
        field: from `height_field` or `pen_field`.
        level: 0.15 to 0.6 of a `height_field`, 0.5 to nearly 1 of a `pen_field`.
        edge: width of the soft edge in units of the field.

    Returns:
        uint8 of the field's shape, ink 255.
    """
    bottom = max(level - edge / 2, 0.05)
    return as_image(np.clip((field - bottom) * (255 / (level + edge / 2 - bottom)), 0, 255))


def warp(rng: np.random.Generator, field: Field, strength: float = 1.0) -> Field:
    """Returns the field under a random slant, rotation, aspect and elastic displacement."""
    height, width = field.shape
    angle = np.deg2rad(np.clip(rng.normal(0, 7 * strength), -22, 22))
    shear = np.clip(rng.normal(0, 0.16 * strength), -0.5, 0.5)
    aspect = np.exp(rng.normal(0, 0.17 * strength))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    inverse = np.linalg.inv(rotation @ np.array([[aspect, shear], [0, 1]]))
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = xs - width / 2, ys - height / 2
    coarse = rng.normal(0, 0.028 * strength * height, (2, 5, 4)).astype(np.float32)
    dx = cv2.resize(coarse[0], (width, height), interpolation=cv2.INTER_CUBIC)
    dy = cv2.resize(coarse[1], (width, height), interpolation=cv2.INTER_CUBIC)
    map_x = (inverse[0, 0] * x + inverse[0, 1] * y + width / 2).astype(np.float32) + dx
    map_y = (inverse[1, 0] * x + inverse[1, 1] * y + height / 2).astype(np.float32) + dy
    return as_field(cv2.remap(field, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT))


def damage(rng: np.random.Generator, ink: Image) -> Image:
    """Returns the ink with what paper, pens, scanners and the removal of ruled lines do to it, most often little."""
    height, width = ink.shape
    if rng.random() < 0.15:  # a dry pen: gaps
        cells = rng.random((height // 5 + 1, width // 5 + 1)) > rng.uniform(0.01, 0.06)
        ink = ink * cells.repeat(5, axis=0).repeat(5, axis=1)[:height, :width].astype(np.uint8)
    if rng.random() < 0.12:  # where a ruled line was erased across the digit, or a piece of one was left
        y = int(rng.integers(height // 5, max(height // 5 + 1, height - height // 5)))
        thickness = max(1, round(height * rng.uniform(0.01, 0.035)))
        ink = ink.copy()
        if rng.random() < 0.6:
            ink[y : y + thickness] //= 3
        else:
            start = int(rng.integers(0, max(1, width // 2)))
            stop = start + max(2, round(width * rng.uniform(0.2, 0.5)))
            ink[y : y + thickness, start:stop] = 255
    if rng.random() < 0.25:  # pencil: an uneven tone
        tone = rng.uniform(0.45, 1, (height // 4 + 1, width // 4 + 1)).astype(np.float32)
        ink = (ink * cv2.resize(tone, (width, height))).astype(np.uint8)
    if rng.random() < 0.35:  # lens and scaling
        ink = as_image(cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.3, max(0.4, 0.035 * height))))
    noise = rng.uniform(5, 35) if rng.random() < 0.3 else 0.0
    noisy = np.clip(ink + rng.normal(0, noise, ink.shape), 1, 255) if noise else ink
    return np.where(ink > _level(rng, ink, 25, 90), noisy, 0).astype(np.uint8)  # what binarization leaves of it


def _level(rng: np.random.Generator, ink: Image, low: float, high: float) -> float:
    """A level at which ink is cut, lower where all of it is paler: something of it is left."""
    level = rng.uniform(low, high)
    darkest = float(ink.max())
    return level if darkest > level else darkest / 2


def variant(rng: np.random.Generator, digit: Image, label: int, neighbor: Image) -> Image:
    """Returns one MNIST digit as another hand might have written it.

    Args:
        rng: source of chance.
        digit: uint8 (28, 28), ink bright.
        label: its class; some forms of 1 and 7 that MNIST lacks are drawn for these labels.
        neighbor: uint8 (28, 28), another digit, of which an imprecise cut sometimes leaves a sliver.

    Returns:
        uint8 (height, width) ink of any size, for `recognition.normalize`.
    """
    square = rng.random() < STRETCHED_SHARE
    coarse = square and rng.random() < 0.5
    small = coarse or rng.random() < 0.2
    least = COARSE_HEIGHT_PX if coarse else SMALL_HEIGHT_PX
    height = int(rng.integers(least, MIN_HEIGHT_PX) if small else rng.integers(MIN_HEIGHT_PX, MAX_HEIGHT_PX))
    fine = rng.random() < FINE_SHARE
    field = pen_field(digit, height) if fine else height_field(digit, height)
    if label in FORMS and rng.random() < SHARES[label]:
        field, fine = form_field(rng, label, height), True
    if label == 7 and rng.random() < 0.25:
        field = barred(rng, field)
    if label == 0 and rng.random() < 0.06:
        field = slashed(rng, field)
    level = rng.uniform(0.5, max(0.55, 1 - 3 / height)) if fine else rng.uniform(0.16, 0.6)
    ink = ink_at_level(warp(rng, field), level, rng.uniform(0.1, 0.4))
    ink = as_image(cv2.convertScaleAbs(ink, alpha=255 / max(1, int(ink.max()))))
    if height >= MIN_HEIGHT_PX and rng.random() < 0.15:
        side = 1 + 2 * int(rng.integers(1, 1 + max(1, height // 12)))
        ink = dilated(ink, side, side)
    if square:
        ink = stretched(rng, ink)
    if rng.random() < 0.12:
        ink = with_sliver(rng, ink, ink_at_level(height_field(neighbor, height), rng.uniform(0.2, 0.5)))
    ink = damage(rng, ink)
    if coarse or rng.random() < BILEVEL_SHARE:
        ink = as_mask(ink > _level(rng, ink, 60, 150))
    return ink


def slight(rng: np.random.Generator, digit: Image) -> Image:
    """Returns one MNIST digit as the same hand might have written it another time.

    Args:
        rng: source of chance.
        digit: uint8 (28, 28), ink bright.

    Returns:
        uint8 (height, width) ink, for `recognition.normalize`.
    """
    enlarged = cv2.resize(digit, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return as_image(np.rint(warp(rng, as_field(enlarged.astype(np.float32)), SLIGHT)))


def stretched(rng: np.random.Generator, ink: Image) -> Image:
    """Returns the ink about as wide as high, as forms and broad hands make it; a 1 becomes a blot with a flag.

    Args:
        rng: source of chance.
        ink: uint8 (height, width).
    """
    x, y, width, height = cv2.boundingRect(ink)
    if not width:
        return ink
    wide = max(2, round(height * rng.uniform(0.7, 1.1)))
    broad = cv2.resize(ink[y : y + height, x : x + width], (wide, height), interpolation=cv2.INTER_LINEAR)
    margin = height // 4
    return as_image(cv2.copyMakeBorder(broad, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0))


def with_sliver(rng: np.random.Generator, ink: Image, neighbor: Image) -> Image:
    """Returns the ink with the near edge of its neighbor at its left or right, as a cut between the two leaves it.

    Args:
        rng: source of chance.
        ink: uint8 (height, width).
        neighbor: likewise, with ink in it.
    """
    x, y, width, height = cv2.boundingRect(ink)
    left, top, other_width, other_height = cv2.boundingRect(neighbor)
    reach = max(1, round(other_width * rng.uniform(0.06, 0.22)))
    at_right = rng.random() < 0.5
    start = left if at_right else left + other_width - reach
    sliver = neighbor[top : top + other_height, start : start + reach]
    margin = max(other_width, other_height)
    canvas = as_image(cv2.copyMakeBorder(ink, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0))
    column = margin + (x + width - 1 if at_right else x - reach + 1)
    row = margin + y + (height - other_height) // 2 + round(rng.normal(0, 0.05) * height)
    view = canvas[row : row + other_height, column : column + reach]
    np.maximum(view, sliver, out=view)
    return canvas


def slashed(rng: np.random.Generator, field: Field) -> Field:
    """Returns a 0 with a stroke through it, from the lower left to the upper right."""
    height = field.shape[0]
    rows, columns = np.nonzero(field > 0.4)
    if rows.size == 0:
        return field
    over = height * rng.uniform(-0.1, 0.08)
    ends = (columns.min() - over, rows.max() + over), (columns.max() + over, rows.min() - over)
    stroke = np.zeros_like(field)
    start, end = (tuple(round(float(value)) for value in point) for point in ends)
    cv2.line(stroke, start, end, 1.0, max(1, round(height * rng.uniform(0.03, 0.06))), cv2.LINE_AA)
    return np.maximum(field, cv2.GaussianBlur(stroke, (0, 0), height / 40))


def barred(rng: np.random.Generator, field: Field) -> Field:
    """Returns a 7 with the bar through its stem."""
    height = field.shape[0]
    y = int(height * rng.uniform(0.48, 0.62))
    stem = np.flatnonzero(field[y] > 0.4)
    if stem.size == 0:
        return field
    middle, reach = float(stem.mean()), height * rng.uniform(0.1, 0.24)
    rise = rng.normal(0, 0.06) * height
    bar = np.zeros_like(field)
    ends = [(round(middle - reach), round(y + rise)), (round(middle + reach), round(y - rise))]
    cv2.line(bar, ends[0], ends[1], 1.0, max(1, round(height * rng.uniform(0.03, 0.06))), cv2.LINE_AA)
    return np.maximum(field, cv2.GaussianBlur(bar, (0, 0), height / 40))
