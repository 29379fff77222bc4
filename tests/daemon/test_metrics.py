from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.documents import State
from daemon.health import Problem, Report
from daemon.metrics import lines, write_metrics

REPORT = Report(
    pid=1,
    started=100.0,
    written=500.0,
    scanned=1_790_000_490.5,
    watched={'/srv/"in"\n': True, "/srv/in/nas": False},
    rescan_s=3.0,
    model="digits 0123456789ab",
    problems=(Problem("outbox", "it is full", 1_790_000_400.0),),
)
SAMPLE = re.compile(
    r'digitdrop_[a-z_]+(\{[a-z_0-9]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_0-9]+="(?:[^"\\\n]|\\.)*")*\})? [0-9.e+-]+'
)


def test_every_line_is_a_sample_or_tells_of_one() -> None:
    told = set()
    for line in lines(REPORT, {State.WAITING: 7}, 450.0, 12):
        if line.startswith("# "):
            told.add(line.split()[2])
        else:
            assert SAMPLE.fullmatch(line), line
            assert re.split(r"[{ ]", line)[0] in told


@pytest.mark.parametrize(
    "line",
    [
        'digitdrop_documents{state="waiting"} 7',
        'digitdrop_documents{state="failed"} 0',
        "digitdrop_oldest_wait_seconds 50",
        "digitdrop_numbers_to_review 12",
        "digitdrop_last_scan_time_seconds 1790000490.5",
        r'digitdrop_inbox_events{folder="/srv/\"in\"\n"} 1',
        'digitdrop_inbox_events{folder="/srv/in/nas"} 0',
        'digitdrop_problem_since_seconds{part="outbox"} 1790000400',
    ],
)
def test_what_a_monitor_asks_for_is_there(line: str) -> None:
    assert line in list(lines(REPORT, {State.WAITING: 7}, 450.0, 12))


def test_a_clock_that_was_set_back_makes_no_wait_of_less_than_nothing() -> None:
    assert "digitdrop_oldest_wait_seconds 0" in list(lines(REPORT, {State.WAITING: 7}, 550.0, 0))


def test_an_inbox_that_was_not_scanned_yet_has_no_time_of_a_scan() -> None:
    told = [line for line in lines(replace(REPORT, scanned=None), {}, None, 0) if "last_scan" in line]
    assert all(line.startswith("# ") for line in told)


def test_the_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "digitdrop.prom"
    path.write_text("old")
    write_metrics(path, REPORT, {}, None, 0)
    assert path.read_text().endswith('{part="outbox"} 1790000400\n')
    assert list(tmp_path.iterdir()) == [path]


def test_without_its_folder_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_metrics(tmp_path / "missing" / "digitdrop.prom", REPORT, {}, None, 0)
