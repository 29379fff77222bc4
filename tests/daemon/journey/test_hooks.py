"""Commands that are told of finished documents: real programs, and their effect on nothing."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest

from config.schema import HooksSettings
from daemon.children import DAEMON_ONLY
from daemon.documents import State
from daemon.engine.interface import OutcomeKind
from daemon.errors import LedgerError
from daemon.hooks import Hooks

PATIENCE_S = 30.0
_CAPABILITY_VERSION_3, _CAP_KILL = 0x20080522, 5  # of linux/capability.h
NOTE = """
import os, sys
facts = sorted(f"{key[10:]}={value}" for key, value in os.environ.items() if key.startswith("DIGITDROP_"))
with open(sys.argv[1], "ab") as file:
    file.write(os.fsencode("|".join(facts)) + b"\\n")
"""


def noting(path: Path) -> tuple[str, ...]:
    return (sys.executable, "-c", NOTE, str(path))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture
def hooked(make_desk: Callable[..., Any]) -> Callable[..., tuple[Any, Hooks]]:
    """A desk whose documents have hooks."""

    def make(**hooks: Any) -> tuple[Any, Hooks]:
        desk = make_desk(hooks=HooksSettings(**hooks))
        return desk, Hooks(desk.settings, desk.ledger)

    return make


def run_all(hooks: Hooks) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not hooks.is_through():
        assert time.monotonic() < deadline, "the hooks do not end"
        hooks.run_once(time.monotonic())


def test_a_document_that_is_done_is_told_with_its_files(hooked: Any, notes: Path) -> None:
    desk, hooks = hooked(on_done=noting(notes))
    desk.arrive("a/scan.jpg", b"page")
    desk.run()
    run_all(hooks)
    root = desk.root
    assert notes.read_text() == (
        f"CSV={root}/outbox/a/scan.jpg.csv|DOCUMENT=a/scan.jpg|EVENT=done|JSON={root}/outbox/a/scan.jpg.json|"
        f"ORIGINAL={root}/archive/a/scan.jpg|PICTURE={root}/outbox/a/scan.jpg.annotated.jpg\n"
    )
    places = [fact.partition("=")[2] for fact in notes.read_text().strip().split("|") if f"={root}" in fact]
    assert len(places) == 4
    assert all(Path(place).is_file() for place in places)


def test_a_document_that_failed_is_told_with_its_reason(hooked: Any, notes: Path) -> None:
    desk, hooks = hooked(on_failed=noting(notes))
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive("bad.jpg", b"page")
    desk.run()
    run_all(hooks)
    facts = dict(fact.split("=", 1) for fact in notes.read_text().strip().split("|"))
    assert (facts["EVENT"], facts["ORIGINAL"]) == ("failed", f"{desk.root}/failed/bad.jpg")
    assert "tame engine says unreadable" in facts["REASON"]
    assert facts["REMEDY"]


def test_a_twin_is_told_with_the_results_it_shares(hooked: Any, notes: Path) -> None:
    desk, hooks = hooked(on_done=noting(notes))
    desk.arrive("first.jpg", b"page")
    desk.run()
    desk.arrive("second.jpg", b"page")
    desk.run()
    run_all(hooks)
    assert [line.count("outbox/first.jpg.json") for line in notes.read_text().splitlines()] == [1, 1]


def test_a_command_hears_of_nothing_by_which_it_could_speak_to_the_service_manager_for_the_service(
    hooked: Any, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*DAEMON_ONLY, "OF_THE_SERVICE"):
        monkeypatch.setenv(name, "1")
    desk, hooks = hooked(on_done=("sh", "-c", f"env > {notes}"))
    desk.arrive("scan.jpg", b"page")
    desk.run()
    run_all(hooks)
    names = {line.partition("=")[0] for line in notes.read_text().splitlines()}
    assert "OF_THE_SERVICE" in names
    assert names.isdisjoint(DAEMON_ONLY)


def test_without_a_command_nothing_is_kept_for_one(hooked: Any, notes: Path) -> None:
    desk, hooks = hooked(on_failed=noting(notes))
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert hooks.is_through()


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "exit code 3"),
        ((sys.executable, "-c", "import os; os.abort()"), "SIGABRT"),
        (("/nowhere/to/be/found",), "cannot be started"),
    ],
)
def test_a_command_that_fails_is_told_and_changes_nothing_about_its_document(
    hooked: Any, caplog: pytest.LogCaptureFixture, command: tuple[str, ...], fault: str
) -> None:
    desk, hooks = hooked(on_done=command)
    desk.arrive("scan.jpg", b"page")
    desk.run()
    run_all(hooks)
    assert fault in hooks.problem
    assert [record.levelname for record in caplog.records if "hook" in record.message] == ["WARNING"]
    assert desk.ledger.count(State.DONE) == 1
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_a_fault_of_a_command_is_told_until_one_goes_well(hooked: Any, tmp_path: Path) -> None:
    desk, hooks = hooked(on_done=("test", "-e", str(tmp_path / "mended")))
    desk.arrive("1.jpg", b"1")
    desk.run()
    run_all(hooks)
    assert hooks.problem == "on_done failed for 1.jpg: it ended with exit code 1"
    (tmp_path / "mended").touch()
    desk.arrive("2.jpg", b"2")
    desk.run()
    run_all(hooks)
    assert hooks.problem is None


def test_a_command_that_takes_too_long_is_ended_with_all_it_started(hooked: Any, tmp_path: Path) -> None:
    child = tmp_path / "child"
    script = f"import subprocess; subprocess.run(['sh', '-c', 'echo $$ > {child}; sleep 600'])"
    desk, hooks = hooked(on_done=(sys.executable, "-c", script), timeout_seconds=1)
    desk.arrive("scan.jpg", b"page")
    desk.run()
    hooks.run_once(now := time.monotonic())
    assert hooks.next_due() == now + 1
    deadline = now + PATIENCE_S
    while not (child.exists() and child.read_text()):
        assert time.monotonic() < deadline, "the command did not start"
    hooks.run_once(now + 1)
    assert "longer than 1 seconds" in hooks.problem
    while running(int(child.read_text())):  # a process that was killed is there until the kernel gets to it
        assert time.monotonic() < deadline, "what the command started was not ended"
    assert hooks.is_through()


@contextmanager
def unable_to_kill() -> Iterator[None]:
    """Takes root's right to end the processes of others from this one."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    before, sets[0] = sets[0], sets[0] & ~(1 << _CAP_KILL)
    assert libc.capset(header, sets) == 0
    try:
        yield
    finally:
        sets[0] = before
        assert libc.capset(header, sets) == 0


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root, and setpriv(1)")
def test_a_command_that_takes_too_long_as_another_user_is_told_and_no_more_than_some_pile_up(hooked: Any) -> None:
    command = ("setpriv", "--reuid=65534", "--clear-groups", "sleep", "60")
    desk, hooks = hooked(on_done=command, timeout_seconds=1)
    for number in range(3):
        desk.arrive(f"{number}.jpg", b"page %d" % number)
    desk.run()
    hooks.run_once(now := time.monotonic())
    processes = [hook.process for hook in hooks.readable()]
    while any(Path(f"/proc/{process.pid}").stat().st_uid != 65534 for process in processes):
        assert time.monotonic() < now + PATIENCE_S, "the command did not become another user"
    with unable_to_kill():
        hooks.run_once(now + 1)
    assert "took longer than 1 seconds and cannot be ended" in hooks.problem
    hooks.run_once(now + 2)
    assert len(hooks.readable()) == 0, "two run still"
    assert not hooks.is_through()
    for process in processes:
        process.kill()
        process.wait()
    hooks.run_once(now + 3)
    assert len(hooks.readable()) == 1
    hooks.stop()


def running(pid: int) -> bool:
    """Whether a process is more than what its parent has not looked after yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] not in "ZX"
    except FileNotFoundError:
        return False


def test_a_hook_that_a_crash_kept_from_running_is_run_at_the_next_start(hooked: Any, notes: Path) -> None:
    desk, _ = hooked(on_done=noting(notes))
    desk.arrive("scan.jpg", b"page")
    desk.run()
    desk.restart()
    run_all(Hooks(desk.settings, desk.ledger))
    assert notes.read_text().count("EVENT=done") == 1


def test_a_hook_that_a_stop_interrupts_is_run_again(hooked: Any) -> None:
    desk, hooks = hooked(on_done=(sys.executable, "-c", "import time; time.sleep(600)"))
    desk.arrive("scan.jpg", b"page")
    desk.run()
    hooks.run_once(time.monotonic())
    hooks.stop()
    assert not hooks.is_through()


def test_a_hook_is_not_run_for_a_document_that_was_put_back(hooked: Any, notes: Path) -> None:
    desk, hooks = hooked(on_failed=noting(notes))
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive("bad.jpg", b"page")
    desk.run()
    desk.ledger.release(1)
    assert hooks.is_through()
    desk.arrive("bad.jpg", b"page")  # the ledger gives the number of its last document again
    assert desk.ledger.claim(desk.now, 60.0).key == 1
    assert hooks.is_through()


def test_a_hook_that_ends_after_its_document_was_put_back_takes_no_others_place(hooked: Any, notes: Path) -> None:
    desk, hooks = hooked(on_failed=("sleep", "600"), on_done=noting(notes), timeout_seconds=600)
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive("bad.jpg", b"page")
    desk.run()
    hooks.run_once(now := time.monotonic())
    desk.ledger.release(1)
    desk.engine.answer = lambda data: OutcomeKind.READ
    desk.arrive("good.jpg", b"another page")
    desk.run()
    assert desk.ledger.entry(1).path == "good.jpg", "the ledger gives the number of its last document again"
    hooks.take_note(now + 600)
    run_all(hooks)
    assert "DOCUMENT=good.jpg" in notes.read_text()


def test_a_hook_that_ended_while_the_ledger_could_not_be_written_to_is_not_run_again(hooked: Any, notes: Path) -> None:
    desk, hooks = hooked(on_done=noting(notes))
    desk.arrive("scan.jpg", b"page")
    desk.run()
    hooks.run_once(time.monotonic())
    assert wait(hooks.readable(), PATIENCE_S)
    desk.ledger.connection.execute("PRAGMA query_only = 1")
    for _ in range(2):
        with pytest.raises(LedgerError):
            hooks.run_once(time.monotonic())
    desk.ledger.connection.execute("PRAGMA query_only = 0")
    run_all(hooks)
    assert notes.read_text().count("EVENT=done") == 1


def test_a_command_taken_out_of_the_configuration_is_not_waited_for(hooked: Any, notes: Path) -> None:
    desk, _ = hooked(on_done=noting(notes))
    desk.arrive("scan.jpg", b"page")
    desk.run()
    run_all(Hooks(desk.settings.model_copy(update={"hooks": HooksSettings()}), desk.ledger))
    assert not notes.exists()


def test_only_some_hooks_run_at_once(hooked: Any) -> None:
    desk, hooks = hooked(on_done=(sys.executable, "-c", "import time; time.sleep(600)"))
    for number in range(5):
        desk.arrive(f"{number}.jpg", b"page %d" % number)
    desk.run()
    hooks.run_once(time.monotonic())
    hooks.run_once(time.monotonic())
    assert len(hooks.readable()) == 2
    hooks.stop()
