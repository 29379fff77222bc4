"""A clock that may be wrong, of which all hear that remove anything for its age."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from daemon.clock import DAY_S, ClockWatch
from daemon.days import DayTables
from daemon.retention import Retention


@pytest.fixture
def desk(make_desk: Callable[..., Any]) -> Any:
    return make_desk(archive_days=30)


def tables_of(desk: Any, watch: ClockWatch) -> DayTables:
    return DayTables(desk.settings.outbox / "tables", desk.ledger, desk.settings.tables, watch=watch)


def read(desk: Any, name: str) -> None:
    desk.arrive(f"{name}.jpg", name.encode())
    desk.run()


def test_a_clock_that_leaps_has_a_day_to_be_set_right_before_crops_are_dropped(
    desk: Any,
) -> None:
    ahead = timedelta()
    tables = tables_of(desk, ClockWatch(desk.ledger, wall=lambda: desk.wall() + ahead))
    day = desk.wall().date().isoformat()
    kept = []
    for name, ahead_days, hours in (("1", 0, 0), ("2", 365, 1), ("3", 365, 22), ("4", 365, 2)):
        ahead = timedelta(days=ahead_days)
        desk.now += hours * 3600
        read(desk, name)
        assert tables.run_once(desk.now)
        kept.append(sum(len(entry.crops) for entry in desk.ledger.days.entries(day)))
    assert kept == [1, 2, 2, 0]


def test_a_start_long_after_the_last_document_drops_no_crops_for_a_day(desk: Any) -> None:
    read(desk, "before")
    day = desk.wall().date().isoformat()
    assert tables_of(desk, desk.watch).run_once(desk.now)
    desk.now += 61 * DAY_S
    desk.restart()
    tables = tables_of(desk, desk.watch)
    kept = []
    for name, hours in (("1", 0), ("2", 23), ("3", 2)):
        desk.now += hours * 3600
        read(desk, name)
        assert tables.run_once(desk.now)
        kept.append(sum(len(entry.crops) for entry in desk.ledger.days.entries(day)))
    assert kept == [1, 1, 0]


def test_a_leap_of_the_clock_that_one_part_sees_first_holds_for_all(desk: Any) -> None:
    ahead = timedelta()
    watch = ClockWatch(desk.ledger, wall=lambda: desk.wall() + ahead)
    tables, retention = tables_of(desk, watch), Retention(desk.settings, desk.ledger, watch=watch)
    read(desk, "scan")
    for part in (tables, retention):
        part.run_once(desk.now)
    ahead = timedelta(days=365)
    desk.now += 3600
    for part in (tables, retention):
        part.run_once(desk.now)
    assert desk.files("archive") == {"scan.jpg": b"scan"}
    assert retention.next_due() == desk.now + 3600
    desk.now += DAY_S
    retention.run_once(desk.now)
    assert desk.files("archive") == {"scan.jpg": b"scan"}, "it was dated anew by the clock as it is now"
    desk.now += 29.5 * DAY_S
    retention.run_once(desk.now)
    assert desk.files("archive") == {}
