"""What people have said of numbers, as lessons: the digits that are written there, and what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.schema import Settings
from daemon.documents import Entry
from daemon.ledger import Ledger
from daemon.result import numbers_of
from recognition.types import BoundingBox, Document, Number

HELD_BACK = 4
"""One document in so many is not taught, to judge by it."""
SAME_PLACE = 0.8
"""Numbers are the same where their boxes share this much of what they cover together."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """A number that a person has looked at.

    Attributes:
        page: from 1.
        bbox: of the number on the upright page.
        text: what it is; empty where it is none.
    """

    page: int
    bbox: BoundingBox
    text: str


@dataclass(frozen=True, slots=True)
class LookedOver:
    """A document of which people have said what some of its numbers are.

    Attributes:
        original: where it should stand.
        sha256: of its content.
        numbers: that people have looked at.
    """

    original: Path
    sha256: str
    numbers: tuple[Vouched, ...]

    @property
    def is_held_back(self) -> bool:
        """Whether it is one to judge by; it always will be, also when more documents have come."""
        return int(self.sha256[:8], 16) % HELD_BACK == 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """The digits of a number, as the network saw them, uint8 (n, 28, 28) as bytes, and what they are."""

    pictures: bytes
    text: str


def looked_over(settings: Settings, ledger: Ledger) -> Iterator[LookedOver]:
    """The documents of which people have said anything.

    Args:
        settings: tell where the originals stand.
        ledger: knows what was said.
    """
    for document in ledger.reviews.looked_over():
        entry = ledger.entry(document.key)
        vouched = tuple(
            Vouched(page["page"], BoundingBox(*number["bbox"]), number["text"])
            for page, number in numbers_of(document.result)
            if "read" in number
        )
        yield LookedOver(_original(settings, entry), str(document.result["sha256"]), vouched)


def lessons_of(numbers: Sequence[Vouched], document: Document) -> Iterator[Lesson]:
    """The numbers that were found again and have as many digits as people have seen.

    Of others it is not known which digit is which.

    Args:
        numbers: that people have looked at.
        document: as it was read now, with the pictures of its digits.
    """
    for vouched in numbers:
        found = _found(vouched, document)
        if found is not None and vouched.text and len(vouched.text) == len(found.digits):
            yield Lesson(found.pictures, vouched.text)


def right(numbers: Sequence[Vouched], document: Document) -> int:
    """How many numbers are read as people say; what is none must not be found.

    Args:
        numbers: that people have looked at.
        document: as it was read now.
    """
    found = [(vouched.text, _found(vouched, document)) for vouched in numbers]
    return sum(text == ("" if one is None else one.text) for text, one in found)


def _original(settings: Settings, entry: Entry) -> Path:
    if settings.archive is not None and entry.target is not None:
        return settings.archive / entry.target
    return settings.inbox / entry.path


def _found(vouched: Vouched, document: Document) -> Number | None:
    for page in document.pages:
        if page.page == vouched.page:
            shares = [(_share(vouched.bbox, number.bbox), number) for number in page.numbers]
            share, number = max(shares, key=lambda one: one[0], default=(0.0, None))
            return number if share >= SAME_PLACE else None
    return None


def _share(one: BoundingBox, other: BoundingBox) -> float:
    """How much two boxes share of what they cover together (the Jaccard index)."""
    width = min(one.right, other.right) - max(one.x, other.x)
    height = min(one.bottom, other.bottom) - max(one.y, other.y)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.width * one.height + other.width * other.height - shared)
