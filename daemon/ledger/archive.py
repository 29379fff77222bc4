"""Which originals stand in archive/, since when, and under which names."""

from __future__ import annotations

import os
import sqlite3

from daemon.documents import Entry
from daemon.ledger.rows import encoded, entry_of
from daemon.ledger.schema import transaction

_KEPT = "state = 'done' AND target IS NOT NULL AND expired = 0"
_FROM_KEPT = f"FROM documents INDEXED BY documents_kept WHERE {_KEPT}"
"""By the index over them; left to itself, SQLite takes that of the states, and sorts all documents there ever were."""


class ArchiveBook:
    """The archived originals.

    Args:
        connection: the ledger's.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def kept_since_before(self, wall: float, limit: int) -> list[Entry]:
        """Documents whose originals were archived before a time (seconds since the epoch), the longest first."""
        query = f"SELECT * {_FROM_KEPT} AND finished_at < ? ORDER BY finished_at LIMIT ?"
        return [entry_of(row) for row in self._connection.execute(query, (wall, limit))]

    def oldest(self) -> float | None:
        """When the original was archived that has been kept the longest; None when none is."""
        return self._first("finished_at")

    def newest(self) -> float | None:
        """When the last original was archived that is kept; None when none is."""
        return self._first("finished_at DESC")

    def is_later_ones_place(self, entry: Entry) -> bool:
        """Whether a document that was finished later, or is to be, has its original where this one's was put."""
        query = """SELECT 1 FROM documents WHERE target = ? AND key != ?
            AND (state = 'published' OR state = 'done' AND expired = 0 AND finished_at > ?)"""
        values = (encoded(entry.target), entry.key, entry.finished_at)
        return self._connection.execute(query, values).fetchone() is not None

    def is_anothers_place(self, entry: Entry, target: str) -> bool:
        """Whether another document's original stands at a place in archive/ or failed/, or is to go there."""
        query = "SELECT 1 FROM documents WHERE target = ? AND key != ? AND expired = 0"
        return self._connection.execute(query, (encoded(target), entry.key)).fetchone() is not None

    def shift(self, since: float, until: float, by_s: float) -> None:
        """Dates originals otherwise that were archived between two times (seconds since the epoch), both included."""
        with transaction(self._connection) as db:
            query = f"UPDATE documents SET finished_at = finished_at + ? WHERE {_KEPT} AND finished_at BETWEEN ? AND ?"
            db.execute(query, (by_s, since, until))

    def expire(self, key: int) -> None:
        """Says that an original is no longer kept; its results are."""
        with transaction(self._connection) as db:
            db.execute(f"UPDATE documents SET expired = 1 WHERE key = ? AND {_KEPT}", (key,))

    def content_of(self, name: str) -> str | None:
        """The SHA-256 of the document whose results have an outbox name; None where none has."""
        row = self._connection.execute("SELECT sha256 FROM documents WHERE name = ?", (os.fsencode(name),)).fetchone()
        return None if row is None else str(row["sha256"])

    def _first(self, order: str) -> float | None:
        row = self._connection.execute(f"SELECT finished_at {_FROM_KEPT} ORDER BY {order} LIMIT 1").fetchone()
        return None if row is None else float(row[0])
