from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from config.schema import Settings
from daemon.documents import Candidate, Identity, Verdict
from daemon.errors import LedgerError
from daemon.health import Problem, Report
from daemon.ledger import Ledger
from daemon.ledger.results import StoredResult
from daemon.lock import FILE as LOCK_FILE
from daemon.lock import StateLock
from daemon.status import report

NOW = 1_795_000_000.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path, model=tmp_path / "digits.tflite")


def fill(state: Path) -> None:
    """One document done today, one yesterday, one failed, one held up and one waiting."""
    with Ledger(state) as ledger:
        for inode, path in enumerate(["today.jpg", "yesterday.jpg", "bad\n.jpg", "held.jpg", "waiting.jpg"]):
            ledger.arrive([Candidate(path, Identity(inode, 1, 1))], wall=NOW - 3600)
        for wall in (NOW - 60, NOW - 86_400 * 2):
            entry = ledger.claim(0.0, 60.0)
            assert entry is not None
            ledger.identify(entry.key, str(wall))
            ledger.record(entry.key, StoredResult("2026-11-23", b"{}", to_review=3), lambda name: False)
            ledger.publish(entry.key, [f"{entry.path}.csv", f"{entry.path}.json"], None)
            ledger.finish(entry.key, wall=wall)
        failed, held = ledger.claim(0.0, 60.0), ledger.claim(0.0, 60.0)
        assert failed is not None
        assert held is not None
        ledger.condemn(failed.key, Verdict("it is torn", "Mend it"), "bad~2.jpg")
        ledger.quarantine(failed.key, wall=NOW - 30)
        ledger.delays.postpone(held.key, "Permission denied: held.jpg", due=9e9, wall=NOW - 120)


def test_what_waits_is_done_failed_and_held_up_is_told(settings: Settings) -> None:
    fill(settings.state)
    status = report(settings, now=NOW)
    assert (status.waiting, status.in_work, status.done, status.done_today) == (2, 0, 2, 1)
    assert [failed.reason for failed in status.failed] == ["it is torn. Mend it"]
    assert [recent.path for recent in status.recent] == ["bad\n.jpg", "today.jpg", "yesterday.jpg"]
    lines = status.lines(NOW)
    assert lines == [
        "service: not running",
        "documents: 2 waiting, 0 in work, the oldest for 1 h",
        "done: 1 today, 2 in all",
        "  today.jpg: results in today.jpg.json (1 min ago)",
        "  yesterday.jpg: results in yesterday.jpg.json (2 d ago)",
        "to review: 6 numbers of 1 day, by `digitdrop review`",
        "held up: held.jpg: Permission denied: held.jpg (for 2 min)",
        "failed: 1",
        "  bad\\n.jpg (bad~2.jpg in failed/): it is torn. Mend it (30 s ago)",
    ]


def test_numbers_to_review_are_told_of_the_days_that_the_page_for_reviews_shows(settings: Settings) -> None:
    days = [f"2026-{10 + k // 20}-{1 + k % 20:02}" for k in range(32)]
    with Ledger(settings.state) as ledger:
        for inode, day in enumerate(days):
            ledger.arrive([Candidate(f"{inode}.jpg", Identity(inode, 1, 1))], wall=NOW)
            entry = ledger.claim(0.0, 60.0)
            assert entry is not None
            ledger.record(entry.key, StoredResult(day, b"{}", to_review=inode % 2), lambda name: False)
            ledger.publish(entry.key, [], None)
            ledger.finish(entry.key, wall=NOW)
        ledger.arrive([Candidate("unpublished.jpg", Identity(99, 1, 1))], wall=NOW)
        entry = ledger.claim(0.0, 60.0)
        assert entry is not None
        ledger.record(entry.key, StoredResult(days[-1], b"{}", to_review=5), lambda name: False)
    status = report(settings, now=NOW)
    assert list(status.to_review.items()) == [(day, 1) for day in days[:2:-2]]
    assert "to review: 15 numbers of 15 days, by `digitdrop review`" in status.lines(NOW)


def test_today_begins_at_midnight(settings: Settings) -> None:
    midnight = datetime(2026, 11, 23)
    with Ledger(settings.state) as ledger:
        for inode, time in enumerate([midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=9)]):
            ledger.arrive([Candidate(f"{inode}.jpg", Identity(inode, 1, 1))], wall=NOW)
            entry = ledger.claim(0.0, 60.0)
            assert entry is not None
            ledger.record(entry.key, StoredResult("2026-11-23", b"{}"), lambda name: False)
            ledger.publish(entry.key, [], None)
            ledger.finish(entry.key, wall=time.timestamp())
    assert report(settings, now=(midnight + timedelta(hours=15, minutes=30)).timestamp()).done_today == 2


def test_a_document_that_is_still_to_be_moved_to_failed_is_in_work(settings: Settings) -> None:
    with Ledger(settings.state) as ledger:
        ledger.arrive([Candidate("bad.jpg", Identity(1, 1, 1))], wall=NOW)
        entry = ledger.claim(0.0, 60.0)
        assert entry is not None
        ledger.condemn(entry.key, Verdict("it is torn", "Mend it"), "bad.jpg")
    status = report(settings, now=NOW)
    assert (status.waiting, status.in_work, status.failed) == (0, 1, ())


def test_of_many_documents_the_last_ones_are_told(settings: Settings) -> None:
    with Ledger(settings.state) as ledger:
        for number in range(60):
            ledger.arrive([Candidate(f"{number}.jpg", Identity(number, 1, 1))], wall=NOW)
            entry = ledger.claim(0.0, 60.0)
            assert entry is not None
            if number % 2:
                ledger.condemn(entry.key, Verdict("it is torn", "Mend it"), entry.path)
                ledger.quarantine(entry.key, wall=NOW - 60 + number)
            elif twin := ledger.identify(entry.key, "the same"):
                ledger.duplicate(entry.key, twin.key, None)
                ledger.finish(entry.key, wall=NOW - 60 + number)
            else:
                ledger.record(entry.key, StoredResult("2026-11-23", b"{}"), lambda name: False)
                ledger.publish(entry.key, [], None)
                ledger.finish(entry.key, wall=NOW - 60 + number)
    lines = report(settings, now=NOW).lines(NOW)
    done, failed = lines.index("done: 30 today, 30 in all"), lines.index("failed: 30")
    assert lines[done + 1] == "  58.jpg: read before as 0.jpg (2 s ago)"
    assert failed == done + 6
    assert lines[failed + 1] == "  59.jpg: it is torn. Mend it (1 s ago)"
    assert lines[failed + 20] == "  21.jpg: it is torn. Mend it (39 s ago)"
    assert lines[failed + 21 :] == ["  and 10 older ones"]


def test_a_running_daemon_is_told_with_its_problems(settings: Settings) -> None:
    Ledger(settings.state).close()
    problem = Problem("scan", "the inbox is away", NOW - 300)
    Report(
        os.getpid(), NOW - 7200, NOW, NOW - 5, {"/srv/in": True, "/srv/in/nas": False}, 3.0, "digits 00ff", (problem,)
    ).write(settings.state)
    with StateLock(settings.state):
        lines = report(settings, now=NOW).lines(NOW)
    assert lines[:5] == [
        f"service: running as process {os.getpid()} for 2 h",
        "inbox: scanned every 3 s, last scan 5 s ago",
        "  /srv/in: events",
        "  /srv/in/nas: scan only",
        "model: digits 00ff",
    ]
    assert "problem: scan: the inbox is away (for 5 min)" in lines


def test_what_is_never_read_is_told_as_long_as_a_daemon_sees_it(settings: Settings) -> None:
    Ledger(settings.state).close()
    unread = {"empty.pdf": "it is empty", "x\n.pdf": "it is a folder; only regular files are read"}
    report_of = Report(os.getpid(), NOW, NOW, NOW, {}, 120.0, "digits", unread=unread, unread_in_all=5)
    report_of.write(settings.state)
    with StateLock(settings.state):
        lines = report(settings, now=NOW).lines(NOW)
    assert lines[-5:] == [
        "left unread in the inbox: 5",
        "  empty.pdf: it is empty",
        "  x\\n.pdf: it is a folder; only regular files are read",
        "  and 3 more",
        "failed: 0",
    ]
    replace(report_of, unread_in_all=2).write(settings.state)
    with StateLock(settings.state):
        assert report(settings, now=NOW).lines(NOW)[-2] == lines[-3]
    assert "left unread" not in "".join(report(settings, now=NOW).lines(NOW))


def test_what_a_dead_daemon_said_last_is_not_repeated(settings: Settings) -> None:
    Ledger(settings.state).close()
    Report(1, NOW, NOW, NOW, {}, 120.0, "digits", (Problem("scan", "away", NOW),)).write(settings.state)
    status = report(settings, now=NOW)
    assert status.problems == ()
    assert status.lines(NOW)[0] == "service: not running"


def test_what_the_run_before_said_last_is_not_taken_for_the_running_daemons(settings: Settings) -> None:
    Ledger(settings.state).close()
    problem = Problem("scan", "away", NOW)
    Report(os.getpid() + 1, NOW, NOW, NOW, {}, 120.0, "digits", (problem,)).write(settings.state)
    with StateLock(settings.state):
        status = report(settings, now=NOW)
    assert status.daemon is None
    assert status.problems == ()
    assert status.lines(NOW)[0] == f"service: starting as process {os.getpid()}"


def test_what_a_daemon_said_is_told_though_its_process_is_not_known(settings: Settings) -> None:
    Ledger(settings.state).close()
    Report(1, NOW, NOW, NOW, {}, 120.0, "digits").write(settings.state)
    with StateLock(settings.state):
        (settings.state / LOCK_FILE).write_bytes(b"")
        assert report(settings, now=NOW).daemon is not None


def test_the_status_is_json_as_well(settings: Settings) -> None:
    fill(settings.state)
    said = json.loads(report(settings, now=NOW).to_json())
    assert said["done_today"] == 1
    assert said["to_review"] == {"2026-11-23": 6}
    assert [failed["reason"] for failed in said["failed"]] == ["it is torn. Mend it"]


def test_without_a_ledger_the_reason_is_told(settings: Settings) -> None:
    with pytest.raises(LedgerError, match="no ledger"):
        report(settings)
