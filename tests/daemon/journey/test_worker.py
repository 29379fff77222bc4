"""Documents on their way from the inbox through the ledger to the outbox and the archive."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemon.documents import Candidate, Identity, State
from daemon.engine.interface import OutcomeKind
from daemon.errors import LedgerError


def test_a_document_ends_in_the_outbox_and_the_archive(desk: Any) -> None:
    desk.arrive("a/b/scan0001.jpg", b"page")
    desk.run()
    assert desk.files("inbox") == {}
    assert desk.files("archive") == {"a/b/scan0001.jpg": b"page"}
    names = {f"a/b/scan0001.jpg{suffix}" for suffix in (".json", ".csv", ".annotated.jpg")}
    assert desk.files("outbox").keys() == names
    assert json.loads(desk.files("outbox")["a/b/scan0001.jpg.json"])["document"] == "a/b/scan0001.jpg"
    assert desk.ledger.count(State.DONE) == 1


def test_a_finished_document_is_one_line_of_the_log(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    desk.arrive("scan.jpg", b"page")
    desk.run()
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("document=scan.jpg done: 1 number on 1 page, 0 to review")
    assert line.endswith("results in scan.jpg.json; the original is in the archive")


@pytest.mark.parametrize(
    ("warnings", "told"),
    [
        (("only the first picture was read",), "; 1 warning: only the first picture was read; the original is"),
        (("it was turned", "odd\nEXIF"), "; 2 warnings: it was turned; odd\\nEXIF; the original is"),
    ],
)
def test_the_line_of_a_finished_document_has_its_warnings(
    desk: Any, caplog: pytest.LogCaptureFixture, warnings: tuple[str, ...], told: str
) -> None:
    caplog.set_level(logging.INFO)
    read = desk.engine.read
    desk.engine.read = lambda data: replace(read(data), warnings=warnings)
    desk.arrive("scan.jpg", b"page")
    desk.run()
    (line,) = [record.getMessage() for record in caplog.records]
    assert f"results in scan.jpg.json{told}" in line


def test_results_are_recorded_before_they_are_published_and_published_before_the_original_moves(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    for name in ("record", "publish", "finish"):
        original = getattr(desk.ledger, name)
        monkeypatch.setattr(desk.ledger, name, lambda *a, _n=name, _f=original, **k: (order.append(_n), _f(*a, **k))[1])
    publish = desk.outbox.publish
    monkeypatch.setattr(desk.outbox, "publish", lambda *a: (order.append("outbox"), publish(*a))[1])
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert order == ["record", "outbox", "publish", "finish"]


def test_no_more_documents_are_claimed_than_the_engine_takes(desk: Any) -> None:
    desk.engine.held = True
    for number in range(5):
        desk.arrive(f"{number}.jpg", b"page %d" % number)
    desk.run()
    assert desk.ledger.count(State.WORKING) == desk.engine.capacity
    assert desk.ledger.count(State.WAITING) == 3
    desk.engine.held = False
    desk.run()
    assert desk.ledger.count(State.DONE) == 5


def test_an_engine_that_takes_nothing_loses_nothing(desk: Any) -> None:
    desk.engine.refusing = True
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert desk.ledger.count(State.WAITING) == 1
    desk.engine.refusing = False
    desk.run(2)
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_a_ledger_that_refuses_a_result_gets_it_again(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.step()
    with monkeypatch.context() as patch:
        patch.setattr(desk.ledger, "record", _full_disk)
        with pytest.raises(LedgerError):
            desk.step()
    desk.run()
    assert desk.engine.taken == [b"page"]
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_a_ledger_that_refuses_right_after_a_claim_leaves_nothing_behind(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.arrive("scan.jpg", b"page")
    with monkeypatch.context() as patch:
        patch.setattr(desk.ledger, "identify", _full_disk)
        with pytest.raises(LedgerError):
            desk.step()
    desk.run()
    assert desk.files("archive") == {"scan.jpg": b"page"}


@pytest.mark.parametrize("book", ["documents", "results", "pictures"])
def test_a_ledger_that_cannot_be_read_is_no_fault_of_a_document(
    desk: Any, monkeypatch: pytest.MonkeyPatch, book: str
) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.step()
    with monkeypatch.context() as patch:
        if book == "documents":
            patch.setattr(desk.ledger.renewals, "read_before", _failing_disk)
        else:
            desk.settings.outbox.rmdir()
            desk.run()  # the results are recorded, and have to be read back
            desk.settings.outbox.mkdir()
            refused = (sqlite3.SQLITE_READ, book)
            desk.ledger.connection.set_authorizer(
                lambda *deed: sqlite3.SQLITE_DENY if deed[:2] == refused else sqlite3.SQLITE_OK
            )
        before = desk.ledger.entry(1)
        with pytest.raises(sqlite3.Error):
            desk.step(61)
        assert desk.ledger.entry(1) == before, "it is told of the ledger, and of no document"
        desk.ledger.connection.set_authorizer(None)
    desk.run()
    assert desk.engine.taken == [b"page"]
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_without_an_archive_the_original_stays_and_is_not_read_again(make_desk: Any) -> None:
    desk = make_desk(archive=None)
    path = desk.arrive("scan.jpg", b"page")
    desk.run()
    assert desk.files("inbox") == {"scan.jpg": b"page"}
    assert desk.dropped == []
    desk.restart()
    desk.see_all()
    desk.run()
    assert desk.ledger.count(*State) == 1
    path.write_bytes(b"another page")
    desk.see_all()
    desk.run()
    assert {"scan.jpg.json", "scan~2.jpg.json"} < desk.files("outbox").keys()


def put_under_another_inode(path: Path, content: bytes) -> None:
    """Puts a file in another's place that has its time."""
    status = path.stat()
    new = path.with_name("new")
    new.write_bytes(content)
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.replace(path)
    assert path.stat().st_ino != status.st_ino


def test_another_file_of_the_same_size_and_time_as_one_left_in_place_is_read(make_desk: Any) -> None:
    desk = make_desk(archive=None)
    path = desk.arrive("scan.jpg", b"page 1")
    desk.run()
    put_under_another_inode(path, b"page 2")
    desk.see_all()
    desk.run()
    assert {"scan.jpg.json", "scan~2.jpg.json"} < desk.files("outbox").keys()


def test_a_file_left_in_place_whose_inode_is_another_by_now_is_read_no_second_time(make_desk: Any) -> None:
    desk = make_desk(archive=None)
    path = desk.arrive("scan.jpg", b"page")
    desk.run()
    put_under_another_inode(path, b"page")
    desk.see_all()
    desk.run()
    assert desk.ledger.count(*State) == desk.ledger.count(State.DONE) == 1
    assert desk.engine.taken == [b"page"]
    assert desk.worker.delivery.done == 1
    desk.see_all()
    assert desk.ledger.count(State.WAITING) == 0, "by now the inode is known"


def test_a_lost_ledger_finds_its_own_results_again(desk: Any) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.run()
    desk.die()
    for path in desk.settings.state.iterdir():
        path.unlink()
    desk.start()
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert len(desk.files("outbox")) == 3
    assert desk.files("archive") == {"scan.jpg": b"page", "scan~2.jpg": b"page"}


def _full_disk(*arguments: object, **keywords: object) -> None:
    raise LedgerError("the ledger must be writable") from sqlite3.OperationalError("database or disk is full")


def _failing_disk(*arguments: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


@pytest.mark.parametrize("year", [1, 1900, 2262, 2263, 2446, 30_000])
@pytest.mark.parametrize("kind", [OutcomeKind.READ, OutcomeKind.UNREADABLE])
def test_a_file_of_any_time_makes_the_whole_journey(desk: Any, year: int, kind: OutcomeKind) -> None:
    desk.engine.answer = lambda data: kind
    path = desk.put("scan.jpg", b"page")
    moment_s = round((year - 1970) * 365.2425 * 86_400)
    os.utime(path, (moment_s, moment_s))
    desk.see_all()
    desk.run()
    place = desk.files("archive" if kind is OutcomeKind.READ else "failed")
    assert place["scan.jpg"] == b"page"


def test_a_file_whose_number_takes_all_64_bits_is_known_again(desk: Any) -> None:
    status = os.stat_result((0o100644, 2**64 - 1, 1, 1, 0, 0, 4, 0, 0, 0), {"st_mtime_ns": 2**64})
    candidate = Candidate("scan.jpg", Identity.of(status))
    assert desk.ledger.arrive([candidate], wall=1.0) == 1
    assert desk.ledger.arrive([candidate], wall=2.0) == 0
    assert desk.ledger.claim(desk.now, 60.0).identity == candidate.identity
