"""The local engine with real processes: what one document does to its worker never reaches another document."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.engine import handle, local
from daemon.engine.handle import WorkerSetup
from daemon.engine.interface import Job, Outcome, OutcomeKind
from daemon.engine.local import LocalEngine
from daemon.engine.sandbox import CPU_GRACE_S, Limits, landlock_version
from daemon.errors import EngineError
from recognition.errors import ModelLoadError, ModelMismatchError
from recognition.params import LoadParams, RecognitionParams

PATIENCE_S = 60.0


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., LocalEngine]]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "readers"))
    engines: list[LocalEngine] = []

    def engine(
        content: str = "abc",
        *,
        workers: int = 1,
        timeout_s: float = 60,
        limits: Limits | None = None,
        **options: Any,
    ) -> LocalEngine:
        model = tmp_path / "tiny.tflite"
        model.write_text(content)
        params = RecognitionParams(load=LoadParams(pdf_dpi=123))
        setup = WorkerSetup(model, params, loader="injected:load", reader="injected:read", limits=limits)
        engines.append(LocalEngine(setup, workers=workers, timeout_s=timeout_s, **options))
        return engines[-1]

    yield engine
    for made in engines:
        made.stop(0)


@pytest.fixture
def started(make: Callable[..., LocalEngine]) -> Callable[..., LocalEngine]:
    def start(**options: Any) -> LocalEngine:
        engine = make(**options)
        engine.start()
        return engine

    return start


def collect(engine: LocalEngine, count: int) -> dict[int, Outcome]:
    """The next `count` outcomes by key."""
    outcomes: dict[int, Outcome] = {}
    deadline = time.monotonic() + PATIENCE_S
    while len(outcomes) < count:
        assert time.monotonic() < deadline, f"only {outcomes} came; {engine.healthy()}"
        for outcome in engine.poll(1.0):
            assert outcome.key not in outcomes, "a job ended twice"
            outcomes[outcome.key] = outcome
    return outcomes


def wait_free(engine: LocalEngine, count: int = 1) -> list[Outcome]:
    outcomes = []
    deadline = time.monotonic() + PATIENCE_S
    while engine.free() < count:
        assert time.monotonic() < deadline, engine.healthy()
        outcomes += engine.poll(1.0)
    return outcomes


def read(engine: LocalEngine, data: bytes, key: int = 1) -> Outcome:
    wait_free(engine)
    engine.submit(Job(key, data))
    return collect(engine, 1)[key]


def resident_mb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


def pid_of(outcome: Outcome) -> str:
    assert outcome.document is not None, outcome.error
    return outcome.document.warnings[0]


def test_a_document_comes_back_with_its_pictures(started):
    outcome = read(started(), b"hello" * 100_000, key=42)
    assert (outcome.key, outcome.kind, outcome.error) == (42, OutcomeKind.READ, None)
    assert outcome.seconds > 0
    (page,) = outcome.document.pages
    assert page.annotated == b"olleh" * 100_000
    assert page.numbers[0].text == "7"
    assert page.numbers[0].crop == b"crop"
    assert page.numbers[0].digits[0].alternatives == ((1, 0.25),)


def test_the_worker_is_told_the_parameters_and_the_model(started):
    engine = started()
    assert read(engine, b"").document.warnings[1:] == ("dpi 123", "model tiny")
    assert (engine.model.name, engine.model.sha256, engine.model.classes) == ("tiny", "abc", 10)


def test_one_worker_reads_many_documents(started):
    engine = started()
    assert len({pid_of(read(engine, b"", key)) for key in range(20)}) == 1


def test_workers_read_at_the_same_time(started):
    engine = started(workers=2, timeout_s=120)
    wait_free(engine, 2)
    engine.submit(Job(1, b"hang"))
    outcomes = [read(engine, b"", key) for key in range(2, 12)]
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.READ}


@pytest.mark.parametrize(
    ("data", "ending"), [(b"segfault", "SIGSEGV"), (b"killed", "SIGKILL, perhaps for want of memory"), (b"exit", "3")]
)
def test_a_native_crash_costs_only_the_document_it_happened_in(started, data, ending):
    engine = started(workers=2)
    wait_free(engine, 2)
    engine.submit(Job(1, data))
    engine.submit(Job(2, b""))
    outcomes = collect(engine, 2)
    assert outcomes[1].kind is OutcomeKind.CRASHED
    assert outcomes[1].document is None
    assert ending in outcomes[1].error
    assert outcomes[2].kind is OutcomeKind.READ


def test_a_worker_that_crashed_is_replaced(started):
    engine = started()
    before = pid_of(read(engine, b""))
    assert read(engine, b"segfault").kind is OutcomeKind.CRASHED
    assert engine.free() == 0
    assert engine.healthy() is not None
    assert pid_of(read(engine, b"")) != before
    assert engine.healthy() is None


def test_a_document_that_takes_too_long_is_given_up_and_the_next_is_read(started):
    engine = started(timeout_s=1)
    start = time.monotonic()
    outcome = read(engine, b"hang")
    assert outcome.kind is OutcomeKind.TIMED_OUT
    assert outcome.error == "reading it took longer than 1 seconds and was ended"
    assert 1 <= outcome.seconds < PATIENCE_S
    assert time.monotonic() - start < PATIENCE_S
    assert read(engine, b"").kind is OutcomeKind.READ


def test_a_stopped_worker_holds_nobody_up(started):
    engine = started(timeout_s=1)
    assert read(engine, b"stop").kind is OutcomeKind.TIMED_OUT
    assert read(engine, b"").kind is OutcomeKind.READ


def test_a_stopped_idle_worker_does_not_block_the_hand_over_of_a_large_document(started):
    engine = started(timeout_s=1)
    os.kill(int(pid_of(read(engine, b"")).split()[1]), signal.SIGSTOP)
    engine.submit(Job(5, bytes(50_000_000)))
    assert collect(engine, 1)[5].kind is OutcomeKind.TIMED_OUT


def test_a_hang_that_answered_in_time_is_not_ended_because_the_daemon_looked_late(make):
    now = [0.0]
    engine = make(timeout_s=10, clock=lambda: now[0])
    engine.start()
    engine.submit(Job(1, b""))
    select_one(engine)
    now[0] = 1000.0
    (outcome,) = engine.poll()
    assert outcome.kind is OutcomeKind.READ


def select_one(engine: LocalEngine) -> None:
    assert select.select(engine.readable(), [], [], PATIENCE_S)[0]


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (b"unreadable", OutcomeKind.UNREADABLE, "it is a text"),
        (b"incomplete", OutcomeKind.INCOMPLETE, "it ends too early"),
        (b"bug", OutcomeKind.FAILED, "KeyError: 'a bug'"),
    ],
)
def test_what_recognition_raises_comes_back_and_the_worker_goes_on(started, data, kind, text):
    engine = started()
    before = pid_of(read(engine, b""))
    outcome = read(engine, data)
    assert (outcome.kind, outcome.document, outcome.error) == (kind, None, text)
    assert pid_of(read(engine, b"")) == before


def test_a_worker_gives_the_memory_of_a_document_back_when_it_is_done(started):
    engine = started()
    pid = int(pid_of(read(engine, b"")).split()[1])
    before = resident_mb(pid)
    read(engine, b"swell")
    deadline = time.monotonic() + PATIENCE_S
    while resident_mb(pid) > before + 30:  # of 120
        assert time.monotonic() < deadline, f"{before} MB before, {resident_mb(pid)} MB since"
        time.sleep(0.05)


def test_a_very_long_message_is_cut(started):
    assert 1000 < len(read(started(), b"many").error) < 10_000


def test_a_worker_that_answers_nonsense_is_ended(started):
    engine = started()
    outcome = read(engine, b"nonsense")
    assert outcome.kind is OutcomeKind.CRASHED
    assert "must be an encoded document" in outcome.error
    assert read(engine, b"").kind is OutcomeKind.READ


@pytest.mark.parametrize(
    "message",
    [
        b"[" * 60_000,
        b'{"key": 1, "kind": "failed", "error": null, "seconds": 1%s}' % (b"0" * 400),
    ],
    ids=["deep", "endless"],
)
def test_nothing_that_a_worker_says_ends_the_daemon(started, message):
    engine = started()
    assert read(engine, b"say " + message).kind is OutcomeKind.CRASHED
    assert read(engine, b"").kind is OutcomeKind.READ


def test_an_answer_that_nobody_foresaw_costs_its_worker_alone(started, monkeypatch):
    def unforeseen(*_: Any) -> Outcome:
        raise ZeroDivisionError("unforeseen")

    engine = started()
    with monkeypatch.context() as patch:
        patch.setattr(local, "outcome_of", unforeseen)
        outcome = read(engine, b"")
    assert outcome.kind is OutcomeKind.CRASHED
    assert "ZeroDivisionError('unforeseen')" in outcome.error
    assert read(engine, b"").kind is OutcomeKind.READ


@pytest.mark.parametrize(
    ("content", "error", "text"),
    [
        ("mismatch", ModelMismatchError, "its input is 32x32"),
        ("damaged", ModelLoadError, "it is no .tflite file"),
        ("crash", EngineError, r"crashed at its start \(SIGSEGV\)"),
        ("bug", EngineError, "ZeroDivisionError: a bug"),
    ],
)
def test_a_model_that_does_not_load_is_told_at_the_start(make, content, error, text):
    engine = make(content)
    with pytest.raises(error, match=text):
        engine.start()
    assert engine.free() == 0
    assert not engine.readable()


def test_a_worker_that_is_killed_at_the_start_is_replaced(make, monkeypatch):
    fates = iter([True, False])
    spawn = handle._spawn

    def killed_first(descriptor: int) -> subprocess.Popen[bytes]:
        process = spawn(descriptor)
        if next(fates):
            process.kill()
            process.wait()
        return process

    monkeypatch.setattr(handle, "_spawn", killed_first)
    engine = make()
    engine.start()
    assert engine.healthy() is None
    assert read(engine, b"").kind is OutcomeKind.READ


def test_a_process_that_cannot_be_started_is_tried_again(make, monkeypatch):
    fates = iter([OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)), None])
    spawn = handle._spawn

    def refused_first(descriptor: int) -> subprocess.Popen[bytes]:
        if (fate := next(fates)) is not None:
            raise fate
        return spawn(descriptor)

    monkeypatch.setattr(handle, "_spawn", refused_first)
    engine = make()
    engine.start()
    assert read(engine, b"").kind is OutcomeKind.READ


def test_a_model_that_was_replaced_meanwhile_is_not_mixed_with_the_first(started, tmp_path):
    engine = started()
    (tmp_path / "tiny.tflite").write_text("another")
    assert read(engine, b"segfault").kind is OutcomeKind.CRASHED
    deadline = time.monotonic() + PATIENCE_S
    while "has changed since the start" not in (engine.healthy() or ""):
        assert time.monotonic() < deadline
        engine.poll(0.1)
    assert engine.free() == 0
    (tmp_path / "tiny.tflite").write_text("abc")
    assert read(engine, b"").kind is OutcomeKind.READ


def test_workers_that_die_at_once_are_replaced_ever_more_slowly(make, tmp_path):
    now = [0.0]
    engine = make(clock=lambda: now[0])
    engine.start()
    engine.submit(Job(1, b""))
    assert collect(engine, 1)
    (tmp_path / "tiny.tflite").write_text("crash")
    engine.submit(Job(1, b"segfault"))
    pauses = []
    while len(pauses) < 9:
        engine.poll(PATIENCE_S if engine.readable() else 0)
        if not engine.readable():
            pauses.append(engine.wait_s())
            now[0] += engine.wait_s()
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0]


def test_a_worker_killed_while_idle_costs_no_document(started):
    engine = started()
    os.kill(int(pid_of(read(engine, b"")).split()[1]), signal.SIGKILL)
    select_one(engine)
    assert engine.poll() == []
    assert engine.free() == 0
    assert wait_free(engine) == []
    assert read(engine, b"").kind is OutcomeKind.READ


def test_a_job_for_a_worker_that_just_died_stays_with_the_caller(started):
    engine = started()
    os.kill(int(pid_of(read(engine, b"")).split()[1]), signal.SIGKILL)
    select_one(engine)
    with pytest.raises(EngineError):
        engine.submit(Job(1, b""))
    assert read(engine, b"", key=1).kind is OutcomeKind.READ


def test_a_job_is_refused_when_nobody_is_free(started):
    engine = started()
    engine.submit(Job(1, b"hang"))
    with pytest.raises(EngineError):
        engine.submit(Job(2, b""))


def test_an_idle_engine_wants_nothing_and_waits_for_nothing(started):
    engine = started()
    assert engine.wait_s() is None
    assert engine.poll() == []
    assert (engine.free(), engine.capacity) == (1, 1)


def test_a_busy_engine_wants_to_be_asked_before_the_timeout(make):
    now = [100.0]
    engine = make(timeout_s=30, clock=lambda: now[0])
    engine.start()
    engine.submit(Job(1, b"hang"))
    now[0] += 10
    assert engine.wait_s() == 20
    now[0] += 30
    assert engine.wait_s() == 0
    assert [outcome.kind for outcome in engine.poll()] == [OutcomeKind.TIMED_OUT]


def test_stopping_ends_every_process_also_one_that_hangs(started):
    engine = started(workers=2)
    wait_free(engine, 2)
    pids = [worker.pid for worker in engine.readable()]
    engine.submit(Job(1, b"hang"))
    engine.stop(0.2)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert engine.poll() == []
    assert engine.healthy() == "the engine is not running"
    engine.stop()


DAEMON = """
import pathlib, sys
from daemon.engine import handle
from daemon.engine.handle import WorkerSetup
from daemon.engine.interface import Job
from daemon.engine.local import LocalEngine
from daemon.engine.sandbox import CPU_GRACE_S, Limits, landlock_version
from recognition.params import RecognitionParams

setup = WorkerSetup(pathlib.Path(sys.argv[1]), RecognitionParams(), "injected:load", "injected:read")
engine = LocalEngine(setup, workers=1, timeout_s=600)
engine.start()
engine.submit(Job(1, b"hang"))
print(engine.readable()[0].pid, flush=True)
engine.poll(600)
"""


def test_workers_die_with_the_daemon_also_in_the_middle_of_a_document(tmp_path):
    model = tmp_path / "tiny.tflite"
    model.write_text("abc")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent / "readers")}
    command = [sys.executable, "-c", DAEMON, str(model)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        worker = os.pidfd_open(int(daemon.stdout.readline()))
        daemon.kill()
    try:
        assert select.select([worker], [], [], PATIENCE_S)[0], "the worker outlived its daemon"
    finally:
        os.close(worker)


def test_an_engine_can_be_started_again(started):
    engine = started()
    engine.stop()
    engine.start()
    assert read(engine, b"").kind is OutcomeKind.READ


def test_ctrl_c_and_sigterm_are_the_daemons_business(started):
    engine = started()
    before = pid_of(read(engine, b""))
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(int(before.split()[1]), number)
    assert pid_of(read(engine, b"")) == before


def test_workers_know_nothing_of_the_service_manager_and_use_one_thread(started, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    engine = started()
    environment = read(engine, b"environment").document.warnings
    assert not [line for line in environment if line.startswith("NOTIFY_SOCKET")]
    assert read(engine, b"threads").document.warnings == ("1",)


def test_workers_import_nothing_of_the_daemon_but_the_engine(started, monkeypatch):
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        monkeypatch.delenv(name)  # what measures the coverage of children imports a database itself
    modules = read(started(), b"modules").document.warnings
    ours = [name for name in modules if name.split(".")[0] in ("daemon", "config")]
    engine = ["daemon.engine.heap", "daemon.engine.interface", "daemon.engine.sandbox", "daemon.engine.wire"]
    assert ours == ["daemon", "daemon.engine", *engine]
    assert not {"pydantic", "yaml", "watchdog", "typer", "sqlite3", "tensorflow", "keras"} & set(modules)


needs_landlock = pytest.mark.skipif(landlock_version() == 0, reason="needs a kernel with Landlock (Linux 5.13)")


@needs_landlock
@pytest.mark.parametrize("deed", ["write {}/new", "write {}/scan", "remove {}/scan", "read {}/scan", "list {}"])
def test_a_worker_that_was_taken_over_reaches_no_file(started, tmp_path_factory, deed):
    folder = tmp_path_factory.mktemp("inbox")
    (folder / "scan").write_text("somebody's numbers")
    answer = read(started(), f"do {deed.format(folder)}".encode()).document.warnings
    assert answer == ("refused: PermissionError",)
    assert [path.read_text() for path in folder.iterdir()] == ["somebody's numbers"]


@needs_landlock
def test_a_worker_runs_no_program(started):
    assert read(started(), b"do execute /usr/bin/true").document.warnings == ("refused: PermissionError",)


@pytest.mark.skipif(landlock_version() < 4, reason="needs Landlock 4 (Linux 6.7)")
def test_a_worker_connects_to_nobody(started):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert read(started(), f"do connect {port}".encode()).document.warnings == ("refused: PermissionError",)


@pytest.mark.skipif(landlock_version() < 6, reason="needs Landlock 6 (Linux 6.12)")
def test_a_worker_signals_no_other_process(started):
    assert read(started(), f"do signal {os.getpid()}".encode()).document.warnings == ("refused: PermissionError",)


def test_a_document_that_takes_too_much_memory_fails_by_name_and_its_worker_goes_on(started):
    engine = started(limits=Limits(memory_mb=256, cpu_s=60))
    outcome = read(engine, b"memory 400000000")
    assert (outcome.kind, outcome.error) == (
        OutcomeKind.FAILED,
        "reading it takes more memory than engine.memory_mb allows",
    )
    assert read(engine, b"memory 100000000").document.warnings == ("100000000",)


def test_a_worker_whose_daemon_does_not_end_it_ends_by_itself(started):
    engine = started(limits=Limits(memory_mb=256, cpu_s=1 - CPU_GRACE_S))
    outcome = read(engine, b"compute")
    assert outcome.kind is OutcomeKind.CRASHED
    assert "SIGXCPU" in outcome.error
