"""The daemon with a Dask cluster whose scheduler and workers stand on networks of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may make network namespaces"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2: apt-get install iproute2"),
]
CUT_S = float(os.environ.get("DIGITDROP_CUT_SECONDS", "0"))
"""How much longer than it takes to be noticed the cable stays out; a minute is for an occasion."""
FORWARD = Path("/proc/sys/net/ipv4/ip_forward")


class Network(NamedTuple):
    """A cluster on three machines, as far as the network tells."""

    cluster: Any
    scheduler: Any
    first: Any
    second: Any


@pytest.fixture
def network(cluster: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    for key, value in cluster.QUICK.items():
        monkeypatch.setenv(key, value)
    before = FORWARD.read_text()
    FORWARD.write_text("1")
    try:
        with ExitStack() as stack:
            names = (f"dd{os.getpid()}{letter}" for letter in "abc")
            places = [
                stack.enter_context(cluster.namespace(name, f"10.77.{number}")) for number, name in enumerate(names)
            ]
            made = cluster.Cluster(tmp_path, host=places[0].host)
            stack.callback(made.stop)
            made.start_scheduler(places[0].inside)
            for place in places[1:]:
                made.start_worker(place.inside, again=True)
            yield Network(made, *places)
    finally:
        FORWARD.write_text(before)


@pytest.fixture
def clustered(make_station: Any, network: Network) -> Any:
    """A running daemon of that cluster."""
    return make_station(engine={"kind": "dask", "address": network.cluster.address})


def problem(station: Any) -> str:
    said = json.loads(station.run("status", "--json", "--config", station.config).stdout)
    return " ".join(one["text"] for one in said["problems"])


def all_once(station: Any, names: list[str]) -> None:
    """Each document has its results, and its original is in the archive, once."""
    for name in names:
        station.result(name)
        station.wait_for(station.archive / name)
    assert sorted(path.name for path in station.archive.iterdir()) == sorted(names)
    assert sorted(path.name for path in station.outbox.glob("*.json")) == sorted(f"{name}.json" for name in names)
    assert not list(station.failed.iterdir())
    assert station.stop() == 0
    assert not station.leftovers()


def test_what_happens_to_machines_and_cables_loses_nothing(clustered, network, draw_page, cluster):
    station, (dask, scheduler, first, _) = clustered, network
    names = [f"{number}.jpg" for number in range(24)]

    def drop(some: list[str]) -> None:
        for name in some:
            (station.inbox / name).write_bytes(draw_page(700 + int(name.removesuffix(".jpg"))))

    # A worker dies in the middle, and a cable is pulled while pages are on their way.
    drop(names[:8])
    station.result(names[0])
    cluster.end(dask.workers[0])
    for name in names[:8]:
        station.result(name)
    dask.start_worker(first.inside, again=True)
    drop(names[8:16])
    station.wait_until(lambda: (station.outbox / f"{names[8]}.json").exists(), "the first page after that")
    scheduler.cut()
    drop(names[16:20])
    station.wait_until(lambda: "the Dask scheduler" in problem(station), "a problem")
    time.sleep(CUT_S)
    scheduler.join()
    for name in names[:20]:
        station.result(name)
    station.wait_until(lambda: not problem(station), "that all is well")
    # The scheduler is started anew; its workers end, and are started again.
    cluster.end(dask.scheduler)
    drop(names[20:])
    station.wait_until(lambda: "the Dask scheduler" in problem(station), "a problem")
    dask.start_scheduler(scheduler.inside)
    all_once(station, names)


def test_a_stop_gives_back_what_is_on_the_cluster(clustered, network, draw_page):
    station = clustered
    station.wait_until(lambda: not problem(station), "workers")
    for worker in network.cluster.workers:
        os.killpg(worker.pid, signal.SIGSTOP)
    (station.inbox / "scan.jpg").write_bytes(draw_page(730))
    query = "SELECT 1 FROM documents WHERE state = 'working'"
    station.wait_until(lambda: station.ledger(query), "the scan on the cluster")
    station.process.send_signal(signal.SIGINT)
    assert station.stop() == 0  # the second request does not wait for work
    assert (station.inbox / "scan.jpg").exists()
    for worker in network.cluster.workers:
        os.killpg(worker.pid, signal.SIGCONT)
    station.start()
    all_once(station, ["scan.jpg"])


def test_a_worker_that_is_out_of_reach_for_a_while_is_taken_for_no_other_version(clustered, network):
    station = clustered
    both = "2 workers of the Dask cluster"
    station.wait_for_log(both)
    assert station.stop() == 0
    network.second.cut()  # it stays in the scheduler's books for some seconds
    station.log.write_text("")
    station.start()
    station.wait_for_log("1 worker of the Dask cluster")
    network.second.join()
    station.wait_for_log(both)
    assert "gets no documents" not in station.log.read_text()
    assert station.stop() == 0
