"""Kills the daemon and its workers over and over while pages arrive through a Samba share, and counts what is left.

    python tests/benchmarks/kill.py [--pages 1000] [--kills 50] [--seed 1] [--limit 1200] [--json FILE]

Afterwards every original has to be in archive/ or failed/ exactly once, every content has to have exactly one set of
whole outputs, the day tables every row once, and nothing else may be left anywhere. Ends with 1 when it is not so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

# The shared parts stand one folder up, where folders have the names of the packages and must not be taken for them.
sys.path.insert(0, str(Path(__file__).parents[1]))
from aftermath import examine, finder, placed, print_faults
from samba import Share, shared
from sample_pages import Digits, small_page
from station import Station, workers_of

sys.path.pop(0)

BATCH = 20
TWIN_SHARE, BAD_SHARE = 0.02, 0.01
"""Of the files so many have a content that another has too, and so many are no pictures."""
WORKER_SHARE = 0.3
"""Of the kills besides those of the daemon, relative to them, so many are of a worker alone."""
CONFIG = {
    "watch": {"stable_seconds": 0.3, "incomplete_seconds": 2},
    "engine": {"workers": 2},
    "log": {"level": "info"},
}


@dataclass
class Report:
    """What happened, and what is wrong."""

    pages: int = 0
    daemon_kills: int = 0
    worker_kills: int = 0
    starts: int = 0
    seconds: float = 0.0
    archived: int = 0
    failed: int = 0
    failed_though_readable: int = 0
    faults: list[str] = field(default_factory=list)


def main() -> None:
    """Runs the test and prints its report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=50, help="of the daemon; workers are killed besides")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=1200, help="seconds after which it is given up")
    parser.add_argument("--json", type=Path, help="also write the report here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="digitdrop-kill-") as folder:
        report = run(Path(folder), options.pages, options.kills, options.seed, options.limit)
    print_report(report)
    if options.json:
        options.json.write_text(json.dumps(vars(report), indent=2) + "\n")
    sys.exit(1 if report.faults else 0)


def run(root: Path, pages: int, kills: int, seed: int, limit_s: float) -> Report:
    """Sends the pages, kills meanwhile, waits for the end and looks at everything.

    Args:
        root: an empty folder.
        pages: how many files arrive.
        kills: how often the daemon is killed.
        seed: of the pages and of the moments.
        limit_s: after which it is given up.
    """
    station = Station(root, **CONFIG)
    (root / "samba").mkdir()
    files = contents(pages, seed)
    report = Report(pages=pages)
    began = time.monotonic()
    with shared(station.inbox, root / "samba") as share:
        sender = threading.Thread(target=send, args=(share, root / "outside", files, report))
        sender.start()
        kill_often(station, sender, kills, random.Random(seed), began + limit_s, report)
        sender.join()
    report.seconds = round(time.monotonic() - began, 1)
    report.archived = len(placed(station.archive))
    failed = {name: data for name, data in placed(station.failed).items() if not name.endswith(".reason.json")}
    report.failed = len(failed)
    report.failed_though_readable = sum(data.startswith(b"\xff\xd8") for data in failed.values())
    report.faults += examine(root, files.values())
    return report


def contents(pages: int, seed: int) -> dict[str, bytes]:
    """Files by name: pages, some of the same content, and some that cannot be read."""
    digits, chance = Digits.load(), random.Random(seed)
    files: dict[str, bytes] = {}
    drawn: list[bytes] = []
    for number in range(pages):
        folder = chance.choice(["", "office/", "office/2026/"])
        kind = chance.random()
        if kind < BAD_SHARE:
            data = f"no picture, number {number}".encode()
        elif kind < BAD_SHARE + TWIN_SHARE and drawn:
            data = chance.choice(drawn)
        else:
            data = small_page(np.random.default_rng((seed, number)), digits)
            drawn.append(data)
        files[f"{folder}scan{number:05}.jpg"] = data
    return files


def send(share: Share, outside: Path, files: dict[str, bytes], report: Report) -> None:
    """Puts the files on the share, some at a time."""
    outside.mkdir()
    try:
        share.run("mkdir office; mkdir office/2026")
        names = list(files)
        for start in range(0, len(names), BATCH):
            commands = [f"lcd {outside}"]
            for index, name in enumerate(names[start : start + BATCH]):
                (outside / f"{index}").write_bytes(files[name])
                commands.append(f"put {index} {name}")
            share.run("; ".join(commands))
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        report.faults.append(f"the files could not be sent: {error}")


class Daemon:
    """The daemon as systemd runs it: whenever it ends, it is started again."""

    def __init__(self, station: Station, report: Report) -> None:
        self._station = station
        self._report = report
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Starts it, if it does not run."""
        if self._process is None or self._process.poll() is not None:
            if self._process is not None and self._process.returncode != -signal.SIGKILL:
                last = self._station.last_lines(3)
                self._report.faults.append(f"the daemon ended by itself with {self._process.returncode}: {last}")
            self._process = self._station.launch("run", start_new_session=True)
            self._report.starts += 1

    def kill(self) -> None:
        """SIGKILL, to the daemon alone; its workers die of its death."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._report.daemon_kills += 1

    def kill_worker(self, chance: random.Random) -> None:
        """SIGKILL to one worker, if there is any."""
        if self._process is None:
            return
        with suppress(OSError):
            if pids := workers_of(self._process.pid):
                os.kill(chance.choice(pids), signal.SIGKILL)
                self._report.worker_kills += 1

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._process.wait(60)


def kill_often(
    station: Station, sender: threading.Thread, kills: int, chance: random.Random, deadline: float, report: Report
) -> None:
    """Kills at random moments as long as there is work, then lets the daemon come to the end."""
    daemon = Daemon(station, report)
    finished = station.archive, station.failed
    while report.daemon_kills < kills and time.monotonic() < deadline:
        daemon.ensure()
        # Now and then before it is ready, as a rule in the middle of its work, spread over all pages.
        done = sum(1 for folder in finished for path in folder.rglob("*.jpg"))
        aim = report.pages * (report.daemon_kills + 1) / (kills + 1)
        time.sleep(chance.uniform(0.1, 0.6) if done >= aim or chance.random() < 0.1 else chance.uniform(0.8, 4.0))
        if chance.random() < WORKER_SHARE:
            daemon.kill_worker(chance)
            time.sleep(chance.uniform(0.0, 0.3))
        if done >= aim or chance.random() < 0.35:
            daemon.kill()
    while time.monotonic() < deadline and (sender.is_alive() or any(path.is_file() for path in finder(station.inbox))):
        daemon.ensure()
        time.sleep(0.2)
    if time.monotonic() >= deadline:
        report.faults.append("it did not come to an end in time")
    daemon.ensure()
    time.sleep(3)  # the last day tables
    if (code := daemon.stop()) != 0:
        report.faults.append(f"the daemon ended with {code}")


def print_report(report: Report) -> None:
    """The figures, and each fault on a line."""
    print(
        f"{report.pages} files through Samba in {report.seconds:g} s; the daemon killed {report.daemon_kills} times, "
        f"workers {report.worker_kills} times, {report.starts} starts\n"
        f"{report.archived} in archive/, {report.failed} in failed/ ({report.failed_though_readable} of them readable)"
    )
    print_faults(report.faults, "nothing lost, nothing twice, nothing half")


if __name__ == "__main__":
    main()
