from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.errors import AlreadyRunningError
from daemon.lock import FILE, StateLock, running_pid


def test_a_second_daemon_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with StateLock(tmp_path), pytest.raises(AlreadyRunningError, match=str(os.getpid())) as refusal:
        StateLock(tmp_path)
    assert refusal.value.pid == os.getpid()
    StateLock(tmp_path).release()


def test_asking_who_runs_takes_no_lock(tmp_path: Path) -> None:
    assert running_pid(tmp_path) is None
    with StateLock(tmp_path):
        assert running_pid(tmp_path) == os.getpid()
        with pytest.raises(AlreadyRunningError):
            StateLock(tmp_path)
    assert running_pid(tmp_path) is None


def test_the_pid_is_told_of_who_holds_the_lock_whatever_an_earlier_one_left(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("1234567890\n")
    assert running_pid(tmp_path) is None
    with StateLock(tmp_path):
        assert running_pid(tmp_path) == os.getpid()


def test_one_that_runs_is_told_though_not_which(tmp_path: Path) -> None:
    with StateLock(tmp_path):
        (tmp_path / FILE).write_text("")
        assert running_pid(tmp_path) == 0
        with pytest.raises(AlreadyRunningError, match="runs as process unknown") as refusal:
            StateLock(tmp_path)
    assert refusal.value.pid is None


def descriptors_of(path: Path) -> list[str]:
    """Those of this process that a file is open under."""
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [link.name for link in links if str(link.readlink()) == str(path)]


def test_no_descriptor_is_left_and_none_is_for_children(tmp_path: Path) -> None:
    with StateLock(tmp_path):
        (held,) = descriptors_of(tmp_path / FILE)
        assert not os.get_inheritable(int(held)), "a child that outlives the daemon would keep its lock"
        with pytest.raises(AlreadyRunningError):
            StateLock(tmp_path)
        running_pid(tmp_path)
        assert descriptors_of(tmp_path / FILE) == [held]
    assert descriptors_of(tmp_path / FILE) == []


def test_a_killed_daemon_does_not_keep_its_lock(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys\nfrom daemon.lock import StateLock\n"
        "lock = StateLock(pathlib.Path(sys.argv[1]))\nprint('held', flush=True)\nsys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert running_pid(tmp_path) == process.pid
        with pytest.raises(AlreadyRunningError, match=str(process.pid)):
            StateLock(tmp_path)
        process.kill()
    StateLock(tmp_path).release()
