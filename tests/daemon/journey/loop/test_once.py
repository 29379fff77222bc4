"""The inbox taken as it is: finished and then left, whatever stands in the way."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest

from daemon.deliver import MAX_UNPUBLISHED
from daemon.documents import State
from daemon.engine.interface import OutcomeKind
from daemon.loop import ONCE_PATIENCE_S


def test_once_finishes_the_inbox_and_tells_how_far_it_is(once: Any) -> None:
    for number in range(3):
        once.desk.put(f"{number}.jpg", b"page %d" % number)
    told: list[tuple[int, int]] = []
    assert once.run_through(lambda finished, known: told.append((finished, known)))
    assert told[0] == (0, 3)
    assert told[-1] == (3, 3)
    assert len(once.desk.files("archive")) == 3


def test_the_figures_that_once_leaves_are_those_of_its_end(
    desk: Any, make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = desk.root / "digitdrop.prom"
    desk.settings = desk.settings.model_copy(update={"metrics_file": figures})
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    for number in range(2):
        room.desk.put(f"{number}.jpg", b"page %d" % number)
    assert room.run_through()
    assert 'digitdrop_documents{state="done"} 2\n' in figures.read_text()
    assert 'digitdrop_documents{state="waiting"} 0\n' in figures.read_text()


def test_once_takes_a_file_that_took_the_place_of_one_in_work(once: Any) -> None:
    once.desk.put("scan.jpg", b"first")

    def replace(data: bytes) -> OutcomeKind:
        if data == b"first":
            once.desk.put(".new", b"second").replace(once.desk.settings.inbox / "scan.jpg")
        return OutcomeKind.READ

    once.desk.engine.answer = replace
    assert once.run_through()
    assert once.desk.files("archive") == {"scan~2.jpg": b"second"}


def test_once_says_when_documents_failed_and_does_not_wait_for_empty_files(once: Any) -> None:
    once.desk.engine.answer = lambda data: OutcomeKind.UNREADABLE if data == b"bad" else OutcomeKind.READ
    for name, content in (("bad.jpg", b"bad"), ("good.jpg", b"good"), ("empty.jpg", b"")):
        once.desk.put(name, content)
    assert not once.run_through()
    assert once.desk.files("archive") == {"good.jpg": b"good"}
    assert once.desk.files("inbox") == {"empty.jpg": b""}


def test_once_ends_though_the_outbox_can_not_be_written(once: Any) -> None:
    once.desk.settings.outbox.rmdir()
    once.desk.put("scan.jpg", b"page")
    assert not once.run_through()
    assert once.desk.files("inbox") == {"scan.jpg": b"page"}


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

    assert not room.run_through(watch)
    recognized = room.desk.ledger.count(State.RECOGNIZED)
    assert MAX_UNPUBLISHED <= recognized < len(contents)
    assert len(room.desk.files("inbox")) == len(contents)
    assert "outbox: too many results cannot be published; until they can, no more documents are read" in caplog.text
    assert f"{len(contents)} documents left for the next run" in caplog.text
    away.rename(room.desk.settings.outbox)
    taken = len(room.desk.engine.taken)
    room.desk.restart()
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    assert room.run_through(watch)
    assert sorted(room.desk.files("archive").values()) == sorted(contents)
    assert len(room.desk.files("outbox")) == 3 * len(contents)
    room.desk.check_names()
    assert len(room.desk.engine.taken) == len(contents) - taken, "what was read is not read again"


def test_once_ends_though_a_table_is_open_in_a_spreadsheet(once: Any, caplog: pytest.LogCaptureFixture) -> None:
    tables = once.desk.settings.outbox / "tables"
    tables.mkdir()
    opened = tables / ".~lock.2026-11-23.xlsx#"
    opened.touch()
    os.utime(opened, (once.desk.wall().timestamp(),) * 2)
    once.desk.put("scan.jpg", b"page")
    assert not once.run_through()
    assert once.desk.files("archive") == {"scan.jpg": b"page"}
    assert [path.name for path in tables.iterdir()] == [opened.name]
    assert "is open in a spreadsheet" in caplog.text


def test_once_ends_though_the_ledger_can_not_be_used(once: Any, caplog: pytest.LogCaptureFixture) -> None:
    once.desk.put("scan.jpg", b"page")
    once.refuse_statements(True)

    def watch(finished: int, known: int) -> None:
        assert once.now < 1000 + 2 * ONCE_PATIENCE_S, "it never ends"

    assert not once.run_through(watch)
    assert once.now >= 1000 + ONCE_PATIENCE_S
    assert "ledger: " in caplog.text


def test_once_ends_though_the_cluster_is_away(once: Any) -> None:
    once.desk.engine.problem, once.desk.engine.capacity = "the Dask scheduler cannot be reached", 0
    once.desk.put("scan.jpg", b"page")
    assert not once.run_through()
    assert once.now >= 1000 + ONCE_PATIENCE_S
    assert once.desk.files("inbox") == {"scan.jpg": b"page"}


def test_once_ends_though_a_file_that_ends_too_early_can_not_be_moved(once: Any, truncated_png: bytes) -> None:
    once.desk.settings.failed.rmdir()
    once.desk.put("scan.png", truncated_png)

    def watch(finished: int, known: int) -> None:
        assert once.now < 1000 + 600, "it never ends"

    assert not once.run_through(watch)
    assert once.desk.files("inbox") == {"scan.png": truncated_png}


def test_once_ends_though_a_file_that_ends_too_early_can_not_be_read_any_more(
    once: Any, monkeypatch: pytest.MonkeyPatch, truncated_png: bytes
) -> None:
    once.desk.put("scan.png", truncated_png)

    def refuse(*arguments: object) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "scan.png")

    def watch(finished: int, known: int) -> None:
        if once.now > 1010:
            monkeypatch.setattr("daemon.worker.read_original", refuse)
        assert once.now < 1000 + 600, "it never ends"

    assert not once.run_through(watch)


def test_once_sees_a_file_through_that_is_still_growing(once: Any, truncated_png: bytes) -> None:
    path = once.desk.put("scan.png", truncated_png)

    def grow(finished: int, known: int) -> None:
        if once.now > 1010 and path.exists() and path.stat().st_size < 100:
            path.write_bytes(b"whole" * 100)

    assert once.run_through(grow)
    assert once.desk.files("archive") == {"scan.png": b"whole" * 100}
