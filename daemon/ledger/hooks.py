"""Which finished and corrected documents' hooks have not come to their end yet; kept so that a crash loses none."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from daemon.documents import Entry
from daemon.ledger.rows import entry_of
from daemon.ledger.schema import transaction


@dataclass(frozen=True, slots=True)
class FinishedDocument:
    """A document whose hook is to be run.

    Attributes:
        number: of the hook, which no other gets; the key of a document that is put back goes to the next that arrives.
        outputs: the files of its results, relative to the outbox.
        corrected: it is run because a person has corrected numbers of it.
    """

    number: int
    entry: Entry
    outputs: tuple[str, ...]
    corrected: bool


class HookQueue:
    """The finished documents whose hooks are to be run, in the order in which they had arrived.

    Args:
        connection: the ledger's.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, document: int) -> None:
        """Has the hook of a document run, within the transaction that finishes it."""
        self._connection.execute("INSERT OR IGNORE INTO hooks (document) VALUES (?)", (document,))

    def correct(self, document: int) -> None:
        """Has the hook of a corrected document run, once more where one runs, within a transaction."""
        self._connection.execute("INSERT OR REPLACE INTO hooks (document, corrected) VALUES (?, 1)", (document,))

    def waiting(self, limit: int) -> list[FinishedDocument]:
        """The first documents whose hooks have not ended."""
        rows = self._connection.execute(
            """SELECT hooks.number, hooks.corrected, documents.*, twins.outputs AS twin_outputs FROM hooks
                JOIN documents ON documents.key = hooks.document
                LEFT JOIN documents AS twins ON twins.key = documents.duplicate_of
                ORDER BY hooks.document, hooks.corrected LIMIT ?""",
            (limit,),
        )
        return [
            FinishedDocument(
                row["number"],
                entry_of(row),
                tuple(json.loads(row["outputs"] or row["twin_outputs"] or "[]")),
                bool(row["corrected"]),
            )
            for row in rows
        ]

    def ended(self, number: int) -> None:
        """Says that a hook has ended, well or not."""
        with transaction(self._connection) as db:
            db.execute("DELETE FROM hooks WHERE number = ?", (number,))
