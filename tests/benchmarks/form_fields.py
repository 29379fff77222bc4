"""Reads numbers written into the fields that forms have: boxes, combs, single lines, dashes, in several greys.

    python tests/benchmarks/form_fields.py --data MNIST [--pages 4] [--seed 1] [--only KIND…] [--jobs 2] [--json FILE]
    python tests/benchmarks/form_fields.py --data MNIST [--pages 4] [--seed 1] [--only KIND…] --draw FOLDER

The digits are those of MNIST's test split. A number counts as read where the page has one of that text. With `--draw`
no page is read; they are put into a folder with their truth, for `ablation.py`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

# The drawing code stands one folder up, where folders have the names of the packages and must not be taken for them.
sys.path.insert(0, str(Path(__file__).parents[1]))
from sample_pages import BLACK_INK, Digits, Hand, grain, inked, number, paper

sys.path.pop(0)

from disturbed import FIGURES, HEADINGS, compared, rates

from config.shipped import shipped_companions, shipped_model
from recognition.page import read_document
from recognition.params import RecognitionParams
from recognition.reader import Reader, load_reader
from recognition.training.dataset import load_test

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""Of a field: x, y, the width of each of its cells, and its height."""
Draw = Callable[[Pixels, Box, int, int, int], None]
"""Draws a field on a page: its box, how many cells it has, its grey, and how thick its lines are."""

WIDTH_PX, HEIGHT_PX = 1654, 2338
"""A4 of 200 dots an inch."""
GREYS = (70, 160, 205)

_reader: Reader
_digits: Digits


def boxes(page: Pixels, box: Box, count: int, grey: int, line_px: int) -> None:
    """Boxes side by side, each sharing its sides with its neighbors."""
    x, y, width, height = box
    for k in range(count):
        cv2.rectangle(page, (x + k * width, y), (x + (k + 1) * width, y + height), (grey,) * 3, line_px)


def boxes_apart(page: Pixels, box: Box, count: int, grey: int, line_px: int) -> None:
    """Boxes with a little room between them."""
    x, y, width, height = box
    for k in range(count):
        cv2.rectangle(page, (x + k * width + 3, y), (x + (k + 1) * width - 3, y + height), (grey,) * 3, line_px)


def comb(page: Pixels, box: Box, count: int, grey: int, line_px: int, share: float) -> None:
    """A line with upright ones standing on it, which reach over a share of the field's height."""
    x, y, width, height = box
    cv2.line(page, (x, y + height), (x + count * width, y + height), (grey,) * 3, line_px)
    for k in range(count + 1):
        top = y + round(height * (1 - share))
        cv2.line(page, (x + k * width, top), (x + k * width, y + height), (grey,) * 3, line_px)


def box_with_teeth(page: Pixels, box: Box, count: int, grey: int, line_px: int, *, above: bool) -> None:
    """One long box that short upright lines part, from below and, where asked for, from above."""
    x, y, width, height = box
    cv2.rectangle(page, (x, y), (x + count * width, y + height), (grey,) * 3, line_px)
    tooth = round(0.25 * height)
    for k in range(1, count):
        cv2.line(page, (x + k * width, y + height - tooth), (x + k * width, y + height), (grey,) * 3, line_px)
        if above:
            cv2.line(page, (x + k * width, y), (x + k * width, y + tooth), (grey,) * 3, line_px)


def box_with_dashes(page: Pixels, box: Box, count: int, grey: int, line_px: int) -> None:
    """One long box that dashed upright lines part."""
    x, y, width, height = box
    cv2.rectangle(page, (x, y), (x + count * width, y + height), (grey,) * 3, line_px)
    for k in range(1, count):
        for top in range(y + 4, y + height, 12):
            cv2.line(page, (x + k * width, top), (x + k * width, min(top + 6, y + height)), (grey,) * 3, line_px)


def long_box(page: Pixels, box: Box, count: int, grey: int, line_px: int) -> None:
    """One long box."""
    x, y, width, height = box
    cv2.rectangle(page, (x, y), (x + count * width, y + height), (grey,) * 3, line_px)


def line(page: Pixels, box: Box, count: int, grey: int, line_px: int) -> None:
    """A line to write on."""
    x, y, width, height = box
    cv2.line(page, (x, y + height), (x + count * width, y + height), (grey,) * 3, line_px)


def dashes(page: Pixels, box: Box, count: int, grey: int, line_px: int) -> None:
    """A dash below each digit."""
    x, y, width, height = box
    for k in range(count):
        cv2.line(page, (x + k * width + 6, y + height), (x + (k + 1) * width - 6, y + height), (grey,) * 3, line_px)


def dots(page: Pixels, box: Box, count: int, grey: int, line_px: int) -> None:
    """A dotted line to write on."""
    x, y, width, height = box
    for column in range(x, x + count * width, 8):
        cv2.circle(page, (column, y + height), line_px, (grey,) * 3, cv2.FILLED, cv2.LINE_AA)


def lettered_boxes(page: Pixels, box: Box, count: int, grey: int, line_px: int) -> None:
    """Boxes with a pale letter in each that says what belongs there, as for a date."""
    boxes(page, box, count, grey, line_px)
    x, y, width, height = box
    pale = (min(225, grey + 90),) * 3
    for k in range(count):
        place = x + k * width + width // 4, y + round(0.7 * height)
        cv2.putText(page, "DDMMYYYY"[k % 8], place, cv2.FONT_HERSHEY_SIMPLEX, height / 55, pale, 2, cv2.LINE_AA)


BARE = ("one long box", "a line", "a dotted line")
"""Kinds without cells, into which people write as close as elsewhere."""
KINDS: dict[str, Draw] = {
    "boxes": boxes,
    "boxes apart": boxes_apart,
    "a comb with low teeth": partial(comb, share=0.25),
    "a comb with teeth half as high": partial(comb, share=0.5),
    "boxes without tops": partial(comb, share=1.0),
    "a box with teeth": partial(box_with_teeth, above=False),
    "a box with teeth on both sides": partial(box_with_teeth, above=True),
    "a box with dashed dividers": box_with_dashes,
    "one long box": long_box,
    "a line": line,
    "a dash for each digit": dashes,
    "a dotted line": dots,
    "boxes with letters": lettered_boxes,
}


def main() -> None:
    """Draws and reads the pages, prints the table, and writes the JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST's IDX files")
    parser.add_argument("--pages", type=int, default=4, help="pages of each kind and grey")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--greys", nargs="*", type=int, default=list(GREYS))
    parser.add_argument("--draw", type=Path, metavar="FOLDER", help="put the pages here, and read none")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    seeds = [[options.seed, k] for k in range(options.pages)]
    if options.draw:
        put(options, seeds)
        return
    table = {}
    print(f"{'':40}{HEADINGS}")
    pool = ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn"), start, (options.data,))
    with pool:
        for kind in options.only:
            for grey in options.greys:
                counts = sum(pool.map(partial(read, kind, grey), seeds), Counter())
                name = f"{kind}, grey {grey}"
                table[name] = rates(counts)
                print(f"{name:40}" + FIGURES.format_map(table[name]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


def start(data: Path) -> None:
    """Loads the networks and the digits in a process."""
    global _reader, _digits
    cv2.setNumThreads(1)
    _reader = load_reader(shipped_model(), *shipped_companions())
    _digits = Digits(*load_test(data))


def put(options: argparse.Namespace, seeds: list[list[int]]) -> None:
    """Draws the pages into a folder, with truth files."""
    global _digits
    _digits = Digits(*load_test(options.data))
    options.draw.mkdir(parents=True, exist_ok=True)
    for kind, grey, seed in itertools.product(options.only, options.greys, seeds):
        page, numbers = draw(kind, grey, seed)
        path = options.draw / f"{kind.replace(' ', '-')}-{grey}-{seed[1]}.png"
        path.write_bytes(cv2.imencode(".png", page)[1])
        lines = [" ".join(numbers[k : k + 3]) for k in range(0, len(numbers), 3)]
        truth = {"group": "fields", "kind": kind, "lines": lines}
        path.with_suffix(".truth.json").write_text(json.dumps(truth) + "\n", "utf-8")


def draw(kind: str, grey: int, seed: list[int]) -> tuple[Pixels, list[str]]:
    """A page of fields of a kind, three in a row, and the numbers in them; the same numbers for the same seed."""
    rng = np.random.default_rng(seed)
    page = paper(rng, HEIGHT_PX, WIDTH_PX, (246, 248, 248))
    hand = Hand(rng, _digits, (HEIGHT_PX, WIDTH_PX))
    width, height, line_px = int(rng.integers(44, 62)), int(rng.integers(56, 80)), int(rng.integers(1, 4))
    numbers = []
    for y in range(120, HEIGHT_PX - 200, height + 70):
        for x in (90, 640, 1140):
            text = number(rng, int(rng.integers(2, 8)))
            KINDS[kind](page, (x, y, width, height), len(text), grey, line_px)
            if kind in BARE:
                hand.write(text, x + 0.3 * width, y + 0.3 * height, 0.6 * height)
            for k, digit in enumerate(text if kind not in BARE else ""):
                shift = rng.uniform(-0.06, 0.06, 2) * (width, height)
                hand.write_into(digit, x + k * width + shift[0], y + 0.08 * height + shift[1], width, 1.1 * height)
            numbers.append(text)
    return grain(rng, inked(page, hand.ink, BLACK_INK), 3), numbers


def read(kind: str, grey: int, seed: list[int]) -> Counter[str]:
    """Draws a page, reads it and counts; `start` was called."""
    page, numbers = draw(kind, grey, seed)
    data = cv2.imencode(".png", page, (cv2.IMWRITE_PNG_COMPRESSION, 1))[1].tobytes()
    found = read_document(data, _reader, RecognitionParams()).pages[0].numbers
    return compared(Counter(numbers), found)


if __name__ == "__main__":
    main()
