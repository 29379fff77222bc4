"""Which workers of a real Dask cluster get documents."""

from __future__ import annotations

import importlib.metadata
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.engine import admission, task
from daemon.engine.dask import DaskEngine
from daemon.engine.interface import Job, OutcomeKind

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]


@pytest.fixture
def make(dask_engine: Callable[..., DaskEngine]) -> Callable[..., DaskEngine]:
    return dask_engine


def test_a_worker_of_another_version_is_refused_by_name(
    make_cluster, started, read, until, import_path, tmp_path, caplog
):
    old = tmp_path / "old" / "digitdrop-0.0.9.dist-info"
    old.mkdir(parents=True)
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: digitdrop\nVersion: 0.0.9\n")
    cluster = make_cluster(workers=0)
    cluster.start_worker(PYTHONPATH=f"{old.parent}:{import_path}")
    engine = started(cluster.address)
    problem = until(lambda: "0.0.9" in (engine.healthy() or "") and engine.healthy(), "a refusal")
    assert "has digitdrop 0.0.9, this is digitdrop" in problem
    assert engine.free() == 0
    cluster.start_worker()
    assert read(engine, b"").kind is OutcomeKind.READ
    assert engine.capacity == 2, "the other gets none"
    assert [record.levelname for record in caplog.records if "0.0.9" in record.message] == ["WARNING"]


def test_a_refused_worker_that_is_gone_is_named_no_more(make_cluster, started, until, import_path, tmp_path):
    old = tmp_path / "old" / "digitdrop-0.0.9.dist-info"
    old.mkdir(parents=True)
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: digitdrop\nVersion: 0.0.9\n")
    cluster = make_cluster(workers=0)
    worker = cluster.start_worker(PYTHONPATH=f"{old.parent}:{import_path}")
    engine = started(cluster.address)
    until(lambda: "0.0.9" in (engine.healthy() or ""), "a refusal")
    os.killpg(worker.pid, signal.SIGKILL)
    until(lambda: "0.0.9" not in (engine.healthy() or ""), "its end")
    assert engine.healthy() is not None


@pytest.fixture
def bare(tmp_path: Path) -> str:
    """What an import path begins with where digitdrop is not installed."""
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "daemon.py").write_text("raise ModuleNotFoundError('daemon')\n")
    (tmp_path / "bare" / "sitecustomize.py").write_text(
        "import importlib.metadata as metadata\n"
        "def version(name, found=metadata.version):\n"
        "    if name == 'digitdrop':\n"
        "        raise metadata.PackageNotFoundError(name)\n"
        "    return found(name)\n"
        "metadata.version = version\n"
    )
    return str(tmp_path / "bare")


def test_a_worker_without_digitdrop_is_left_alone(make_cluster, started, read, collect, until, wait_free, bare, caplog):
    cluster = make_cluster()
    first = started(cluster.address)
    assert read(first, b"").kind is OutcomeKind.READ
    first.submit(Job(2, b"sleep 12"))
    stranger = cluster.start_worker(PYTHONPATH=bare)
    until(lambda: "has no digitdrop" in caplog.text, "a refusal")
    second = started(cluster.address, "abcd")
    wait_free(second)
    second.submit(Job(3, b""))  # whose networks would best be made where nothing is to be done
    assert collect(first, 1)[2].kind is OutcomeKind.READ
    assert collect(second, 1)[3].kind is OutcomeKind.READ
    assert stranger.poll() is None


def test_a_scheduler_without_digitdrop_is_told(make_cluster, started, read, until, bare):
    cluster = make_cluster(workers=0, environment={"PYTHONPATH": bare})
    engine = started(cluster.address)
    problem = until(lambda: "digitdrop" in (engine.healthy() or "") and engine.healthy(), "a problem")
    remedy = "start it in an environment that has it"
    assert problem == f"the Dask scheduler {cluster.address} runs without digitdrop; {remedy}"
    assert engine.free() == 0


def test_a_refused_worker_is_asked_again(make_cluster, started, read, until, import_path, tmp_path, monkeypatch):
    monkeypatch.setattr(admission, "AGAIN_S", 1.0)
    metadata = tmp_path / "other" / "digitdrop-0.0.9.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: digitdrop\nVersion: 0.0.9\n")
    cluster = make_cluster(workers=0)
    cluster.start_worker(PYTHONPATH=f"{metadata.parents[1]}:{import_path}")
    engine = started(cluster.address)
    until(lambda: "0.0.9" in (engine.healthy() or ""), "a refusal")
    version = importlib.metadata.version("digitdrop")
    metadata.write_text(f"Metadata-Version: 2.1\nName: digitdrop\nVersion: {version}\n")
    until(engine.free, "the worker of the right version at the same address")
    assert engine.healthy() is None


def test_a_worker_brought_up_to_date_has_to_be_started_anew(
    make_cluster, started, read, import_path, tmp_path, monkeypatch
):
    metadata = tmp_path / "installed" / "digitdrop-1.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text(f"Metadata-Version: 2.1\nName: digitdrop\nVersion: {task.VERSION}\n")
    cluster = make_cluster(workers=0)
    cluster.start_worker(PYTHONPATH=f"{metadata.parents[1]}:{import_path}")
    assert read(started(cluster.address), b"").kind is OutcomeKind.READ
    before = task.VERSION
    metadata.write_text("Metadata-Version: 2.1\nName: digitdrop\nVersion: 9.9.9\n")
    monkeypatch.setattr(task, "VERSION", "9.9.9")
    engine = started(cluster.address)
    outcome = read(engine, b"")
    assert outcome.kind is OutcomeKind.LOST
    assert f"still runs digitdrop {before}, this is digitdrop 9.9.9; start it anew" in outcome.error
    assert outcome.error in engine.healthy()


def test_a_stopped_worker_holds_up_no_other(make_cluster, started, read, until):
    cluster = make_cluster(environment={"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "300s"})
    seen = started(cluster.address)
    until(seen.free, "the worker")
    os.killpg(cluster.workers[0].pid, signal.SIGSTOP)
    engine = started(cluster.address)
    until(lambda: "does not answer" in (engine.healthy() or ""), "a problem")
    cluster.start_worker()
    assert read(engine, b"").kind is OutcomeKind.READ
    assert engine.healthy() is None
    assert engine.capacity == 2, "of the other"
    os.killpg(cluster.workers[0].pid, signal.SIGCONT)
    until(lambda: engine.capacity == 4, "its answer")
