"""Measures what it is worth to know that columns add up (`checks.sums`).

    python tests/benchmarks/sums.py --data FOLDER [--pages 60] [--seed 1] [--rows 9]

FOLDER holds MNIST's IDX files; pages of four columns of numbers with their sums are drawn with its test split. Counted
are columns: how many were read wrong somewhere, or lost a number, how many of these ask nobody to look at them, by the
confidences alone and with the sums, and how many right ones do.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from config.shipped import shipped_companions, shipped_model
from recognition.checks import checked
from recognition.page import read_document
from recognition.params import CheckParams, RecognitionParams, Sums
from recognition.reader import Reader, load_reader
from recognition.training.dataset import load_test
from recognition.types import Number

sys.path.insert(0, str(Path(__file__).parents[1]))
from sample_pages import BLACK_INK, Digits, Hand, grain, inked, paper

sys.path.pop(0)

HEIGHT_PX, WIDTH_PX = 1754, 1240
COLUMNS, PITCH_PX, DIGIT_PX = 4, 290, 44
LEFT_PX, TOP_PX, ROW_PX = 70, 120, 84
CHECKS = {"alone": CheckParams(), "sums": CheckParams(sums=(Sums.COLUMNS,))}

_reader: Reader
_digits: Digits


def main() -> None:
    """Draws and reads the pages, and prints the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST's IDX files")
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=9, help="numbers above each sum")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    tasks = [(options.seed, page, options.rows) for page in range(options.pages)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, context, start, (options.data,)) as pool:
        counts = sum(pool.map(read, tasks), Counter())
    print(f"columns {counts['right'] + counts['wrong']}, of which read wrong {counts['wrong']}")
    for name in CHECKS:
        print(f"{name}: unseen wrong {counts[name, 'wrong']}, looked at although right {counts[name, 'right']}")


def start(data: Path) -> None:
    """Loads the networks and the digits in a process."""
    global _reader, _digits
    cv2.setNumThreads(1)
    _reader = load_reader(shipped_model(), *shipped_companions())
    _digits = Digits(*load_test(data))


def read(task: tuple[int, int, int]) -> Counter[str | tuple[str, str]]:
    """Draws a page, reads it, checks it both ways and counts its columns; `start` was called."""
    rng = np.random.default_rng(task[:2])
    hand = Hand(rng, _digits, (HEIGHT_PX, WIDTH_PX))
    columns = [column(rng, task[2]) for _ in range(COLUMNS)]
    for place, texts in enumerate(columns):
        for row, text in enumerate(texts):
            hand.write(text, LEFT_PX + place * PITCH_PX, TOP_PX + row * ROW_PX, DIGIT_PX)
    page = grain(rng, inked(paper(rng, HEIGHT_PX, WIDTH_PX, (246, 248, 248)), hand.ink, BLACK_INK), 3)
    data = cv2.imencode(".png", page, (cv2.IMWRITE_PNG_COMPRESSION, 1))[1].tobytes()
    counts: Counter[str | tuple[str, str]] = Counter()
    read_once = read_document(data, _reader, RecognitionParams()).pages[0].numbers
    for name, checks in CHECKS.items():
        numbers = checked(read_once, checks)
        for place, texts in enumerate(columns):
            found = of_column(numbers, place)
            right, looked_at = [one.text for one in found] == texts, any(one.needs_review for one in found)
            kind = "right" if right else "wrong"
            counts[kind] += name == "alone"
            counts[name, kind] += looked_at if right else not looked_at
    return counts


def column(rng: np.random.Generator, rows: int) -> list[str]:
    """Numbers of one to three digits, and their sum."""
    values = [int(rng.integers(1, 10 ** int(rng.integers(1, 4)))) for _ in range(rows)]
    return [str(value) for value in (*values, sum(values))]


def of_column(numbers: Sequence[Number], place: int) -> list[Number]:
    """The numbers that stand in a column, from the top."""
    left = LEFT_PX + place * PITCH_PX - 30
    return sorted((one for one in numbers if left <= one.bbox.x < left + PITCH_PX), key=lambda one: one.bbox.y)


if __name__ == "__main__":
    main()
