"""The Dask engine's own, with a real scheduler and real workers, each a process of its own; see test_contract.py."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import dask
import pytest

from config.schema import EngineSettings, Settings
from daemon.check import check_cluster
from daemon.engine import cluster as cluster_module
from daemon.engine import connection
from daemon.engine.dask import QUEUE_S, DaskEngine
from daemon.engine.interface import Job, OutcomeKind
from daemon.errors import EngineError
from daemon.findings import Finding, Level

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]


@pytest.fixture
def make(dask_engine: Callable[..., DaskEngine]) -> Callable[..., DaskEngine]:
    return dask_engine


@pytest.mark.parametrize(
    ("content", "text"), [("mismatch", "its input is 32x32"), ("crash", "crashed at its start (SIGSEGV)")]
)
def test_a_model_that_only_the_workers_cannot_load_is_no_fault_of_the_documents(
    shared_cluster, started, read, content, text
):
    engine = started(shared_cluster.address, content)
    for key in (1, 2):  # each is a try of its own
        outcome = read(engine, b"", key)
        assert (outcome.kind, outcome.document) == (OutcomeKind.LOST, None)
        assert text in outcome.error
        assert text in engine.healthy()
    other = started(shared_cluster.address)
    assert read(other, b"").kind is OutcomeKind.READ
    assert other.healthy() is None


def test_that_no_worker_can_read_is_told_until_one_can(make_cluster, started, read, until, import_path, tmp_path):
    (tmp_path / "injected.py").write_text(
        "def load(path):\n    raise MemoryError('too small')\ndef read():\n    pass\n"
    )
    cluster = make_cluster(workers=0)
    cluster.start_worker(PYTHONPATH=f"{tmp_path}:{import_path}")
    engine = started(cluster.address)
    assert read(engine, b"").kind is OutcomeKind.LOST
    problem = engine.healthy()
    assert "no worker of the Dask cluster can read" in problem
    assert "too small" in problem
    assert engine.free() > 0, "how else would it be known that one can again"
    cluster.start_worker()
    until(lambda: engine.healthy() is None, "a worker that may be well")
    cluster.workers[0].kill()
    until(lambda: engine.capacity == 2, "the end of the other")
    assert read(engine, b"", key=2).kind is OutcomeKind.READ
    assert engine.healthy() is None


def eventfds() -> set[str]:
    """The descriptors of this process that wake a wait."""
    links = Path("/proc/self/fd")
    return {link.name for link in links.iterdir() if link.is_symlink() and "eventfd" in str(link.readlink())}


def test_an_engine_that_is_stopped_keeps_no_descriptor(make):
    before = eventfds()
    engine = make("tcp://127.0.0.1:1")
    for _ in range(2):
        engine.start()
        assert len(eventfds() - before) == 1
        engine.stop()
        assert engine.readable() == ()
        assert eventfds() == before


def test_what_still_lets_go_of_the_cluster_after_a_stop_wakes_nobody_else(make, monkeypatch, until):
    before = eventfds()
    engine = make("tcp://127.0.0.1:1")
    engine.start()
    (thread,) = (one for one in threading.enumerate() if one.name == "digitdrop-cluster")
    with monkeypatch.context() as patch:
        patch.setattr(cluster_module, "CLOSE_S", 0.0)
        patch.setattr(cluster_module, "LOOK_S", 0.0)
        engine.stop()
    ended = not thread.is_alive()
    thread.join()
    assert ended or eventfds() != before


def test_a_document_that_the_cluster_does_not_come_to_is_given_up(shared_cluster, started, read, wait_free):
    now = [100.0]
    engine = started(shared_cluster.address, timeout_s=30, clock=lambda: now[0])
    wait_free(engine)
    engine.submit(Job(1, b"sleep 1"))
    now[0] += 10
    assert engine.wait_s() == 20 + QUEUE_S
    now[0] += 20 + QUEUE_S
    assert engine.wait_s() == 0
    (outcome,) = engine.poll()
    assert (outcome.key, outcome.kind) == (1, OutcomeKind.LOST)
    assert outcome.error == "the Dask cluster did not come to it"
    assert read(engine, b"", key=2).kind is OutcomeKind.READ, "and no late answer to the first"


def test_a_worker_killed_in_the_middle_costs_no_document(make_cluster, started, collect, until):
    cluster = make_cluster(workers=2)
    engine = started(cluster.address)
    until(lambda: engine.free() == 4, "both workers")
    for key in (1, 2):
        engine.submit(Job(key, b"sleep 2"))
    time.sleep(1)  # both are in the middle of it: how long it takes to get there is of no interest
    cluster.workers[0].kill()
    assert {outcome.kind for outcome in collect(engine, 2).values()} == {OutcomeKind.READ}


def test_documents_are_read_on_when_all_workers_were_gone(cluster, make_cluster, started, read, until):
    dask_cluster = make_cluster()
    engine = started(dask_cluster.address)
    for key in (1, 2):
        assert read(engine, b"", key).kind is OutcomeKind.READ
        cluster.end(dask_cluster.workers.pop())
        until(lambda: "has no workers" in (engine.healthy() or ""), "its end")
        dask_cluster.start_worker()
    assert read(engine, b"", key=3).kind is OutcomeKind.READ


def test_a_process_that_ended_while_it_waited_costs_no_document(shared_cluster, started, read, pid_of, until):
    engine = started(shared_cluster.address)
    pid = pid_of(read(engine, b""))
    os.kill(pid, signal.SIGKILL)
    until(lambda: Path(f"/proc/{pid}/cmdline").read_bytes() == b"", "its end, though nobody has waited for it")
    outcome = read(engine, b"", key=2)
    assert (outcome.kind, outcome.error) == (OutcomeKind.READ, None)


def test_a_scheduler_that_goes_down_is_found_again(cluster, make_cluster, started, read, collect, until):
    dask_cluster = make_cluster()
    engine = started(dask_cluster.address)
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


def test_engines_that_let_go_in_the_middle_hold_up_no_other(make_cluster, started, read):
    address = make_cluster().address
    for _ in range(3):  # what could wait for ever did so most times, not each
        engine = started(address)
        assert read(engine, b"").kind is OutcomeKind.READ
        for key in range(400):  # more than the engine takes, so that there is much to let go of
            engine._cluster.submit(Job(key, b"sleep 0.5"))
        time.sleep(0.2)  # so that they are on the cluster: how far is of no interest
        engine.stop()


def test_without_a_cluster_it_starts_and_waits(cluster, started, until):
    address = f"tcp://127.0.0.1:{cluster.free_port()}"
    engine = started(address)
    problem = until(lambda: "cannot be reached" in (engine.healthy() or "") and engine.healthy(), "a problem")
    assert address in problem
    assert engine.free() == 0
    assert engine.poll(0) == []
    assert not engine.restart_helps


def test_a_host_that_cannot_be_looked_up_is_told(started, until):
    engine = started("tcp://no-such-host.invalid:8786")
    until(lambda: "looking up no-such-host.invalid" in (engine.healthy() or ""), "a problem")


def test_what_takes_connections_and_never_answers_is_not_waited_for(started, until, monkeypatch):
    monkeypatch.setattr(connection, "GREET_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = started(f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        until(lambda: "does not answer" in (engine.healthy() or ""), "a problem")
        for _ in range(2):  # the second is another try
            silent.settimeout(30)
            silent.accept()[0].close()


def test_a_scheduler_that_stops_answering_is_given_up_and_found_again(
    make_cluster, started, read, collect, monkeypatch
):
    monkeypatch.setattr(cluster_module, "GIVE_UP_S", 4.0)
    cluster = make_cluster()
    engine = started(cluster.address)
    assert read(engine, b"").kind is OutcomeKind.READ
    engine.submit(Job(2, b"sleep 1"))
    cluster.scheduler.send_signal(signal.SIGSTOP)
    (lost,) = collect(engine, 1).values()
    assert lost.kind is OutcomeKind.LOST
    assert "does not answer" in lost.error
    cluster.scheduler.send_signal(signal.SIGCONT)
    assert read(engine, b"", key=3).kind is OutcomeKind.READ


def test_when_the_thread_ends_that_keeps_the_connection_only_a_restart_helps(cluster, started, until):
    engine = started(f"tcp://127.0.0.1:{cluster.free_port()}")
    engine._cluster._call(engine._cluster._stopping.set)
    until(lambda: not engine._cluster.is_alive(), "the end")
    assert engine.healthy() == "the engine is not running"
    assert engine.restart_helps


def test_a_cluster_without_workers_is_told(make_cluster, started, until):
    address = make_cluster(workers=0).address
    engine = started(address)
    assert engine.healthy() == f"the Dask scheduler {address} has not answered yet"
    problem = f"the Dask cluster {address} has no workers; start some with `dask worker {address}`"
    until(lambda: engine.healthy() == problem, "a problem")


def test_two_daemons_share_a_cluster(shared_cluster, started, collect, until):
    engines = [started(shared_cluster.address, content) for content in ("abc", "abcd")]
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


def test_with_tls_only_those_with_a_certificate_take_part(make_cluster, started, read, until, tmp_path):
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
    stranger = started(cluster.address)
    until(lambda: "cannot be reached" in (stranger.healthy() or ""), "a refusal")
    with dask.config.set(tls):
        assert read(started(cluster.address), b"").kind is OutcomeKind.READ


def test_check_tells_whether_the_cluster_is_well(shared_cluster, cluster):
    def finding(address: str) -> Finding:
        return check_cluster(Settings(engine=EngineSettings(kind="dask", address=address)))

    well = finding(shared_cluster.address)
    assert (well.level, well.text.split(" takes ")[1]) == (Level.OK, "2 documents at once")
    ill = finding(f"tcp://127.0.0.1:{cluster.free_port()}")
    assert ill.level is Level.FAIL
    assert "cannot be reached" in ill.text
