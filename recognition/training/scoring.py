"""Compares the numbers that were read in a document with what stands there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from recognition.training.truth import Box, TrueNumber, Truth
from recognition.types import REJECTED, Number

MIN_NUMBER_OVERLAP = 0.3
"""A number read lies where one stands when their boxes' intersection over union is above it."""
MIN_DIGIT_OVERLAP = 0.5
"""Likewise for digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was counted on pages; the counts of several pages add up.

    Attributes:
        pages: how many.
        numbers: that stand there.
        exact: of these, read without a mistake.
        alarms: numbers read where none stands.
        accepted_right: numbers accepted and right.
        slips: numbers accepted and wrong, or where none stands.
        digits: that stand there, of the pages whose digits have boxes.
        found: of these, with a digit read in their place.
        digit_right: of the found ones, read as what they are.
        truth_digits: that stand there, of all pages.
        edits: digits to replace, add and take away until a page's digits in reading order are right.
    """

    pages: int = 0
    numbers: int = 0
    exact: int = 0
    alarms: int = 0
    accepted_right: int = 0
    slips: int = 0
    digits: int = 0
    found: int = 0
    digit_right: int = 0
    truth_digits: int = 0
    edits: int = 0

    def __add__(self, other: Counts) -> Counts:
        names = [field.name for field in fields(self)]
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in names})

    def figures(self) -> dict[str, int | float | None]:
        """The counts as shares; None where there is nothing to take a share of.

        Returns:
            pages and numbers; exact: of the numbers that stand there; alarms/page: numbers read where none stands;
            accepted: right and accepted, of the numbers that stand there; slips/1000: wrong of 1000 accepted; found:
            of the digits with boxes; digit: right of the found; DER: digit error rate, edits per digit.
        """
        accepted = self.accepted_right + self.slips
        return {
            "pages": self.pages,
            "numbers": self.numbers,
            "exact": _share(self.exact, self.numbers),
            "alarms/page": self.alarms / max(1, self.pages),
            "accepted": _share(self.accepted_right, self.numbers),
            "slips/1000": 1000 * self.slips / accepted if accepted else 0.0,
            "found": _share(self.found, self.digits),
            "digit": _share(self.digit_right, self.found),
            "DER": _share(self.edits, self.truth_digits),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a number that was read.

    Attributes:
        right: it stands there, without a mistake.
        alarm: none stands where it was read; None where that is not known, because the truth has no boxes.
        truth: the number it was read for; None where that is not known.
    """

    right: bool
    alarm: bool | None
    truth: str | None


@dataclass(frozen=True, slots=True)
class PageScore:
    """A page's counts, a verdict on each number that was read, and the numbers that nothing was read for."""

    counts: Counts
    verdicts: tuple[Verdict, ...]
    missed: tuple[TrueNumber, ...]


def is_accepted(number: Number) -> bool:
    """Whether a number would be used without a person looking at it."""
    return not number.needs_review and REJECTED not in number.text


def score_pages(truth: Truth, pages: Sequence[Sequence[Number]]) -> PageScore:
    """Compares what was read with the truth, by place where the truth has boxes and by reading order elsewhere.

    Args:
        truth: of all pages of the document; its boxes are places on the first.
        pages: the numbers that were read on each page, in any order.

    Returns:
        Verdicts in the order of the numbers; missed numbers only where the truth has boxes.
    """
    numbers = [number for page in pages for number in page]
    first = pages[0] if pages else ()
    order = _reading_order(pages)
    if truth.numbers is None:
        verdicts, missed, alarms = _judge_by_text(truth, numbers, order)
    else:
        verdicts, missed, alarms = _judge_by_place(truth.numbers, numbers, len(first))
    digits, found, digit_right = _compare_digits(truth.numbers or (), first)
    written = "".join("".join(truth.lines).split())
    read = "".join(numbers[at].text for at in order)
    accepted = [verdict.right for verdict, number in zip(verdicts, numbers, strict=True) if is_accepted(number)]
    counts = Counts(
        pages=1,
        numbers=len(" ".join(truth.lines).split()) if truth.numbers is None else len(truth.numbers),
        exact=sum(verdict.right for verdict in verdicts),
        alarms=alarms,
        accepted_right=sum(accepted),
        slips=len(accepted) - sum(accepted),
        digits=digits,
        found=found,
        digit_right=digit_right,
        truth_digits=len(written),
        edits=edit_distance(read, written),
    )
    return PageScore(counts, tuple(verdicts), tuple(missed))


def _judge_by_place(
    stand: Sequence[TrueNumber], numbers: Sequence[Number], of_first: int
) -> tuple[list[Verdict], list[TrueNumber], int]:
    """On the page of the boxes are as many of the numbers as `of_first` says, and on the others none stands."""
    pairs = match([one.bbox for one in stand], [_box(number) for number in numbers[:of_first]], MIN_NUMBER_OVERLAP)
    truths = {read: stand[true].text for true, read in pairs.items()}
    verdicts = [
        Verdict(truths.get(at) == number.text, at not in truths, truths.get(at)) for at, number in enumerate(numbers)
    ]
    missed = [one for at, one in enumerate(stand) if at not in pairs]
    return verdicts, missed, len(numbers) - len(pairs)


def _judge_by_text(
    truth: Truth, numbers: Sequence[Number], order: Sequence[int]
) -> tuple[list[Verdict], list[TrueNumber], int]:
    """Each number of the truth takes one of the same text: in its place in the order, or else wherever it stands.

    Of several of the same text that which stands out of place is wrong, not that which happens to come last.
    """
    stand = " ".join(truth.lines).split()
    read = [numbers[at].text for at in order]
    equal = [(place, true) for place, true in _aligned(read, stand) if read[place] == stand[true]]
    right = {order[place] for place, _ in equal}
    free: defaultdict[str, list[int]] = defaultdict(list)
    for at in order:
        if at not in right:
            free[numbers[at].text].append(at)
    for text in (Counter(stand) - Counter(numbers[at].text for at in right)).elements():
        if free[text]:
            right.add(free[text].pop())
    meant = {order[place]: text for place, text in _likely_truths(equal, len(read), stand).items()}
    verdicts = [
        Verdict(True, False, number.text) if at in right else Verdict(False, None if stand else True, meant.get(at))
        for at, number in enumerate(numbers)
    ]
    return verdicts, [], max(0, len(numbers) - len(stand))


def _likely_truths(equal: Sequence[tuple[int, int]], read: int, stand: Sequence[str]) -> dict[int, str]:
    """What was probably meant where as many numbers were read between two right ones as stand there."""
    found: dict[int, str] = {}
    for (place, true), (next_place, next_true) in pairwise([(-1, -1), *equal, (read, len(stand))]):
        if next_place - place == next_true - true:
            found.update(zip(range(place + 1, next_place), stand[true + 1 : next_true], strict=True))
    return found


def _aligned(read: Sequence[str], stand: Sequence[str]) -> list[tuple[int, int]]:
    """Which of those read stands for which of the truth, where the fewest are to be replaced, added and taken away."""
    costs = list(_edit_costs(read, stand))
    place, true = len(read), len(stand)
    pairs = []
    while place and true:
        replaced = costs[place - 1][true - 1] + (read[place - 1] != stand[true - 1])
        if costs[place][true] == replaced:
            place, true = place - 1, true - 1
            pairs.append((place, true))
        elif costs[place][true] == costs[place - 1][true] + 1:
            place -= 1
        else:
            true -= 1
    return pairs[::-1]


def _compare_digits(stand: Sequence[TrueNumber], numbers: Sequence[Number]) -> tuple[int, int, int]:
    """How many digits with boxes there are, how many of them were found, and how many of these read right."""
    true_digits = [digit for number in stand for digit in number.digits]
    digits = [digit for number in numbers for digit in number.digits]
    boxes = [(digit.bbox.x, digit.bbox.y, digit.bbox.width, digit.bbox.height) for digit in digits]
    pairs = match([digit.bbox for digit in true_digits], boxes, MIN_DIGIT_OVERLAP)
    right = sum(true_digits[true].digit == str(digits[read].digit) for true, read in pairs.items())
    return len(true_digits), len(pairs), right


def match(stand: Sequence[Box], read: Sequence[Box], floor: float) -> dict[int, int]:
    """Pairs boxes one to one, those that overlap most first.

    Args:
        stand: boxes of the truth.
        read: boxes that were read.
        floor: pairs whose intersection over union is not above it are left out.

    Returns:
        Index among those that were read by index in the truth.
    """
    overlaps = _overlaps(stand, read)
    candidates = sorted(
        ((float(overlaps[true, found]), int(true), int(found)) for true, found in np.argwhere(overlaps > floor)),
        reverse=True,
    )
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, true, found in candidates:
        if true not in pairs and found not in taken:
            pairs[true] = found
            taken.add(found)
    return pairs


def _overlaps(stand: Sequence[Box], read: Sequence[Box]) -> NDArray[np.float64]:
    """Intersection over union of each box of the truth (row) with each that was read (column)."""
    rows = np.array(stand, np.float64).reshape(-1, 1, 4)
    columns = np.array(read, np.float64).reshape(1, -1, 4)
    low = np.maximum(rows[..., :2], columns[..., :2])
    high = np.minimum(rows[..., :2] + rows[..., 2:], columns[..., :2] + columns[..., 2:])
    shared = np.maximum(high - low, 0).prod(axis=-1)
    union = rows[..., 2:].prod(axis=-1) + columns[..., 2:].prod(axis=-1) - shared
    overlaps: NDArray[np.float64] = shared / union
    return overlaps


def edit_distance(first: str, second: str) -> int:
    """Levenshtein's distance: how many characters to replace, add or take away to make one text of the other."""
    *_, last = _edit_costs(first, second)
    return last[-1]


def _edit_costs(first: Sequence[str], second: Sequence[str]) -> Iterator[list[int]]:
    """The distance of each beginning of the first (row) from each beginning of the second (column).

    After Wagner and Fischer, "The string-to-string correction problem", Journal of the ACM 21 (1974).
    """
    row = list(range(len(second) + 1))
    yield row
    for count, one in enumerate(first, 1):
        above, row = row, [count]
        for at, other in enumerate(second):
            row.append(min(above[at + 1] + 1, row[at] + 1, above[at] + (one != other)))
        yield row


def _reading_order(pages: Sequence[Sequence[Number]]) -> list[int]:
    """Indices among the numbers of all pages by page, then by line, then from the left."""
    places = [(at, number.line, number.bbox.x) for at, page in enumerate(pages) for number in page]
    return sorted(range(len(places)), key=places.__getitem__)


def _box(number: Number) -> Box:
    return number.bbox.x, number.bbox.y, number.bbox.width, number.bbox.height


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
