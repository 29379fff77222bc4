"""Every system call of a document's life that changes something: killed before it, or told that it failed.

A child process works, strace(1) attaches to it and does the harm, and another life of the daemon has to repair it.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.engine.interface import OutcomeKind
from daemon.errors import LedgerError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace: apt-get install strace"),
]

ORIGINALS = {"a/scan.jpg": b"one", "twin.jpg": b"one", "other.jpg": b"two", "bad.jpg": b"bad"}
BAD = frozenset({b"bad"})
CALLS = ("openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "mkdir", "rename", "renameat2", "unlink")
ERRORS = {
    "openat": "ENOSPC",
    "write": "ENOSPC",
    "pwrite64": "ENOSPC",
    "fsync": "EIO",
    "fdatasync": "EIO",
    "ftruncate": "EIO",
    "mkdir": "EROFS",
    "rename": "EACCES",
    "renameat2": "EBUSY",
    "unlink": "EPERM",
}
PATIENCE_S = 60.0


def live(desk: Any) -> None:
    """One life of a daemon, as its main loop has it: a ledger that refuses is tried again."""
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE if data == b"bad" else OutcomeKind.READ
    for _ in range(20):
        try:
            desk.run_to_the_end()
        except (LedgerError, sqlite3.Error):
            continue
        return


def child_lives(desk: Any, *inject: str) -> tuple[int, Counter[str]]:
    """Has a child process work under strace; gives how it ended and how often it made each system call."""
    desk.die()
    log = desk.root / "strace.log"
    child = os.fork()
    if child == 0:
        try:
            desk.start()
            os.kill(os.getpid(), signal.SIGSTOP)
            live(desk)
        finally:
            os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    words = ["strace", "-qq", "-p", str(child), "-o", str(log), "-e", f"trace={','.join(CALLS)}", *inject]
    with subprocess.Popen(words, stderr=subprocess.PIPE) as tracer:
        deadline = time.monotonic() + PATIENCE_S
        while f"TracerPid:\t{tracer.pid}" not in Path(f"/proc/{child}/status").read_text():
            if tracer.poll() is not None or time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                pytest.skip(f"processes cannot be traced here: {tracer.communicate()[1].decode()}")
        os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)
        tracer.communicate(timeout=PATIENCE_S)
    desk.start()
    calls = Counter(line.partition("(")[0] for line in log.read_text(errors="replace").splitlines() if "(" in line)
    return os.waitstatus_to_exitcode(status), calls


@pytest.fixture
def begun(make_desk: Callable[..., Any]) -> Callable[[], Any]:
    """Makes desks with the files in their inboxes."""

    def make() -> Any:
        desk = make_desk()
        for name, content in ORIGINALS.items():
            desk.put(name, content)
        return desk

    return make


@pytest.fixture
def calls(begun: Callable[[], Any]) -> Counter[str]:
    """How often a whole life makes each system call."""
    desk = begun()
    live(desk)  # what is loaded at its first use is, before anything is counted
    desk.die()
    shutil.rmtree(desk.root)
    desk = begun()
    code, calls = child_lives(desk)
    assert code == 0
    desk.check(list(ORIGINALS.values()), BAD)
    assert calls["fdatasync"] > 10, "the ledger's commits were not seen"
    assert calls["renameat2"] == 4, "the originals' moves were not seen"
    return calls


@pytest.mark.parametrize("name", CALLS)
def test_killed_before_any_system_call_the_next_start_repairs_it(
    begun: Callable[[], Any], calls: Counter[str], name: str
) -> None:
    killed = 0
    for number in range(1, calls[name] + 1):
        desk = begun()
        code, _ = child_lives(desk, "-e", f"inject={name}:signal=KILL:when={number}")
        assert code in (0, -signal.SIGKILL)
        killed += code == -signal.SIGKILL
        live(desk)
        desk.check(list(ORIGINALS.values()), BAD)
        desk.die()
        shutil.rmtree(desk.root)
    # A run may make a call or two less than another.
    assert killed >= 0.9 * calls[name] - 1


@pytest.mark.parametrize("name", CALLS)
def test_a_system_call_that_fails_is_tried_again_and_nothing_is_lost(
    begun: Callable[[], Any], calls: Counter[str], name: str
) -> None:
    for number in range(1, calls[name] + 1):
        desk = begun()
        code, _ = child_lives(desk, "-e", f"inject={name}:error={ERRORS[name]}:when={number}")
        assert code == 0
        live(desk)
        desk.check(list(ORIGINALS.values()), BAD)
        desk.die()
        shutil.rmtree(desk.root)
