"""When the loop does what is due, and how long it sleeps in between."""

from __future__ import annotations

import select
from typing import Any

import pytest


def test_a_file_goes_all_the_way_into_the_days_table(room: Any) -> None:
    room.desk.put("scan.jpg", b"page")
    room.step(10)
    assert room.desk.files("archive") == {"scan.jpg": b"page"}
    assert len(list((room.desk.settings.outbox / "tables").iterdir())) == 2


def test_the_result_is_there_right_after_the_file_has_become_quiet(room: Any) -> None:
    room.desk.put("scan.jpg", b"page")
    room.step()
    room.now += room.desk.settings.watch.stable_seconds
    room.step()
    assert "scan.jpg.json" in room.desk.files("outbox")


def test_a_file_that_took_the_place_of_one_in_work_does_not_wait_for_the_next_scan(
    room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.watch.Watch.take", lambda self: ([], False))
    room.desk.engine.held = True
    room.desk.put("scan.jpg", b"first")
    room.step(3)
    room.desk.put("new", b"second").replace(room.desk.settings.inbox / "scan.jpg")
    room.desk.engine.held = False
    room.step(5)
    assert room.desk.files("archive") == {"scan~2.jpg": b"second"}


def test_the_loop_wakes_for_what_is_due_and_else_sleeps(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_flood_of_events_does_not_keep_the_loop_busy(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    room.leap_instead_of_sleeping(monkeypatch)
    end, steps = room.now + 10, 0
    while room.now < end:
        room.wake.set()
        room.loop._sleep(room.loop.step(room.now))
        steps += 1
    assert 100 <= steps <= 250


def test_a_wait_ends_when_it_is_told_to(room: Any) -> None:
    room.wake.set()
    room.loop._wake_up(60.0)
    assert not select.select([room.wake], [], [], 0)[0]
