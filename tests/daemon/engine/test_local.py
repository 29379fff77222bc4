"""The local engine's own: how it starts, watches, replaces and ends its worker processes; see test_contract.py."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.engine import handle, local
from daemon.engine.interface import Job, Outcome, OutcomeKind
from daemon.engine.local import LocalEngine
from daemon.errors import EngineError
from recognition.errors import ModelLoadError, ModelMismatchError

PATIENCE_S = 60.0


@pytest.fixture
def make(local_engine: Callable[..., LocalEngine]) -> Callable[..., LocalEngine]:
    return local_engine


def test_workers_read_at_the_same_time(started, read, wait_free):
    engine = started(workers=2, timeout_s=120)
    wait_free(engine, 2)
    engine.submit(Job(1, b"hang"))
    outcomes = [read(engine, b"", key) for key in range(2, 12)]
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.READ}


def test_while_the_only_worker_is_replaced_nobody_is_free_and_that_is_told(started, read):
    engine = started()
    assert read(engine, b"segfault").kind is OutcomeKind.CRASHED
    assert engine.free() == 0
    assert engine.healthy() is not None
    assert read(engine, b"").kind is OutcomeKind.READ
    assert engine.healthy() is None


def test_a_stopped_idle_worker_does_not_block_the_hand_over_of_a_large_document(started, read, collect, pid_of):
    engine = started(timeout_s=1)
    os.kill(pid_of(read(engine, b"")), signal.SIGSTOP)
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
    "message",
    [
        b"[" * 60_000,
        b'{"key": 1, "kind": "failed", "error": null, "seconds": 1%s}' % (b"0" * 400),
    ],
    ids=["deep", "endless"],
)
def test_nothing_that_a_worker_says_ends_the_daemon(started, read, message):
    engine = started()
    assert read(engine, b"say " + message).kind is OutcomeKind.CRASHED
    assert read(engine, b"").kind is OutcomeKind.READ


def test_an_answer_that_nobody_foresaw_costs_its_worker_alone(started, read, monkeypatch):
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


def test_a_start_that_takes_long_can_be_followed_and_given_up(make):
    calls: list[float] = []

    def give_up_later() -> None:
        calls.append(time.monotonic())
        if len(calls) == 2:
            raise KeyboardInterrupt

    engine = make("slow")
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        engine.start(give_up_later)
    assert calls[1] - began < PATIENCE_S


def test_a_worker_that_is_killed_at_the_start_is_replaced(make, read, monkeypatch):
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


def test_a_process_that_cannot_be_started_is_tried_again(make, read, monkeypatch):
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


def test_a_model_that_was_replaced_meanwhile_is_not_mixed_with_the_first(started, read, until, tmp_path):
    engine = started()
    (tmp_path / "tiny.tflite").write_text("another")
    assert read(engine, b"segfault").kind is OutcomeKind.CRASHED
    until(lambda: engine.poll() == [] and "has changed since the start" in (engine.healthy() or ""), "a refusal")
    assert engine.free() == 0
    (tmp_path / "tiny.tflite").write_text("abc")
    assert read(engine, b"").kind is OutcomeKind.READ


def test_workers_that_die_at_once_are_replaced_ever_more_slowly(make, collect, tmp_path):
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


def test_a_worker_killed_while_idle_costs_no_document(started, read, wait_free, pid_of):
    engine = started()
    os.kill(pid_of(read(engine, b"")), signal.SIGKILL)
    select_one(engine)
    assert engine.poll() == []
    assert engine.free() == 0
    assert wait_free(engine) == []
    assert read(engine, b"").kind is OutcomeKind.READ


def test_a_job_for_a_worker_that_just_died_stays_with_the_caller(started, read, pid_of):
    engine = started()
    os.kill(pid_of(read(engine, b"")), signal.SIGKILL)
    select_one(engine)
    with pytest.raises(EngineError):
        engine.submit(Job(1, b""))
    assert read(engine, b"", key=1).kind is OutcomeKind.READ


def test_a_busy_engine_wants_to_be_asked_before_the_timeout(make):
    now = [100.0]
    engine = make(timeout_s=30, clock=lambda: now[0])
    engine.start()
    now[0] += 1000  # in which it had nothing to do
    engine.submit(Job(1, b"hang"))
    now[0] += 10
    assert engine.wait_s() == 20
    now[0] += 30
    assert engine.wait_s() == 0
    assert [outcome.kind for outcome in engine.poll()] == [OutcomeKind.TIMED_OUT]


def test_stopping_ends_every_process_also_one_that_hangs(started, wait_free):
    engine = started(workers=2)
    wait_free(engine, 2)
    pids = [worker.pid for worker in engine.readable()]
    engine.submit(Job(1, b"hang"))
    engine.stop(0.2)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


DAEMON = """
import pathlib, sys
from daemon.engine.handle import WorkerSetup
from daemon.engine.interface import Job
from daemon.engine.local import LocalEngine
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
