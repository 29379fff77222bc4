"""The ledger's file: its versions, what is no ledger, and what keeps one from being used."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from daemon.documents import Candidate, Identity, State
from daemon.errors import LedgerError
from daemon.ledger import Ledger
from daemon.ledger.schema import FILE, MIGRATIONS, WAL_BYTES, transaction
from daemon.lock import StateLock

NEW = Candidate("new.jpg", Identity(7, 100, 1_000))


def test_a_full_disk_is_a_ledger_error_and_passes(ledger: Ledger) -> None:
    pages = ledger.connection.execute("PRAGMA page_count").fetchone()[0]
    ledger.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerError, match=r"full.*space"):
        ledger.arrive([Candidate(f"{number}{'x' * 200}", NEW.identity) for number in range(500)], wall=1.0)
    assert ledger.count(State.WAITING) == 0
    ledger.connection.execute("PRAGMA max_page_count = 1000000")
    assert ledger.arrive([NEW], wall=1.0) == 1


def test_another_process_that_writes_is_waited_for(ledger: Ledger, tmp_path: Path) -> None:
    begun = threading.Event()

    def write() -> None:
        with Ledger(tmp_path) as other, transaction(other.connection):
            begun.set()
            threading.Event().wait(0.2)

    writer = threading.Thread(target=write)
    writer.start()
    assert begun.wait(20)
    assert ledger.arrive([NEW], wall=1.0) == 1
    writer.join()


def test_from_the_beginning_of_a_transaction_nobody_else_writes(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.ledger.schema.BUSY_TIMEOUT_S", 0.0)
    with Ledger(tmp_path) as other, transaction(ledger.connection), pytest.raises(LedgerError, match="locked"):
        other.arrive([NEW], wall=1.0)


def test_a_ledger_in_use_says_so_and_is_not_to_be_moved_away(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.ledger.schema.BUSY_TIMEOUT_S", 0.0)
    with Ledger(tmp_path) as other:
        ledger.connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match=r"locked\. Another program uses it just now; try again$"):
            other.arrive([NEW], wall=1.0)
    (tmp_path / FILE).rename(tmp_path / "moved")
    with sqlite3.connect(tmp_path / FILE, isolation_level=None) as db:
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match=r"locked\. Another program uses it just now; try again$"):
            Ledger(tmp_path)
    db.close()


def test_a_ledger_of_another_user_says_as_whom_to_run(ledger: Ledger) -> None:
    ledger.connection.execute("PRAGMA query_only = 1")
    with pytest.raises(LedgerError, match=r"readonly.*the user digitdrop runs as$"):
        ledger.arrive([NEW], wall=1.0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_ledger_in_a_folder_that_this_user_may_not_enter_says_as_whom_to_run() -> None:
    with tempfile.TemporaryDirectory(prefix="digitdrop-test-") as state:
        Ledger(Path(state)).close()
        os.seteuid(65_534)
        try:
            with pytest.raises(LedgerError, match=r"Permission denied\. .*run it as the user digitdrop runs as$"):
                Ledger(Path(state), create=False)
        finally:
            os.seteuid(0)


def test_a_ledger_that_contradicts_itself_is_not_said_to_lack_space(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match=r"constraint failed.*move it away") as raised, transaction(ledger.connection):
        ledger.connection.execute("INSERT INTO documents (path) VALUES (NULL)")
    assert "space" not in str(raised.value)


def test_a_ledger_of_a_newer_program_is_refused_by_its_version(tmp_path: Path) -> None:
    Ledger(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(LedgerError, match=f"version {len(MIGRATIONS) + 1}.*newer"):
        Ledger(tmp_path)


def make_older(state: Path, version: int) -> None:
    with sqlite3.connect(state / FILE) as db:
        for script in MIGRATIONS[:version]:
            db.executescript(script)
        db.execute(f"PRAGMA user_version = {version}")
    db.close()


def test_a_ledger_on_which_an_older_program_works_is_left_as_that_needs_it(tmp_path: Path) -> None:
    make_older(tmp_path, 5)
    with StateLock(tmp_path):
        with pytest.raises(LedgerError, match=r"version 5, on which an older digitdrop works; restart the service"):
            Ledger(tmp_path, create=False)
        with closing(sqlite3.connect(tmp_path / FILE)) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (5,)
        Ledger(tmp_path).close()  # as the daemon does, whose lock this is
    Ledger(tmp_path, create=False).close()


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_a_ledger_of_an_older_program_is_brought_up_to_date_with_all_it_holds(tmp_path: Path, version: int) -> None:
    make_older(tmp_path, version)
    with sqlite3.connect(tmp_path / FILE) as db:
        if version:
            db.execute(
                "INSERT INTO documents (path, inode, size, mtime_ns, state, target, arrived_at, finished_at) "
                "VALUES (?, 1, 2, 3, 'done', ?, 4.0, 5.0)",
                (b"scan.jpg", b"scan.jpg"),
            )
        if version > 1:
            db.execute("INSERT INTO hooks (document) VALUES (1)")
    db.close()
    with Ledger(tmp_path) as ledger:
        assert ledger.connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert [entry.path for entry in ledger.archive.kept_since_before(6.0, 10)] == ["scan.jpg"] * bool(version)
        assert [document.entry.path for document in ledger.hooks.waiting(9)] == ["scan.jpg"] * (version > 1)
        assert ledger.arrive([NEW], wall=1.0) == 1


def test_a_commit_outlives_a_power_cut_and_the_file_tells_what_it_is(ledger: Ledger, tmp_path: Path) -> None:
    settings = ("journal_mode", "synchronous", "application_id")
    found = [ledger.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in settings]
    assert found == ["wal", 2, int.from_bytes(b"dgdr", "big")]
    ledger.close()
    assert (tmp_path / FILE).read_bytes()[68:72] == b"dgdr"


def test_the_log_beside_the_ledger_does_not_stay_as_large_as_it_was_once(ledger: Ledger, tmp_path: Path) -> None:
    with transaction(ledger.connection) as db:
        db.execute("INSERT INTO pictures VALUES (1, 1, zeroblob(?))", (2 * WAL_BYTES,))
    log = tmp_path / f"{FILE}-wal"
    assert log.stat().st_size > 2 * WAL_BYTES
    ledger.arrive([NEW], wall=1.0)
    assert log.stat().st_size <= WAL_BYTES


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    db.close()
    with pytest.raises(LedgerError, match="another program"):
        Ledger(tmp_path)


def test_a_damaged_ledger_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database " * 100)
    with pytest.raises(LedgerError, match="move it away"):
        Ledger(tmp_path)


def test_a_ledger_that_is_only_asked_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no ledger"):
        Ledger(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []
