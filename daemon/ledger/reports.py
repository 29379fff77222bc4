"""What people ask the ledger; it is only read."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass

from daemon.documents import ACTIVE, Entry, State
from daemon.ledger.rows import entry_of, state_list


@dataclass(frozen=True, slots=True)
class Faulty:
    """A document that something is in the way of, and since when (seconds since the epoch)."""

    path: str
    fault: str
    since: float


def counts(db: sqlite3.Connection) -> dict[State, int]:
    """How many documents are in each state."""
    rows = dict(db.execute("SELECT state, COUNT(*) FROM documents GROUP BY state"))
    return {state: rows.get(str(state), 0) for state in State}


def failures(db: sqlite3.Connection) -> list[Entry]:
    """The documents in failed/, oldest first."""
    rows = db.execute("SELECT * FROM documents WHERE state = 'failed' ORDER BY finished_at, key")
    return [entry_of(row) for row in rows]


def read_since(db: sqlite3.Connection) -> set[int]:
    """Keys of the documents in failed/ of which another one of the same path was read later."""
    rows = db.execute(
        """SELECT key FROM documents AS failed WHERE state = 'failed' AND EXISTS (
            SELECT 1 FROM documents AS later WHERE later.path = failed.path AND later.state = 'done'
                AND later.finished_at > failed.finished_at)"""
    )
    return {row["key"] for row in rows}


def recent(db: sqlite3.Connection, limit: int) -> list[Entry]:
    """The documents finished last, newest first."""
    query = "SELECT * FROM documents WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT ?"
    return [entry_of(row) for row in db.execute(query, (limit,))]


def done_since(db: sqlite3.Connection, wall: float) -> int:
    """How many documents were done since a time, in seconds since the epoch."""
    query = "SELECT COUNT(*) FROM documents INDEXED BY documents_finished WHERE finished_at >= ? AND state = 'done'"
    return int(db.execute(query, (wall,)).fetchone()[0])


def oldest_waiting(db: sqlite3.Connection) -> float | None:
    """When the oldest document arrived that is not finished, in seconds since the epoch."""
    query = f"SELECT MIN(arrived_at) FROM documents WHERE state IN {state_list(ACTIVE)}"
    oldest: float | None = db.execute(query).fetchone()[0]
    return oldest


def faulty(db: sqlite3.Connection, limit: int) -> list[Faulty]:
    """Unfinished documents that something is in the way of, the longest first."""
    query = f"""SELECT path, fault, fault_since FROM documents
        WHERE state IN {state_list(ACTIVE)} AND fault IS NOT NULL ORDER BY fault_since LIMIT ?"""
    return [Faulty(os.fsdecode(path), fault, since) for path, fault, since in db.execute(query, (limit,))]
