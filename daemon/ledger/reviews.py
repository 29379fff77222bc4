"""Numbers that people look at: what was read, and what they say it is.

What a person says takes the place of what was read in the recorded result, so that tables, exports and results that are
published once more have it from there. The files of the document in the outbox are to be written again then; the daemon
does that, to whom the outbox belongs.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from daemon.documents import State
from daemon.ledger.days import DayBook
from daemon.ledger.hooks import HookQueue
from daemon.ledger.schema import transaction
from daemon.result import NumberJson, numbers_of, to_review

_DAYS = 30
"""The last so many days of which there is something are looked over."""


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document that was read.

    Attributes:
        key: of the document in the ledger.
        result: its JSON.
        outputs: the files of its results, relative to the outbox.
    """

    key: int
    result: Mapping[str, Any]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Amended:
    """A document whose files in the outbox are behind its result; `version` tells whether more changed meanwhile."""

    document: int
    version: int


@dataclass(frozen=True, slots=True)
class Change:
    """What is to stand in the place of a number, and what the person saw who says so."""

    seen: NumberJson
    new: NumberJson


class ReviewBook:
    """The results of documents as people look them over.

    Args:
        connection: the ledger's.
        days: the ledger's.
        hooks: the ledger's.
    """

    def __init__(self, connection: sqlite3.Connection, days: DayBook, hooks: HookQueue) -> None:
        self._connection = connection
        self._days = days
        self._hooks = hooks

    def doubtful(self, day: str) -> list[int]:
        """The keys of the published documents of a day with numbers to look at, in the order in which they came.

        Those that an earlier digitdrop has read are among them also without such numbers, as it kept no count.
        """
        rows = self._connection.execute(
            """SELECT document FROM results JOIN documents ON documents.key = results.document
                LEFT JOIN doubts USING (document)
                WHERE results.day = ? AND state IN ('published', 'done') AND COALESCE(numbers, 1) > 0
                ORDER BY document""",
            (day,),
        )
        return [row["document"] for row in rows]

    def days(self) -> dict[str, int]:
        """The days that are looked over, the last one first, each with how many numbers are to be looked at."""
        days = self._days.between(date.min.isoformat(), date.max.isoformat())[: -_DAYS - 1 : -1]
        counts = self._counts(days[-1]) if days else {}
        return {day: counts.get(day, 0) for day in days}

    def _counts(self, first: str) -> dict[str, int]:
        """How many numbers are to be looked at of each day from one on that has any, where the count was kept."""
        rows = self._connection.execute(
            """SELECT day, SUM(numbers) AS numbers FROM doubts JOIN documents ON documents.key = doubts.document
                WHERE numbers > 0 AND day >= ? AND state IN ('published', 'done') GROUP BY day""",
            (first,),
        )
        return {row["day"]: row["numbers"] for row in rows}

    def document(self, key: int) -> ReadDocument:
        """A published document.

        Raises:
            LookupError: there is none of that key.
        """
        row = self._connection.execute(
            """SELECT json, outputs FROM results JOIN documents ON documents.key = results.document
                WHERE document = ? AND state IN ('published', 'done')""",
            (key,),
        ).fetchone()
        if row is None:
            raise LookupError(f"the ledger has no results of a document {key}")
        result = json.loads(zlib.decompress(row["json"]))
        return ReadDocument(key, result, tuple(json.loads(row["outputs"] or "[]")))

    def looked_over(self) -> Iterator[ReadDocument]:
        """The published documents of which people have said anything, in the order in which they came."""
        query = "SELECT document, json FROM results JOIN documents ON documents.key = results.document WHERE state = ?"
        for row in self._connection.execute(f"{query} ORDER BY document", (State.DONE,)):
            if b'"read":' in zlib.decompress(row["json"]):  # of a long history, to parse all takes hours
                document = self.document(row["document"])
                if is_of_a_person(document.result):
                    yield document

    def crop(self, document: int, number: int) -> bytes | None:
        """The PNG of a number of a document, as long as it is kept."""
        query = "SELECT png FROM crops WHERE document = ? AND number = ?"
        row = self._connection.execute(query, (document, number)).fetchone()
        return None if row is None else bytes(row["png"])

    def kept_crops(self, document: int) -> frozenset[int]:
        """The indices of the numbers of a document whose pictures are kept."""
        rows = self._connection.execute("SELECT number FROM crops WHERE document = ?", (document,))
        return frozenset(row["number"] for row in rows)

    def change(self, document: int, changes: Mapping[int, Change]) -> list[int]:
        """Puts what a person says of some numbers of a document into its result.

        A number that is no longer what the person saw stays as it is.

        Args:
            document: its key.
            changes: by the index of the number among all of the document, in reading order.

        Returns:
            The indices of those that were changed.

        Raises:
            LookupError: the document has no results.
            LedgerError: the ledger refused; nothing was changed.
        """
        with transaction(self._connection) as db:
            result = dict(self.document(document).result)
            changed: list[int] = []
            result["pages"] = _changed(result["pages"], changes, changed)
            if changed:
                content = json.dumps(result, separators=(",", ":")).encode()
                db.execute("UPDATE results SET json = ? WHERE document = ?", (zlib.compress(content), document))
                db.execute(
                    "INSERT OR REPLACE INTO doubts SELECT document, day, ? FROM results WHERE document = ?",
                    (to_review(result), document),
                )
                db.execute(
                    """INSERT INTO amended VALUES (?, 1)
                        ON CONFLICT (document) DO UPDATE SET version = version + 1""",
                    (document,),
                )
                self._days.change(document)
        return changed

    def amended(self, limit: int) -> list[Amended]:
        """Documents whose files are to be written again."""
        rows = self._connection.execute("SELECT * FROM amended ORDER BY document LIMIT ?", (limit,))
        return [Amended(row["document"], row["version"]) for row in rows]

    def published(self, amended: Amended, *, hook: bool = False) -> None:
        """Says that the files of a document stand as they were to be at its version, and whether it has a hook."""
        with transaction(self._connection) as db:
            query = "DELETE FROM amended WHERE document = ? AND version = ?"
            db.execute(query, (amended.document, amended.version))
            if hook:
                self._hooks.correct(amended.document)


def is_of_a_person(result: Mapping[str, Any]) -> bool:
    """Whether a person has said anything of the numbers of a result."""
    return any("read" in number for _, number in numbers_of(result))


def _changed(
    pages: Sequence[Mapping[str, Any]], changes: Mapping[int, Change], changed: list[int]
) -> list[Mapping[str, Any]]:
    """The pages with what is said of their numbers, whose indices are added to `changed`."""
    new: list[Mapping[str, Any]] = []
    index = 0
    for page in pages:
        numbers = list(page["numbers"])
        for place, number in enumerate(numbers):
            change = changes.get(index)
            if change is not None and number == change.seen and number != change.new:
                numbers[place] = change.new
                changed.append(index)
            index += 1
        new.append({**page, "numbers": numbers})
    return new
