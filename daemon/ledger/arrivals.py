"""Files that arrive: which of them the ledger does not know yet."""

from __future__ import annotations

import os
import sqlite3

from daemon.documents import ACTIVE, Candidate, Entry, Identity, State
from daemon.ledger.rows import delete, entry_of, state_list

_LEFT = "state = 'done' AND target IS NULL AND path = ? AND size = ? AND mtime_ns = ?"


def take_in(db: sqlite3.Connection, candidate: Candidate, wall: float) -> bool:
    """Makes a quiet file a waiting document, within a transaction; returns whether it is a new one.

    A document that waits under the same path and was another file makes way: its content is gone.
    """
    path, seen = os.fsencode(candidate.path), candidate.identity
    query = f"SELECT * FROM documents WHERE path = ? AND state IN {state_list(ACTIVE)}"
    entries = [entry_of(row) for row in db.execute(query, (path,))]
    if any(entry.identity == seen for entry in entries) or _is_left_in_place(db, path, seen):
        return False
    for entry in entries:
        if entry.state is State.WAITING:
            delete(db, entry.key, (State.WAITING,))
    db.execute(
        "INSERT INTO documents (path, inode, size, mtime_ns, state, arrived_at) VALUES (?, ?, ?, ?, 'waiting', ?)",
        (path, seen.inode, seen.size, seen.mtime_ns, wall),
    )
    return True


def _is_left_in_place(db: sqlite3.Connection, path: bytes, seen: Identity) -> bool:
    """Whether this very file is done and was left in the inbox."""
    query = f"SELECT 1 FROM documents WHERE {_LEFT} AND inode = ?"
    return db.execute(query, (path, seen.size, seen.mtime_ns, seen.inode)).fetchone() is not None


def relink(db: sqlite3.Connection, entry: Entry, sha256: str) -> bool:
    """Drops a document in work that is done and was left in the inbox, under another inode; returns whether it is.

    Its inode may change when a share is mounted; but some scanners give each file the same time, and many the same
    size, so only the content tells.
    """
    path, seen = os.fsencode(entry.path), entry.identity
    query = f"UPDATE documents SET inode = ? WHERE {_LEFT} AND sha256 = ?"
    if not db.execute(query, (seen.inode, path, seen.size, seen.mtime_ns, sha256)).rowcount:
        return False
    delete(db, entry.key, (State.WORKING,))
    return True
