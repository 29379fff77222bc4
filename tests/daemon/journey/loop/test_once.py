"""The inbox taken as it is: finished and then left, whatever stands in the way."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from daemon.deliver import MAX_UNPUBLISHED
from daemon.documents import State
from daemon.engine.interface import OutcomeKind
from daemon.inbox import Inbox
from daemon.loop import ONCE_PATIENCE_S
from daemon.scan import Found


@pytest.fixture
def fstab(desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An fstab that has the inbox mounted from a share."""
    path = tmp_path / "fstab"
    path.write_text(f"nas:/scans {desk.settings.inbox} nfs4 nofail 0 0\n")
    monkeypatch.setattr("daemon.mounts.FSTAB", path)
    return path


def test_once_finishes_the_inbox_and_tells_how_far_it_is(
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
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


def test_the_figures_that_once_leaves_are_those_of_its_end(
    desk: Any, make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = desk.root / "digitdrop.prom"
    desk.settings = desk.settings.model_copy(update={"metrics_file": figures})
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    for number in range(2):
        room.desk.put(f"{number}.jpg", b"page %d" % number)
    assert room.loop.run_through(lambda finished, known: None)
    assert 'digitdrop_documents{state="done"} 2\n' in figures.read_text()
    assert 'digitdrop_documents{state="waiting"} 0\n' in figures.read_text()


def test_once_takes_a_file_that_took_the_place_of_one_in_work(
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
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
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
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
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.settings.outbox.rmdir()
    room.desk.put("scan.jpg", b"page")
    assert not room.loop.run_through(lambda finished, known: None)
    assert room.desk.files("inbox") == {"scan.jpg": b"page"}


@pytest.mark.parametrize("max_bytes", [1, 1 << 20], ids=["all wait", "those of the folder wait"])
def test_once_ends_though_too_many_results_wait_for_the_outbox_and_the_next_run_publishes_them(
    make_room: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    max_bytes: int,
) -> None:
    monkeypatch.setattr("daemon.deliver.MAX_UNPUBLISHED_BYTES", max_bytes)
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    away = room.desk.settings.outbox.rename(room.desk.root / "away")
    contents = [b"page %d" % number for number in range(MAX_UNPUBLISHED + 6)]
    for number, content in enumerate(contents):
        room.desk.put(f"{number}.jpg", content)

    def watch(finished: int, known: int) -> None:
        assert room.now < 1000 + 600, "it never ends"

    assert not room.loop.run_through(watch)
    recognized = room.desk.ledger.count(State.RECOGNIZED)
    assert MAX_UNPUBLISHED <= recognized < len(contents)
    assert len(room.desk.files("inbox")) == len(contents)
    assert "outbox: too many results cannot be published; until they can, no more documents are read" in caplog.text
    assert f"{len(contents)} documents are left for the next run" in caplog.text
    away.rename(room.desk.settings.outbox)
    taken = len(room.desk.engine.taken)
    room.desk.restart()
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    assert room.loop.run_through(watch)
    assert sorted(room.desk.files("archive").values()) == sorted(contents)
    assert len(room.desk.files("outbox")) == 3 * len(contents)
    room.desk.check_names()
    assert len(room.desk.engine.taken) == len(contents) - taken, "what was read is not read again"


def test_once_ends_though_a_table_is_open_in_a_spreadsheet(
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    tables = room.desk.settings.outbox / "tables"
    tables.mkdir()
    opened = tables / ".~lock.2026-11-23.xlsx#"
    opened.touch()
    os.utime(opened, (room.desk.wall().timestamp(),) * 2)
    room.desk.put("scan.jpg", b"page")
    assert not room.loop.run_through(lambda finished, known: None)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}
    assert [path.name for path in tables.iterdir()] == [opened.name]
    assert "is open in a spreadsheet" in caplog.text


def test_once_ends_though_the_ledger_can_not_be_used(
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.put("scan.jpg", b"page")
    room.refuse_statements(True)

    def watch(finished: int, known: int) -> None:
        assert room.now < 1000 + 2 * ONCE_PATIENCE_S, "it never ends"

    assert not room.loop.run_through(watch)
    assert room.now >= 1000 + ONCE_PATIENCE_S
    assert "ledger: " in caplog.text


def test_once_ends_though_the_cluster_is_away(make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.engine.problem, room.desk.engine.capacity = "the Dask scheduler cannot be reached", 0
    room.desk.put("scan.jpg", b"page")
    assert not room.loop.run_through(lambda finished, known: None)
    assert room.now >= 1000 + ONCE_PATIENCE_S
    assert room.desk.files("inbox") == {"scan.jpg": b"page"}


def test_once_waits_a_while_for_an_inbox_that_can_not_be_read_and_then_says_so(
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.settings.inbox.rmdir()
    assert not room.loop.run_through(lambda finished, known: None)
    assert 1000 + ONCE_PATIENCE_S <= room.now < 1000 + 2 * ONCE_PATIENCE_S


def test_once_reads_an_inbox_that_takes_minutes_to_be_searched(
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
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
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.settings.inbox.rmdir()

    def mount(finished: int, known: int) -> None:
        if room.now > 1000 and not room.desk.settings.inbox.exists():
            room.desk.put("scan.jpg", b"page")

    assert room.loop.run_through(mount)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}


def test_once_tells_an_inbox_whose_share_is_away_from_an_empty_one(
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, fstab: Path
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    assert not room.loop.run_through(lambda finished, known: None)
    assert room.now >= 1000 + ONCE_PATIENCE_S
    assert f"the share {room.desk.settings.inbox} of {fstab} is away" in str(room.inbox.scan_problem)
    fstab.write_text("")
    room = make_room(once=True)
    assert room.loop.run_through(lambda finished, known: None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.usefixtures("fstab")
def test_once_finishes_a_share_that_is_mounted_in_time(
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, mounts: Any
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    with ExitStack() as mounted:

        def mount(finished: int, known: int) -> None:
            if room.now > 1000 and not room.desk.settings.inbox.is_mount():
                mounted.enter_context(mounts.mounted(room.desk.settings.inbox, "-t", "tmpfs", "none"))
                room.desk.put("scan.jpg", b"page")

        assert room.loop.run_through(mount)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}


def test_once_waits_for_a_part_of_the_inbox_that_can_not_be_read(
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
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
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
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
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, truncated_png: bytes
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.settings.failed.rmdir()
    room.desk.put("scan.png", truncated_png)

    def watch(finished: int, known: int) -> None:
        assert room.now < 1000 + 600, "it never ends"

    assert not room.loop.run_through(watch)
    assert room.desk.files("inbox") == {"scan.png": truncated_png}


def test_once_ends_though_a_file_that_ends_too_early_can_not_be_read_any_more(
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, truncated_png: bytes
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.put("scan.png", truncated_png)

    def refuse(*arguments: object) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "scan.png")

    def watch(finished: int, known: int) -> None:
        if room.now > 1010:
            monkeypatch.setattr("daemon.worker.read_original", refuse)
        assert room.now < 1000 + 600, "it never ends"

    assert not room.loop.run_through(watch)


def test_once_sees_a_file_through_that_is_still_growing(
    make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, truncated_png: bytes
) -> None:
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    path = room.desk.put("scan.png", truncated_png)

    def grow(finished: int, known: int) -> None:
        if room.now > 1010 and path.exists() and path.stat().st_size < 100:
            path.write_bytes(b"whole" * 100)

    assert room.loop.run_through(grow)
    assert room.desk.files("archive") == {"scan.png": b"whole" * 100}
