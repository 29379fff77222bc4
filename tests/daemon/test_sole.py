"""Two daemons on one inbox, each with a state folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import daemon.sole
from config.schema import Settings
from daemon.check import check_others
from daemon.findings import Level
from daemon.lock import StateLock
from daemon.sole import SoleUse

HOLD = (
    "import pathlib, sys\nfrom daemon.sole import SoleUse\n"
    "use = SoleUse(pathlib.Path(sys.argv[1]))\nprint(use.problem(), flush=True)\nsys.stdin.read()\n"
)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "locks"
    folder.mkdir()
    monkeypatch.setattr(daemon.sole, "FOLDER", folder)
    return folder


@pytest.fixture
def use(inbox: Path) -> Iterator[SoleUse]:
    use = SoleUse(inbox)
    yield use
    use.release()


def test_a_second_one_is_told_of_whatever_path_leads_there_until_the_first_ends(
    inbox: Path, use: SoleUse, tmp_path: Path, locks: Path
) -> None:
    assert use.problem() is None
    (lock,) = locks.iterdir()
    held = lock.stat()
    assert use.problem() is None
    assert os.path.samestat(lock.stat(), held), "what is held is not let go of at each look"
    (tmp_path / "link").symlink_to(inbox)
    second = SoleUse(tmp_path / "link")
    problem = second.problem()
    assert problem is not None
    assert f"another digitdrop of this machine reads from {tmp_path / 'link'}, too" in problem
    assert use.problem() is None
    use.release()
    assert second.problem() is None
    assert use.problem() is not None
    second.release()
    assert list(locks.iterdir()) == list(inbox.iterdir()) == []


def test_looking_at_anothers_lock_scan_after_scan_uses_nothing_up(inbox: Path, use: SoleUse) -> None:
    assert use.problem() is None
    second = SoleUse(inbox)
    open_files = [second.problem() and len(list(Path("/proc/self/fd").iterdir())) for _ in range(3)]
    assert len(set(open_files)) == 1


def test_another_inbox_is_anothers(inbox: Path, use: SoleUse, tmp_path: Path) -> None:
    assert use.problem() is None
    (tmp_path / "other").mkdir()
    other = SoleUse(tmp_path / "other")
    assert other.problem() is None
    other.release()


def test_what_a_killed_one_held_is_free(inbox: Path, use: SoleUse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon.sole, "FOLDER", Path("/dev/shm"))
    command = [sys.executable, "-c", HOLD, str(inbox)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "None\n"
        assert use.problem() is not None
        process.kill()
    assert use.problem() is None


def test_a_lock_whose_file_was_removed_is_taken_anew(inbox: Path, use: SoleUse, locks: Path) -> None:
    assert use.problem() is None
    (lock,) = locks.iterdir()
    lock.unlink()
    assert use.problem() is None
    assert SoleUse(inbox).problem() is not None


def test_a_lock_that_another_has_by_now_is_left_to_that(inbox: Path, use: SoleUse, locks: Path) -> None:
    assert use.problem() is None
    (lock,) = locks.iterdir()
    lock.unlink()  # as when a user's session ends
    other = SoleUse(inbox)
    assert other.problem() is None
    use.release()
    assert use.problem() is not None
    other.release()


def test_an_inbox_in_whose_place_another_folder_stands_is_followed(inbox: Path, use: SoleUse, locks: Path) -> None:
    assert use.problem() is None
    away = inbox.rename(inbox.with_name("away"))
    assert use.problem() is None
    inbox.mkdir()
    assert use.problem() is None
    assert len(list(locks.iterdir())) == 1
    other = SoleUse(away)
    assert other.problem() is None
    other.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_the_daemon_of_another_user_is_seen_also_with_a_strict_umask(inbox: Path, use: SoleUse) -> None:
    before = os.umask(0o077)
    assert use.problem() is None
    os.umask(before)
    for folder in (inbox.parent, *inbox.parent.parents[:2]):
        folder.chmod(0o755)
    second = SoleUse(inbox)
    os.seteuid(65_534)
    try:
        assert second.problem() is not None
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_share_can_be_unmounted_meanwhile(inbox: Path, use: SoleUse, mounts: Any) -> None:
    with mounts.mounted(inbox, "-t", "tmpfs", "none"):
        assert use.problem() is None
    assert not inbox.is_mount()
    assert use.problem() is None


def test_a_machine_without_such_a_folder_is_not_warned_of(
    use: SoleUse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon.sole, "FOLDER", tmp_path / "missing")
    assert use.problem() is None


def test_the_check_warns_of_another_unless_the_service_itself_runs(inbox: Path, use: SoleUse, tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("inbox", "outbox", "archive", "failed", "state")}
    folders["state"].mkdir()
    settings = Settings(**folders, model=tmp_path / "digits.tflite")
    assert list(check_others(settings)) == []
    assert use.problem() is None
    (finding,) = check_others(settings)
    assert (finding.level, finding.subject) == (Level.WARN, "inbox use")
    assert f"another digitdrop of this machine reads from {inbox}" in finding.text
    with StateLock(settings.state):
        assert list(check_others(settings)) == []
    use.release()
    assert list(check_others(settings)) == []
