"""What a person says of the numbers on a screen."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from daemon.ledger.reviews import Change, ReviewBook
from daemon.result import NumberJson
from daemon.review.doubts import Day

MAX_DIGITS = 40
_NUMBER = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}")
_SPACES = re.compile(r"\s")

Saved = Mapping[int, Mapping[int, Change]]
"""What was changed, by document and by the index of the number."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a form says of a number.

    Attributes:
        seen: the text that the person saw, as it was read.
        text: what it is.
        none: it is no number.
        later: nothing is said of it now.
    """

    seen: str
    text: str
    none: bool = False
    later: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a form.

    Attributes:
        saved: what was changed.
        left: how many numbers are left for later, or still have a `?`.
        refused: texts that are no numbers.
        overtaken: how many numbers have changed since they were shown, and stay as they are.
    """

    saved: Saved
    left: int
    refused: tuple[str, ...]
    overtaken: int

    @property
    def count(self) -> int:
        """How many numbers were changed."""
        return sum(map(len, self.saved.values()))


def settled(number: NumberJson, text: str) -> NumberJson:
    """A number as a person says it is; the text is empty where it is none. What was read stays in `read`."""
    read = number.get("read", number["text"])
    return {**number, "text": text, "needs_review": False, "reasons": [], "read": read}


def save(book: ReviewBook, day: Day, answers: Mapping[tuple[int, int], Answer]) -> Outcome:
    """Takes what a person says into the ledger.

    Args:
        book: the ledger's.
        day: to which the numbers belong.
        answers: by document and index of the number.

    Returns:
        What came of it; nothing is said of a number twice.

    Raises:
        LedgerError: the ledger refused; what was saved before it did stays saved.
    """
    changes: defaultdict[int, dict[int, Change]] = defaultdict(dict)
    left, refused, overtaken = 0, [], 0
    for (document, index), answer in answers.items():
        doubt = day.find(document, index)
        if doubt is None or doubt.text != answer.seen:
            overtaken += 1
            continue
        text = "" if answer.none else _SPACES.sub("", answer.text)
        if answer.later or "?" in text:
            left += 1
        elif answer.none or _NUMBER.fullmatch(text):
            changes[document][index] = Change(doubt.number, settled(doubt.number, text))
        else:
            refused.append(answer.text)
    saved = _apply(book, day, changes)
    overtaken += sum(map(len, changes.values())) - sum(map(len, saved.values()))
    return Outcome(saved, left, tuple(refused), overtaken)


def undo(book: ReviewBook, day: Day, saved: Saved) -> int:
    """Takes back what was saved; returns how many numbers are as they were read again."""
    back = {
        document: {index: Change(change.new, change.seen) for index, change in changes.items()}
        for document, changes in saved.items()
    }
    return sum(map(len, _apply(book, day, back).values()))


def _apply(book: ReviewBook, day: Day, changes: Saved) -> Saved:
    saved = {}
    try:
        for document, wanted in changes.items():
            done = book.change(document, wanted)
            if done:
                saved[document] = {index: wanted[index] for index in done}
    finally:
        day.reread(changes)
    return saved
