"""Rows of the ledger's documents, and the one way to change them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from typing import Any

from daemon.documents import Entry, Identity, State

_PLAIN_COLUMNS = (
    "key",
    "sha256",
    "duplicate_of",
    "attempts",
    "losses",
    "faults",
    "fault",
    "incomplete_since",
    "reason",
    "remedy",
    "finished_at",
)


PROGRESS: dict[str, Any] = {"due": 0.0, "faults": 0, "fault": None, "fault_since": None}
"""What every step forward sets back."""


def entry_of(row: sqlite3.Row) -> Entry:
    """The document of a row."""
    return Entry(
        path=os.fsdecode(row["path"]),
        identity=Identity(row["inode"], row["size"], row["mtime_ns"]),
        state=State(row["state"]),
        name=_decoded(row["name"]),
        target=_decoded(row["target"]),
        **{column: row[column] for column in _PLAIN_COLUMNS},
    )


def state_list(states: Sequence[State]) -> str:
    """The states as SQL has them after IN."""
    return "(" + ", ".join(f"'{state}'" for state in states) + ")"


def encoded(name: str | None) -> bytes | None:
    """A name as it is stored: the bytes that the file system has."""
    return None if name is None else os.fsencode(name)


def update(db: sqlite3.Connection, key: int, sources: Sequence[State], **values: Any) -> None:
    """Sets columns of a document, within a transaction.

    Raises:
        RuntimeError: the document is in none of the states `sources`: a mistake of the caller's.
    """
    assignments = ", ".join(f"{column} = ?" for column in values)
    query = f"UPDATE documents SET {assignments} WHERE key = ? AND state IN {state_list(sources)}"
    require(db.execute(query, (*values.values(), key)).rowcount, key, sources)


def delete(db: sqlite3.Connection, key: int, sources: Sequence[State]) -> None:
    """Drops a document, within a transaction; raises as `update` does."""
    query = f"DELETE FROM documents WHERE key = ? AND state IN {state_list(sources)}"
    require(db.execute(query, (key,)).rowcount, key, sources)


def require(changed: int, key: int, sources: Sequence[State]) -> None:
    """Raises RuntimeError unless exactly one row was changed."""
    if changed != 1:
        raise RuntimeError(f"document {key} must be in one of the states {', '.join(sources)} for this transition")


def _decoded(name: bytes | None) -> str | None:
    return None if name is None else os.fsdecode(name)
