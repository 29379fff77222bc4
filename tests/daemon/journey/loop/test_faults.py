"""Folders, files and a ledger that cannot be used for a while: told of, waited for, and no end of the service."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from daemon.documents import State
from daemon.errors import LedgerError
from daemon.health import FILE, Report
from daemon.inbox import RESCAN_LOCAL_S
from daemon.sole import SoleUse


def test_a_missing_inbox_is_told_and_is_no_reason_to_be_restarted(room: Any) -> None:
    room.step()
    room.desk.settings.inbox.rmdir()
    room.step(400)
    heard = room.heard()
    assert heard[-10:].count("WATCHDOG=1") >= 3
    assert any("cannot be read" in message for message in heard)
    report = Report.read(room.desk.settings.state)
    assert report is not None
    assert {problem.part for problem in report.problems} == {"events", "scan"}
    room.desk.put("scan.jpg", b"page")
    room.step(30)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}


def test_an_inbox_that_was_never_read_is_not_told_as_scanned(room: Any) -> None:
    room.desk.settings.inbox.rmdir()
    room.step(30)
    report = Report.read(room.desk.settings.state)
    assert report is not None
    assert report.scanned is None
    room.desk.settings.inbox.mkdir()
    room.step(90)
    report = Report.read(room.desk.settings.state)
    assert report is not None
    assert report.scanned == room.desk.wall().timestamp()


def test_a_ledger_without_space_is_waited_for(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **keywords: object) -> None:
        raise LedgerError("the ledger must be writable. Received: disk is full")

    room.desk.put("scan.jpg", b"page")
    with monkeypatch.context() as patch:
        patch.setattr(room.desk.ledger, "arrive", full)
        room.step(30)
        assert room.desk.ledger.count(*State) == 0
        report = Report.read(room.desk.settings.state)
        assert report is not None
        assert [problem.part for problem in report.problems] == ["ledger"]
    room.step(30)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}


def test_a_database_error_anywhere_in_a_step_does_not_end_the_service(
    room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*arguments: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    room.desk.put("scan.jpg", b"page")
    with monkeypatch.context() as patch:
        patch.setattr(room.desk.ledger, "due", failing)
        room.step(20)
    room.step(20)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}


def test_figures_that_can_not_be_written_are_told_once_and_do_not_keep_the_loop_busy(
    desk: Any, make_room: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    folder = desk.root / "prometheus"
    desk.settings = desk.settings.model_copy(update={"metrics_file": folder / "digitdrop.prom"})
    room = make_room()
    room.idle(100)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"metrics: {folder}/digitdrop.prom cannot be written: No such file or directory"
    ]
    folder.mkdir()
    room.step(60)
    assert "digitdrop_documents" in (folder / "digitdrop.prom").read_text()


def test_figures_that_can_not_be_written_stand_in_the_report_that_tells_it(
    desk: Any, make_room: Callable[..., Any]
) -> None:
    desk.settings = desk.settings.model_copy(update={"metrics_file": desk.root / "prometheus" / "digitdrop.prom"})
    make_room().step()
    report = Report.read(desk.settings.state)
    assert report is not None
    assert [problem.part for problem in report.problems] == ["metrics"]


def test_figures_of_a_ledger_that_can_not_be_read_are_told_and_no_mistake(
    desk: Any, make_room: Callable[..., Any]
) -> None:
    desk.settings = desk.settings.model_copy(update={"metrics_file": desk.root / "digitdrop.prom"})
    room = make_room()
    room.refuse_statements(True)
    room.loop._vitals.write_report()
    report = Report.read(desk.settings.state)
    assert report is not None
    assert [problem.part for problem in report.problems] == ["metrics"]


def test_a_report_that_can_not_be_written_is_told_once_and_does_not_keep_the_loop_busy(
    desk: Any, room: Any, caplog: pytest.LogCaptureFixture
) -> None:
    (desk.settings.state / FILE).mkdir()
    room.idle(100)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"state: {desk.settings.state} cannot be written: Is a directory"
    ]
    (desk.settings.state / FILE).rmdir()
    for _ in range(2):  # what was in the way of the report itself is no news to be written at once
        room.loop._vitals.write_report()
    report = Report.read(desk.settings.state)
    assert report is not None
    assert report.problems == ()


def test_a_ledger_that_can_not_even_be_read_is_waited_for(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.put("scan.jpg", b"page")
    room.step(1)
    for refuse, until in ((True, 1060.0), (False, 1090.0)):
        room.refuse_statements(refuse)
        while room.now < until:
            busy = room.loop.step(room.now)
            assert not (refuse and busy)
            room.loop._sleep(busy)
        report = Report.read(room.desk.settings.state)
        assert report is not None
        assert [problem.part for problem in report.problems] == (["ledger"] if refuse else [])
    assert room.desk.files("archive") == {"scan.jpg": b"page"}


def test_documents_that_wait_because_results_can_not_be_published_are_told(
    room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.deliver.MAX_UNPUBLISHED", 1)
    room.desk.settings.outbox.rmdir()
    for number in range(5):
        room.desk.put(f"{number}.jpg", b"page %d" % number)
    room.step(30)
    report = Report.read(room.desk.settings.state)
    assert report is not None
    assert "outbox" in {problem.part for problem in report.problems}


def test_another_digitdrop_on_the_inbox_is_told_from_the_start_until_it_ends(room: Any) -> None:
    other = SoleUse(room.desk.settings.inbox)
    assert other.problem() is None
    room.desk.put("scan.jpg", b"page")
    room.step(3)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}, "nothing is held up by it"
    report = Report.read(room.desk.settings.state)
    assert report is not None
    assert [problem.part for problem in report.problems] == ["inbox"]
    other.release()
    room.step(RESCAN_LOCAL_S)
    report = Report.read(room.desk.settings.state)
    assert report is not None
    assert report.problems == ()


def test_an_answer_that_nobody_reads_does_not_keep_the_loop_busy_while_the_ledger_is_waited_for(
    room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.leap_instead_of_sleeping(monkeypatch)
    answers, worker = socket.socketpair()
    with answers, worker:
        worker.send(b"an answer")
        monkeypatch.setattr(room.desk.engine, "readable", lambda: (answers,))
        room.refuse_statements(True)
        while room.now < 1060.0:
            room.loop._sleep(room.loop.step(room.now))


@pytest.mark.parametrize(("part", "name"), [("tables", "tables"), ("hooks", "hooks"), ("retention", "archive")])
def test_what_is_in_the_way_of_a_part_is_told_at_once(room: Any, part: str, name: str) -> None:
    room.step()
    getattr(room.loop._parts, part).problem = "something stands there"
    room.loop._vitals.look_after(room.now)
    report = Report.read(room.desk.settings.state)
    assert report is not None
    assert [(problem.part, problem.text) for problem in report.problems] == [(name, "something stands there")]


def test_how_long_something_is_in_the_way_counts_from_when_it_came_last(room: Any) -> None:
    vitals = room.loop._vitals
    for now, problem in ((0.0, "the disk is full"), (20.0, None), (50.0, "the disk is full"), (55.0, "it is away")):
        vitals.note("ledger", problem, now)
    assert vitals.troubled_s("ledger", 60.0) == 10.0
    vitals.note("ledger", None, 60.0)
    assert vitals.troubled_s("ledger", 70.0) == 0.0
