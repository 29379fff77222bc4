"""The ledger's results by day, from which the day tables are rebuilt."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from daemon.content import Aside, DayEntry
from daemon.documents import Identity
from daemon.ledger.schema import transaction


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A day whose table is behind its documents; `version` tells whether more were published meanwhile."""

    day: str
    version: int


@dataclass(frozen=True, slots=True)
class Published:
    """A table as it was published: what it held, and the file that it was."""

    sha256: str
    identity: Identity


class DayBook:
    """Which days' tables are to be rebuilt, from what, and what they were when they were published.

    Args:
        connection: the ledger's.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def change(self, document: int) -> None:
        """Marks the day of a document, within the transaction that publishes it."""
        self._connection.execute(
            """INSERT INTO days (day, changed) SELECT day, 1 FROM results WHERE document = ?
                ON CONFLICT (day) DO UPDATE SET changed = changed + 1""",
            (document,),
        )

    def end(self, document: int, day: str) -> None:
        """Has a day's tables name a document without results of its own, within the transaction that ends it."""
        counted = self._connection.execute(
            "UPDATE documents SET ended_on = ? WHERE key = ? AND (duplicate_of IS NOT NULL OR state = 'failed')",
            (day, document),
        ).rowcount
        if counted:
            self._connection.execute(
                "INSERT INTO days (day, changed) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET changed = changed + 1",
                (day,),
            )

    def changed(self) -> list[ChangedDay]:
        """The days whose tables are to be rebuilt, oldest first."""
        rows = self._connection.execute("SELECT day, changed FROM days WHERE changed > written ORDER BY day")
        return [ChangedDay(row["day"], row["changed"]) for row in rows]

    def between(self, first: str, last: str) -> list[str]:
        """The days from one to another, both included, of which there is something in the ledger, oldest first."""
        rows = self._connection.execute("SELECT day FROM days WHERE day BETWEEN ? AND ? ORDER BY day", (first, last))
        return [row["day"] for row in rows]

    def documents(self, first: str, last: str) -> int:
        """How many documents have results of these days."""
        row = self._connection.execute("SELECT COUNT(*) FROM results WHERE day BETWEEN ? AND ?", (first, last))
        return int(row.fetchone()[0])

    def written(self, day: ChangedDay) -> None:
        """Says that the tables of a day stand as they were to be at its version."""
        with transaction(self._connection) as db:
            db.execute("UPDATE days SET written = ? WHERE day = ?", (day.version, day.day))

    def entries(self, day: str) -> Iterator[DayEntry]:
        """The published documents of a day in the order in which they came, one at a time."""
        rows = self._connection.execute(
            """SELECT document, json, outputs FROM results JOIN documents ON documents.key = results.document
                WHERE day = ? AND state IN ('published', 'done') ORDER BY document""",
            (day,),
        )
        for row in rows:
            result = json.loads(zlib.decompress(row["json"]))
            yield DayEntry(result, self._crops(row["document"]), tuple(json.loads(row["outputs"])))

    def asides(self, day: str) -> Iterator[Aside]:
        """The documents that ended on a day without results of their own, in the order in which they came."""
        rows = self._connection.execute(
            """SELECT aside.path, aside.target, aside.reason, aside.remedy, twin.path AS twin, twin.name, twin.outputs
                FROM documents AS aside LEFT JOIN documents AS twin ON twin.key = aside.duplicate_of
                WHERE aside.ended_on = ? ORDER BY aside.key""",
            (day,),
        )
        for row in rows:
            original = os.fsdecode(row["target"] or row["path"])
            if row["twin"] is None:
                yield Aside(original, reason=row["reason"], remedy=row["remedy"])
            else:
                twin = os.fsdecode(row["name"] or row["twin"])
                yield Aside(original, twin=twin, outputs=tuple(json.loads(row["outputs"] or "[]")))

    def published(self, table: str) -> list[Published]:
        """What was published last under a table's name, and what may have been since; nothing for a new one."""
        rows = self._connection.execute("SELECT * FROM tables WHERE name = ?", (table,))
        return [Published(row["sha256"], Identity(row["inode"], row["size"], row["mtime_ns"])) for row in rows]

    def publishing(self, table: str, new: Published, standing: Published | None) -> None:
        """Says that a table is about to take the place of the one that stands under its name, which is kept in mind.

        After a crash either of them stands there.
        """
        stays = "" if standing is None else standing.sha256
        with transaction(self._connection) as db:
            db.execute("DELETE FROM tables WHERE name = ? AND sha256 != ?", (table, stays))
            identity = (new.identity.inode, new.identity.size, new.identity.mtime_ns)
            db.execute("INSERT OR REPLACE INTO tables VALUES (?, ?, ?, ?, ?)", (table, new.sha256, *identity))

    def drop_crops(self, before: str) -> int:
        """Removes the crops of days before this one whose tables are written; returns how many."""
        with transaction(self._connection) as db:
            return db.execute(  # CROSS JOIN: from the few documents that have crops, not from all results
                """DELETE FROM crops WHERE document IN (SELECT document
                    FROM (SELECT DISTINCT document FROM crops) CROSS JOIN results USING (document)
                    JOIN days USING (day) WHERE day < ? AND changed = written)""",
                (before,),
            ).rowcount

    def _crops(self, document: int) -> tuple[bytes, ...]:
        rows = self._connection.execute("SELECT number, png FROM crops WHERE document = ?", (document,))
        crops = {row["number"]: row["png"] for row in rows}
        return tuple(crops.get(number, b"") for number in range(max(crops, default=-1) + 1))
