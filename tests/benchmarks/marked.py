"""Reads pages on which people have marked numbers: underlined, circled, highlighted, struck out, in brackets.

    python tests/benchmarks/marked.py PAGES… [--jobs 2] [--only NAME…] [--json FILE]

PAGES are folders of upright pages with truth files that tell where each number stands. Every third number is marked in
the ink of its own digits. A number that was struck out should not be accepted, nor one that lost its sign; all others
should be read as they were without the mark, and so should those beside them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from disturbed import numbers_on, start
from grounds import Pixels, as_pixels
from numpy.typing import NDArray

from recognition.training.scoring import is_accepted
from recognition.training.truth import TrueNumber, TruePage, load_pages_with_truth
from recognition.types import Number

EVERY = 3
SUBPIXELS = 3  # bits of a coordinate behind the point


@dataclass(frozen=True, slots=True)
class Marker:
    """Draws around one number of a page.

    Attributes:
        page: uint8 (height, width, 3), drawn on.
        x, y, width, height: the number's box.
        digit_px: how high its digits are.
        color: of its ink.
        rng: for what no hand does twice alike.
    """

    page: Pixels
    x: float
    y: float
    width: float
    height: float
    digit_px: float
    color: tuple[int, ...]
    rng: np.random.Generator

    def line(self, x: Sequence[float] | NDArray[np.float64], y: Sequence[float] | NDArray[np.float64]) -> None:
        """A stroke through points, given in digit heights from the number's upper left corner."""
        points = np.stack([self.x + np.asarray(x) * self.digit_px, self.y + np.asarray(y) * self.digit_px], axis=1)
        at = [np.rint(points * (1 << SUBPIXELS)).astype(np.int32)]
        cv2.polylines(self.page, at, False, self.color, max(2, round(0.09 * self.digit_px)), cv2.LINE_AA, SUBPIXELS)

    @property
    def right(self) -> float:
        """The number's width in digit heights."""
        return self.width / self.digit_px

    @property
    def bottom(self) -> float:
        """Its height, likewise."""
        return self.height / self.digit_px

    def across(self, y: float, overhang: float = 0.1) -> None:
        """A level line from end to end, as steady as a hand is."""
        x = np.linspace(-overhang, self.right + overhang, 10)
        self.line(x, y + self.rng.uniform(-0.02, 0.02) * x + self.rng.normal(0, 0.01, 10))

    def highlight(self, color: Sequence[float]) -> None:
        """Two strokes of a highlighter, a little uneven, that lets this share of blue, green and red through."""
        left, right = round(self.x - 0.25 * self.digit_px), round(self.x + self.width + 0.25 * self.digit_px)
        stripe = np.zeros(self.page.shape[:2], np.float32)
        for top in (-0.15, 0.4):
            ragged = self.rng.normal(0, 0.08 * self.digit_px, 4)
            upper, lower = self.y + top * self.digit_px, self.y + (top + 0.85) * self.digit_px
            ends = [left + ragged[0], right + ragged[1], right + ragged[2], left + ragged[3]]
            corners = np.stack([ends, [upper, upper, lower, lower]], axis=1)
            one = np.zeros_like(stripe)
            cv2.fillConvexPoly(one, np.rint(corners).astype(np.int32), 1)
            stripe = np.maximum(stripe, one) + 0.12 * stripe * one
        grain = cv2.GaussianBlur(self.rng.normal(0, 1, stripe.shape).astype(np.float32), (0, 0), 6)
        stripe *= 1 + 0.07 * grain / grain.std()
        self.page[:] = as_pixels(self.page * (1 - stripe[..., None] * (1 - np.array(color, np.float32))))


def circled(mark: Marker) -> None:
    """A circle whose end runs past its beginning."""
    angle = np.linspace(0.1, 2 * np.pi + 0.25, 60)
    x = mark.right / 2 + (mark.right / 2 + 0.35) * np.cos(angle) * (1 + 0.02 * angle)
    mark.line(x, mark.bottom / 2 + 0.85 * np.sin(angle))


def framed(mark: Marker) -> None:
    """A box drawn by hand."""
    right, bottom = mark.right + 0.3, mark.bottom + 0.3
    mark.line([-0.3, right, right + 0.02, -0.32, -0.3], [-0.3, -0.27, bottom, bottom - 0.03, -0.32])


def in_brackets(mark: Marker) -> None:
    """A parenthesis before and behind."""
    down = np.linspace(0, 1, 12)
    bow = 0.15 * (1 - (2 * down - 1) ** 2)
    for x, side in ((-0.18, -1), (mark.right + 0.18, 1)):
        mark.line(x + side * bow, 1.3 * mark.bottom * down - 0.15 * mark.bottom)


def crossed_out(mark: Marker) -> None:
    """One line through it."""
    mark.across(mark.bottom * mark.rng.uniform(0.4, 0.6), 0.15)


def underlined(mark: Marker, *depths: float) -> None:
    """Lines below it, in digit heights from its foot."""
    for depth in depths:
        mark.across(mark.bottom + depth)


def with_dash(mark: Marker) -> None:
    """A minus sign before it."""
    mark.line([-0.75, -0.3], [mark.bottom / 2, mark.bottom / 2 + mark.rng.normal(0, 0.02)])


def ticked(mark: Marker) -> None:
    """A tick behind it, of any size, its arms more or less bent and steep."""
    rng, size = mark.rng, mark.rng.uniform(0.7, 1.6)
    corner = np.array([rng.uniform(0.12, 0.35), 1.0])
    short = _bow(np.array([0, rng.uniform(0.35, 0.8)]), corner, rng.normal(0, 0.04))
    long = _bow(corner, np.array([rng.uniform(0.55, 1.1), rng.uniform(-0.05, 0.1)]), rng.normal(0, 0.06))
    x, y = size * np.concatenate([short, long]).T
    mark.line(mark.right + 0.3 + x, y + mark.bottom - size * rng.uniform(0.7, 1.0))


def _bow(start: NDArray[np.float64], end: NDArray[np.float64], bend: float) -> NDArray[np.float64]:
    """Points (12, 2) of a curve that leaves the straight by so much of its length."""
    across = (end - start)[::-1] * (1, -1)
    way = np.linspace(0, 1, 12)[:, None]
    return np.asarray(start + way * (end - start) + 4 * way * (1 - way) * bend * across)


def crossed_off(mark: Marker) -> None:
    """A cross behind it, of any size, its strokes more or less bent."""
    rng, height = mark.rng, mark.rng.uniform(0.7, 1.3)
    left, top = mark.right + 0.3, (mark.bottom - height) / 2
    right = left + height * rng.uniform(0.5, 1.1)
    for first, last in ((left, right), (right, left)):
        start, end = np.array([first, top]), np.array([last, top + height])
        mark.line(*(_bow(start, end, rng.normal(0, 0.05)) + rng.normal(0, 0.04, 2)).T)


def with_inches(mark: Marker) -> None:
    """The sign for inches behind it, which is a ditto mark, too."""
    for x in (0.3, 0.45):
        mark.line([mark.right + x, mark.right + x - 0.03], [-0.05, 0.2])


MARKS: dict[str, Callable[[Marker], None]] = {
    "none": lambda mark: None,
    "underlined": lambda mark: underlined(mark, 0.12),
    "underlined twice": lambda mark: underlined(mark, 0.12, 0.25),
    "underlined at the foot": lambda mark: underlined(mark, 0.0),
    "circled": circled,
    "framed": framed,
    "in brackets": in_brackets,
    "highlighted pink": lambda mark: mark.highlight((0.85, 0.6, 1)),
    "highlighted green": lambda mark: mark.highlight((0.5, 1, 0.6)),
    "highlighted orange": lambda mark: mark.highlight((0.35, 0.7, 1)),
    "highlighted blue": lambda mark: mark.highlight((1, 0.8, 0.5)),
    "crossed out": crossed_out,
    "a dash before": with_dash,
    "a tick behind": ticked,
    "a cross behind": crossed_off,
    "inches behind": with_inches,
}
"""What is done to every third number."""


def main() -> None:
    """Reads all pages with each mark, prints the table, and writes the JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+", help="folders of pages with truth files that name their numbers")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", nargs="*", choices=list(MARKS), default=list(MARKS))
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    pages = [one for folder in options.pages for one in load_pages_with_truth(folder)]
    table = {}
    print(f"{'':24}{'exact':>8}{'accepted':>10}{'wrong':>7}{'others: exact':>15}{'accepted':>10}{'elsewhere':>11}")
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn"), start) as pool:
        for name in options.only:
            table[name] = figures(sum(pool.map(partial(read, name), pages), Counter()))
            row = "{exact:8.3f}{accepted:10.3f}{wrong:7d}{others exact:15.3f}{others accepted:10.3f}{elsewhere:11d}"
            print(f"{name:24}" + row.format_map(table[name]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


def figures(counts: Counter[str]) -> dict[str, float | int]:
    """Shares of the marked numbers, and of the others; numbers accepted wrong, and where none is."""
    shares = {
        key: round(counts[key] / max(1, counts[whole]), 3)
        for whole, keys in (("marked", ("exact", "accepted")), ("others", ("others exact", "others accepted")))
        for key in keys
    }
    return {"marked": counts["marked"], **shares, "wrong": counts["wrong"], "elsewhere": counts["elsewhere"]}


def read(name: str, one: TruePage) -> Counter[str]:
    """Marks the numbers of a page, reads it and counts."""
    page = as_pixels(cv2.imread(str(one.path), cv2.IMREAD_COLOR))
    true = one.truth.numbers or ()
    rng = np.random.default_rng(len(true))
    for number in true[::EVERY]:
        MARKS[name](marker(page, number, rng))
    found = numbers_on(page)
    counts: Counter[str] = Counter()
    placed: set[int] = set()
    for k, number in enumerate(true):
        here = [other for other in found if stands_on(number, other)]
        placed |= {id(other) for other in here}
        right = [other for other in here if other.text == number.text]
        of = "" if k % EVERY == 0 else "others "
        counts["others" if of else "marked"] += 1
        counts[f"{of}exact"] += bool(right)
        counts[f"{of}accepted"] += any(map(is_accepted, right))
        counts["wrong"] += sum(is_accepted(other) and other not in right for other in here)
    counts["elsewhere"] = sum(is_accepted(other) and id(other) not in placed for other in found)
    return counts


def marker(page: Pixels, number: TrueNumber, rng: np.random.Generator) -> Marker:
    """What draws around a number in its own ink: a twelfth of its box is darker than the rest."""
    x, y, width, height = number.bbox
    pixels = page[round(y) : round(y + height), round(x) : round(x + width)].reshape(-1, 3)
    darkest = pixels[np.argsort(pixels.sum(axis=1, dtype=int))[: 1 + len(pixels) // 12]]
    color = tuple(int(value) for value in np.median(darkest, axis=0))
    return Marker(page, x, y, width, height, median(digit.bbox[3] for digit in number.digits), color, rng)


def stands_on(true: TrueNumber, found: Number) -> bool:
    """Whether a good part of a number that was found lies where one stands, or of that one in it."""
    box = found.bbox
    x, y, width, height = true.bbox
    across = min(x + width, box.right) - max(x, box.x)
    down = min(y + height, box.bottom) - max(y, box.y)
    return across > 0.3 * min(width, box.width) and down > 0.3 * min(height, box.height)


if __name__ == "__main__":
    main()
