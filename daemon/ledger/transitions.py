"""The transitions by which a document moves, each one transaction; see `daemon.ledger` for what they mean."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from daemon.documents import ACTIVE, Candidate, Entry, State, Taken, Verdict
from daemon.ledger.archive import ArchiveBook
from daemon.ledger.arrivals import relink, take_in
from daemon.ledger.days import DayBook
from daemon.ledger.delays import Delays
from daemon.ledger.hooks import HookQueue
from daemon.ledger.renewals import Renewals
from daemon.ledger.results import StoredResult, drop_pictures, reserve_name, store, stored
from daemon.ledger.reviews import ReviewBook
from daemon.ledger.rows import PROGRESS, delete, encoded, entry_of, state_list, update
from daemon.ledger.schema import FILE, open_ledger_file, opened_for_reading, transaction, unusable


class Ledger:
    """Every document's state.

    A method that changes something raises LedgerError when the database refuses, and has then changed nothing.

    Args:
        state: the folder of the ledger, on a local disk.
        create: see `schema.open_ledger_file`.

    Attributes:
        days: the results by day, for the tables.
        delays: the documents that are put off.
        archive: the originals in archive/.
        hooks: the finished documents whose hooks have not ended.
        renewals: documents whose results are published once more.
        reviews: the results as people look them over.

    Raises:
        LedgerError: it cannot be opened, was written by a newer digitdrop or is in use by an older one.
    """

    def __init__(self, state: Path, *, create: bool = True) -> None:
        self._state = state
        self._connection = open_ledger_file(state, create=create)
        self.days = DayBook(self._connection)
        self.delays = Delays(self._connection)
        self.archive = ArchiveBook(self._connection)
        self.hooks = HookQueue(self._connection)
        self.renewals = Renewals(self._connection, self.days)
        self.reviews = ReviewBook(self._connection, self.days, self.hooks)

    @property
    def connection(self) -> sqlite3.Connection:
        """For reports, which only read."""
        return self._connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Opens another connection, which only reads, for another thread; what one statement sees stays as it is.

        Raises:
            LedgerError: it cannot be opened, or what is read in the block cannot.
        """
        with opened_for_reading(self._state) as connection:
            yield connection

    def close(self) -> None:
        """Ends the use of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it; raises LedgerError where it could not be read in the block."""
        self.close()
        if isinstance(error, sqlite3.Error):
            raise unusable(self._state / FILE, error) from error

    # Arrival and lease

    def recover(self) -> int:
        """Takes back what a dead daemon had claimed, and makes everything due at once.

        Only for a daemon that holds the lock of the state folder: no other can be at work then.

        Returns:
            How many documents had been in work.
        """
        with transaction(self._connection) as db:
            lost = db.execute(
                "UPDATE documents SET state = 'waiting', losses = losses + 1 WHERE state = 'working'"
            ).rowcount
            void = "due = 0, twin = NULL, leased_until = NULL, incomplete_since = NULL"
            db.execute(f"UPDATE documents SET {void} WHERE state IN {state_list(ACTIVE)}")
        return lost

    def arrive(self, candidates: Iterable[Candidate], *, wall: float) -> int:
        """Takes in quiet files, unless they are known already; returns how many are new."""
        with transaction(self._connection):
            return sum(take_in(self._connection, candidate, wall) for candidate in candidates)

    def claim(self, now: float, lease_s: float, without: Collection[str] = ()) -> Entry | None:
        """Takes the next waiting document into work; None when none is due.

        Documents that were put off come after those that never were, and a document whose twin is in work is left.

        Args:
            now: monotonic seconds.
            lease_s: after so many seconds the document counts as lost sight of, see `expired`.
            without: folders whose documents are left.
        """
        left = [encoded(folder) for folder in without]
        with transaction(self._connection) as db:
            row = db.execute(
                f"""UPDATE documents SET state = 'working', leased_until = ?, twin = NULL WHERE key = (
                    SELECT key FROM documents AS one WHERE state = 'waiting' AND due <= ? AND NOT EXISTS (
                        SELECT 1 FROM documents AS other WHERE other.key = one.twin AND other.state = 'working')
                    {f"AND folder(path) NOT IN ({', '.join('?' * len(left))})" if left else ""}
                    ORDER BY due, key LIMIT 1) RETURNING *""",
                (now + lease_s, now, *left),
            ).fetchone()
        return None if row is None else entry_of(row)

    def expired(self, now: float) -> list[Entry]:
        """Documents in work whose lease has run out: whoever was to tell how they ended has lost sight of them."""
        query = "SELECT * FROM documents WHERE state = 'working' AND leased_until <= ? ORDER BY key"
        return [entry_of(row) for row in self._connection.execute(query, (now,))]

    def identify(self, key: int, sha256: str) -> Entry | None:
        """Keeps the content's hash; returns the document of the same content that was read, or else is in work."""
        with transaction(self._connection) as db:
            update(db, key, (State.WORKING,), sha256=sha256)
            return self.renewals.read_before(key, sha256) or self.renewals.in_work(key, sha256)

    def relink(self, entry: Entry, sha256: str) -> bool:
        """Drops a claimed document that is one left in the inbox, which takes over its inode; returns whether it is."""
        with transaction(self._connection) as db:
            return relink(db, entry, sha256)

    def give_back(self, key: int, *, twin: int | None = None) -> None:
        """Makes a claimed document wait again; with a twin, until that is no longer in work."""
        self._step(key, (State.WORKING,), State.WAITING, leased_until=None, twin=twin)

    # Results

    def record(self, key: int, result: StoredResult, taken: Taken) -> str:
        """Keeps a document's results and reserves the outbox name they will have, which is returned.

        `taken` tells whether other content stands in the outbox under a name.
        """
        with transaction(self._connection) as db:
            name = reserve_name(db, self.entry(key).path, taken)
            store(db, key, result)
            values = {"state": str(State.RECOGNIZED), "leased_until": None, "name": encoded(name)}
            update(db, key, (State.WORKING,), **values, **PROGRESS)
        return name

    def rename(self, key: int, path: str, taken: Taken) -> str:
        """Reserves another outbox name, made of `path`, because the one it had is barred; returns it."""
        with transaction(self._connection) as db:
            name = reserve_name(db, path, taken)
            update(db, key, (State.RECOGNIZED,), name=encoded(name))
        return name

    def result(self, key: int) -> StoredResult:
        """What `record` or `renew` kept, with the annotated pages as long as they are not published."""
        return stored(self._connection, key)

    def publish(self, key: int, outputs: Sequence[str], target: str | None) -> None:
        """Says that a document's outputs stand in the outbox, and so belong into its day's table.

        `outputs` are relative to the outbox, `target` is where the original is to go in archive/; None leaves it.
        """
        with transaction(self._connection) as db:
            values = {"state": str(State.PUBLISHED), "outputs": json.dumps(outputs), "target": encoded(target)}
            update(db, key, (State.RECOGNIZED,), **values, **PROGRESS)
            query = "UPDATE documents SET outputs = ? WHERE key = (SELECT duplicate_of FROM documents WHERE key = ?)"
            db.execute(query, (json.dumps(outputs), key))
            drop_pictures(db, key)
            self.days.change(key)

    def duplicate(self, key: int, of: int, target: str | None) -> None:
        """Says that a document's results are another's, which has the same content."""
        values = {"duplicate_of": of, "target": encoded(target), "leased_until": None}
        self._step(key, (State.WORKING,), State.PUBLISHED, **values, **PROGRESS)

    def condemn(self, key: int, verdict: Verdict, target: str) -> None:
        """Says that a document cannot be read; its original is to go to `target` in failed/."""
        values = {"reason": verdict.reason, "remedy": verdict.remedy, "target": encoded(target)}
        self._step(key, (State.WORKING,), State.CONDEMNED, leased_until=None, **values, **PROGRESS)

    # The original, and the end

    def aim(self, key: int, target: str) -> None:
        """Gives an original another place to go to, because the one it had is taken."""
        with transaction(self._connection) as db:
            update(db, key, (State.PUBLISHED, State.CONDEMNED), target=os.fsencode(target))

    def is_target(self, target: str, state: State) -> bool:
        """Whether the original of a document in a state, published or condemned, is still to be moved to this place."""
        query = "SELECT 1 FROM documents WHERE target = ? AND state = ?"
        return self._connection.execute(query, (os.fsencode(target), str(state))).fetchone() is not None

    def finish(
        self, key: int, *, wall: float, day: str | None = None, archived: bool = True, hook: bool = False
    ) -> None:
        """Says that only a published document's hook is left.

        Args:
            key: of the document.
            wall: the time of day.
            day: see `DayBook.end`.
            archived: whether its original was neither gone nor replaced.
            hook: whether there is one.
        """
        self._end(key, State.PUBLISHED, State.DONE, wall, day, hook=hook, expired=int(not archived))

    def quarantine(self, key: int, *, wall: float, day: str | None = None, hook: bool = False) -> None:
        """Says that a condemned document's original and reason are in failed/; for `day` see `DayBook.end`."""
        self._end(key, State.CONDEMNED, State.FAILED, wall, day, hook=hook)

    def forget(self, key: int) -> None:
        """Drops a document whose file is gone or no longer the same, before any result was recorded."""
        with transaction(self._connection) as db:
            delete(db, key, (State.WAITING, State.WORKING, State.CONDEMNED))

    def release(self, key: int) -> None:
        """Drops a failed document whose original a person has put back."""
        with transaction(self._connection) as db:
            delete(db, key, (State.FAILED,))
            db.execute("DELETE FROM hooks WHERE document = ?", (key,))

    # Questions

    def entry(self, key: int) -> Entry:
        """One document.

        Raises:
            LookupError: there is none of that key.
        """
        row = self._connection.execute("SELECT * FROM documents WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise LookupError(f"the ledger has no document {key}")
        return entry_of(row)

    def due(self, state: State, now: float, limit: int) -> list[Entry]:
        """Documents in a state that are not put off beyond `now`, the longest due first."""
        query = "SELECT * FROM documents WHERE state = ? AND due <= ? ORDER BY due, key LIMIT ?"
        return [entry_of(row) for row in self._connection.execute(query, (state, now, limit))]

    def next_due(self, now: float) -> float | None:
        """When the next document that is put off beyond `now` becomes due, in monotonic seconds."""
        query = "SELECT MIN(due) FROM documents WHERE state = ? AND due > ?"
        times = [self._connection.execute(query, (state, now)).fetchone()[0] for state in ACTIVE]
        return min((time for time in times if time is not None), default=None)

    def open(self, max_faults: int, without: Collection[str] | None = ()) -> int:
        """How many documents are unfinished that may be finished before long.

        Args:
            max_faults: those put off more often in a row for what may pass are left out.
            without: folders of which those that are not claimed yet are left out, too; None for all folders.
        """
        left = [encoded(folder) for folder in without or ()]
        held = "1" if without is None else f"folder(path) IN ({', '.join('?' * len(left))})"
        query = f"""SELECT COUNT(*) FROM documents WHERE state IN {state_list(ACTIVE)} AND faults <= ?
            AND NOT (state = 'waiting' AND {held})"""
        return int(self._connection.execute(query, (max_faults, *left)).fetchone()[0])

    def count(self, *states: State) -> int:
        """How many documents are in any of the states."""
        query = f"SELECT COUNT(*) FROM documents WHERE state IN {state_list(states)}"
        return int(self._connection.execute(query).fetchone()[0])

    # Inside a transaction

    def _end(
        self, key: int, source: State, to: State, wall: float, day: str | None, *, hook: bool, expired: int = 0
    ) -> None:
        with transaction(self._connection) as db:
            update(db, key, (source,), state=str(to), finished_at=wall, expired=expired, **PROGRESS)
            if day is not None:
                self.days.end(key, day)
            if hook:
                self.hooks.add(key)

    def _step(self, key: int, sources: Sequence[State], to: State, **values: Any) -> None:
        with transaction(self._connection) as db:
            update(db, key, sources, state=str(to), **values)
