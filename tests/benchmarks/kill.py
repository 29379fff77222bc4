"""Kills the daemon and its workers over and over while pages arrive through a Samba share, and counts what is left.

    python tests/benchmarks/kill.py [--pages 1000] [--kills 50] [--seed 1] [--limit 1200] [--json FILE]

Afterwards every original has to be in archive/ or failed/ exactly once, every content has to have exactly one set of
whole outputs, the day tables every row once, and nothing else may be left anywhere. Ends with 1 when it is not so.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

# The shared parts stand one folder up, where folders have the names of the packages and must not be taken for them.
sys.path.insert(0, str(Path(__file__).parents[1]))
from samba import Share, shared
from sample_pages import Digits, small_page

sys.path.pop(0)

FOLDERS = ("inbox", "outbox", "archive", "failed", "state")
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
    for name in FOLDERS:
        (root / name).mkdir()
    (root / "digitdrop.yaml").write_text(yaml.safe_dump({name: name for name in FOLDERS} | CONFIG))
    (root / "samba").mkdir()
    files = contents(pages, seed)
    report = Report(pages=pages)
    began = time.monotonic()
    with shared(root / "inbox", root / "samba") as share:
        sender = threading.Thread(target=send, args=(share, root / "outside", files, report))
        sender.start()
        kill_often(root, sender, kills, random.Random(seed), began + limit_s, report)
        sender.join()
    report.seconds = round(time.monotonic() - began, 1)
    examine(root, files, report)
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

    def __init__(self, root: Path, report: Report) -> None:
        self._root = root
        self._report = report
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Starts it, if it does not run."""
        if self._process is None or self._process.poll() is not None:
            if self._process is not None and self._process.returncode != -signal.SIGKILL:
                self._report.faults.append(f"the daemon ended by itself with {self._process.returncode}")
            words = [sys.executable, "-m", "daemon", "run", "--config", str(self._root / "digitdrop.yaml")]
            with (self._root / "daemon.log").open("ab") as log:
                self._process = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
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
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        with suppress(OSError, ProcessLookupError):
            if pids := [int(pid) for pid in children.read_text().split()]:
                os.kill(chance.choice(pids), signal.SIGKILL)
                self._report.worker_kills += 1

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._process.wait(60)


def kill_often(
    root: Path, sender: threading.Thread, kills: int, chance: random.Random, deadline: float, report: Report
) -> None:
    """Kills at random moments as long as there is work, then lets the daemon come to the end."""
    daemon = Daemon(root, report)
    finished = root / "archive", root / "failed"
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
    while time.monotonic() < deadline and (sender.is_alive() or any(path.is_file() for path in finder(root / "inbox"))):
        daemon.ensure()
        time.sleep(0.2)
    if time.monotonic() >= deadline:
        report.faults.append("it did not come to an end in time")
    daemon.ensure()
    time.sleep(3)  # the last day tables
    if (code := daemon.stop()) != 0:
        report.faults.append(f"the daemon ended with {code}")


def finder(folder: Path) -> list[Path]:
    """Everything below a folder that may vanish meanwhile."""
    found = []
    for root, _, names in os.walk(folder):
        found += [Path(root) / name for name in names]
    return found


def examine(root: Path, files: dict[str, bytes], report: Report) -> None:
    """Notes everything that is not as it must be."""
    faults = report.faults
    archived, failed = placed(root / "archive"), placed(root / "failed")
    reasons = {name for name in failed if name.endswith(".reason.json")}
    originals = Counter(list(archived.values()) + [data for name, data in failed.items() if name not in reasons])
    report.archived, report.failed = len(archived), len(failed) - len(reasons)
    for data, count in (Counter(files.values()) - originals).items():
        faults.append(f"lost {count} of {sha256(data).hexdigest()[:12]}")
    for data, count in (originals - Counter(files.values())).items():
        faults.append(f"{count} too many of {sha256(data).hexdigest()[:12]}")
    if reasons != {f"{name}.reason.json" for name in failed if name not in reasons}:
        faults.append("the reasons in failed/ are not those of its originals")
    report.failed_though_readable = sum(data.startswith(b"\xff\xd8") for data in failed.values())
    faults += [f"left in the inbox: {path}" for path in finder(root / "inbox")]
    rows = examine_outbox(root / "outbox", set(archived.values()), faults)
    examine_tables(root / "outbox" / "tables", rows, faults)


def placed(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in finder(folder)}


def examine_outbox(outbox: Path, read: set[bytes], faults: list[str]) -> Counter[tuple[str, ...]]:
    """Each content read has one set of whole outputs; gives the rows that belong into the day tables."""
    outputs = {name: data for name, data in placed(outbox).items() if not name.startswith("tables/")}
    expected, seen = set(), Counter[str]()
    rows: Counter[tuple[str, ...]] = Counter()
    for name, data in outputs.items():
        if not name.endswith(".json"):
            continue
        try:
            value: dict[str, Any] = json.loads(data)
            stem = name.removesuffix(".json")
            seen[value["sha256"]] += 1
            expected |= {name, f"{stem}.csv", f"{stem}.annotated.jpg"}
            text = outputs[f"{stem}.csv"].decode("utf-8-sig")
            own = [tuple(row) for row in csv.reader(io.StringIO(text))][1:]
            if [row[4] for row in own] != [number["text"] for page in value["pages"] for number in page["numbers"]]:
                faults.append(f"the CSV of {name} is not its JSON's")
            rows.update(own)
            picture = outputs[f"{stem}.annotated.jpg"]
            if cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR) is None or picture[-2:] != b"\xff\xd9":
                faults.append(f"the picture of {name} is not whole")
        except (ValueError, LookupError) as error:
            faults.append(f"the results of {name} are not whole: {error!r}")
    faults += [f"nobody's in the outbox: {name}" for name in outputs.keys() - expected]
    hashes = {sha256(data).hexdigest() for data in read}
    if set(seen) != hashes:
        faults.append(f"{len(hashes - set(seen))} contents without results, {len(set(seen) - hashes)} without original")
    faults += [f"{count} results for {digest[:12]}" for digest, count in seen.items() if count != 1]
    return rows


def examine_tables(tables: Path, rows: Counter[tuple[str, ...]], faults: list[str]) -> None:
    """The day tables have each row of every document once."""
    found: Counter[tuple[str, ...]] = Counter()
    names = sorted(path.name for path in tables.iterdir())
    for path in tables.glob("*.csv"):
        found.update(tuple(row) for row in list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))[1:])
        with zipfile.ZipFile(path.with_suffix(".xlsx")) as book:
            if book.testzip() is not None:
                faults.append(f"the workbook beside {path.name} is damaged")
    if names != sorted(
        f"{Path(name).stem}{kind}" for name in names if name.endswith(".csv") for kind in (".csv", ".xlsx")
    ):
        faults.append(f"more or less than the tables in tables/: {names}")
    if found != rows:
        faults.append(f"the tables lack {(rows - found).total()} rows and have {(found - rows).total()} too many")


def print_report(report: Report) -> None:
    """The figures, and each fault on a line."""
    print(
        f"{report.pages} files through Samba in {report.seconds:g} s; the daemon killed {report.daemon_kills} times, "
        f"workers {report.worker_kills} times, {report.starts} starts\n"
        f"{report.archived} in archive/, {report.failed} in failed/ ({report.failed_though_readable} of them readable)"
    )
    for fault in report.faults[:50]:
        print(f"FAULT: {fault}")
    print(f"{len(report.faults)} faults" if report.faults else "nothing lost, nothing twice, nothing half")


if __name__ == "__main__":
    main()
