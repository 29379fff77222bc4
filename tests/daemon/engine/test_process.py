"""What a worker process knows of the daemon, and what it keeps of a document and of the machine."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.engine.interface import OutcomeKind
from daemon.engine.local import LocalEngine
from daemon.engine.sandbox import CPU_GRACE_S, Limits


@pytest.fixture
def make(local_engine: Callable[..., LocalEngine]) -> Callable[..., LocalEngine]:
    return local_engine


def resident_mb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


def test_a_worker_gives_the_memory_of_a_document_back_when_it_is_done(started, read, until, pid_of):
    engine = started()
    pid = pid_of(read(engine, b""))
    before = resident_mb(pid)
    read(engine, b"swell")
    until(lambda: resident_mb(pid) <= before + 30, f"memory of a process that had {before} MB, now 120 more")


def test_signals_that_go_to_all_processes_are_the_daemons_business(started, read, pid_of):
    engine = started()
    before = pid_of(read(engine, b""))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(before, number)
    assert pid_of(read(engine, b"")) == before


def test_workers_know_nothing_of_the_service_manager_and_use_one_thread(started, read, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    engine = started()
    environment = read(engine, b"environment").document.warnings
    assert not [line for line in environment if line.startswith("NOTIFY_SOCKET")]
    assert read(engine, b"threads").document.warnings == ("1",)


def test_workers_import_nothing_of_the_daemon_but_the_engine(started, read, monkeypatch):
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        monkeypatch.delenv(name)  # what measures the coverage of children imports a database itself
    modules = read(started(), b"modules").document.warnings
    ours = [name for name in modules if name.split(".")[0] in ("daemon", "config")]
    engine = ["daemon.engine.heap", "daemon.engine.interface", "daemon.engine.sandbox", "daemon.engine.wire"]
    assert ours == ["daemon", "daemon.engine", *engine]
    assert not {"pydantic", "yaml", "watchdog", "typer", "sqlite3", "tensorflow", "keras"} & set(modules)


def test_a_worker_whose_daemon_does_not_end_it_ends_by_itself(started, read):
    engine = started(limits=Limits(memory_mb=256, cpu_s=1 - CPU_GRACE_S))
    outcome = read(engine, b"compute")
    assert outcome.kind is OutcomeKind.CRASHED
    assert "SIGXCPU" in outcome.error


def soft_limit(pid: int, name: str) -> str:
    """A limit of a process, as the kernel tells it."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(name))
    return line.removeprefix(name).split()[0]


def test_a_crash_leaves_no_picture_of_peoples_documents(started, read, pid_of):
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))  # which workers inherit
    try:
        assert soft_limit(pid_of(read(started(), b"")), "Max core file size") == "0"
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def test_what_the_networks_take_is_none_of_a_documents_memory(started, read, pid_of):
    limits = Limits(memory_mb=512, cpu_s=60)
    pid = pid_of(read(started(limits=limits), b""))
    taken_mb = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") >> 20
    assert int(soft_limit(pid, "Max address space")) >> 20 > limits.memory_mb + taken_mb // 2
