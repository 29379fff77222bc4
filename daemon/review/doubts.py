"""The numbers of a day that a person should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from daemon.content import DayEntry
from daemon.ledger.reviews import ReadDocument, ReviewBook
from daemon.result import NumberJson, numbers_of

MAX_DOUBTS = 5_000
"""Of a day that are held in memory; more come when those are looked over."""

PER_SCREEN = 24
"""Numbers that are looked over together: as many as a screen shows."""

_LIKELY = 0.02
"""From this probability on, another digit is named."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A number to look at.

    Attributes:
        document: its key in the ledger.
        index: of the number among all of the document, in reading order.
        name: of the document's files in the outbox.
        page: on which it stands, from 1.
        size: (width, height) of that page in pixels.
        picture: the annotated picture of the page, relative to the outbox; empty where it is not known.
        number: as it stands in the result.
        doubted: the places of its digits that are doubted, from 0.
        has_crop: whether the ledger still keeps its picture.
    """

    document: int
    index: int
    name: str
    page: int
    size: tuple[int, int]
    picture: str
    number: NumberJson
    doubted: tuple[int, ...]
    has_crop: bool

    @property
    def id(self) -> str:
        """What a form calls it."""
        return f"{self.document}.{self.index}"

    @property
    def text(self) -> str:
        """As it was read."""
        return str(self.number["text"])

    @property
    def digits(self) -> frozenset[int]:
        """The values of its digits that are doubted, as they were read."""
        return frozenset(self.number["digits"][place]["digit"] for place in self.doubted)

    @property
    def choices(self) -> list[str]:
        """What each of its doubted digits may be: as it was read, and what is likely next to that."""
        return [_choice(self.number["digits"][place]) for place in self.doubted]

    @property
    def surroundings(self) -> tuple[int, int, int, int]:
        """(x, y, width, height) of the part of the page in which it is shown in its place, in pixels."""
        x, y, width, height = self.number["bbox"]
        return x - 8 * height, y - 4 * height, width + 16 * height, 9 * height


class Day:
    """The doubtful numbers of one day, in the order of the documents.

    Args:
        book: the ledger's.
        day: YYYY-MM-DD.
        accept: a digit with less confidence is doubted.
    """

    def __init__(self, book: ReviewBook, day: str, accept: float) -> None:
        self._book = book
        self._accept = accept
        self._doubts: dict[int, tuple[Doubt, ...]] = {}
        self.day = day

    def refresh(self) -> None:
        """Takes in the documents that were published since, until there are enough numbers to look at."""
        held = sum(map(len, self._doubts.values()))
        for key in self._book.doubtful(self.day):
            if held >= MAX_DOUBTS:
                break
            if key not in self._doubts:
                held += self._take(key)

    def reread(self, documents: Iterable[int]) -> None:
        """Looks at documents once more, in which numbers have changed."""
        for key in documents:
            self._take(key)

    def all(self) -> Iterator[Doubt]:
        """The numbers to look at."""
        for key in sorted(self._doubts):
            yield from self._doubts[key]

    def find(self, document: int, index: int) -> Doubt | None:
        """One of them; None where it is none, or no more."""
        return next((doubt for doubt in self._doubts.get(document, ()) if doubt.index == index), None)

    def counts(self) -> dict[int, int]:
        """How many numbers have a doubtful digit of each value that any has."""
        return dict(sorted(Counter(digit for doubt in self.all() for digit in doubt.digits).items()))

    def _take(self, key: int) -> int:
        """Looks at a document; returns how many of its numbers are to be looked at."""
        self._doubts[key] = tuple(_doubts(self._book.document(key), self._book, self._accept))
        return len(self._doubts[key])


def _doubts(document: ReadDocument, book: ReviewBook, accept: float) -> Iterator[Doubt]:
    entry = DayEntry(document.result, outputs=document.outputs)
    numbers = list(numbers_of(document.result))
    doubtful = [place for place, (_, number) in enumerate(numbers) if number["needs_review"]]
    crops = book.kept_crops(document.key) if doubtful else frozenset()
    for index in doubtful:
        page, number = numbers[index]
        yield Doubt(
            document.key,
            index,
            entry.name,
            page["page"],
            (page["width"], page["height"]),
            entry.picture(page["page"]),
            number,
            doubted_places(number, accept),
            index in crops,
        )


def doubted_places(number: Mapping[str, Any], accept: float) -> tuple[int, ...]:
    """The places of the digits for which a number is to be looked at: all that are not sure, or else the least sure.

    Args:
        number: as it stands in a result.
        accept: the confidence of a sure one.
    """
    sure = [digit["confidence"] for digit in number["digits"]]
    return tuple(place for place, one in enumerate(sure) if one < accept or one == min(sure))


def _choice(digit: Mapping[str, Any]) -> str:
    others = [str(value) for value, probability in digit["alternatives"] if probability >= _LIKELY]
    return " or ".join([str(digit["digit"]), *others[:1]])
