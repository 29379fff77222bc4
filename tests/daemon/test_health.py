from __future__ import annotations

import logging
from pathlib import Path

import pytest

from daemon.health import FILE, Health, Part, Problem, Report, summary

LIMITS_S = {Part.SCAN: 10.0, Part.ENGINE: 5.0}


def test_a_part_without_progress_is_stuck_after_its_own_limit() -> None:
    health = Health(LIMITS_S, 100.0)
    assert health.stuck(105.0) == []
    assert health.stuck(105.1) == [Part.ENGINE]
    health.progress(Part.ENGINE, 105.0)
    assert health.stuck(110.0) == []
    assert health.stuck(110.5) == [Part.SCAN, Part.ENGINE]


def test_a_problem_keeps_the_time_since_when_it_lasts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    health = Health(LIMITS_S, 100.0)
    assert health.report("scan", "the inbox is away", 1.0)
    assert not health.report("scan", "the inbox is away", 2.0)
    assert health.report("scan", "the inbox is locked", 3.0)
    assert health.problems == (Problem("scan", "the inbox is locked", 1.0),)
    assert summary(health.problems) == "scan: the inbox is locked"
    assert health.report("scan", None, 4.0)
    assert not health.report("scan", None, 5.0)
    assert health.problems == ()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "scan: the inbox is away"),
        ("WARNING", "scan: the inbox is locked"),
        ("INFO", "scan: all is well again"),
    ]


def test_the_problem_that_lasts_longest_comes_first() -> None:
    health = Health(LIMITS_S, 100.0)
    for part, since in [("engine", 9.0), ("scan", 2.0), ("events", 5.0)]:
        health.report(part, "is away", since)
    assert summary(health.problems) == "scan: is away; events: is away; engine: is away"


def test_a_report_is_read_back_by_another_process(tmp_path: Path) -> None:
    problems = (Problem("scan", "away", 1.0),)
    watched = {"inbox": True, "inbox/share": False}
    report = Report(1, 2.0, 3.0, None, watched, 120.0, "digits 00ff", problems, {"a.exe": "its name"}, 7)
    report.write(tmp_path)
    assert Report.read(tmp_path) == report


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"pid": 1}', b'{"problems": 1}', b"\xff"])
def test_a_report_that_can_not_be_understood_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    assert Report.read(tmp_path) is None
