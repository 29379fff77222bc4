"""The inbox taken as it is, where it or a part of it cannot be read, or is slow to be."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from daemon.documents import Identity
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


def test_once_waits_a_while_for_an_inbox_that_can_not_be_read_and_then_says_so(once: Any) -> None:
    once.desk.settings.inbox.rmdir()
    assert not once.run_through()
    assert 1000 + ONCE_PATIENCE_S <= once.now < 1000 + 2 * ONCE_PATIENCE_S


def test_once_reads_an_inbox_that_takes_minutes_to_be_searched(once: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    once.desk.put("scan.jpg", b"page")
    scan = Inbox._scan

    def scan_slowly(inbox: Inbox, *told: Any) -> None:
        scan(inbox, *told)
        once.now += 2 * ONCE_PATIENCE_S

    monkeypatch.setattr(Inbox, "_scan", scan_slowly)
    assert once.run_through()
    assert once.desk.files("archive") == {"scan.jpg": b"page"}


def test_once_finishes_an_inbox_that_comes_back_in_time(once: Any) -> None:
    once.desk.settings.inbox.rmdir()

    def mount(finished: int, known: int) -> None:
        if once.now > 1000 and not once.desk.settings.inbox.exists():
            once.desk.put("scan.jpg", b"page")

    assert once.run_through(mount)
    assert once.desk.files("archive") == {"scan.jpg": b"page"}


def test_once_tells_an_inbox_whose_share_is_away_from_an_empty_one(
    once: Any, make_room: Callable[..., Any], fstab: Path
) -> None:
    assert not once.run_through()
    assert once.now >= 1000 + ONCE_PATIENCE_S
    assert f"the share {once.desk.settings.inbox} of {fstab} is away" in str(once.inbox.scan_problem)
    fstab.write_text("")
    assert make_room(once=True).run_through()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.usefixtures("fstab")
def test_once_finishes_a_share_that_is_mounted_in_time(once: Any, mounts: Any) -> None:
    with ExitStack() as mounted:

        def mount(finished: int, known: int) -> None:
            if once.now > 1000 and not once.desk.settings.inbox.is_mount():
                mounted.enter_context(mounts.mounted(once.desk.settings.inbox, "-t", "tmpfs", "none"))
                once.desk.put("scan.jpg", b"page")

        assert once.run_through(mount)
    assert once.desk.files("archive") == {"scan.jpg": b"page"}


def test_once_waits_for_a_part_of_the_inbox_that_can_not_be_read(once: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    once.desk.put("scan.jpg", b"page")
    once.desk.put("locked/scan.jpg", b"page 2")
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("locked") and once.now < 1000 + ONCE_PATIENCE_S / 2:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return scandir(path)

    monkeypatch.setattr("daemon.scan.os.scandir", refuse)
    assert once.run_through()
    assert once.desk.files("archive") == {"scan.jpg": b"page", "locked/scan.jpg": b"page 2"}


def test_once_does_not_leave_work_for_a_part_of_the_inbox_that_can_not_be_read(
    once: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    once.desk.put("scan.jpg", b"page")
    once.desk.engine.held = True
    identity = Identity.of((once.desk.settings.inbox / "scan.jpg").lstat())
    found = Found({"scan.jpg": identity}, problems={"locked": "Permission denied"})
    monkeypatch.setattr("daemon.inbox.scan", lambda *arguments, **keywords: found)

    def release(finished: int, known: int) -> None:
        once.desk.engine.held = once.now < 1000 + 2 * ONCE_PATIENCE_S

    assert not once.run_through(release)
    assert once.desk.files("archive") == {"scan.jpg": b"page"}
