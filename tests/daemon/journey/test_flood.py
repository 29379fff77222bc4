"""Tens of thousands of files at once, on a machine that is busy with something else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config.schema import WatchSettings
from daemon.documents import State
from daemon.inbox import Inbox
from daemon.ledger import Ledger

FILES = 40_000
PATIENCE_S = 240.0
WRITE = """
import os, sys
for number in range(int(sys.argv[2])):
    folder = f"{sys.argv[1]}/{number % 40}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{number}.jpg", "wb") as file:
        file.write(b"%d" % number)
"""


@pytest.fixture
def busy_cores() -> Iterator[None]:
    """Every core has something else to do."""
    spin = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(spin) for _ in range(len(os.sched_getaffinity(0)))]
    yield
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.usefixtures("busy_cores")
def test_forty_thousand_files_that_arrive_under_load_are_all_taken_in_once(make_desk: Callable[..., Any]) -> None:
    # The kernel drops events that are not read in time; the next scan finds those files, and comes soon here.
    desk = make_desk(watch=WatchSettings(rescan_seconds=3.0))
    inbox = Inbox(desk.settings, lambda: None, time.monotonic())
    ledger: Ledger = desk.ledger
    inbox.run_once(time.monotonic())  # it watches before they come
    with subprocess.Popen([sys.executable, "-c", WRITE, str(desk.settings.inbox), str(FILES)]) as writer:
        taken, deadline = 0, time.monotonic() + PATIENCE_S
        while taken < FILES or writer.poll() is None:
            assert time.monotonic() < deadline, f"only {taken} of {FILES} were seen"
            candidates = inbox.run_once(time.monotonic())
            taken += ledger.arrive(candidates, wall=0.0)
    inbox.scan_soon(time.monotonic() - 10)
    assert ledger.arrive(inbox.run_once(time.monotonic() + 1000), wall=0.0) == 0
    inbox.stop()
    assert taken == ledger.count(State.WAITING) == FILES


def test_the_order_of_a_flood_is_that_of_its_arrival(desk: Any) -> None:
    names = [f"{number}.jpg" for number in range(30, 0, -1)]
    for name in names:
        desk.arrive(name, name.encode())
    desk.run()
    assert [data.decode() for data in desk.engine.taken] == names
