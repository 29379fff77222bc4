"""Figures for Prometheus, as a text file that node_exporter's textfile collector picks up.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from daemon.atomic import replacing
from daemon.documents import State
from daemon.health import Report
from daemon.names import printable
from daemon.result import software


def write_metrics(
    path: Path, report: Report, counts: Mapping[State, int], oldest: float | None, to_review: int
) -> None:
    """Replaces the file.

    Args:
        path: its folder must exist.
        report: how the service is.
        counts: documents in each state.
        oldest: when the oldest unfinished document arrived, in seconds since the epoch.
        to_review: how many numbers people are to look at.

    Raises:
        OSError: it could not be written.
    """
    with replacing(path) as file:
        file.write("".join(f"{line}\n" for line in lines(report, counts, oldest, to_review)).encode())


def lines(report: Report, counts: Mapping[State, int], oldest: float | None, to_review: int) -> Iterator[str]:
    """The file's lines; see `write_metrics`."""
    model, _, sha256 = report.model.partition(" ")
    waits_s = 0.0 if oldest is None else max(0.0, report.written - oldest)
    for name, text, samples in (
        (
            "info",
            "The running digitdrop and its model.",
            [({"version": software(), "model": model, "model_sha256": sha256}, 1.0)],
        ),
        (
            "documents",
            "Documents in the ledger by state.",
            [({"state": str(state)}, float(counts.get(state, 0))) for state in State],
        ),
        ("start_time_seconds", "When the service started.", [({}, report.started)]),
        ("last_report_time_seconds", "When this file was written.", [({}, report.written)]),
        (
            "last_scan_time_seconds",
            "When the inbox was last scanned.",
            [] if report.scanned is None else [({}, report.scanned)],
        ),
        ("oldest_wait_seconds", "How long the oldest unfinished document waits.", [({}, waits_s)]),
        ("numbers_to_review", "Numbers that people are to look at.", [({}, float(to_review))]),
        (
            "inbox_events",
            "Whether a folder's changes are announced (1) or only scanned for (0).",
            [({"folder": folder}, float(events)) for folder, events in report.watched.items()],
        ),
        (
            "problem_since_seconds",
            "Since when something is in the way of a part of the service.",
            [({"part": problem.part}, problem.since) for problem in report.problems],
        ),
    ):
        yield f"# HELP digitdrop_{name} {text}"
        yield f"# TYPE digitdrop_{name} gauge"
        for labels, value in samples:
            listed = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
            yield f"digitdrop_{name}{{{listed}}} {value:.15g}" if listed else f"digitdrop_{name} {value:.15g}"


def _escaped(label: str) -> str:
    return printable(label).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
