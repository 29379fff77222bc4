"""Measures what the weights of `recognition/trust.py` are worth, and which of them are likeliest.

    python tests/benchmarks/trust.py PAGES [PAGES …] [--weights OTHERS,NONE …] [--jobs 2]

PAGES are folders of pages with truth files, as `digitdrop evaluate --pages` takes them; those the weights are fitted to
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
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from config.shipped import shipped_companions, shipped_model
from recognition import numbers, page
from recognition.calibrate import Probabilities
from recognition.classify import NOT_A_DIGIT
from recognition.params import RecognitionParams, Thresholds, TrustParams
from recognition.reader import Reader, load_reader
from recognition.reading import Reading
from recognition.training.scoring import score_pages
from recognition.training.truth import TruePage, load_pages_with_truth
from recognition.trust import trusted

PARAMS = RecognitionParams()
BARE = replace(PARAMS, trust=TrustParams(1, 1), thresholds=Thresholds(accept=0, digit=0))
"""So that what needs a review needs one however sure its digits are."""
PAIRS = ["1,1", "1.2,0.5", "1.4,0.5", "1.4,0.3", "1.4,0.2", "1.5,0.3", "1.7,0.5", "1.7,0.3", "2,0.5", "2,0.3"]
_SEARCHED = np.geomspace(0.1, 10, 41)

_reader: Reader
_seen: list[list[Reading]] = []


@dataclass(frozen=True, slots=True)
class Found:
    """A number that was read.

    Attributes:
        digits: of each the probabilities of itself, of all other digits together and of none, and its highest
            confidence, float64 (n, 4).
        right: whether each is right; None where the truth has another number of digits, or is not known.
        is_right: the number stands there.
        free: no doubt but about its digits.
    """

    digits: NDArray[np.float64]
    right: list[bool] | None
    is_right: bool
    free: bool


def main() -> None:
    """Reads all pages, prints the table, and the likeliest weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+", help="folders of pages with truth files")
    parser.add_argument("--weights", nargs="*", default=PAIRS, help="pairs of factors")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    pages = [one for folder in options.pages for one in load_pages_with_truth(folder)]
    stand = sum(len(" ".join(one.truth.lines).split()) for one in pages)
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn"), start) as pool:
        found = [number for numbers in pool.map(read, pages) for number in numbers]
    usual = int(np.count_nonzero(accepted(found, 1, 1) >= PARAMS.thresholds.accept))
    print(f"{'weights':>12}{'accepted':>10}{'slips/1000':>12}{'moved to':>10}{'slips/1000':>12}")
    for pair in options.weights:
        sure = accepted(found, *map(float, pair.split(",")))
        moved = float(np.sort(sure)[::-1][usual - 1])
        share, slips = figures(found, sure, PARAMS.thresholds.accept, stand)
        print(f"{pair:>12}{share:10.4f}{slips:12.2f}{moved:10.3f}{figures(found, sure, moved, stand)[1]:12.2f}")
    print("likeliest:", *(f"{weight:.2f}" for weight in likeliest(found)))


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


def read(one: TruePage) -> list[Found]:
    """Reads a page and compares it with its truth."""
    _seen.clear()
    document = page.read_document(one.path.read_bytes(), _reader, BARE)
    found = [number for each in document.pages for number in each.numbers]
    verdicts = score_pages(one.truth, [each.numbers for each in document.pages]).verdicts
    result = []
    for number, verdict, digits in zip(found, verdicts, _seen, strict=True):
        truth = number.text if verdict.right else verdict.truth
        right = (
            [a == b for a, b in zip(number.text, truth, strict=True)] if truth and len(truth) == len(digits) else None
        )
        rows = [
            (d.confidence, 1 - d.confidence - d.rubbish, float(d.probabilities[NOT_A_DIGIT]), d.most) for d in digits
        ]
        result.append(Found(np.maximum(rows, 0), right, verdict.right, not number.needs_review))
    return result


def accepted(found: Sequence[Found], others: float, none: float) -> NDArray[np.float64]:
    """The confidence of each number; 0 of those that need a review whatever it is."""
    return np.array([min(sureness(one.digits, others, none)) if one.free else 0.0 for one in found])


def sureness(digits: NDArray[np.float64], others: float, none: float) -> NDArray[np.float64]:
    """The confidence of each digit."""
    itself, other, nothing, most = digits.T
    return np.minimum(itself / np.maximum(itself + others * other + none * nothing, 1e-9), most)


def figures(found: Sequence[Found], sure: NDArray[np.float64], accept: float, stand: int) -> tuple[float, float]:
    """The share of the numbers that stand there that is accepted and right, and the wrong of 1,000 accepted."""
    taken = [one.is_right for one, confidence in zip(found, sure, strict=True) if confidence >= accept]
    return sum(taken) / stand, 1000 * (len(taken) - sum(taken)) / max(1, len(taken))


def likeliest(found: Sequence[Found]) -> tuple[float, float]:
    """The weights under which it is likeliest that the digits are right that are, and the others not."""
    digits = np.concatenate([one.digits for one in found if one.right is not None])
    right = np.concatenate([one.right for one in found if one.right is not None])

    def loss(others: float, none: float) -> float:
        sure = np.clip(sureness(digits, others, none), 1e-6, 1 - 1e-6)
        return -float(np.log(np.where(right, sure, 1 - sure)).mean())

    return min(((others, none) for others in _SEARCHED for none in _SEARCHED), key=lambda pair: loss(*pair))


if __name__ == "__main__":
    main()
