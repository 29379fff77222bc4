"""Hints and scans of a real folder, with a clock that the test moves."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import daemon.inbox
from daemon.inbox import RESCAN_LOCAL_S, RESCAN_SILENT_S, TEND_S, Inbox
from daemon.scan import Found

STABLE_S = 2.0


def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets no hint through, as on a share that sends no events."""
    monkeypatch.setattr("daemon.watch.Watch.take", lambda self: ([], False))


def paths(inbox: Inbox, now: float) -> list[str]:
    return [candidate.path for candidate in inbox.run_once(now)]


def test_files_that_were_there_before_the_start_are_found(desk: Any, make_inbox: Callable[..., Inbox]) -> None:
    desk.put("a/b/scan.jpg", b"page")
    inbox = make_inbox()
    assert paths(inbox, 0.0) == []
    assert inbox.next_due() == STABLE_S
    assert paths(inbox, STABLE_S) == ["a/b/scan.jpg"]
    assert paths(inbox, 10 * RESCAN_LOCAL_S) == []


def test_a_hint_makes_a_file_quiet_long_before_the_next_scan(
    desk: Any, make_inbox: Callable[..., Inbox], rung: threading.Event
) -> None:
    inbox = make_inbox()
    inbox.run_once(0.0)
    desk.put("scan.jpg", b"page")
    while not inbox.pending():
        assert rung.wait(20), "no hint came"
        rung.clear()
        inbox.run_once(1.0)
    found = [paths(inbox, now) for now in (1.5, 2.9, 3.0)]
    assert found == [[], [], ["scan.jpg"]]
    assert inbox.scanned == 1


def test_what_no_event_told_of_is_found_by_the_next_scan(
    desk: Any, make_inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf(monkeypatch)
    inbox = make_inbox(rescan_seconds=7.0)
    inbox.run_once(0.0)
    desk.put("scan.jpg", b"page")
    assert paths(inbox, 6.9) == []
    assert paths(inbox, 7.0) == []
    assert paths(inbox, 7.0 + STABLE_S) == ["scan.jpg"]


def test_an_inbox_that_vanishes_and_comes_back_is_a_problem_only_meanwhile(
    desk: Any, make_inbox: Callable[..., Inbox]
) -> None:
    inbox = make_inbox()
    inbox.run_once(0.0)
    shutil.rmtree(desk.settings.inbox)
    inbox.scan_soon(TEND_S)
    inbox.run_once(TEND_S)
    assert inbox.scan_problem is not None
    assert str(desk.settings.inbox) in inbox.scan_problem
    assert inbox.watch_problem is not None
    assert inbox.next_due() <= TEND_S + RESCAN_SILENT_S
    desk.put("scan.jpg", b"page")
    inbox.run_once(2 * TEND_S)
    assert inbox.scan_problem is None
    assert inbox.watch_problem is None
    assert paths(inbox, 2 * TEND_S + STABLE_S) == ["scan.jpg"]


def test_an_inbox_that_can_not_be_listed_for_a_while_gives_nothing_twice(
    desk: Any, make_inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = make_inbox(rescan_seconds=3.0)
    desk.put("scan.jpg", b"page")
    inbox.run_once(0.0)
    assert paths(inbox, STABLE_S) == ["scan.jpg"]

    def stale(*arguments: object, **keywords: object) -> None:
        raise OSError(116, "Stale file handle")

    with monkeypatch.context() as patch:
        patch.setattr(daemon.inbox, "scan", stale)
        for now in range(3, 33, 3):
            assert paths(inbox, float(now)) == []
        assert inbox.scan_problem is not None
        assert "Stale" in inbox.scan_problem
        assert inbox.scanned == 1, "what failed is no scan"
    for now in range(33, 63, 3):
        assert paths(inbox, float(now)) == []
    assert inbox.scan_problem is None


def test_folders_that_can_not_be_read_are_told_on_one_line_whatever_their_names(
    desk: Any, make_inbox: Callable[..., Inbox]
) -> None:
    folder = os.open(desk.settings.inbox, os.O_PATH)
    for _ in range(20):  # deeper than a path can lead
        name = b"caf\xff\n" + b"d" * 200
        os.mkdir(name, dir_fd=folder)
        outer, folder = folder, os.open(name, os.O_PATH, dir_fd=folder)
        os.close(outer)
    os.close(folder)
    inbox = make_inbox()
    inbox.run_once(0.0)
    assert inbox.scan_problem is not None
    assert inbox.scan_problem.startswith("parts of the inbox cannot be read: caf\\xff\\nddd")
    assert inbox.scan_problem.endswith("d: File name too long")
    assert inbox.scan_problem.isprintable()


@pytest.mark.parametrize(("count", "rest"), [(1000, ", 995 more"), (5, "")])
def test_of_many_folders_that_can_not_be_read_some_are_named(
    make_inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch, count: int, rest: str
) -> None:
    found = Found(problems={f"locked{number}": "Permission denied" for number in range(count)})
    monkeypatch.setattr(daemon.inbox, "scan", lambda *arguments, **keywords: found)
    inbox = make_inbox()
    inbox.run_once(0.0)
    assert inbox.scan_problem is not None
    assert inbox.scan_problem.endswith(f"locked4: Permission denied{rest}")


def test_a_network_share_is_scanned_often_and_a_local_disk_seldom(
    make_inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = make_inbox()
    inbox.run_once(0.0)
    monkeypatch.setattr(daemon.inbox, "event_folders", lambda folder, recursive: {folder: True})
    assert inbox.rescan_s == RESCAN_LOCAL_S
    monkeypatch.setattr(
        daemon.inbox, "event_folders", lambda folder, recursive: {folder: True, folder / "share": False}
    )
    assert inbox.rescan_s == RESCAN_SILENT_S
    assert make_inbox(rescan_seconds=17.0).rescan_s == 17.0


def test_without_a_watch_even_a_local_disk_is_scanned_often(
    make_inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("daemon.watch.InotifyObserver.start", refuse)
    inbox = make_inbox()
    inbox.run_once(0.0)
    assert inbox.watch_problem is not None
    assert "inotify watch limit" in inbox.watch_problem
    assert inbox.rescan_s == RESCAN_SILENT_S


def test_an_inbox_of_which_a_part_is_not_watched_is_scanned_often(
    desk: Any, make_inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon.inbox, "event_folders", lambda folder, recursive: {folder: True})
    monkeypatch.setattr("daemon.watch._watched", lambda: 1)
    desk.put("a/scan.jpg", b"page")
    inbox = make_inbox()
    for now in (0.0, 1.0, 2.0):  # folders may have come meanwhile, or the watch may have lost some, and is begun anew
        inbox.run_once(now)
        assert inbox.watch_problem is None
    inbox.run_once(3.0)
    assert inbox.watch_problem is not None
    assert "more folders than can be watched" in inbox.watch_problem
    assert inbox.rescan_s == RESCAN_SILENT_S
    assert not any(inbox.watched().values())
    shutil.rmtree(desk.settings.inbox / "a")
    for now in (6.0, 7.0):
        inbox.run_once(now)
    assert inbox.watch_problem is None
    assert inbox.rescan_s == RESCAN_LOCAL_S


def test_once_takes_what_the_first_scan_found_and_nothing_that_comes_later(
    desk: Any, make_inbox: Callable[..., Inbox]
) -> None:
    desk.put("first.jpg", b"page")
    inbox = make_inbox(once=True)
    inbox.run_once(0.0)
    desk.put("later.jpg", b"page 2")
    found = [path for now in range(30) for path in paths(inbox, float(now))]
    assert found == ["first.jpg"]
    assert inbox.watch_problem is None


def test_what_stands_in_the_place_of_a_dropped_file_is_followed_anew(
    desk: Any, make_inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf(monkeypatch)
    desk.put("gone.jpg", b"page").unlink()
    inbox = make_inbox()
    inbox.run_once(0.0)
    desk.put("scan.jpg", b"page")
    inbox.run_once(1.0)
    inbox.drop("gone.jpg")
    inbox.drop("scan.jpg")
    assert inbox.pending() == 1
    assert paths(inbox, 1.0 + STABLE_S) == ["scan.jpg"]


def test_once_follows_nothing_anew_that_the_first_scan_did_not_find(
    desk: Any, make_inbox: Callable[..., Inbox]
) -> None:
    inbox = make_inbox(once=True)
    inbox.run_once(0.0)
    desk.put("later.jpg", b"page")
    inbox.drop("later.jpg")
    assert inbox.pending() == 0


def test_files_below_an_ignored_folder_are_no_documents_even_when_hinted_at(
    desk: Any, make_inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("@eaDir/scan.jpg", b"page")
    desk.put("sub/scan.jpg", b"page")
    hints = (["@eaDir/scan.jpg", "sub/scan.jpg", "gone.jpg"], False)
    monkeypatch.setattr("daemon.watch.Watch.take", lambda self: hints)
    monkeypatch.setattr(daemon.inbox, "scan", lambda *a, **k: daemon.inbox.Found())
    inbox = make_inbox(recursive=False)
    inbox.run_once(0.0)
    assert inbox.pending() == 0


def test_a_link_to_the_inbox_serves_as_the_inbox(desk: Any, make_inbox: Callable[..., Inbox], tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    desk.settings.inbox.rmdir()
    desk.settings.inbox.symlink_to(real)
    (real / "scan.jpg").write_bytes(b"page")
    inbox = make_inbox()
    inbox.run_once(0.0)
    assert paths(inbox, STABLE_S) == ["scan.jpg"]
