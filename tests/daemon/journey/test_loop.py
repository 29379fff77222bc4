"""The main loop over all parts, stepped by hand."""

from __future__ import annotations

import errno
import importlib
import os
import select
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from daemon.days import DayTables
from daemon.documents import State
from daemon.engine.interface import OutcomeKind
from daemon.errors import LedgerError
from daemon.health import FILE, Part, Report
from daemon.hooks import Hooks
from daemon.inbox import Inbox
from daemon.loop import GRACE_S, ONCE_PATIENCE_S, MainLoop
from daemon.parts import Parts
from daemon.retention import Retention
from daemon.scan import Found
from daemon.systemd import EXTENSION_S, Notifier
from daemon.vitals import LIMITS_S
from daemon.wake import Wake

WATCHDOG_S = 30.0
TRUNCATED_PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x0dIHDR" + bytes(range(1, 30))


class Room:
    """A loop, what it drives, and what the service manager hears of it."""

    def __init__(self, desk: Any, manager: socket.socket, address: str, *, once: bool) -> None:
        self.desk = desk
        self.now = 1000.0
        self._manager = manager
        self._messages: list[str] = []
        self.wake = Wake()
        usec = str(int(WATCHDOG_S * 1e6))
        notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": usec})
        self.inbox = Inbox(desk.settings, self.wake.set, self.now, once=once, clock=lambda: 0.0)
        desk.worker._drop = desk.worker.delivery._drop = self.inbox.drop
        self.tables = DayTables(desk.settings.outbox / "tables", desk.ledger, desk.settings.tables, wall=desk.wall)
        hooks, retention = Hooks(desk.settings, desk.ledger), Retention(desk.settings, desk.ledger, wall=desk.wall)
        parts = Parts(desk.ledger, desk.engine, self.inbox, desk.worker, self.tables, hooks, retention, notifier)
        self.loop = MainLoop(desk.settings, parts, self.wake, wall=desk.wall, clock=self.clock)

    def clock(self) -> float:
        return self.now

    def step(self, seconds: float = 0.0) -> None:
        """Steps until nothing more can be done, in leaps of at most a second."""
        end = self.now + seconds
        while True:
            for _ in range(100):
                if not self.loop.step(self.now):
                    break
            self._messages += self._read()
            if self.now >= end:
                return
            self.now = min(end, self.now + 1.0)

    def idle(self, times: int) -> None:
        """Steps as the loop does by itself while nothing is to be done, and sees that it sleeps between any two."""
        for _ in range(times):
            assert not self.loop.step(self.now)
            assert self.loop._next_due() > self.now
            self.now = self.loop._next_due()
            self._messages += self._read()

    def slow_down(self, monkeypatch: pytest.MonkeyPatch, function: str, seconds: float) -> list[tuple[float, str]]:
        """Lets each call of a function take that long; gives what the manager was told by its end, with the time."""
        heard: list[tuple[float, str]] = []
        module, _, name = function.rpartition(".")
        original = getattr(importlib.import_module(module), name)

        def slow(*arguments: Any) -> Any:
            heard.extend((self.now, message) for message in self._read())
            self.now += seconds
            return original(*arguments)

        monkeypatch.setattr(function, slow)
        return heard

    def leap_instead_of_sleeping(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def leap(sources: list[int], timeout: float) -> None:
            self.now += timeout
            self._messages += self._read()

        monkeypatch.setattr("daemon.loop.wait", leap)

    def heard(self) -> list[str]:
        """What the manager was told since this was asked last."""
        messages, self._messages = self._messages + self._read(), []
        return messages

    def _read(self) -> list[str]:
        messages = []
        while select.select([self._manager], [], [], 0)[0]:
            messages.append(self._manager.recv(4096).decode())
        return messages

    def close(self) -> None:
        self.inbox.stop()
        self.wake.close()


def refuse_all(ledger: sqlite3.Connection, refuse: bool) -> None:
    """Lets every statement fail, or none, as when the disk of the ledger is away for a while."""
    ledger.set_authorizer((lambda *words: sqlite3.SQLITE_DENY) if refuse else None)


@pytest.fixture
def make_room(desk: Any) -> Iterator[Callable[..., Room]]:
    rooms: list[Room] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0digitdrop-loop-{os.getpid()}")

        def make(*, once: bool = False) -> Room:
            rooms.append(Room(desk, manager, f"@digitdrop-loop-{os.getpid()}", once=once))
            return rooms[-1]

        yield make
        for room in rooms:
            room.close()


@pytest.fixture
def room(make_room: Callable[..., Room]) -> Room:
    return make_room()


def test_a_file_goes_all_the_way_into_the_days_table(room: Room) -> None:
    room.desk.put("scan.jpg", b"page")
    room.step(10)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}
    assert len(list((room.desk.settings.outbox / "tables").iterdir())) == 2


def test_the_result_is_there_right_after_the_file_has_become_quiet(room: Room) -> None:
    room.desk.put("scan.jpg", b"page")
    room.step()
    room.now += room.desk.settings.watch.stable_seconds
    room.step()
    assert "scan.jpg.json" in room.desk.files("outbox")


def test_a_file_that_took_the_place_of_one_in_work_does_not_wait_for_the_next_scan(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.watch.Watch.take", lambda self: ([], False))
    room.desk.engine.held = True
    room.desk.put("scan.jpg", b"first")
    room.step(3)
    room.desk.put("new", b"second").replace(room.desk.settings.inbox / "scan.jpg")
    room.desk.engine.held = False
    room.step(5)
    assert room.desk.files("archive") == {"scan~2.jpg": b"second"}


def test_the_loop_wakes_for_what_is_due_and_else_sleeps(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("daemon.loop.wait", lambda sources, timeout: waits.append(timeout))
    room.step()
    room.loop._sleep(busy=False)
    room.desk.put("scan.jpg", b"page")
    room.inbox.scan_soon(room.now + 1)
    room.now += 1
    room.step()
    room.loop._sleep(busy=False)
    room.loop._sleep(busy=True)
    assert 1.0 <= waits[0] <= 10.0
    assert waits[1:] == [room.desk.settings.watch.stable_seconds, 0.0]


def test_a_wait_ends_when_it_is_told_to(room: Room) -> None:
    room.wake.set()
    room.loop._wake_up(60.0)
    assert not select.select([room.wake], [], [], 0)[0]


def test_the_manager_hears_of_life_as_long_as_all_parts_are_alive(room: Room) -> None:
    room.step(WATCHDOG_S)
    assert room.heard().count("WATCHDOG=1") >= 3


def test_the_manager_hears_nothing_any_more_when_the_engine_is_stuck(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.step()
    room.desk.engine.problem = "no worker comes up"
    room.step(LIMITS_S[Part.ENGINE] - 5)
    assert "WATCHDOG=1" in room.heard()
    room.step(30)
    room.heard()
    room.step(WATCHDOG_S)
    assert "WATCHDOG=1" not in room.heard()
    assert "no progress any more: engine" in caplog.text
    room.desk.engine.problem = None
    room.step(WATCHDOG_S)
    assert "WATCHDOG=1" in room.heard()


def test_a_cluster_that_is_away_is_told_and_is_no_reason_to_be_restarted(room: Room) -> None:
    room.step()
    room.desk.engine.problem, room.desk.engine.restart_helps = "the Dask scheduler cannot be reached", False
    room.step(5)
    room.heard()
    room.step(2 * LIMITS_S[Part.ENGINE])
    assert any("WATCHDOG=1" in message for message in room.heard())
    assert "cannot be reached" in Report.read(room.desk.settings.state).problems[0].text


def test_a_missing_inbox_is_told_and_is_no_reason_to_be_restarted(room: Room) -> None:
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


def test_an_inbox_that_was_never_read_is_not_told_as_scanned(room: Room) -> None:
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


def test_a_ledger_that_can_not_be_used_is_no_reason_to_be_restarted(room: Room) -> None:
    room.step()
    refuse_all(room.desk.ledger.connection, True)
    room.step(1000)
    room.heard()
    room.step(WATCHDOG_S)
    assert "WATCHDOG=1" in room.heard()


def test_a_ledger_without_space_is_waited_for(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
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
    room: Room, monkeypatch: pytest.MonkeyPatch
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
    desk: Any, make_room: Callable[..., Room], caplog: pytest.LogCaptureFixture
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
    desk: Any, make_room: Callable[..., Room]
) -> None:
    desk.settings = desk.settings.model_copy(update={"metrics_file": desk.root / "prometheus" / "digitdrop.prom"})
    make_room().step()
    report = Report.read(desk.settings.state)
    assert report is not None
    assert [problem.part for problem in report.problems] == ["metrics"]


def test_a_report_that_can_not_be_written_is_told_once_and_does_not_keep_the_loop_busy(
    desk: Any, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    (desk.settings.state / FILE).mkdir()
    room.idle(100)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"state: {desk.settings.state} cannot be written: Is a directory"
    ]


def test_a_ledger_that_can_not_even_be_read_is_waited_for(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.put("scan.jpg", b"page")
    room.step(1)
    for refuse, until in ((True, 1060.0), (False, 1090.0)):
        refuse_all(room.desk.ledger.connection, refuse)
        while room.now < until:
            busy = room.loop.step(room.now)
            assert not (refuse and busy)
            room.loop._sleep(busy)
        report = Report.read(room.desk.settings.state)
        assert report is not None
        assert [problem.part for problem in report.problems] == (["ledger"] if refuse else [])
    assert room.desk.files("archive") == {"scan.jpg": b"page"}


def test_the_manager_hears_how_many_documents_wait_as_far_as_that_is_known(room: Room) -> None:
    room.desk.engine.refusing = True
    for name in ("1.jpg", "2.jpg"):
        room.desk.put(name, name.encode())
    room.step(20)
    room.heard()
    refuse_all(room.desk.ledger.connection, True)
    room.step(20)
    (status,) = (message for message in room.heard() if message.startswith("STATUS="))
    assert status.startswith("STATUS=2 waiting, 0 in work, 0 done, 0 failed; ledger: ")


def test_once_ends_though_the_ledger_can_not_be_used(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.put("scan.jpg", b"page")
    refuse_all(room.desk.ledger.connection, True)

    def watch(finished: int, known: int) -> None:
        assert room.now < 1000 + 2 * ONCE_PATIENCE_S, "it never ends"

    assert not room.loop.run_through(watch)
    assert room.now >= 1000 + ONCE_PATIENCE_S
    assert "ledger: " in caplog.text


def longest_silence(heard: list[tuple[float, str]], message: str, since: float, until: float) -> float:
    times = [since, *(time for time, text in heard if text.startswith(message)), until]
    return max(later - earlier for earlier, later in pairwise(times))


def test_a_start_that_takes_long_over_the_first_scan_is_waited_for(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(200):
        room.desk.put(f"{number % 3}/{number}.jpg", b"page %d" % number)
    heard = room.slow_down(monkeypatch, "daemon.scan._sort_in", 1.0)
    monkeypatch.setattr(Notifier, "ready", lambda self: room.loop.request_stop())
    room.loop.run()
    assert room.now > 1200
    assert longest_silence(heard, "EXTEND_TIMEOUT_USEC", 1000, room.now) <= EXTENSION_S / 2
    assert not any(text == "WATCHDOG=1" for _, text in heard)


def test_the_manager_hears_of_life_in_the_middle_of_a_long_scan(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert longest_silence(heard, "WATCHDOG=1", began, room.now) <= WATCHDOG_S / 2
    assert not any(text.startswith("EXTEND_TIMEOUT_USEC") for _, text in heard)


@pytest.mark.parametrize("function", ["daemon.deliver.move_original", "daemon.worker.read_original"])
def test_the_manager_hears_of_life_between_documents_that_take_long(
    room: Room, monkeypatch: pytest.MonkeyPatch, function: str
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
    assert longest_silence(heard, "WATCHDOG=1", began, room.now) <= WATCHDOG_S / 2
    assert len(room.desk.files("archive")) == 40


def test_a_long_step_says_nothing_of_life_where_the_engine_is_stuck(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_ready_comes_after_the_first_scan(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    scan = Inbox._scan
    monkeypatch.setattr(Inbox, "_scan", lambda self, *told: (order.append("scan"), scan(self, *told))[1])
    monkeypatch.setattr(Notifier, "ready", lambda self: (order.append("ready"), room.loop.request_stop()))
    room.loop.run()
    assert order[:2] == ["scan", "ready"]
    assert "STOPPING=1" in room.heard()


def test_a_stop_lets_work_finish(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.put("scan.jpg", b"page")
    room.step(1)
    room.desk.engine.held = True
    room.step(2)
    assert room.desk.worker.in_work == 1
    room.desk.engine.held = False
    room.loop.request_stop()
    room.loop.run()
    assert room.desk.files("archive") == {"scan.jpg": b"page"}
    assert len(list((room.desk.settings.outbox / "tables").iterdir())) == 2


def test_a_stop_gives_back_what_does_not_finish_in_time(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.engine.held = True
    room.desk.put("scan.jpg", b"page")
    room.step(3)
    began = room.now
    room.loop.request_stop()
    room.loop.run()
    assert GRACE_S <= room.now - began < GRACE_S + 2
    entry = room.desk.ledger.claim(room.now, "next")
    assert (entry.attempts, entry.losses) == (0, 0)


def test_hooks_end_with_the_service_though_the_ledger_refuses(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> int:
        raise LedgerError("no space")

    ended: list[bool] = []
    monkeypatch.setattr(room.desk.worker, "give_back", refuse)
    monkeypatch.setattr(Hooks, "stop", lambda self: ended.append(True))
    room.loop.request_stop()
    room.loop.run()
    assert ended
    assert "the end is left to the next start: no space" in caplog.text


def test_a_second_request_to_stop_does_not_wait_for_work(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.engine.held = True
    room.desk.put("scan.jpg", b"page")
    room.step(3)
    began = room.now
    room.loop.request_stop()
    room.loop.request_stop()
    room.loop.run()
    assert room.now == began
    assert room.desk.ledger.count(State.WAITING) == 1


def test_nothing_new_is_claimed_while_stopping(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.leap_instead_of_sleeping(monkeypatch)
    for number in range(5):
        room.desk.put(f"{number}.jpg", b"page %d" % number)
    room.step(1)
    room.desk.engine.held = True
    room.step(2)
    room.desk.engine.held = False
    room.loop.request_stop()
    room.loop._finish()
    assert len(room.desk.files("archive")) == 2
    assert room.desk.ledger.count(State.WAITING) == 3


def test_once_finishes_the_inbox_and_tells_how_far_it_is(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    for number in range(3):
        room.desk.put(f"{number}.jpg", b"page %d" % number)
    told: list[tuple[int, int]] = []
    assert room.loop.run_through(lambda finished, known: told.append((finished, known)))
    assert told[0] == (0, 3)
    assert told[-1] == (3, 3)
    assert len(room.desk.files("archive")) == 3


def test_once_takes_a_file_that_took_the_place_of_one_in_work(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.put("scan.jpg", b"first")

    def replace(data: bytes) -> OutcomeKind:
        if data == b"first":
            room.desk.put(".new", b"second").replace(room.desk.settings.inbox / "scan.jpg")
        return OutcomeKind.READ

    room.desk.engine.answer = replace
    assert room.loop.run_through(lambda finished, known: None)
    assert room.desk.files("archive") == {"scan~2.jpg": b"second"}


def test_once_says_when_documents_failed_and_does_not_wait_for_empty_files(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.engine.answer = lambda data: OutcomeKind.UNREADABLE if data == b"bad" else OutcomeKind.READ
    for name, content in (("bad.jpg", b"bad"), ("good.jpg", b"good"), ("empty.jpg", b"")):
        room.desk.put(name, content)
    assert not room.loop.run_through(lambda finished, known: None)
    assert room.desk.files("archive") == {"good.jpg": b"good"}
    assert room.desk.files("inbox") == {"empty.jpg": b""}


def test_once_ends_though_the_outbox_can_not_be_written(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.settings.outbox.rmdir()
    room.desk.put("scan.jpg", b"page")
    assert not room.loop.run_through(lambda finished, known: None)
    assert room.desk.files("inbox") == {"scan.jpg": b"page"}


def test_once_ends_though_the_cluster_is_away(make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.engine.problem, room.desk.engine.capacity = "the Dask scheduler cannot be reached", 0
    room.desk.put("scan.jpg", b"page")
    assert not room.loop.run_through(lambda finished, known: None)
    assert room.now >= 1000 + ONCE_PATIENCE_S
    assert room.desk.files("inbox") == {"scan.jpg": b"page"}


def test_once_waits_a_while_for_an_inbox_that_can_not_be_read_and_then_says_so(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.settings.inbox.rmdir()
    assert not room.loop.run_through(lambda finished, known: None)
    assert 1000 + ONCE_PATIENCE_S <= room.now < 1000 + 2 * ONCE_PATIENCE_S


def test_once_reads_an_inbox_that_takes_minutes_to_be_searched(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.put("scan.jpg", b"page")
    scan = Inbox._scan

    def scan_slowly(inbox: Inbox, *told: Any) -> None:
        scan(inbox, *told)
        room.now += 2 * ONCE_PATIENCE_S

    monkeypatch.setattr(Inbox, "_scan", scan_slowly)
    assert room.loop.run_through(lambda finished, known: None)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}


def test_once_finishes_an_inbox_that_comes_back_in_time(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.settings.inbox.rmdir()

    def mount(finished: int, known: int) -> None:
        if room.now > 1000 and not room.desk.settings.inbox.exists():
            room.desk.put("scan.jpg", b"page")

    assert room.loop.run_through(mount)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}


def test_once_waits_for_a_part_of_the_inbox_that_can_not_be_read(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.put("scan.jpg", b"page")
    room.desk.put("locked/scan.jpg", b"page 2")
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("locked") and room.now < 1000 + ONCE_PATIENCE_S / 2:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return scandir(path)

    monkeypatch.setattr("daemon.scan.os.scandir", refuse)
    assert room.loop.run_through(lambda finished, known: None)
    assert room.desk.files("archive") == {"scan.jpg": b"page", "locked/scan.jpg": b"page 2"}


def test_once_does_not_leave_work_for_a_part_of_the_inbox_that_can_not_be_read(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.put("scan.jpg", b"page")
    room.desk.engine.held = True
    status = (room.desk.settings.inbox / "scan.jpg").lstat()
    found = Found({"scan.jpg": status}, problems={"locked": "Permission denied"})
    monkeypatch.setattr("daemon.inbox.scan", lambda *arguments, **keywords: found)

    def release(finished: int, known: int) -> None:
        room.desk.engine.held = room.now < 1000 + 2 * ONCE_PATIENCE_S

    assert not room.loop.run_through(release)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}


def test_once_ends_though_a_file_that_ends_too_early_can_not_be_moved(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.settings.failed.rmdir()
    room.desk.put("scan.png", TRUNCATED_PNG)

    def watch(finished: int, known: int) -> None:
        assert room.now < 1000 + 600, "it never ends"

    assert not room.loop.run_through(watch)
    assert room.desk.files("inbox") == {"scan.png": TRUNCATED_PNG}


def test_once_ends_though_a_file_that_ends_too_early_can_not_be_read_any_more(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.put("scan.png", TRUNCATED_PNG)

    def refuse(*arguments: object) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "scan.png")

    def watch(finished: int, known: int) -> None:
        if room.now > 1010:
            monkeypatch.setattr("daemon.worker.read_original", refuse)
        assert room.now < 1000 + 600, "it never ends"

    assert not room.loop.run_through(watch)


def test_once_sees_a_file_through_that_is_still_growing(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    path = room.desk.put("scan.png", TRUNCATED_PNG)

    def grow(finished: int, known: int) -> None:
        if room.now > 1010:
            monkeypatch.setattr("daemon.worker.is_whole", lambda data: True)
            if path.exists() and path.stat().st_size < 100:
                path.write_bytes(b"whole" * 100)

    assert room.loop.run_through(grow)
    assert room.desk.files("archive") == {"scan.png": b"whole" * 100}


def test_a_stop_signal_only_takes_note(room: Room) -> None:
    before = signal.signal(signal.SIGUSR1, lambda number, frame: room.loop.request_stop())
    try:
        signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert room.loop.stop_requests == 1
    assert select.select([room.wake], [], [], 0)[0], "a wait in progress ends"
