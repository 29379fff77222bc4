"""The same content again, under whatever name: it is read once, and every original is kept."""

from __future__ import annotations

import csv
import json
import logging
from typing import Any

import pytest

from daemon.days import CROP_DAYS, DayTables
from daemon.engine.interface import OutcomeKind
from daemon.status import report


def test_the_same_content_under_another_name_is_read_once(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    desk.arrive("first.jpg", b"page")
    desk.run()
    desk.arrive("second.jpg", b"page")
    desk.run()
    assert desk.engine.taken == [b"page"]
    assert not any(name.startswith("second") for name in desk.files("outbox"))
    assert desk.files("archive") == {"first.jpg": b"page", "second.jpg": b"page"}
    said = "document=second.jpg has the same content as first.jpg; its results stand in the outbox as first.jpg"
    assert said in caplog.text


def test_the_same_file_dropped_twice_leaves_both_originals_and_one_result(desk: Any) -> None:
    for _ in range(2):
        desk.arrive("scan.jpg", b"page")
        desk.run()
    assert desk.files("archive") == {"scan.jpg": b"page", "scan~2.jpg": b"page"}
    assert len(desk.files("outbox")) == 3
    assert desk.engine.taken == [b"page"]


def test_the_status_tells_content_that_was_read_before_from_what_was_read_again(desk: Any) -> None:
    for name in ("first.jpg", "second.jpg", "third.jpg"):
        desk.arrive(name, b"page")
        desk.run(1)
        if name == "second.jpg":
            take_away(desk)
    lines = report(desk.settings, now=desk.wall().timestamp()).lines(desk.wall().timestamp())
    assert [line for line in lines if line.startswith("  ")] == [
        "  third.jpg: read again, results in first.jpg.json (0 s ago)",
        "  second.jpg: read before as first.jpg (1 s ago)",
        "  first.jpg: results in first.jpg.json (2 s ago)",
    ]


def test_twins_that_arrive_together_are_read_once(desk: Any) -> None:
    desk.engine.held = True
    desk.arrive("first.jpg", b"page")
    desk.arrive("second.jpg", b"page")
    desk.run()
    assert len(desk.engine.jobs) == 1
    desk.engine.held = False
    desk.run()
    assert desk.engine.taken == [b"page"]
    assert desk.files("archive") == {"first.jpg": b"page", "second.jpg": b"page"}


def test_a_twin_of_a_document_that_fails_is_tried_itself(desk: Any) -> None:
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive("first.jpg", b"page")
    desk.arrive("second.jpg", b"page")
    desk.run()
    assert {"first.jpg", "second.jpg"} < desk.files("failed").keys()


def take_away(desk: Any, *suffixes: str) -> None:
    """Somebody removes results from the outbox, day tables apart."""
    for name in desk.files("outbox"):
        if name.endswith(suffixes or ""):
            (desk.settings.outbox / name).unlink()


@pytest.fixture
def tables(desk: Any) -> DayTables:
    return DayTables(desk.settings.outbox / "tables", desk.ledger, desk.settings.tables, watch=desk.watch)


def documents(desk: Any) -> list[str]:
    """What stands in the tables of all days."""
    found = []
    for path in sorted((desk.settings.outbox / "tables").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found += [f"{row['document']} {row['number']}" for row in csv.DictReader(file)]
    return found


@pytest.mark.parametrize("suffix", ["", ".json", ".csv", ".annotated.jpg"])
@pytest.mark.parametrize("name", ["scan.jpg", "again.jpg"])
@pytest.mark.parametrize("restarted", [False, True])
def test_results_that_were_taken_away_are_there_again_when_the_scan_is_dropped_again(
    desk: Any, suffix: str, name: str, restarted: bool
) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.run()
    published = desk.files("outbox")
    take_away(desk, suffix)
    if restarted:
        desk.restart()
    desk.arrive(name, b"page")
    desk.run(3 * 86_400)
    assert desk.files("outbox") == published
    assert desk.files("archive") == {"scan.jpg": b"page", "scan~2.jpg" if name == "scan.jpg" else name: b"page"}
    assert desk.files("inbox") == {}
    days = {
        entry.result["document"] for day in desk.ledger.days.changed() for entry in desk.ledger.days.entries(day.day)
    }
    assert days == {"scan.jpg"}


def test_a_document_whose_results_are_published_again_stands_in_its_days_table_once(
    desk: Any, tables: DayTables
) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert tables.run_once(0.0)
    before = documents(desk)
    for days in (0, 1, 30):
        take_away(desk)
        desk.arrive("scan.jpg", b"page")
        desk.run(days * 86_400)
        assert len(desk.files("outbox")) == 3
        changed = [day.day for day in desk.ledger.days.changed()]
        assert changed == [desk.wall().date().isoformat()], "an old day's tables are as they were"
        assert tables.run_once(desk.now)
    assert documents(desk) == before
    assert len(before) == 1


@pytest.mark.parametrize("days", [0, CROP_DAYS + 1])
def test_what_is_read_otherwise_by_now_takes_the_place_of_what_was_read(
    desk: Any, tables: DayTables, days: int
) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.arrive("other.jpg", b"other page")
    desk.run()
    assert tables.run_once(0.0)
    before = documents(desk)
    take_away(desk)
    better = desk.engine.read(b"read by a better network")
    desk.engine.read = lambda data: better
    desk.arrive("again.jpg", b"page")
    desk.run(days * 86_400)
    text = better.pages[0].numbers[0].text
    result = json.loads(desk.files("outbox")["scan.jpg.json"])
    assert (result["document"], result["pages"][0]["numbers"][0]["text"]) == ("scan.jpg", text)
    assert tables.run_once(100.0)
    read_now = [f"scan.jpg {text}" if row.startswith("scan.jpg") else row for row in before]
    assert documents(desk) == (before if days else read_now), "an old table would lose the others' pictures"


def test_copies_of_a_scan_whose_results_were_taken_away_are_read_once(desk: Any) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.run()
    published = desk.files("outbox")
    take_away(desk)
    for number in range(5):
        desk.arrive(f"{number}.jpg", b"page")
    desk.run()
    assert desk.engine.taken == [b"page", b"page"]
    assert desk.files("outbox") == published
    assert len(desk.files("archive")) == 6


def test_results_are_not_put_in_the_place_of_anothers_when_they_are_published_again(desk: Any) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.run()
    take_away(desk)
    (desk.settings.outbox / "scan.jpg.csv").write_bytes(b"somebody's")
    for _ in range(2):
        desk.arrive("scan.jpg", b"page")
        desk.run()
    outbox = desk.files("outbox")
    assert outbox.pop("scan.jpg.csv") == b"somebody's"
    assert outbox.keys() == {"scan~2.jpg.json", "scan~2.jpg.csv", "scan~2.jpg.annotated.jpg"}
    assert desk.engine.taken == [b"page", b"page"], "where they are now is known"


def test_a_twin_waits_for_an_outbox_that_is_away_and_is_not_read_again(desk: Any) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.run()
    away = desk.settings.outbox.rename(desk.root / "away")
    desk.arrive("again.jpg", b"page")
    desk.run(30)
    assert desk.files("inbox") == {"again.jpg": b"page"}
    away.rename(desk.settings.outbox)
    desk.run(61)
    assert desk.files("archive") == {"scan.jpg": b"page", "again.jpg": b"page"}
    assert desk.engine.taken == [b"page"]


def test_a_scan_that_is_read_again_and_can_not_be_fails_like_any_other(desk: Any) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.run()
    take_away(desk)
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive("again.jpg", b"page")
    desk.run()
    assert desk.files("failed").keys() == {"again.jpg", "again.jpg.reason.json"}
    desk.engine.answer = lambda data: OutcomeKind.READ
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert len(desk.files("outbox")) == 3
