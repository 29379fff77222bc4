"""Documents that are read again because the results of their content are no longer in the outbox.

Such a document goes the way of every other. What it gives are the results of the document of the same content that was
read before, under the same outbox name: in the day tables there is one document, as before.
"""

from __future__ import annotations

import json
import os
import sqlite3

from daemon.documents import READ, Entry, State
from daemon.ledger.days import DayBook
from daemon.ledger.results import StoredResult, replace, store_pictures
from daemon.ledger.rows import PROGRESS, entry_of, state_list, update
from daemon.ledger.schema import transaction


class Renewals:
    """Results that are published once more.

    Args:
        connection: the ledger's.
        days: the ledger's.
    """

    def __init__(self, connection: sqlite3.Connection, days: DayBook) -> None:
        self._connection = connection
        self._days = days

    def outputs(self, key: int) -> tuple[str, ...]:
        """The files of a document's results, relative to the outbox; nothing before they are published."""
        row = self._connection.execute("SELECT outputs FROM documents WHERE key = ?", (key,)).fetchone()
        return tuple(json.loads(row["outputs"] or "[]"))

    def name(self, entry: Entry) -> str:
        """The outbox name of a document's results: its own, or that of the document that was read before."""
        if entry.name is not None or entry.duplicate_of is None:
            return entry.name or entry.path
        query = "SELECT COALESCE(name, path) AS name FROM documents WHERE key = ?"
        return os.fsdecode(self._connection.execute(query, (entry.duplicate_of,)).fetchone()["name"])

    def read_before(self, key: int, sha256: str) -> Entry | None:
        """The document of the same content that was read before."""
        return self._twin(key, sha256, READ)

    def in_work(self, key: int, sha256: str) -> Entry | None:
        """Another document of the same content that is in work."""
        return self._twin(key, sha256, (State.WORKING,))

    def renew(self, key: int, of: int, result: StoredResult, *, differs: bool, tabulate: bool) -> None:
        """Keeps what reading a document gave that was read before, to be published once more.

        Args:
            key: of the document.
            of: the document that was read before.
            result: of reading it again.
            differs: it takes the place of the recorded result.
            tabulate: then the tables of that result's day are to be rebuilt, too.
        """
        with transaction(self._connection) as db:
            store_pictures(db, key, result)
            if differs:
                replace(db, of, result)
                if tabulate:
                    self._days.change(of)
            values = {"state": str(State.RECOGNIZED), "leased_until": None, "duplicate_of": of}
            update(db, key, (State.WORKING,), **values, **PROGRESS)

    def _twin(self, key: int, sha256: str, states: tuple[State, ...]) -> Entry | None:
        row = self._connection.execute(
            f"""SELECT * FROM documents WHERE sha256 = ? AND key != ? AND duplicate_of IS NULL
                AND state IN {state_list(states)} ORDER BY key LIMIT 1""",
            (sha256, key),
        ).fetchone()
        return None if row is None else entry_of(row)
