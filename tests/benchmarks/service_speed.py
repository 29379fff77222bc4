"""How fast and how small the service is: memory, start, latency, rest, and a start on a long history."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

# The shared parts stand one folder up, where folders have the names of the packages and must not be taken for them.
sys.path.insert(0, str(Path(__file__).parents[1]))
from sample_pages import Digits, small_page
from station import Station, workers_of

sys.path.pop(0)

from daemon.ledger import Ledger

TICKS = os.sysconf("SC_CLK_TCK")
HISTORY, WAITING = 1_000_000, 100_000


@contextmanager
def running(root: Path, **settings: Any) -> Iterator[Station]:
    """A daemon with two workers, and how long it took to get ready, in `ready_s`."""
    station = Station(root, **{"engine": {"workers": 2}, **settings})
    begun = time.perf_counter()
    station.start()
    station.ready_s = time.perf_counter() - begun
    try:
        yield station
    finally:
        station.kill()


def measure_service(root: Path, page: bytes, *, latencies: int, rest_s: float) -> dict[str, Any]:
    """Memory idle and at work, time to READY, latency, and CPU at rest.

    Args:
        root: an empty folder.
        page: a JPEG; each document is it with other bytes behind its end.
        latencies: so many documents are dropped one by one.
        rest_s: how long the service is watched at rest.
    """
    ready = []
    for turn in range(5):
        with running(root / f"start-{turn}") as station:
            ready.append(station.ready_s)
    with running(root / "service") as station:
        time.sleep(2)  # the second worker
        idle = memory_mb(station)
        begun, busy = time.monotonic(), cpu_s(station)
        time.sleep(rest_s)
        rest = (cpu_s(station) - busy) / (time.monotonic() - begun)
        waits = [latency_s(station, page, number) for number in range(latencies + 2)][2:]
        work = at_work(station, page)
    return {
        "ready_s": round(statistics.median(ready), 3),
        "idle_mb": idle,
        "working_mb": work,
        "cpu_at_rest": round(rest, 5),
        "latency_s": {
            "median": round(statistics.median(waits), 3),
            "p99": round(float(np.quantile(waits, 0.99)), 3),
            "documents": latencies,
        },
    }


def latency_s(station: Station, page: bytes, number: int) -> float:
    """From a file's arrival to its results, without the time for which it has to be quiet."""
    outside = station.root / "outside.jpg"
    outside.write_bytes(page + b"%d" % number)
    begun = time.monotonic()
    outside.rename(station.inbox / f"{number}.jpg")
    station.wait_for(station.outbox / f"{number}.jpg.json")
    return time.monotonic() - begun - station.stable_s


def at_work(station: Station, page: bytes) -> dict[str, int]:
    """The most memory while both workers read."""
    for number in range(20):
        (station.inbox / f"work-{number}.jpg").write_bytes(page + b"work %d" % number)
    most = {"resident": 0, "proportional": 0}
    while len(list(station.outbox.glob("work-*.json"))) < 20:
        most = {name: max(value, most[name]) for name, value in memory_mb(station).items()}
        time.sleep(0.05)
    return most


def processes(station: Station) -> list[int]:
    """The daemon and its workers."""
    assert station.process is not None
    return [station.process.pid, *workers_of(station.process.pid)]


def memory_mb(station: Station) -> dict[str, int]:
    """Memory of all processes in MiB: as if each had its pages for itself, and with shared pages shared out."""
    total = {"Rss": 0, "Pss": 0}
    for pid in processes(station):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in total:
                total[name] += int(rest.split()[0])
    return {"resident": total["Rss"] >> 10, "proportional": total["Pss"] >> 10}


def cpu_s(station: Station) -> float:
    """Seconds of computing that all processes have taken."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in processes(station)]
    return sum(int(each[11]) + int(each[12]) for each in fields) / TICKS


def measure_history(root: Path, *, history: int = HISTORY, waiting: int = WAITING) -> dict[str, Any]:
    """How long the first result takes on a ledger of a million documents, with a hundred thousand files waiting.

    Args:
        root: an empty folder.
        history: documents in the ledger, of which each has results and an archived original.
        waiting: files in the inbox.
    """
    station = Station(root, engine={"workers": 2})
    fill_ledger(station.state, history)
    page = small_page(np.random.default_rng(1), Digits.load())
    for number in range(waiting):
        folder = station.inbox / f"{number // 1000:03}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.jpg").write_bytes(page + b"%d" % number)
    begun = time.monotonic()
    station.start()
    ready_s = time.monotonic() - begun
    try:
        station.wait_until(lambda: any(station.outbox.rglob("*.json")), "the first result")
        return {
            "history": history,
            "waiting": waiting,
            "ready_s": round(ready_s, 2),
            "first_result_s": round(time.monotonic() - begun, 2),
            "memory_mb": memory_mb(station),
        }
    finally:
        station.kill()
        shutil.rmtree(root)


def fill_ledger(state: Path, documents: int) -> None:
    """Fills a ledger as so many documents leave it, without their having been read."""
    with Ledger(state) as ledger:
        db = ledger.connection
        columns = "key, path, inode, size, mtime_ns, state, arrived_at, sha256, name, outputs, target, finished_at"
        rows = (
            (
                key, b"%d/scan.jpg" % key, key, 100_000 + key % 1000, key * 1000, "done", key / 10, f"{key:064x}",
                b"%d/scan.jpg" % key, "[]", b"%d/scan.jpg" % key, key / 10 + 1,
            )
            for key in range(1, documents + 1)
        )  # fmt: skip
        db.execute("BEGIN")
        db.executemany(f"INSERT INTO documents ({columns}) VALUES ({', '.join('?' * 12)})", rows)
        days = ((key, f"20{key % 25:02}-{key % 12 + 1:02}-{key % 28 + 1:02}") for key in range(1, documents + 1))
        db.executemany("INSERT INTO results VALUES (?, ?, x'789cab56ca00000000000000')", days)
        db.execute("COMMIT")


def measure_flat(root: Path, page: bytes, *, documents: int, window: int) -> dict[str, Any]:
    """What a page costs, and how much memory the service has, at the beginning and at the end of a long run.

    Args:
        root: an empty folder.
        page: a small JPEG.
        documents: pages in all.
        window: so many are measured at either end, after as many that are not at the beginning.
    """
    figures = {}
    with running(root, watch={"stable_seconds": 0.1}, tables={"xlsx": False}) as station:
        sent = 0

        def go_on(count: int) -> None:
            nonlocal sent
            for number in range(sent, sent + count):
                (station.inbox / f"{number}.jpg").write_bytes(page + b"%d" % number)
            sent += count
            while sum(1 for _ in station.archive.iterdir()) < sent:
                time.sleep(0.2)

        for name, before in (("first", window), ("last", documents - 3 * window)):
            while before > 0:
                go_on(min(window, before))
                before -= window
            busy = cpu_s(station)
            go_on(window)
            figures[name] = {"cpu_s": round((cpu_s(station) - busy) / window, 5), "memory_mb": memory_mb(station)}
    return {"documents": documents, **figures}
