"""What people look over at a time, what they have saved of it, and how that is taken back."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from config.schema import Settings
from daemon.content import DayEntry
from daemon.errors import LedgerError
from daemon.ledger import Ledger
from daemon.ledger.schema import FILE, unusable
from daemon.outbox import content_of
from daemon.review.answers import Answer, Outcome, Saved, save, undo
from daemon.review.doubts import Day
from daemon.words import counted

_KEPT = 20
"""So many times that somebody has saved can be taken back."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What somebody has saved at once."""

    day: str
    outcome: Outcome
    taken_back: int | None = None

    @property
    def saved(self) -> Saved:
        """What of it can be taken back."""
        return self.outcome.saved if self.taken_back is None else {}

    def words(self) -> str:
        """What came of it, as sentences."""
        if self.taken_back is not None:
            return f"{counted(self.taken_back, 'number')} as before."
        outcome = self.outcome
        said = [f"{counted(outcome.count, 'number')} saved."]
        if outcome.left:
            said.append(f"{outcome.left} left for later.")
        if outcome.overtaken:
            verb = "was" if outcome.overtaken == 1 else "were"
            said.append(f"{outcome.overtaken} {verb} looked over by somebody else meanwhile.")
        if outcome.refused:
            listed = ", ".join(repr(text) for text in outcome.refused[:5])
            said.append(f"Only the digits 0 to 9 can be saved, not {listed}.")
        return " ".join(said)


class Review:
    """What the page shows, and what was saved on it.

    Args:
        settings: whose thresholds and outbox.
        ledger: the numbers.
    """

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._outbox = settings.outbox
        self._ledger_file = settings.state / FILE
        self.book = ledger.reviews
        self._accept = settings.thresholds.accept
        self._day: Day | None = None
        self._batches: OrderedDict[str, Batch] = OrderedDict()
        self._saves = 0

    def day(self, day: str) -> Day:
        """The doubtful numbers of a day, as they are now; those of one day are held at a time."""
        if self._day is None or self._day.day != day:
            self._day = Day(self.book, day, self._accept)
        self._day.refresh()
        return self._day

    def save(self, day: str, answers: Mapping[tuple[int, int], Answer]) -> tuple[str, Batch]:
        """Saves what a form says; returns by what to ask for it later, and what came of it."""
        self._saves += 1
        name, batch = str(self._saves), Batch(day, save(self.book, self.day(day), answers))
        self._batches[name] = batch
        while len(self._batches) > _KEPT:
            self._batches.popitem(last=False)
        return name, batch

    def undo(self, name: str) -> Batch | None:
        """Takes back what was saved; None where that is too long ago."""
        batch = self._batches.get(name)
        if batch is not None and batch.taken_back is None:
            count = undo(self.book, self.day(batch.day), batch.saved)
            batch = self._batches[name] = Batch(batch.day, batch.outcome, count)
        return batch

    def told(self, error: BaseException | None) -> str | None:
        """What is wrong with the ledger, and what can be done, where that is the error."""
        if isinstance(error, sqlite3.Error):
            error = unusable(self._ledger_file, error)
        return str(error) if isinstance(error, LedgerError) else None

    def picture(self, document: int, page: int) -> bytes:
        """The annotated picture of a page.

        Raises:
            LookupError: there is none of that document and page.
            OSError: it is no longer in the outbox, or cannot be read.
            ValueError: something else stands in its place.
        """
        entry = DayEntry({}, outputs=self.book.document(document).outputs)
        if not (picture := entry.picture(page)):
            raise LookupError(f"a document {document} has no picture of a page {page}")
        return content_of(self._outbox / picture)

    def batch(self, name: str) -> Batch | None:
        """What was saved, as long as it is kept in mind."""
        return self._batches.get(name)
