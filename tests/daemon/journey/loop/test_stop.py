"""The end of the service: what is in work is finished or given back in time."""

from __future__ import annotations

import select
import signal
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import Any

import pytest

from config.schema import HooksSettings
from daemon.documents import State
from daemon.errors import LedgerError
from daemon.hooks import MAX_RUNNING, Hooks
from daemon.loop import GRACE_S

PATIENCE_S = 30.0


def test_a_stop_lets_work_finish(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_stop_gives_back_what_does_not_finish_in_time(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    room.leap_instead_of_sleeping(monkeypatch)
    room.desk.engine.held = True
    room.desk.put("scan.jpg", b"page")
    room.step(3)
    began = room.now
    room.loop.request_stop()
    room.loop.run()
    assert GRACE_S <= room.now - began < GRACE_S + 2
    entry = room.desk.ledger.claim(room.now, 60.0)
    assert (entry.attempts, entry.losses) == (0, 0)


def test_hooks_end_with_the_service_though_the_ledger_refuses(
    room: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
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


def test_neither_a_hook_nor_the_watch_outlives_a_mistake_of_the_loops(
    desk: Any, make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.settings = desk.settings.model_copy(update={"hooks": HooksSettings(on_done=("sleep", "60"))})
    desk.restart()
    desk.put("scan.jpg", b"page")
    room = make_room()
    room.step(3)
    (hook,) = room.loop._parts.hooks.readable()
    monkeypatch.setattr(desk.worker, "run_once", lambda *told: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        room.loop.run()
    assert hook.process.returncode == -signal.SIGKILL
    assert not room.inbox._watch.is_alive()


def test_hooks_that_end_while_work_finishes_are_not_run_again_and_no_others_begin(
    desk: Any, make_room: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.settings = desk.settings.model_copy(update={"hooks": HooksSettings(on_done=("true",))})
    desk.restart()
    for number in range(MAX_RUNNING + 1):
        desk.arrive(f"{number}.jpg", b"page %d" % number)
    desk.run()
    desk.engine.held = True
    desk.arrive("slow.jpg", b"slow page")
    desk.step()
    room = make_room()
    room.leap_instead_of_sleeping(monkeypatch)
    hooks = room.loop._parts.hooks
    hooks.run_once(room.now)
    assert all(wait([hook], PATIENCE_S) for hook in hooks.readable())
    room.loop.request_stop()
    room.loop._finish()
    assert [document.entry.path for document in desk.ledger.hooks.waiting(9)] == [f"{MAX_RUNNING}.jpg"]


def test_a_second_request_to_stop_does_not_wait_for_work(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_nothing_new_is_claimed_while_stopping(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_stop_signal_only_takes_note(room: Any) -> None:
    before = signal.signal(signal.SIGUSR1, lambda number, frame: room.loop.request_stop())
    try:
        signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert room.loop.stop_requests == 1
    assert select.select([room.wake], [], [], 0)[0], "a wait in progress ends"
