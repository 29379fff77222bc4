"""Documents that are put off: for what may pass, and after an attempt that failed."""

from __future__ import annotations

import sqlite3

from daemon.documents import ACTIVE, Entry, State
from daemon.ledger.rows import entry_of, require, state_list
from daemon.ledger.schema import transaction


class Delays:
    """Until when documents wait, why, and what is counted against them; see `daemon.ledger` for the transitions.

    All of it raises LedgerError when the database refuses, and has then changed nothing.

    Args:
        connection: the ledger's.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def blame(self, key: int, fault: str, *, due: float, wall: float) -> Entry:
        """Counts an attempt against a document and makes it wait until `due`; returns it as it is then."""
        with transaction(self._connection) as db:
            db.execute("UPDATE documents SET attempts = attempts + 1 WHERE key = ?", (key,))
            return self._put_off(key, fault, due, wall, counts=0)

    def lose(self, key: int, fault: str, *, due: float, wall: float) -> None:
        """Counts a loss, which weighs less than an attempt, and makes a document wait until `due`."""
        with transaction(self._connection) as db:
            db.execute("UPDATE documents SET losses = losses + 1 WHERE key = ?", (key,))
            self._put_off(key, fault, due, wall)

    def postpone(self, key: int, fault: str, *, due: float, wall: float, incomplete_since: float | None = None) -> None:
        """Puts a document off until `due` because of something that may pass.

        `wall` is kept as the time since when the fault lasts, `incomplete_since` for content that ends too early: that
        is waited for until a set time, and no fault is counted.
        """
        with transaction(self._connection) as db:
            self._put_off(key, fault, due, wall)
            if incomplete_since is not None:
                query = "UPDATE documents SET incomplete_since = ?, faults = 0 WHERE key = ?"
                db.execute(query, (incomplete_since, key))

    def postpone_all(self, state: State, now: float, fault: str, *, due: float, wall: float) -> None:
        """Puts all documents in a state off that are due by `now`, for what is in the way of each."""
        with transaction(self._connection) as db:
            query = """UPDATE documents SET due = ?, faults = faults + 1, fault = ?,
                fault_since = COALESCE(fault_since, ?) WHERE state = ? AND due <= ?"""
            db.execute(query, (due, fault, wall, state, now))

    def _put_off(self, key: int, fault: str, due: float, wall: float, *, counts: int = 1) -> Entry:
        row = self._connection.execute(
            f"""UPDATE documents SET state = CASE state WHEN 'working' THEN 'waiting' ELSE state END,
                leased_until = NULL, due = ?, faults = faults + ?, fault = ?, fault_since = COALESCE(fault_since, ?)
                WHERE key = ? AND state IN {state_list(ACTIVE)} RETURNING *""",
            (due, counts, fault, wall, key),
        ).fetchone()
        require(int(row is not None), key, ACTIVE)
        return entry_of(row)
