from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.errors import AlreadyRunningError
from daemon.lock import StateLock, running_pid


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
