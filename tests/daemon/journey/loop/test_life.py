"""What the service manager hears: that the service is ready, that it lives, and how it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

import daemon.originals
from daemon.engine.interface import OutcomeKind
from daemon.health import UNREAD_LISTED, Part, Report
from daemon.inbox import Inbox
from daemon.loop import GRACE_S, MainLoop
from daemon.systemd import EXTENSION_S, Notifier
from daemon.vitals import LIMITS_S


def test_the_manager_hears_of_life_as_long_as_all_parts_are_alive(room: Any) -> None:
    room.step(room.watchdog_s)
    assert room.heard().count("WATCHDOG=1") >= 3


@pytest.mark.parametrize("watchdog_s", [6.0, 30.0])
def test_the_manager_hears_of_life_twice_within_its_patience(make_room: Callable[..., Any], watchdog_s: float) -> None:
    room = make_room(watchdog_s=watchdog_s)
    room.step()
    room.heard()
    room.step(60)
    assert room.heard().count("WATCHDOG=1") >= 2 * 60 / watchdog_s


def test_how_far_the_service_is_is_told_soon_however_patient_the_manager(make_room: Callable[..., Any]) -> None:
    room = make_room(watchdog_s=3600.0)
    room.step()
    room.desk.put("scan.jpg", b"page")
    room.step(200)
    room.inbox.scan_soon(room.now)
    room.step(3)
    assert room.desk.files("inbox") == {}
    room.step(10)
    assert any("1 done" in message for message in room.heard())


def falls_silent(room: Any, part: Part, caplog: pytest.LogCaptureFixture) -> None:
    """Sees that a part that makes no progress from now on is waited for, and then that nothing is said of life."""
    room.step(LIMITS_S[part] - 5)
    assert "WATCHDOG=1" in room.heard()
    room.step(30)
    room.heard()
    room.step(room.watchdog_s)
    assert "WATCHDOG=1" not in room.heard()
    assert f"no progress any more: {part}" in caplog.text


def test_the_manager_hears_nothing_any_more_when_the_engine_is_stuck(
    room: Any, caplog: pytest.LogCaptureFixture
) -> None:
    room.step()
    room.desk.engine.problem = "no worker comes up"
    falls_silent(room, Part.ENGINE, caplog)
    room.desk.engine.problem = None
    room.step(room.watchdog_s)
    assert "WATCHDOG=1" in room.heard()


def test_the_manager_hears_nothing_any_more_when_the_making_of_tables_hangs(
    room: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room.step()
    begun = room.now
    with monkeypatch.context() as patch:
        patch.setattr(room.tables, "heard", lambda now: begun)
        falls_silent(room, Part.TABLES, caplog)
    room.step(room.watchdog_s)
    assert "WATCHDOG=1" in room.heard()


def test_a_cluster_that_is_away_is_told_and_is_no_reason_to_be_restarted(room: Any) -> None:
    room.step()
    room.desk.engine.problem, room.desk.engine.restart_helps = "the Dask scheduler cannot be reached", False
    room.step(5)
    room.heard()
    room.step(2 * LIMITS_S[Part.ENGINE])
    room.heard()
    room.step(room.watchdog_s)
    assert "WATCHDOG=1" in room.heard()
    assert "cannot be reached" in Report.read(room.desk.settings.state).problems[0].text


def test_a_ledger_that_can_not_be_used_is_no_reason_to_be_restarted(room: Any) -> None:
    room.step()
    room.refuse_statements(True)
    room.step(1000)
    room.heard()
    room.step(room.watchdog_s)
    assert "WATCHDOG=1" in room.heard()


def test_the_manager_hears_how_many_documents_wait_as_far_as_that_is_known(room: Any) -> None:
    room.desk.engine.refusing = True
    for name in ("1.jpg", "2.jpg"):
        room.desk.put(name, name.encode())
    room.step(20)
    room.heard()
    room.refuse_statements(True)
    room.step(20)
    (status,) = (message for message in room.heard() if message.startswith("STATUS="))
    assert status.startswith("STATUS=2 waiting, 0 in work, 0 done, 0 failed; ledger: ")


def longest_silence(heard: list[tuple[float, str]], message: str, since: float, until: float) -> float:
    times = [since, *(time for time, text in heard if text.startswith(message)), until]
    return max(later - earlier for earlier, later in pairwise(times))


def test_a_start_that_takes_long_over_the_first_scan_is_waited_for(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(200):
        room.desk.put(f"{number % 3}/{number}.jpg", b"page %d" % number)
    heard = room.slow_down(monkeypatch, "daemon.scan._sort_in", 1.0)
    monkeypatch.setattr(Notifier, "ready", lambda self: room.loop.request_stop())
    room.loop.run()
    assert room.now > 1200
    assert longest_silence(heard, "EXTEND_TIMEOUT_USEC", 1000, room.now) <= EXTENSION_S / 2
    assert not any(text == "WATCHDOG=1" for _, text in heard)


def test_the_manager_hears_of_life_in_the_middle_of_a_long_scan(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(200):
        room.desk.put(f"{number}.jpg", b"")
    room.step()
    room.loop._vitals.ready()
    room.inbox.scan_soon(room.now)
    room.now += 30
    began = room.now
    heard = room.slow_down(monkeypatch, "daemon.scan._sort_in", 1.0)
    room.step()
    assert room.now > began + 150
    assert longest_silence(heard, "WATCHDOG=1", began, room.now) <= room.watchdog_s / 2
    assert not any(text.startswith("EXTEND_TIMEOUT_USEC") for _, text in heard)


@pytest.mark.parametrize("function", ["daemon.deliver.move_original", "daemon.worker.read_original"])
def test_the_manager_hears_of_life_between_documents_that_take_long(
    room: Any, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    room.desk.engine.capacity = 40
    for number in range(40):
        room.desk.put(f"{number}.jpg", b"page %d" % number)
    room.step(1)
    room.loop._vitals.ready()
    began = room.now
    heard = room.slow_down(monkeypatch, function, 5.0)
    room.step(1)
    assert room.now >= began + 200
    assert longest_silence(heard, "WATCHDOG=1", began, room.now) <= room.watchdog_s / 2
    assert len(room.desk.files("archive")) == 40


@pytest.mark.usefixtures("two_disks")
@pytest.mark.parametrize("answer", [OutcomeKind.READ, OutcomeKind.UNREADABLE])
def test_the_manager_hears_of_life_while_a_huge_original_is_copied_to_another_disk(
    room: Any, monkeypatch: pytest.MonkeyPatch, answer: OutcomeKind
) -> None:
    content = os.urandom(20 << 20)
    monkeypatch.setattr(daemon.originals, "_UNSYNCED_BYTES", 1 << 20)
    room.desk.engine.answer = lambda data: answer
    room.desk.put("scan.tif", content)
    room.step(1)
    room.loop._vitals.ready()
    began = room.now
    heard = room.slow_down(monkeypatch, "os.fdatasync", 5.0)
    room.step(1)
    assert room.now >= began + 100
    assert longest_silence(heard, "WATCHDOG=1", began, room.now) <= room.watchdog_s / 2
    assert room.desk.files("archive" if answer is OutcomeKind.READ else "failed")["scan.tif"] == content


@pytest.mark.parametrize("function", ["daemon.tables.numbered_rows", "os.utime"])
def test_the_manager_hears_of_life_while_the_tables_of_a_long_day_are_written(
    room: Any, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """`os.utime` is called for each part of the workbook while it is packed."""
    room.desk.engine.capacity = 40
    for number in range(40):
        room.desk.arrive(f"{number}.jpg", b"page %d" % number)
    room.desk.run()
    room.loop._vitals.ready()
    began = room.now
    heard = room.slow_down(monkeypatch, function, 5.0)
    room.step()
    assert room.now >= began + 50
    assert longest_silence(heard, "WATCHDOG=1", began, room.now) <= room.watchdog_s / 2
    assert len(list((room.desk.settings.outbox / "tables").iterdir())) == 2


@pytest.mark.parametrize("finish", [MainLoop._finish, lambda loop: loop.step(loop._clock())])
def test_a_stop_that_takes_long_is_waited_for(
    room: Any, monkeypatch: pytest.MonkeyPatch, finish: Callable[[MainLoop], object]
) -> None:
    """Also where the signal came in the middle of a long step."""
    room.desk.engine.capacity = 40
    for number in range(40):
        room.desk.put(f"{number}.jpg", b"page %d" % number)
    room.step(3)
    for number in range(40):
        room.desk.arrive(f"{number}.jpg", b"another page %d" % number)
    room.desk.step()
    room.loop._vitals.ready()
    room.loop.request_stop()
    began = room.now
    heard = room.slow_down(monkeypatch, "daemon.tables.numbered_rows", 5.0)
    finish(room.loop)
    assert room.now >= began + 200
    for message in ("EXTEND_TIMEOUT_USEC", "WATCHDOG=1"):
        assert longest_silence(heard, message, began, room.now) <= room.watchdog_s / 2


def test_waiting_for_work_to_finish_is_told_as_part_of_a_stop(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.engine.held = True
    room.desk.put("scan.jpg", b"page")
    room.step(3)
    room.loop._vitals.ready()
    room.heard()
    room.loop.request_stop()
    room.loop._finish()
    assert room.heard().count(f"EXTEND_TIMEOUT_USEC={EXTENSION_S * 1e6:.0f}") >= GRACE_S / 10


def test_a_long_step_says_nothing_of_life_where_the_engine_is_stuck(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(200):
        room.desk.put(f"{number}.jpg", b"")
    room.loop._vitals.ready()
    room.step()
    room.desk.engine.problem = "no worker comes up"
    room.step(LIMITS_S[Part.ENGINE] + 20)
    room.heard()
    heard = room.slow_down(monkeypatch, "daemon.scan._sort_in", 1.0)
    room.inbox._scan_due = room.now
    room.step()
    assert room.now > 1300
    assert not any(text == "WATCHDOG=1" for _, text in heard)


def test_what_lies_in_the_inbox_and_is_never_read_is_reported(room: Any) -> None:
    inbox = room.desk.settings.inbox
    room.desk.put("empty.pdf", b"")
    room.desk.put("x.pdf/scan.jpg", b"page")
    (inbox / "link.jpg").symlink_to(inbox / "empty.pdf")
    room.step(130)
    report = Report.read(room.desk.settings.state)
    assert report is not None
    assert report.unread == {
        "empty.pdf": "it is empty",
        "link.jpg": "it is a symbolic link; only regular files are read",
        "x.pdf": "it is a folder; only regular files are read",
    }
    (inbox / "link.jpg").unlink()
    room.desk.put("empty.pdf", b"page")
    room.step(190)
    report = Report.read(room.desk.settings.state)
    assert report is not None
    assert (report.unread_in_all, list(report.unread)) == (1, ["x.pdf"])


def test_of_very_many_files_that_are_never_read_some_are_named(room: Any) -> None:
    for number in range(UNREAD_LISTED + 1):
        room.desk.put(f"{number:04}.jpg", b"")
    room.step(130)
    report = Report.read(room.desk.settings.state)
    assert report is not None
    assert (report.unread_in_all, len(report.unread)) == (UNREAD_LISTED + 1, UNREAD_LISTED)
    assert "0000.jpg" in report.unread


def test_ready_comes_after_the_first_scan(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    scan = Inbox._scan
    monkeypatch.setattr(Inbox, "_scan", lambda self, *told: (order.append("scan"), scan(self, *told))[1])
    monkeypatch.setattr(Notifier, "ready", lambda self: (order.append("ready"), room.loop.request_stop()))
    room.loop.run()
    assert order[:2] == ["scan", "ready"]
    assert "STOPPING=1" in room.heard()
