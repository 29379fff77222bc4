"""When the inbox is scanned, and what of it `once` takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import daemon.inbox
from config.schema import WatchSettings
from daemon.inbox import RESCAN_SILENT_S, TEND_S, Inbox
from daemon.scan import Found


def paths(inbox: Inbox, now: float) -> list[str]:
    return [candidate.path for candidate in inbox.run_once(now)]


def test_an_inbox_that_another_took_the_place_of_is_scanned_at_once(
    desk: Any, make_inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.watch.Watch.take", lambda self: ([], False))  # as on a share that sends no events
    inbox = make_inbox()
    for now in (0.0, 1.0, 2.0):
        inbox.run_once(now)
    assert inbox.next_due() == TEND_S
    desk.settings.inbox.rename(desk.root / "away")
    desk.put("scan.jpg", b"page")
    inbox.run_once(TEND_S)
    assert inbox.pending() == 1


def test_a_scan_that_is_asked_for_comes_soon_and_not_right_after_another(make_inbox: Callable[..., Inbox]) -> None:
    inbox = make_inbox(once=True)
    inbox.scan_soon(5.0)
    assert inbox.next_due() == 0.0, "what is due is not put off"
    inbox.run_once(0.0)
    inbox.scan_soon(0.2)
    assert inbox.next_due() == 1.0
    inbox.scan_soon(7.0)
    assert inbox.next_due() == 1.0


def test_an_inbox_that_cannot_be_read_is_looked_for_often(desk: Any, make_inbox: Callable[..., Inbox]) -> None:
    inbox = make_inbox(once=True, rescan_seconds=600.0)
    desk.settings.inbox.rmdir()
    inbox.run_once(0.0)
    assert inbox.next_due() == RESCAN_SILENT_S


def test_once_takes_what_the_first_scan_found(desk: Any, make_inbox: Callable[..., Inbox]) -> None:
    inbox = make_inbox(once=True)
    desk.put("scan.jpg", b"page")
    inbox.run_once(0.0)
    desk.put("late.jpg", b"page")
    assert paths(inbox, 1000.0) == ["scan.jpg"]
    assert paths(inbox, 2000.0) == []
    assert inbox.pending() == 0


def test_once_takes_what_the_first_scan_found_that_could_read_all(
    desk: Any, make_inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = make_inbox(once=True)
    desk.put("locked/scan.jpg", b"page")
    with monkeypatch.context() as patch:
        found = Found(problems={"locked": "Permission denied"})
        patch.setattr(daemon.inbox, "scan", lambda *arguments, **keywords: found)
        inbox.run_once(0.0)
    inbox.run_once(inbox.next_due())
    assert paths(inbox, 1000.0) == ["locked/scan.jpg"]


def test_a_slow_share_with_many_files_is_not_scanned_all_the_time(desk: Any) -> None:
    now = [0.0]
    settings = desk.settings.model_copy(update={"watch": WatchSettings(rescan_seconds=3.0)})
    inbox = Inbox(settings, lambda: None, 0.0, once=True, clock=lambda: now[0])

    def beat() -> None:
        now[0] += 60.0

    inbox.run_once(0.0, beat)
    assert inbox.next_due() == 600.0
