"""How many pages a second a Dask cluster reads, and from how many workers on the daemon itself is the limit.

    python tests/benchmarks/cluster_speed.py [--pages 16] [--json FILE]

Workers of one core are measured as far as this machine has cores. Beyond that, recorded times of pages and the daemon's
recorded cost of a page go into a simulation: one daemon sends and takes pages one after the other, each worker has one
page in work and one waiting.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

# The other benchmarks stand beside this file, whose folder is on the path of a script.
from page_speed import through
from service_speed import cpu_s

sys.path.insert(0, str(Path(__file__).parents[1]))
from cluster import Cluster
from sample_pages import Digits, boxed_form, encode, log_sheet, pencil_page, photo, plain_page
from station import Station

sys.path.pop(0)

from config.schema import EngineSettings, Settings
from config.shipped import shipped_model
from daemon.engine import create_engine, local_engine
from daemon.engine.interface import Job

SIMULATED = (1, 2, 4, 8, 16, 32, 64, 128)
SIMULATED_PAGES = 5000


def main() -> None:
    """Measures, simulates, prints the tables, and writes the JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=16, help="pages for each worker")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    pages = drawn_pages()
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="digitdrop-cluster-") as folder:
        root = Path(folder)
        measured = {n: pages_per_s(root / f"{n}", pages[0], n, options.pages) for n in (1, 2, 4) if n <= cores}
        daemon = daemon_cost(root / "daemon", pages, options.pages * 4)
    recorded = page_times(pages)
    simulated = [simulate(n, recorded, daemon["cpu_s"]) for n in SIMULATED]
    figures = {
        "cores": cores, "measured_pages_per_s": measured, "page_s": recorded, "daemon": daemon, "simulated": simulated,
    }  # fmt: skip
    print_tables(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def drawn_pages() -> list[bytes]:
    """An A4 page of 300 dpi and 400 digits, and pages of other kinds, as JPEG."""
    digits = Digits.load()
    plain = plain_page(np.random.default_rng([1, 6]), digits, dpi=300)
    others = [
        draw(np.random.default_rng(k), digits) for k, draw in enumerate((log_sheet, boxed_form, photo, pencil_page))
    ]
    return [encode("page.jpg", page) for page in (plain, *others)]


def pages_per_s(root: Path, page: bytes, workers: int, pages: int) -> float:
    """Pages a second with so many workers of one core on loopback."""
    root.mkdir()
    cluster = Cluster(root)
    try:
        cluster.start_scheduler()
        for _ in range(workers):
            cluster.start_worker()
        engine = create_engine(Settings(engine=EngineSettings(kind="dask", address=cluster.address)), shipped_model())
        engine.start()
        try:
            while engine.capacity < 2 * workers:
                time.sleep(0.1)
            through(engine, page, 4 * workers)  # until each has its networks and has read a page
            begun = time.perf_counter()
            through(engine, page, pages * workers)
            return round(pages * workers / (time.perf_counter() - begun), 3)
        finally:
            engine.stop()
    finally:
        cluster.stop()


def daemon_cost(root: Path, pages: Sequence[bytes], documents: int) -> dict[str, float]:
    """What a page costs the daemon, which sends, takes, records and publishes it: seconds of computing, and bytes."""
    root.mkdir()
    cluster = Cluster(root)
    cluster.start_scheduler()
    cluster.start_worker()
    station = Station(root / "station", engine={"kind": "dask", "address": cluster.address})
    try:
        station.start()
        drop(station, pages, range(len(pages)))  # until everything is loaded
        before = cpu_s(station)
        drop(station, pages, range(len(pages), len(pages) + documents))
        taken = cpu_s(station) - before
        results = sum(path.stat().st_size for path in station.outbox.rglob("*") if path.is_file())
    finally:
        station.kill()
        cluster.stop()
    sent = sum(len(pages[number % len(pages)]) for number in range(documents))
    return {
        "cpu_s": round(taken / documents, 4),
        "sent_mb": round(sent / documents / 1e6, 3),
        "results_mb": round(results / (documents + len(pages)) / 1e6, 3),
    }


def drop(station: Station, pages: Sequence[bytes], numbers: range) -> None:
    """Puts documents of some numbers into the inbox, and waits until all are in the archive."""
    for number in numbers:
        (station.inbox / f"{number}.jpg").write_bytes(pages[number % len(pages)] + b"%d" % number)
    while sum(1 for _ in station.archive.iterdir()) < numbers.stop:
        time.sleep(0.05)


def page_times(pages: Sequence[bytes]) -> list[float]:
    """Seconds that a worker takes for each of the pages."""
    settings = Settings()
    engine = local_engine(settings, shipped_model(), settings.recognition_params(), workers=1)
    engine.start()
    try:
        times = []
        for turn in range(2):
            for number, page in enumerate(pages):
                engine.submit(Job(number, page))
                while not (outcomes := engine.poll(1.0)):
                    pass
                times += [round(outcome.seconds, 4) for outcome in outcomes if turn]
        return times
    finally:
        engine.stop()


def simulate(workers: int, page_s: Sequence[float], daemon_s: float) -> dict[str, Any]:
    """Pages a second of so many workers and one daemon, which does a half of its work before a page and a half after.

    Args:
        workers: how many.
        page_s: recorded times, of which each page has one by chance.
        daemon_s: of a page.
    """
    chance = random.Random(workers)
    free = [(0.0, worker) for worker in range(workers)]  # when each worker has done its last page
    waiting: list[float] = []  # pages that are done and not taken yet
    clock = busy = 0.0
    sent = taken = 0
    ends: list[float] = []
    while taken < SIMULATED_PAGES:
        on_the_way = sent - taken
        if waiting and waiting[0] <= clock:
            heapq.heappop(waiting)
            taken += 1
            ends.append(clock)
        elif sent < SIMULATED_PAGES and on_the_way < 2 * workers:
            at, worker = heapq.heappop(free)
            done = max(at, clock + daemon_s / 2) + chance.choice(page_s)
            heapq.heappush(free, (done, worker))
            heapq.heappush(waiting, done)
            sent += 1
        else:
            clock = waiting[0]
            continue
        clock += daemon_s / 2
        busy += daemon_s / 2
    return {"workers": workers, "pages_per_s": round(taken / clock, 2), "daemon_busy": round(busy / clock, 3)}


def print_tables(figures: dict[str, Any]) -> None:
    """The figures, measured and simulated."""
    print(f"{'workers':>8}{'pages/s, measured':>20}")
    for workers, rate in figures["measured_pages_per_s"].items():
        print(f"{workers:8}{rate:20.2f}")
    daemon, times = figures["daemon"], figures["page_s"]
    print(
        f"\nThe daemon takes {1000 * daemon['cpu_s']:.1f} ms of a core for a page of {daemon['sent_mb']:.2f} MB and "
        f"{daemon['results_mb']:.2f} MB of results, a worker {1000 * sum(times) / len(times):.0f} ms"
    )
    print(f"\n{'workers':>8}{'pages/s, simulated':>20}{'MB/s sent':>12}{'daemon busy':>14}")
    for one in figures["simulated"]:
        sent = one["pages_per_s"] * daemon["sent_mb"]
        print(f"{one['workers']:8}{one['pages_per_s']:20.2f}{sent:12.1f}{one['daemon_busy']:14.0%}")


if __name__ == "__main__":
    main()
