"""What the ledger keeps of results: JSON for good, pictures until they are published, crops for some days."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from daemon.documents import Taken
from daemon.names import numbered


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A document's results as the ledger holds them.

    Attributes:
        day: in whose table they stand, YYYY-MM-DD.
        json: the result's JSON object, encoded.
        pictures: annotated JPEG by page.
        crops: PNG of each number in reading order; empty ones are not kept.
        to_review: how many of the numbers a person should look at.
    """

    day: str
    json: bytes = field(repr=False)
    pictures: dict[int, bytes] = field(default_factory=dict, repr=False)
    crops: Sequence[bytes] = field(default=(), repr=False)
    to_review: int = 0


def store(db: sqlite3.Connection, key: int, result: StoredResult) -> None:
    """Keeps the results of a document, within a transaction."""
    store_pictures(db, key, result)
    replace(db, key, result)


def store_pictures(db: sqlite3.Connection, key: int, result: StoredResult) -> None:
    """Keeps the annotated pages of a document, within a transaction."""
    db.executemany("INSERT INTO pictures VALUES (?, ?, ?)", [(key, *picture) for picture in result.pictures.items()])


def replace(db: sqlite3.Connection, key: int, result: StoredResult) -> None:
    """Keeps the JSON and the crops of a document in place of those it has, within a transaction."""
    db.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", (key, result.day, zlib.compress(result.json)))
    db.execute("INSERT OR REPLACE INTO doubts VALUES (?, ?, ?)", (key, result.day, result.to_review))
    db.execute("DELETE FROM crops WHERE document = ?", (key,))
    crops = [(key, number, png) for number, png in enumerate(result.crops) if png]
    db.executemany("INSERT INTO crops VALUES (?, ?, ?)", crops)


def stored(db: sqlite3.Connection, key: int) -> StoredResult:
    """What `store` kept, without the crops and the count of doubts, and without the pictures once they are dropped.

    Of a document that was read again, the results of the one that was read before, and its own pictures.
    """
    row = db.execute(
        """SELECT day, json FROM documents JOIN results ON results.document = COALESCE(duplicate_of, key)
            WHERE key = ?""",
        (key,),
    ).fetchone()
    pictures = db.execute("SELECT page, jpeg FROM pictures WHERE document = ?", (key,))
    return StoredResult(row["day"], zlib.decompress(row["json"]), dict(pictures))


def drop_pictures(db: sqlite3.Connection, key: int) -> None:
    """Forgets the annotated pages of a document, within a transaction."""
    db.execute("DELETE FROM pictures WHERE document = ?", (key,))


def picture_bytes(db: sqlite3.Connection) -> int:
    """How large the annotated pages are that wait to be published."""
    return int(db.execute("SELECT COALESCE(SUM(LENGTH(jpeg)), 0) FROM pictures").fetchone()[0])


def reserve_name(db: sqlite3.Connection, path: str, taken: Taken) -> str:
    """The next outbox name for a document of this path, within the transaction that gives it to the document.

    The last number of each path is remembered: a scanner that calls every page scan0001.jpg must not make the search
    longer with each.
    """
    for _ in count():
        row = db.execute(
            "INSERT INTO names VALUES (?, 1) ON CONFLICT (path) DO UPDATE SET last = last + 1 RETURNING last",
            (os.fsencode(path),),
        ).fetchone()
        name = numbered(path, row["last"])
        used = db.execute("SELECT 1 FROM documents WHERE name = ?", (os.fsencode(name),)).fetchone()
        if used is None and not taken(name):
            return name
    raise AssertionError("count() does not end")
