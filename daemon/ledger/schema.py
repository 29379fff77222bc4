"""The ledger's file: its tables, their versions, and how it is opened."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from daemon.errors import LedgerError
from daemon.lock import running_pid

FILE = "ledger.sqlite3"
BUSY_TIMEOUT_S = 10.0
WAL_BYTES = 16 << 20
"""That the log beside the ledger keeps: the pictures of a thick PDF may have taken hundreds of megabytes of it."""
_APPLICATION_ID = 0x64676472  # "dgdr": tells the ledger from any other SQLite file

_IN_USE = "Another program uses it just now; try again"
_NOT_OURS = "See to the permissions of its folder; run it as the user digitdrop runs as"
_MOVE_AWAY = "stop digitdrop and move it away: a new one is begun, results and originals stay"
_DISK = f"See to the permissions and the space of its folder; if it is damaged, {_MOVE_AWAY}"
_OLDER = (
    "the ledger {} must be of version {}. Received: version {}, on which an older digitdrop works; "
    "restart the service, which brings it up to date: systemctl restart digitdrop"
)
_REMEDIES = {
    "BUSY": _IN_USE,
    "LOCKED": _IN_USE,
    "READONLY": _NOT_OURS,
    "PERM": _NOT_OURS,
    "FULL": "See to its disk's space",
    "IOERR": _DISK,
    "CANTOPEN": _DISK,
    "CORRUPT": _DISK,
    "NOTADB": _DISK,
}
"""What can be done about SQLite's errors, by the first word of their names."""

MIGRATIONS = (
    """
    CREATE TABLE documents (
        key INTEGER PRIMARY KEY,
        path BLOB NOT NULL,
        inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        state TEXT NOT NULL,
        lease TEXT,
        due REAL NOT NULL DEFAULT 0,
        twin INTEGER,
        sha256 TEXT,
        name BLOB,
        target BLOB,
        duplicate_of INTEGER,
        attempts INTEGER NOT NULL DEFAULT 0,
        losses INTEGER NOT NULL DEFAULT 0,
        faults INTEGER NOT NULL DEFAULT 0,
        fault TEXT,
        fault_since REAL,
        incomplete_since REAL,
        reason TEXT,
        remedy TEXT,
        outputs TEXT,
        arrived_at REAL NOT NULL,
        finished_at REAL
    );
    CREATE INDEX documents_state ON documents (state, due, key);
    CREATE INDEX documents_finished ON documents (finished_at) WHERE finished_at IS NOT NULL;
    CREATE INDEX documents_path ON documents (path, state, target);
    CREATE INDEX documents_sha256 ON documents (sha256, state) WHERE sha256 IS NOT NULL;
    CREATE INDEX documents_target ON documents (target) WHERE target IS NOT NULL;
    CREATE UNIQUE INDEX documents_name ON documents (name) WHERE name IS NOT NULL;
    CREATE TABLE names (path BLOB PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE results (document INTEGER PRIMARY KEY, day TEXT NOT NULL, json BLOB NOT NULL);
    CREATE INDEX results_day ON results (day, document);
    CREATE TABLE pictures (document INTEGER, page INTEGER, jpeg BLOB NOT NULL, PRIMARY KEY (document, page));
    CREATE TABLE crops (document INTEGER, number INTEGER, png BLOB NOT NULL, PRIMARY KEY (document, number));
    CREATE TABLE days (
        day TEXT PRIMARY KEY, changed INTEGER NOT NULL DEFAULT 0, written INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE documents ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX documents_kept ON documents (finished_at)
        WHERE state = 'done' AND target IS NOT NULL AND expired = 0;
    CREATE TABLE hooks (document INTEGER PRIMARY KEY);
    """,
    """
    CREATE TABLE tables (
        name TEXT, sha256 TEXT, inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        PRIMARY KEY (name, sha256)
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE documents ADD COLUMN ended_on TEXT;
    CREATE INDEX documents_ended_on ON documents (ended_on, key) WHERE ended_on IS NOT NULL;
    """,
    """
    ALTER TABLE hooks RENAME TO unnumbered_hooks;
    CREATE TABLE hooks (number INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL UNIQUE);
    INSERT INTO hooks (document) SELECT document FROM unnumbered_hooks;
    DROP TABLE unnumbered_hooks;
    """,
    """
    ALTER TABLE documents DROP COLUMN lease;
    ALTER TABLE documents ADD COLUMN leased_until REAL;
    """,
    """
    CREATE TABLE amended (document INTEGER PRIMARY KEY, version INTEGER NOT NULL);
    CREATE TABLE doubts (document INTEGER PRIMARY KEY, day TEXT NOT NULL, numbers INTEGER NOT NULL);
    CREATE INDEX doubts_day ON doubts (day) WHERE numbers > 0;
    ALTER TABLE hooks RENAME TO hooks_of_ends;
    CREATE TABLE hooks (
        number INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, corrected INTEGER NOT NULL DEFAULT 0,
        UNIQUE (document, corrected)
    );
    INSERT INTO hooks (number, document) SELECT number, document FROM hooks_of_ends;
    DROP TABLE hooks_of_ends;
    """,
)
"""Each brings a ledger to the next version; those of released versions never change."""


def open_ledger_file(state: Path, *, create: bool = True) -> sqlite3.Connection:
    """Opens the ledger in a state folder and brings it to this program's version.

    Args:
        state: the folder.
        create: for the daemon, which holds the folder's lock: a missing one is made. For everybody else it is not, and
            one on which an older daemon works is left as that needs it.

    Raises:
        LedgerError: it cannot be opened, is no ledger, was written by a newer digitdrop or is in use by an older one.
    """
    path = state / FILE
    if not create and not _is_there(path):
        raise LedgerError(
            f"there is no ledger in {state}; has `digitdrop run` or `once` worked with this configuration?"
        )
    try:
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    try:
        _prepare(connection, path)
        if (version := _version(connection)) < len(MIGRATIONS):
            if version > 0 and not create and running_pid(state) is not None:
                raise LedgerError(_OLDER.format(path, len(MIGRATIONS), version))
            _migrate(connection)
    except sqlite3.Error as error:
        connection.close()
        raise unusable(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def opened_for_reading(state: Path) -> Iterator[sqlite3.Connection]:
    """Opens a ledger that is open once more, as it is; nothing can be written through it.

    Raises:
        LedgerError: it cannot be opened, or what is read in the block cannot.
    """
    path = state / FILE
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA query_only = ON")
            yield connection
    except sqlite3.Error as error:
        raise unusable(path, error) from error


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:  # such as the state folder of a service, which others may not enter
        raise LedgerError(f"the ledger {path} must be readable. Received: {error.strerror}. {_NOT_OURS}") from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction: all of the block's statements, or none.

    Raises:
        LedgerError: the database refused it, for instance because its disk is full; nothing was changed.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite has rolled back by itself after some errors
                connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise LedgerError(f"the ledger must be writable. Received: {error}. {_remedy(error)}") from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    # An original is moved away only after a commit, so the commit must outlive a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    connection.row_factory = sqlite3.Row
    connection.create_function("folder", 1, os.path.dirname, deterministic=True)  # of a path, as bytes
    version = _version(connection)
    if version > len(MIGRATIONS):
        raise LedgerError(
            f"the ledger {path} must be of version {len(MIGRATIONS)} or older. Received: version {version}, "
            "written by a newer digitdrop; update this one"
        )
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise LedgerError(f"{path} must be digitdrop's ledger. Received: another program's database; move it away")


def _migrate(connection: sqlite3.Connection) -> None:
    """Brings the ledger to the newest version, in one transaction that another process waits for."""
    with transaction(connection):
        done = _version(connection)
        for number, script in enumerate(MIGRATIONS[done:], done + 1):
            for statement in script.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def unusable(path: Path, error: sqlite3.Error) -> LedgerError:
    """An error of the ledger's file in words, with what can be done about it."""
    return LedgerError(f"the ledger {path} must be readable and writable. Received: {error}. {_remedy(error)}")


def _remedy(error: sqlite3.Error) -> str:
    name: str = getattr(error, "sqlite_errorname", "")  # missing where the module itself refuses
    word = name.removeprefix("SQLITE_").partition("_")[0]
    return _REMEDIES.get(word, f"If that stays so, {_MOVE_AWAY}")
