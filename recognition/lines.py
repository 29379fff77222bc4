"""Finds ruled lines: long, thin, lying; upright ones lie on the transposed page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image, closed, dilated, opened, piece_at, stretches, weighted_median
from recognition.params import RuleParams
from recognition.types import BoundingBox

MIN_SLENDERNESS = 40
"""A line's length is at least so many times its thickness; what is stouter is writing that stands in a row."""

MIN_PIECES = 3
"""A column of ones has so many at least."""
ALIKE = (0.6, 1.5)
"""Ones are so many times as long as most of them."""
MIN_ALIKE = 0.8
"""So much of a column of ones is such pieces."""
WAVER = 0.008
"""By so much of their length ones stray from a straight line, as no hand keeps to it.

Drawn ones stray by 0.009 to 0.04; of 79 real pages and 40 drawn ones of boxes and squared paper the pieces of two rules
do by 0.009 and 0.014, and those of all others by 0.006 at the most.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A long thin line, lying or upright.

    Attributes:
        box: around it, with the gaps in it.
        ink: uint8 of the box's shape, 255 on the line.
    """

    box: BoundingBox
    ink: Image

    @property
    def coverage(self) -> float:
        """The share of its length that has ink."""
        return _columns_with_ink(self.ink) / self.box.width

    def is_written(self) -> bool:
        """Whether it is a column of ones: pieces of about one length, with gaps between them, not quite in line."""
        starts, stops = stretches(np.asarray(self.ink.any(axis=0)))
        lengths = (stops - starts).astype(np.float64)
        usual = weighted_median(lengths, lengths)
        alike = (lengths >= ALIKE[0] * usual) & (lengths <= ALIKE[1] * usual)
        if np.count_nonzero(alike) < MIN_PIECES or lengths[alike].sum() < MIN_ALIKE * lengths.sum():
            return False
        columns = (starts + stops)[alike] / 2
        pieces = zip(starts[alike].tolist(), stops[alike].tolist(), strict=True)
        rows = np.array([np.nonzero(self.ink[:, start:stop])[0].mean() for start, stop in pieces])
        line = np.polynomial.Polynomial.fit(columns, rows, 1)
        return float(np.std(rows - line(columns))) >= WAVER * usual

    def transposed(self) -> Rule:
        """Returns the line as it stands when the page is mirrored along its diagonal."""
        box = self.box
        return Rule(BoundingBox(box.y, box.x, box.height, box.width), as_image(self.ink.T))


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """The thin lying runs of ink on a page, of which most rows have none.

    Attributes:
        rows: of the page, int (n,), in ascending order; about each that has runs there are two more.
        ink: uint8 (n, width), 255 on the runs.
    """

    rows: NDArray[np.intp]
    ink: Image

    def lines(self, gap_px: int, min_width: float) -> Iterator[tuple[Rule, int]]:
        """Yields what is at least so wide, with gaps narrower than so much; and its area with the gaps filled."""
        if not self.rows.size:
            return
        for box, whole in _long_pieces(closed(self.ink, gap_px, 3), min_width):
            ink = self.ink[box.y : box.bottom, box.x : box.right] & whole
            place = BoundingBox(box.x, int(self.rows[box.y]), box.width, box.height)
            yield Rule(place, as_image(ink)), cv2.countNonZero(whole)


def thin_runs(mask: Image, params: RuleParams) -> Runs:
    """Returns the lying runs of ink that are as long as pieces of lines, and no thicker than these.

    Args:
        mask: uint8 (height, width), 255 is ink.
        params: see there.
    """
    width = mask.shape[1]
    piece, thickest = piece_px(width), thickest_px(width, params)
    rows = _with_neighbors(_may_hold_run(mask, piece))
    if not rows.size:
        return Runs(rows, mask[rows])
    runs = opened(mask[rows], piece, 1)
    runs -= opened(runs, 1, thickest + 1)  # what is as bold is writing
    kept = _with_neighbors(np.asarray(runs.any(axis=1)))
    return Runs(rows[kept], runs[kept])


def lying_rules(runs: Runs, params: RuleParams) -> list[Rule]:
    """Returns long thin lying lines, also dotted, broken and slightly tilted ones.

    Args:
        runs: of the page.
        params: see there.
    """
    width = runs.ink.shape[1]
    lines = runs.lines(2 * piece_px(width) + 1, params.min_length * width)
    return [
        line
        for line, area in lines
        if MIN_SLENDERNESS * area <= line.box.width**2 and line.coverage >= params.min_coverage
    ]


def _columns_with_ink(ink: Image) -> int:
    return cv2.countNonZero(cv2.reduce(ink, 0, cv2.REDUCE_MAX))


def piece_px(width: int) -> int:
    """Length of the shortest piece that counts as one of a line, on a page so wide."""
    return max(16, width // 40)


def thickest_px(width: int, params: RuleParams) -> int:
    """Up to which thickness a line is one, on a page so wide."""
    return max(2, round(piece_px(width) * params.max_thickness))


def _may_hold_run(mask: Image, length: int) -> NDArray[np.bool_]:
    """Which rows may have a run of so much ink: all that have, and few others.

    Of each run all pixels but the outermost are in groups of eight, which are compared at once.
    """
    width = mask.shape[1]
    padded = np.pad(mask, ((0, 0), (0, -width % 8))) if width % 8 else np.ascontiguousarray(mask)
    full = padded.view(np.uint64) == np.uint64(2**64 - 1)
    columns = full.shape[1]
    needed = max(1, (length - 7) // 8)
    found = full[:, : columns - needed + 1].copy()
    for k in range(1, needed):
        found &= full[:, k : columns - needed + 1 + k]
    return np.asarray(found.any(axis=1))


def _with_neighbors(rows: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The chosen rows and two beside each, by index.

    Between rows of two places there are so many others that nothing grows together which is apart on the page.
    """
    near = np.pad(rows, 2)
    return np.flatnonzero(rows | near[:-4] | near[1:-3] | near[3:-1] | near[4:])


def drawn(lines: list[Rule], shape: tuple[int, ...]) -> Image | None:
    """Returns the place of lines on a page of (height, width), uint8, 255 on them and on the pixels above and below.

    None for no lines: most pages have none, and a mask of nothing takes as long as any.
    """
    if not lines:
        return None
    zone = np.zeros(shape[:2], np.uint8)
    for line in lines:
        zone[line.box.y : line.box.bottom, line.box.x : line.box.right] |= line.ink
    return dilated(zone, 1, 3)


def _long_pieces(mask: Image, min_width: float) -> Iterator[tuple[BoundingBox, Image]]:
    """The connected pieces of a mask at least so wide; few are, so that no other is looked at as a whole."""
    contours, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    for index in np.flatnonzero(np.asarray(hierarchy)[0, :, 3] < 0):
        outline = contours[int(index)]
        x, y, width, height = cv2.boundingRect(outline)
        if width < min_width:
            continue
        column, row = outline[0, 0].tolist()
        yield BoundingBox(x, y, width, height), piece_at(mask[y : y + height, x : x + width], column - x, row - y)
