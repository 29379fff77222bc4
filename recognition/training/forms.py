"""Draws forms of digits that MNIST's writers did not use: the hooked 1, the 4 in one stroke, the 9 with a curled tail.

A form is the way of the pen as control points in a square, (0, 0) at the upper left; each is moved a little every time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Field, as_field
from recognition.training.thinning import REACH, line_field

Point = tuple[float, float]
Stroke = Sequence[Point]

DRAWN_PX = 48
"""Height at which a form is drawn."""


def one(rng: np.random.Generator) -> list[Stroke]:
    """A European 1: a long upstroke before the stem, in some hands from the baseline on, sometimes a foot."""
    width = rng.uniform(0.3, 0.6)
    stem = width * rng.uniform(0.7, 1.0)
    bottom = stem + rng.normal(0, 0.05)
    from_baseline = rng.random() < 0.2
    start = rng.uniform(0.7, 1.0) if from_baseline else rng.uniform(0.3, 0.65)
    bend = (stem * rng.uniform(0.5, 0.85), start * rng.uniform(0.5, 0.7))
    strokes: list[Stroke] = [[(0.0, start), bend, (stem, 0.0)], [(stem, 0.0), (bottom, 1.0)]]
    if not from_baseline and rng.random() < 0.3:
        reach = width * rng.uniform(0.2, 0.5)
        strokes.append([(bottom - reach, 1.0), (bottom + reach, rng.uniform(0.95, 1.0))])
    return strokes


def four(rng: np.random.Generator) -> list[Stroke]:
    """A 4 of one stroke, down to the left, across and down again; in others the stem is a stroke of its own.

    Some hands round it like a u whose right side goes on downwards, others begin it right above the stem.
    """
    knee = rng.uniform(0.45, 0.8)
    left, right = rng.uniform(0.0, 0.15), rng.uniform(0.7, 1.0)
    top = rng.uniform(0.3, 1.0)
    bottom = right - rng.uniform(0.0, 0.2)
    rise = rng.normal(0, 0.04)
    kind = rng.random()
    if kind < 0.35:
        low = knee * rng.uniform(0.9, 1.1)
        bowl = [(left, low * 0.5), (left + 0.08, low), (right * 0.6, low * 1.02)]
        return [
            [(left + rng.uniform(0.0, 0.3), 0.0), *bowl, (right, low * rng.uniform(0.6, 0.9))],
            [(right + rng.uniform(0.0, 0.1), rng.uniform(0.0, 0.4)), (bottom, 1.0)],
        ]
    if kind < 0.75:
        bend = (right * 0.98, knee + rng.uniform(0.02, 0.12))
        return [
            [(top, 0.0), ((top + left) / 2, knee * 0.5), (left, knee)],
            [(left, knee), (right, knee + rise), bend, (bottom, 1.0)],
        ]
    stem = rng.uniform(0.55, 0.8)
    across: Stroke = [(left, knee), (right, knee + rise)]
    return [
        [(top, 0.0), (left, knee)],
        across,
        [(stem, rng.uniform(0.05, 0.45)), (stem - rng.uniform(-0.03, 0.1), 1.0)],
    ]


def nine(rng: np.random.Generator) -> list[Stroke]:
    """A 9 whose tail curls to the left below its loop, which may stay open; in some hands the tail sways like an s.

    Others close a small loop at the top and let the belly of a 3 follow, or hang the loop on the right of the stem.
    """
    kind = rng.random()
    if kind < 0.12:
        return _nine_with_belly(rng)
    if kind < 0.2:
        return _nine_from_stem(rng)
    wide, high = rng.uniform(0.28, 0.42), rng.uniform(0.2, 0.3)
    start = rng.uniform(-0.9, 0.0)
    turn = np.linspace(start, start - 2 * np.pi * rng.uniform(0.8, 1.05), 12)
    loop = [(0.45 + wide * float(np.cos(a)), high + high * float(np.sin(a))) for a in turn]
    if rng.random() < 0.3:
        near, far = rng.uniform(0.35, 0.6), rng.uniform(0.6, 0.9)
        sway = [(0.45 + wide * 0.8, high), (near, rng.uniform(0.45, 0.6)), (far, rng.uniform(0.68, 0.82))]
        return [loop, [*sway, (far - 0.12, 0.97), (rng.uniform(0.0, 0.3), 1.0)]]
    depth = rng.uniform(0.85, 1.0)
    tail = [(0.45 + wide, high * 0.9), (0.45 + wide * rng.uniform(0.8, 1.1), 0.65), (rng.uniform(0.4, 0.6), depth)]
    return [loop, [*tail, (rng.uniform(0.0, 0.2), depth - rng.uniform(0.0, 0.15))]]


def _nine_with_belly(rng: np.random.Generator) -> list[Stroke]:
    turn = np.linspace(0, -2 * np.pi * rng.uniform(0.9, 1.1), 10) + rng.uniform(0.8, 1.6)
    wide, high = rng.uniform(0.18, 0.3), rng.uniform(0.15, 0.24)
    middle = rng.uniform(0.4, 0.6)
    loop = [(middle + wide * float(np.cos(a)), high + high * float(np.sin(a))) for a in turn]
    out, deep = rng.uniform(0.8, 1.0), rng.uniform(0.9, 1.0)
    belly = [(out, 2 * high + rng.uniform(0.1, 0.2)), (out, deep), (rng.uniform(0.3, 0.5), deep)]
    return [[*loop, *belly, (rng.uniform(0.0, 0.2), deep - rng.uniform(0.0, 0.1))]]


def _nine_from_stem(rng: np.random.Generator) -> list[Stroke]:
    lean, low = rng.uniform(0.0, 0.3), rng.uniform(0.35, 0.55)
    right, start = rng.uniform(0.6, 0.9), rng.uniform(0.05, 0.2)
    loop = [(lean, start), (lean + 0.1, 0.0), (right, 0.0), (right + 0.05, low * 0.6), (right - 0.1, low)]
    return [[(rng.uniform(0.0, 0.1), 1.0), (lean, start)], [*loop, (lean - 0.02, low * rng.uniform(0.9, 1.1))]]


def six(rng: np.random.Generator) -> list[Stroke]:
    """An angular 6, of a stem and a box."""
    left, right = rng.uniform(0.0, 0.1), rng.uniform(0.55, 0.75)
    waist = rng.uniform(0.4, 0.55)
    cap = (right * rng.uniform(0.6, 1.1), rng.uniform(0.0, 0.08))
    return [
        [cap, (left + 0.02, 0.05)],
        [(left, 0.03), (left, 1.0)],
        [(left, 1.0), (right, 0.97)],
        [(right, 0.97), (right, waist)],
        [(right, waist), (left, waist + 0.03)],
    ]


FORMS: dict[int, Callable[[np.random.Generator], list[Stroke]]] = {1: one, 4: four, 6: six, 9: nine}
SHARES = {1: 0.3, 4: 0.25, 6: 0.04, 9: 0.2}
"""Of the variants of a digit so many have its form."""


def form_field(rng: np.random.Generator, label: int, height_px: int) -> Field:
    """Returns a digit of a form that MNIST lacks as the way of the pen, as `augment.pen_field` does.

    Args:
        rng: source of chance.
        label: one of `FORMS`.
        height_px: of the digit; a margin of a quarter of it surrounds it.

    Returns:
        float32 (height, width) in 0..1, to be cut by `augment.ink_at_level`.
    """
    margin = DRAWN_PX // 4
    strokes = [np.array(stroke) + rng.normal(0, 0.02, (len(stroke), 2)) for stroke in FORMS[label](rng)]
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    width = max(0.1, float(high[0] - low[0]))
    canvas = np.zeros((DRAWN_PX + 2 * margin, round(width * DRAWN_PX) + 2 * margin + 1), np.uint8)
    for stroke in strokes:
        way = (_smooth(stroke) - low) / (1, max(0.1, float(high[1] - low[1]))) * DRAWN_PX + margin
        cv2.polylines(canvas, [np.rint(way).astype(np.int32)], False, 255, 1)
    near = line_field(canvas, REACH * DRAWN_PX)
    scale = height_px / DRAWN_PX
    size = max(3, round(canvas.shape[1] * scale)), max(3, round(canvas.shape[0] * scale))
    return as_field(np.clip(cv2.resize(near, size, interpolation=cv2.INTER_CUBIC), 0, 1))


def _smooth(stroke: NDArray[np.float64]) -> NDArray[np.float64]:
    """The way through the points with corners cut twice (Chaikin, "An Algorithm for High-Speed Curve Generation")."""
    for _ in range(2 if len(stroke) > 2 else 0):
        near, far = 0.75 * stroke[:-1] + 0.25 * stroke[1:], 0.25 * stroke[:-1] + 0.75 * stroke[1:]
        inner = np.stack([near, far], axis=1).reshape(-1, 2)
        stroke = np.concatenate([stroke[:1], inner[1:-1], stroke[-1:]])
    return stroke
