"""Feeds a real daemon damaged files of every format, and looks at what becomes of it and of them.

    python tests/benchmarks/fuzz.py [--inputs 20000] [--seed 1] [--batch 2000] [--keep FOLDER] [--json FILE]

Each file is a page of handwritten numbers in one of the formats, with a few mistakes in it. Afterwards every one has to
be in archive/ with whole results or in failed/ with a reason, the daemon must not have ended by itself, no document may
have raised an error that recognition does not raise on purpose, and no worker may have taken more memory than it may.
Ends with 1 when it is not so. Files that end a worker by a native crash or by taking too long cost an attempt each, are
counted, and are kept with `--keep`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

# The shared parts stand one folder up, where folders have the names of the packages and must not be taken for them.
sys.path.insert(0, str(Path(__file__).parents[1]))
from aftermath import examine, placed, print_faults
from damage import inputs, kind_of
from station import Station, workers_of

sys.path.pop(0)

TIMEOUT_S = 20.0
CONFIG = {
    "watch": {"stable_seconds": 0.1, "incomplete_seconds": 0.5},
    "engine": {"workers": 2, "timeout_seconds": TIMEOUT_S, "attempts": 2},
    "log": {"level": "warning"},
}


def main() -> None:
    """Runs the test and prints its report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=2000, help="files that are in the inbox at once")
    parser.add_argument("--keep", type=Path, help="keep the files that ended a worker here")
    parser.add_argument("--json", type=Path, help="also write the report here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="digitdrop-fuzz-") as folder:
        report = run(Path(folder), options.inputs, options.seed, options.batch, options.keep)
    print_report(report)
    if options.json:
        options.json.write_text(json.dumps(vars(report), indent=2) + "\n")
    sys.exit(1 if report.faults else 0)


@dataclass
class Report:
    """What happened, and what is wrong."""

    inputs: int = 0
    seconds: float = 0.0
    read: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    crashed: int = 0
    timed_out: int = 0
    too_large: int = 0
    slowest_s: float = 0.0
    worker_peak_mb: int = 0
    worker_resident_mb: int = 0
    worker_limit_mb: int = 0
    daemon_resident_mb: int = 0
    faults: list[str] = field(default_factory=list)


# The daemon


def run(root: Path, count: int, seed: int, batch: int, keep: Path | None = None) -> Report:
    """Makes the files, has them read, and looks at everything.

    Args:
        root: an empty folder.
        count: how many files.
        seed: of the pages and of the mistakes.
        batch: how many are in the inbox at once; the daemon is a new one for each.
        keep: where copies of files go that ended a worker.
    """
    report = Report()
    began = time.monotonic()
    files = inputs(seed, count)
    while part := dict(islice(files, batch)):
        place = root / f"{report.inputs}"
        read_batch(place, part, report)
        judge(place, part, report, keep)
        report.inputs += len(part)
        shutil.rmtree(place)
        report.seconds = round(time.monotonic() - began, 1)
        if count > batch:
            print(f"{report.inputs} files in {report.seconds:g} s", file=sys.stderr, flush=True)
    return report


def read_batch(place: Path, files: dict[str, bytes], report: Report) -> None:
    """Puts files into an inbox and runs a daemon until it has finished them, with an eye on its memory."""
    station = Station(place, **CONFIG)
    for name, data in files.items():
        (station.inbox / name).write_bytes(data)
    process = station.launch("once")
    while (code := process.poll()) is None:
        watch_memory(process.pid, report)
        time.sleep(0.05)
    if code not in (0, 1):
        report.faults.append(f"the daemon ended with {code}: {station.last_lines(5)}")


def watch_memory(daemon: int, report: Report) -> None:
    """Takes note of the most that the daemon and its workers have taken, and of what the workers may."""
    with suppress(OSError, KeyError):
        report.daemon_resident_mb = max(report.daemon_resident_mb, memory_mb(daemon)["VmHWM"])
        for pid in workers_of(daemon):
            taken, limit = memory_mb(pid), address_space_mb(pid)
            report.worker_resident_mb = max(report.worker_resident_mb, taken["VmHWM"])
            if limit is None:  # it has had no document yet
                continue
            report.worker_limit_mb = max(report.worker_limit_mb, limit)
            report.worker_peak_mb = max(report.worker_peak_mb, taken["VmPeak"])
            if taken["VmPeak"] > limit:
                report.faults.append(f"a worker took {taken['VmPeak']} of {limit} MiB")


def memory_mb(pid: int) -> dict[str, int]:
    """The lines of a process's memory, in MiB."""
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {words[0].rstrip(":"): int(words[1]) >> 10 for words in lines if words[0].startswith("Vm")}


def address_space_mb(pid: int) -> int | None:
    """What a process may take, in MiB; None while that is not limited."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    soft = next(line for line in lines if line.startswith("Max address space")).split()[3]
    return None if soft == "unlimited" else int(soft) >> 20


def judge(place: Path, files: dict[str, bytes], report: Report, keep: Path | None) -> None:
    """Counts what was read and refused, and notes everything that is not as it must be."""
    report.faults += examine(place, files.values())
    for name in placed(place / "archive"):
        report.read[kind_of(name)] += 1
    for name, data in placed(place / "outbox").items():
        if name.endswith(".json"):
            report.slowest_s = max(report.slowest_s, json.loads(data)["seconds"])
    for name, data in placed(place / "failed").items():
        if not name.endswith(".reason.json"):
            continue
        original = name.removesuffix(".reason.json")
        report.refused[kind_of(original)] += 1
        reason: str = json.loads(data)["reason"]
        if "attempts failed" not in reason:
            continue
        if "crashed" in reason:
            report.crashed += 1
        elif "longer than" in reason:
            report.timed_out += 1
        elif "engine.memory_mb" in reason:
            report.too_large += 1
        else:
            report.faults.append(f"{original}: {reason}")
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / original).write_bytes((place / "failed" / original).read_bytes())
            (keep / name).write_bytes(data)


def print_report(report: Report) -> None:
    """The figures, and each fault on a line."""
    print(f"{report.inputs} damaged files in {report.seconds:g} s")
    print(f"{'':18}{'read':>8}{'refused':>9}")
    for kind in sorted(report.read | report.refused):
        print(f"{kind:18}{report.read[kind]:8}{report.refused[kind]:9}")
    print(
        f"{report.crashed} ended their workers, {report.timed_out} took longer than {TIMEOUT_S:g} s, "
        f"{report.too_large} more memory than allowed; of those read, the slowest took {report.slowest_s:.1f} s\n"
        f"a worker's address space was at most {report.worker_peak_mb} of {report.worker_limit_mb} MiB, "
        f"its resident memory {report.worker_resident_mb}, the daemon's {report.daemon_resident_mb} MiB"
    )
    print_faults(report.faults, "nothing lost, nothing read in half, no error of ours")


if __name__ == "__main__":
    main()
