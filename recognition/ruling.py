"""Finds the lines of ruled paper that writing covers so much that they are not found by themselves.

Bold writing as high as the lines are apart leaves little more of them than short pieces between the digits, which would
join them. The paper's other lines tell where they must be: the distance changes little from one to the next, also on a
photo that shows the sheet aslant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_mask, closed, opened
from recognition.lines import Rule, piece_px, thickest_px
from recognition.params import RuleParams
from recognition.types import BoundingBox

MIN_LINES = 3
"""With fewer nothing tells whether they are ruled paper."""
MIN_DISTANCE = 4
"""Lines are at least so many times farther apart than one may be thick."""
MAX_IRREGULARITY = 0.15
"""By so much of the lines' distance one may be nearer or farther off than the others."""
SEARCH = 0.2
"""A line is sought so far from where it must be, as a share of the lines' distance."""
NEAR = 0.1
"""Ink so far from the middle of what was found is no part of it, as a share of the lines' distance."""
MIN_SHARE = 0.3
"""So much of the page's width a line is seen on."""

Path = NDArray[np.float64]
"""A line's height in each column of the page, in pixels from above."""


def covered_lines(found: Sequence[Rule], mask: Image, params: RuleParams) -> list[Rule]:
    """Returns the lines that are missing among those of ruled paper, as far as ink shows them.

    Args:
        found: lying lines.
        mask: uint8 (height, width), 255 is ink, pale lines with it.
        params: see there.

    Returns:
        No line where those found are few or at irregular distances, as in most tables.
    """
    width = mask.shape[1]
    paths = sorted(
        (_path(rule, width) for rule in found if rule.box.width >= params.paper_length * width),
        key=lambda path: float(path[width // 2]),
    )
    if len(paths) < MIN_LINES:
        return []
    gaps = np.diff([path[width // 2] for path in paths])
    if np.median(gaps) < MIN_DISTANCE * thickest_px(width, params):
        return []
    steps = gaps / np.median(gaps)
    counts = np.rint(steps).astype(int)
    if np.any(np.abs(steps - counts) > MAX_IRREGULARITY):
        return []
    lines = []
    for (upper, lower), count in zip(pairwise(paths), counts.tolist(), strict=True):
        for k in range(1, count):
            line = _line_at(upper + (lower - upper) * k / count, (lower - upper) / count, mask, params)
            lines += [line] if line is not None else []
    for outer, inner, count in ((paths[0], paths[1], counts[0]), (paths[-1], paths[-2], counts[-1])):
        if count == 1:
            lines += _lines_beyond(outer, inner, mask, params)
    return [rule for _, rule in lines]


def _lines_beyond(outer: Path, inner: Path, mask: Image, params: RuleParams) -> Iterator[tuple[Path, Rule]]:
    """The lines that follow one after the other on the outermost two."""
    while (line := _line_at(2 * outer - inner, outer - inner, mask, params)) is not None:
        yield line
        outer, inner = line[0], outer


def _path(rule: Rule, width: int) -> Path:
    """Where a line is in each column, as the parabola nearest to its ink."""
    ink = rule.ink > 0
    columns = np.flatnonzero(ink.any(axis=0))
    rows = (np.arange(rule.box.height)[:, None] * ink).sum(axis=0)[columns] / ink.sum(axis=0)[columns]
    return _fitted(columns + rule.box.x, rows + rule.box.y, width, degree=2)


def _fitted(columns: NDArray[np.int_], values: NDArray[np.float64], width: int, degree: int) -> Path:
    fit = np.polynomial.Polynomial.fit(columns, values, degree, domain=[0, width])
    return np.asarray(fit(np.arange(width)), np.float64)


def _line_at(path: Path, distance: Path, mask: Image, params: RuleParams) -> tuple[Path, Rule] | None:
    """The line about a path, where it is seen on enough of it, and the path it really takes.

    Args:
        path: where it must be.
        distance: to the next line, in each column.
        mask: uint8 (height, width).
        params: see there.
    """
    height, width = mask.shape
    distance_px = float(np.abs(distance).mean())
    thickest = thickest_px(width, params)
    if distance_px < MIN_DISTANCE * thickest:
        return None
    margin = SEARCH * distance_px + thickest
    top, bottom = max(0, int(path.min() - margin)), min(height, int(path.max() + margin) + 1)
    if bottom - top <= thickest:
        return None
    strip = mask[top:bottom]
    thin = opened(closed(strip & ~opened(strip, 1, thickest + 1), 3, 3), piece_px(width) // 2, 1) & strip
    rows, columns = np.nonzero(thin)
    off = rows + top - path[columns]
    near = np.abs(off) <= SEARCH * distance_px
    close = near & (np.abs(off - np.median(off[near])) <= NEAR * distance_px) if near.any() else near
    if not close.any():
        return None
    bends = np.ptp(columns[close]) > 0.5 * width  # else it is seen on too little to tell how it bends
    path = path + _fitted(columns[close], off[close], width, degree=2 if bends else 0)
    on_path = np.abs(np.arange(top, bottom)[:, None] - path[None, :]) <= thickest / 2 + 2
    ink = thin & as_mask(on_path)
    if np.count_nonzero(ink.any(axis=0)) < MIN_SHARE * width:
        return None
    return path, Rule(BoundingBox(0, top, width, bottom - top), ink)
