"""Measures what the weights of `recognition/trust.py` are worth.

    python tests/benchmarks/trust.py PAGES [PAGES …] [--weights OTHERS,NONE …] [--jobs 2]

PAGES are folders of pages with truth files, as `digitdrop evaluate --pages` takes them; those the weights are chosen by
must be drawn with digits that no network was trained on. Each page is read once. For each pair of weights: the share of
the numbers that are accepted and right, the wrong ones of 1,000 accepted, and the same where the threshold is moved so
that as many are accepted as by weights of one.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from config.shipped import shipped_companions, shipped_model
from recognition import numbers, page
from recognition.calibrate import Probabilities
from recognition.params import RecognitionParams, Thresholds, TrustParams
from recognition.reader import Reader, load_reader
from recognition.reading import Reading
from recognition.training.scoring import score_pages
from recognition.training.truth import TruePage, load_pages_with_truth
from recognition.trust import trusted

PARAMS = RecognitionParams()
AS_READ = TrustParams(others=1, none=1)
BARE = replace(PARAMS, trust=AS_READ, thresholds=Thresholds(accept=0, digit=0))
"""So that what needs a review needs one however sure its digits are."""
PAIRS = ["1.3,1", "1,0.3", "1.3,0.3", "1.6,0.3", "1.3,0.1", "2,0.3"]

_reader: Reader
_seen: list[list[Reading]] = []


@dataclass(frozen=True, slots=True)
class Found:
    """A number that was read.

    Attributes:
        confidences: by each of the weights; 0 where it needs a review whatever they are.
        right: it stands there.
    """

    confidences: tuple[float, ...]
    right: bool


def main() -> None:
    """Reads all pages and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+", help="folders of pages with truth files")
    parser.add_argument("--weights", nargs="*", default=PAIRS, help="pairs of factors")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    pages = [one for folder in options.pages for one in load_pages_with_truth(folder)]
    stand = sum(len(" ".join(one.truth.lines).split()) for one in pages)
    weights = [AS_READ, *(TrustParams(*map(float, pair.split(","))) for pair in options.weights)]
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn"), start) as pool:
        found = [number for of_page in pool.map(partial(read, weights=weights), pages) for number in of_page]
    sure = np.array([number.confidences for number in found]).T
    right = np.array([number.right for number in found])
    usual = int(np.count_nonzero(sure[0] >= PARAMS.thresholds.accept))
    print(f"{'others':>8}{'none':>8}{'accepted':>10}{'slips/1000':>12}{'moved to':>10}{'slips/1000':>12}")
    for pair, confidences in zip(weights, sure, strict=True):
        moved = float(np.sort(confidences)[::-1][usual - 1])
        share, slips = figures(right[confidences >= PARAMS.thresholds.accept], stand)
        _, then = figures(right[confidences >= moved], stand)
        print(f"{pair.others:8}{pair.none:8}{share:10.4f}{slips:12.2f}{moved:10.3f}{then:12.2f}")


def start() -> None:
    """Loads the networks in a process, and keeps each number's digits as they are before they are weighed."""
    global _reader
    cv2.setNumThreads(1)
    _reader = load_reader(shipped_model(), *shipped_companions())
    numbers.trusted = kept


def kept(readings: Sequence[Reading], params: TrustParams) -> Probabilities:
    """Stands in for `trusted`, and keeps the digits of a number as they are before they are weighed."""
    _seen.append(list(readings))
    return trusted(readings, params)


def read(one: TruePage, weights: Sequence[TrustParams]) -> list[Found]:
    """Reads a page and compares it with its truth."""
    _seen.clear()
    document = page.read_document(one.path.read_bytes(), _reader, BARE)
    found = [number for each in document.pages for number in each.numbers]
    verdicts = score_pages(one.truth, [each.numbers for each in document.pages]).verdicts
    return [
        Found(tuple(0.0 if number.needs_review else weakest(readings, pair) for pair in weights), verdict.right)
        for number, verdict, readings in zip(found, verdicts, _seen, strict=True)
    ]


def weakest(readings: Sequence[Reading], weights: TrustParams) -> float:
    """The confidence of a number's weakest digit."""
    rows = trusted(readings, weights)
    return min(float(row[reading.digit]) for row, reading in zip(rows, readings, strict=True))


def figures(accepted: NDArray[np.bool_], stand: int) -> tuple[float, float]:
    """The share of the numbers that stand there that is accepted and right, and the wrong of 1,000 accepted."""
    right = int(np.count_nonzero(accepted))
    return right / stand, 1000 * (len(accepted) - right) / max(1, len(accepted))


if __name__ == "__main__":
    main()
