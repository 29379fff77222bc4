"""Engines whose workers do what a document's bytes say, see readers/injected.py, and what drives them."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from daemon.engine.dask import DaskEngine
from daemon.engine.handle import WorkerSetup
from daemon.engine.interface import Engine, Job, Outcome
from daemon.engine.local import LocalEngine
from daemon.engine.sandbox import Limits
from recognition.params import LoadParams, RecognitionParams

PATIENCE_S = 60.0
READERS = Path(__file__).parent / "readers"


@pytest.fixture
def make_setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Limits | None], WorkerSetup]:
    """Writes `tiny.tflite` of a content, and its facts, and gives what workers are told that are to load it."""
    monkeypatch.syspath_prepend(str(READERS))

    def setup(content: str, limits: Limits | None) -> WorkerSetup:
        model = tmp_path / "tiny.tflite"
        model.write_text(content)
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        facts = {"name": "tiny", "sha256": sha256, "classes": 10, "temperature": 1.5}
        model.with_suffix(".json").write_text(json.dumps(facts))
        params = RecognitionParams(load=LoadParams(pdf_dpi=123))
        return WorkerSetup(model, params, loader="injected:load", reader="injected:read", limits=limits)

    return setup


@pytest.fixture
def local_engine(make_setup: Callable[..., WorkerSetup]) -> Iterator[Callable[..., LocalEngine]]:
    """Makes local engines, not started; they are stopped at the end."""
    engines: list[LocalEngine] = []

    def make(
        content: str = "abc", *, workers: int = 1, timeout_s: float = 60, limits: Limits | None = None, **options: Any
    ) -> LocalEngine:
        engines.append(LocalEngine(make_setup(content, limits), workers=workers, timeout_s=timeout_s, **options))
        return engines[-1]

    yield make
    for made in engines:
        made.stop(0)


@pytest.fixture
def impatient() -> Iterator[None]:
    """Dask notices what is gone after seconds instead of half a minute."""
    import dask
    import distributed  # its defaults have to be there before any is set

    assert distributed.config
    with dask.config.set({"distributed.comm.timeouts.tcp": "12s", "distributed.comm.timeouts.connect": "3s"}):
        yield


@pytest.fixture
def dask_engine(make_setup: Callable[..., WorkerSetup], impatient: None) -> Iterator[Callable[..., DaskEngine]]:
    """Makes engines of the Dask cluster at an address, not started; they are stopped at the end."""
    engines: list[DaskEngine] = []

    def make(
        address: str, content: str = "abc", *, timeout_s: float = 60, limits: Limits | None = None, **options: Any
    ) -> DaskEngine:
        setup = make_setup(content, limits or Limits(512, timeout_s))
        engines.append(DaskEngine(address, setup, timeout_s=timeout_s, **options))
        return engines[-1]

    yield make
    for made in engines:
        made.stop()


@pytest.fixture
def started(make: Callable[..., Engine]) -> Callable[..., Engine]:
    """Makes what the module's `make` makes, and starts it."""

    def start(*args: Any, **options: Any) -> Engine:
        engine = make(*args, **options)
        engine.start()
        return engine

    return start


@pytest.fixture(scope="session")
def import_path() -> str:
    """Where the workers of a cluster import from: the readers, and the code under test also if another is installed."""
    return os.pathsep.join(map(str, (READERS, READERS.parents[3])))


@pytest.fixture(scope="module")
def shared_cluster(cluster: ModuleType, tmp_path_factory: pytest.TempPathFactory, import_path: str) -> Iterator[Any]:
    """A Dask cluster with one worker, for all tests of a module that leave it as it was."""
    made = cluster.Cluster(tmp_path_factory.mktemp("cluster"), environment={"PYTHONPATH": import_path})
    made.start_scheduler()
    made.start_worker()
    yield made
    made.stop()


def until_true(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.02)
    return value


def next_outcomes(engine: Engine, count: int) -> dict[int, Outcome]:
    outcomes: dict[int, Outcome] = {}
    deadline = time.monotonic() + PATIENCE_S
    while len(outcomes) < count:
        assert time.monotonic() < deadline, f"only {outcomes} came; {engine.healthy()}"
        for outcome in engine.poll(1.0):
            assert outcome.key not in outcomes, "a job ended twice"
            outcomes[outcome.key] = outcome
    return outcomes


def until_free(engine: Engine, count: int = 1) -> list[Outcome]:
    outcomes = []
    deadline = time.monotonic() + PATIENCE_S
    while engine.free() < count:
        assert time.monotonic() < deadline, engine.healthy()
        outcomes += engine.poll(0.02)
    return outcomes


def outcome_of(engine: Engine, data: bytes, key: int = 1) -> Outcome:
    until_free(engine)
    engine.submit(Job(key, data))
    return next_outcomes(engine, 1)[key]


@pytest.fixture
def until() -> Callable[[Callable[[], Any], str], Any]:
    """Waits for something to be true, and gives it."""
    return until_true


@pytest.fixture
def collect() -> Callable[[Engine, int], dict[int, Outcome]]:
    """Waits for the next so many outcomes, and gives them by key."""
    return next_outcomes


@pytest.fixture
def wait_free() -> Callable[..., list[Outcome]]:
    """Waits until an engine is free for a document, or for several, and gives what has ended meanwhile."""
    return until_free


@pytest.fixture
def read() -> Callable[..., Outcome]:
    """Has one document read."""
    return outcome_of


@pytest.fixture
def pid_of() -> Callable[[Outcome], int]:
    """Which process has read a document."""

    def pid(outcome: Outcome) -> int:
        assert outcome.document is not None, outcome.error
        return int(outcome.document.warnings[0].removeprefix("pid "))

    return pid


@pytest.fixture
def make_cluster(cluster: ModuleType, tmp_path: Path, import_path: str) -> Iterator[Callable[..., Any]]:
    made = []

    def make(workers: int = 1, **options: Any) -> Any:
        place = tmp_path / f"cluster-{len(made)}"
        place.mkdir()
        options["environment"] = {"PYTHONPATH": import_path, **options.get("environment", {})}
        made.append(cluster.Cluster(place, **options))
        made[-1].start_scheduler()
        for _ in range(workers):
            made[-1].start_worker()
        return made[-1]

    yield make
    for one in made:
        one.stop()
