"""Reads pages drawn from MNIST's test split with the shipped model, and prints how well it does.

    python tests/benchmarks/pages.py --data MNIST [--each 3] [--seed 1] [--json FILE]

The same seed draws the same pages, so that two versions of digitdrop can be compared.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

# The drawing code stands one folder up, where folders have the names of the packages and must not be taken for them.
sys.path.insert(0, str(Path(__file__).parents[1]))
from sample_pages import Digits, DrawnPage, boxed_form, encode, log_sheet, pencil_page, photo, plain_page, touching_page

sys.path.pop(0)

from config.shipped import shipped_companions, shipped_model
from recognition.page import read_document
from recognition.params import RecognitionParams
from recognition.reader import Reader, load_reader
from recognition.training.dataset import load_test
from recognition.training.scoring import edit_distance

STYLES: dict[str, Callable[[np.random.Generator, Digits], DrawnPage]] = {
    "plain": plain_page,
    "ruled": log_sheet,
    "boxed": boxed_form,
    "photo": photo,
    "pencil": pencil_page,
    "touching": touching_page,
}


def main() -> None:
    """Draws and reads the pages, prints the table, and writes the JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST's IDX files")
    parser.add_argument("--each", type=int, default=3, help="pages of each style")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    digits = Digits(*load_test(options.data))
    scores = measure_accuracy(digits, options.each, options.seed)
    print_results(scores)
    if options.json:
        results = {
            "versions": versions(),
            "model_sha256": load_reader(shipped_model()).info.sha256,
            "each": options.each,
            "seed": options.seed,
            "styles": {style: rates(score) for style, score in scores.items()},
        }
        options.json.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


def measure_accuracy(digits: Digits, each: int, seed: int) -> dict[str, Counter[str]]:
    """Counts what is read right and wrong on pages of each style, and of all together."""
    reader = load_reader(shipped_model(), *shipped_companions())
    scores: dict[str, Counter[str]] = {}
    for index, (style, draw) in enumerate(STYLES.items()):
        pages = [draw(np.random.default_rng([seed, index, k]), digits) for k in range(each)]
        scores[style] = sum((score(page, reader) for page in pages), Counter())
    return {**scores, "all": sum(scores.values(), Counter())}


def score(page: DrawnPage, reader: Reader) -> Counter[str]:
    """Reads a page as a JPEG and compares what was read with what is there, both in reading order.

    Returns:
        numbers, digits: on the page. exact: numbers read without a mistake. digit_errors: digits to replace, add and
        take away until all is right, a rejected one among them. accepted: numbers that need no review. wrong: those of
        them that are not on the page.
    """
    document = read_document(encode("page.jpg", page), reader, RecognitionParams())
    truth = [number for line in page.lines for number in line]
    numbers = [number for read in document.pages for number in read.numbers]
    right = aligned([number.text for number in numbers], truth)
    accepted = {at for at, number in enumerate(numbers) if not number.needs_review}
    text = "".join(truth)
    return Counter(
        numbers=len(truth),
        exact=len(right),
        digits=len(text),
        digit_errors=edit_distance("".join(number.text for number in numbers), text),
        accepted=len(accepted),
        wrong=len(accepted - right),
    )


def aligned(read: Sequence[str], truth: Sequence[str]) -> set[int]:
    """The indices of a longest sequence of read numbers that also stands in the truth, in this order."""
    row: list[tuple[int, ...]] = [()] * (len(truth) + 1)
    for i, one in enumerate(read):
        previous, row = row, [()]
        for j, other in enumerate(truth):
            row.append((*previous[j], i) if one == other else max(previous[j + 1], row[j], key=len))
    return set(row[-1])


def rates(counts: Mapping[str, int]) -> dict[str, float]:
    """The counts as shares."""
    return {
        "numbers": counts["numbers"],
        "exact": round(counts["exact"] / max(1, counts["numbers"]), 4),
        "digit_error_rate": round(counts["digit_errors"] / max(1, counts["digits"]), 4),
        "accepted": counts["accepted"],
        "wrong_per_1000_accepted": round(1000 * counts["wrong"] / max(1, counts["accepted"]), 2),
    }


def print_results(scores: Mapping[str, Counter[str]]) -> None:
    """Prints a line for each style."""
    print(f"{'style':10}{'numbers':>9}{'exact':>9}{'digit errors':>14}{'accepted':>10}{'wrong per 1000':>16}")
    for style, counts in scores.items():
        share = rates(counts)
        print(
            f"{style:10}{share['numbers']:9}{share['exact']:9.1%}{share['digit_error_rate']:14.2%}"
            f"{share['accepted']:10}{share['wrong_per_1000_accepted']:16.1f}"
        )


def versions() -> dict[str, str]:
    """What the figures were made with."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "litert": version("ai-edge-litert"),
    }


if __name__ == "__main__":
    main()
