"""The Dask engine with a real scheduler and real workers, each a process of its own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import dask
import distributed  # its defaults have to be there before any is set
import pytest

from config.schema import EngineSettings, Settings
from daemon.check import check_cluster
from daemon.engine.dask import DaskEngine
from daemon.engine.handle import WorkerSetup
from daemon.engine.interface import Job, Outcome, OutcomeKind
from daemon.engine.sandbox import Limits
from daemon.errors import EngineError
from daemon.findings import Finding, Level
from recognition.params import LoadParams, RecognitionParams

PATIENCE_S = 40.0
READERS = Path(__file__).parent / "readers"
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    assert distributed.config
    with dask.config.set({"distributed.comm.timeouts.tcp": "12s", "distributed.comm.timeouts.connect": "3s"}):
        yield


@pytest.fixture
def make_cluster(cluster: ModuleType, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    made = []

    def make(workers: int = 1, **options: Any) -> Any:
        place = tmp_path / f"cluster-{len(made)}"
        place.mkdir()
        options["environment"] = {"PYTHONPATH": str(READERS), **options.get("environment", {})}
        made.append(cluster.Cluster(place, **options))
        made[-1].start_scheduler()
        for _ in range(workers):
            made[-1].start_worker()
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., DaskEngine]]:
    engines: list[DaskEngine] = []

    def engine(address: str, *, timeout_s: float = 60, content: str = "abc") -> DaskEngine:
        model = tmp_path / "tiny.tflite"
        model.write_text(content)
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        facts = {"name": "tiny", "sha256": sha256, "classes": 10, "temperature": 1.5}
        model.with_suffix(".json").write_text(json.dumps(facts))
        setup = WorkerSetup(
            model,
            RecognitionParams(load=LoadParams(pdf_dpi=123)),
            loader="injected:load",
            reader="injected:read",
            limits=Limits(512, timeout_s),
        )
        engines.append(DaskEngine(address, setup, timeout_s=timeout_s))
        engines[-1].start()
        return engines[-1]

    yield engine
    for made in engines:
        made.stop()


def until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.02)
    return value


def collect(engine: DaskEngine, count: int) -> dict[int, Outcome]:
    """The next `count` outcomes by key."""
    outcomes: dict[int, Outcome] = {}
    deadline = time.monotonic() + PATIENCE_S
    while len(outcomes) < count:
        assert time.monotonic() < deadline, f"only {outcomes} came; {engine.healthy()}"
        for outcome in engine.poll(1.0):
            assert outcome.key not in outcomes, "a job ended twice"
            outcomes[outcome.key] = outcome
    return outcomes


def read(engine: DaskEngine, data: bytes, key: int = 1) -> Outcome:
    until(lambda: engine.free() > 0, f"a free worker ({engine.healthy()})")
    engine.submit(Job(key, data))
    return collect(engine, 1)[key]


def test_a_document_comes_back_with_its_pictures(make_cluster, make):
    engine = make(make_cluster().address)
    outcome = read(engine, b"hello" * 100_000, key=42)
    assert (outcome.key, outcome.kind, outcome.error) == (42, OutcomeKind.READ, None)
    (page,) = outcome.document.pages
    assert page.annotated == b"olleh" * 100_000
    assert page.numbers[0].crop == b"crop"
    assert outcome.document.warnings[1:] == ("dpi 123", "model 0-tiny")
    assert (engine.model.name, engine.healthy()) == ("tiny", None)


def test_what_one_document_does_costs_its_process_and_not_the_dask_worker(make_cluster, make):
    cluster = make_cluster()
    engine = make(cluster.address, timeout_s=3)
    assert read(engine, b"segfault").kind is OutcomeKind.CRASHED
    assert read(engine, b"hang").kind is OutcomeKind.TIMED_OUT
    assert read(engine, b"unreadable").kind is OutcomeKind.UNREADABLE
    assert read(engine, b"bug").kind is OutcomeKind.FAILED
    failed = read(engine, b"memory 3000000000")
    assert "engine.memory_mb" in (failed.error or "")
    assert read(engine, b"").kind is OutcomeKind.READ
    assert cluster.workers[0].poll() is None


def test_a_hostile_document_reaches_no_file_of_the_machine(make_cluster, make, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("of the machine's")
    outcome = read(make(make_cluster().address), f"do read {secret}".encode())
    assert outcome.document.warnings == ("refused: PermissionError",)


def test_the_networks_travel_once_to_each_worker(make_cluster, make):
    cluster = make_cluster()
    engine = make(cluster.address)
    assert len({read(engine, b"", key).document.warnings[0] for key in range(5)}) == 1, "one process reads them all"


def test_a_worker_killed_in_the_middle_costs_no_document(make_cluster, make):
    cluster = make_cluster(workers=2)
    engine = make(cluster.address)
    until(lambda: engine.free() == 4, "both workers")
    for key in (1, 2):
        engine.submit(Job(key, b"sleep 2"))
    time.sleep(1)  # both are in the middle of it: how long it takes to get there is of no interest
    cluster.workers[0].kill()
    assert {outcome.kind for outcome in collect(engine, 2).values()} == {OutcomeKind.READ}


def test_a_scheduler_that_goes_down_is_found_again(cluster, make_cluster, make):
    dask_cluster = make_cluster()
    engine = make(dask_cluster.address)
    until(engine.free, "a worker")
    engine.submit(Job(1, b"sleep 30"))
    cluster.end(dask_cluster.scheduler)
    (lost,) = collect(engine, 1).values()
    assert lost.kind is OutcomeKind.LOST
    assert "cannot be reached" in until(engine.healthy, "a problem")
    assert engine.free() == 0
    with pytest.raises(EngineError):
        engine.submit(Job(2, b""))
    dask_cluster.start_scheduler()
    dask_cluster.start_worker()
    assert read(engine, b"", key=3).kind is OutcomeKind.READ
    assert engine.healthy() is None


def test_engines_that_let_go_in_the_middle_hold_up_no_other(make_cluster, make):
    address = make_cluster().address
    for _ in range(3):  # what could wait for ever did so most times, not each
        engine = make(address)
        assert read(engine, b"").kind is OutcomeKind.READ
        for key in range(400):
            engine.submit(Job(key, b"sleep 0.5"))
        time.sleep(0.2)  # so that they are on the cluster: how far is of no interest
        engine.stop()


def test_a_worker_of_another_version_is_refused_by_name(make_cluster, make, tmp_path, caplog):
    old = tmp_path / "old" / "digitdrop-0.0.9.dist-info"
    old.mkdir(parents=True)
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: digitdrop\nVersion: 0.0.9\n")
    cluster = make_cluster(workers=0)
    cluster.start_worker(PYTHONPATH=f"{old.parent}:{READERS}")
    engine = make(cluster.address)
    problem = until(lambda: "0.0.9" in (engine.healthy() or "") and engine.healthy(), "a refusal")
    assert "has digitdrop 0.0.9, this is digitdrop" in problem
    assert engine.free() == 0
    cluster.start_worker()
    assert read(engine, b"").kind is OutcomeKind.READ
    assert engine.capacity == 2, "the other gets none"
    assert [record.levelname for record in caplog.records if "0.0.9" in record.message] == ["WARNING"]


def test_without_a_cluster_it_starts_and_waits(cluster, make, tmp_path):
    address = f"tcp://127.0.0.1:{cluster.free_port()}"
    engine = make(address)
    problem = until(lambda: "cannot be reached" in (engine.healthy() or "") and engine.healthy(), "a problem")
    assert address in problem
    assert engine.free() == 0
    assert engine.poll(0) == []
    assert not engine.restart_helps


def test_a_cluster_without_workers_is_told(make_cluster, make):
    engine = make(make_cluster(workers=0).address)
    until(lambda: "has no workers" in (engine.healthy() or ""), "a problem")


def test_two_daemons_share_a_cluster(make_cluster, make):
    address = make_cluster().address
    engines = [make(address, content="abc"), make(address, content="abcd")]
    for engine in engines:
        until(engine.free, "a worker")
    for key in range(6):
        for engine in engines:
            if engine.free():
                engine.submit(Job(key, b""))
                assert collect(engine, 1)[key].kind is OutcomeKind.READ


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """An authority's certificate, and a certificate with its key that it has signed."""
    authority, key, certificate = folder / "ca.pem", folder / "key.pem", folder / "cert.pem"
    request = ["openssl", "req", "-newkey", "rsa:2048", "-nodes"]
    sign = ["openssl", "x509", "-req", "-days", "2", "-CAcreateserial"]
    for words in (
        [*request, "-subj", "/CN=authority", "-x509", "-days", "2", "-keyout", folder / "ca.key", "-out", authority],
        [*request, "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", folder / "request.pem"],
        [*sign, "-in", folder / "request.pem", "-CA", authority, "-CAkey", folder / "ca.key", "-out", certificate],
    ):
        subprocess.run(list(map(str, words)), check=True, capture_output=True)
    return authority, key, certificate


def test_with_tls_only_those_with_a_certificate_take_part(make_cluster, make, tmp_path):
    authority, key, certificate = certificates(tmp_path)
    tls = {"distributed.comm.tls.ca-file": str(authority)}
    environment = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(authority)}
    for role in ("client", "worker", "scheduler"):
        tls |= {f"distributed.comm.tls.{role}.cert": str(certificate), f"distributed.comm.tls.{role}.key": str(key)}
        environment |= {
            f"DASK_DISTRIBUTED__COMM__TLS__{role.upper()}__CERT": str(certificate),
            f"DASK_DISTRIBUTED__COMM__TLS__{role.upper()}__KEY": str(key),
        }
    cluster = make_cluster(scheme="tls", environment=environment)
    stranger = make(cluster.address)
    until(lambda: "cannot be reached" in (stranger.healthy() or ""), "a refusal")
    with dask.config.set(tls):
        assert read(make(cluster.address), b"").kind is OutcomeKind.READ


def test_check_tells_whether_the_cluster_is_well(make_cluster, cluster):
    def finding(address: str) -> Finding:
        return check_cluster(Settings(engine=EngineSettings(kind="dask", address=address)))

    well = finding(make_cluster().address)
    assert (well.level, well.text.split(" takes ")[1]) == (Level.OK, "2 documents at once")
    ill = finding(f"tcp://127.0.0.1:{cluster.free_port()}")
    assert ill.level is Level.FAIL
    assert "cannot be reached" in ill.text
