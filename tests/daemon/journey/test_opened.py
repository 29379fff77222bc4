"""Tables that somebody has open in a spreadsheet, as the lock file beside them tells."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.days import DayTables


@pytest.fixture
def tables(desk: Any) -> DayTables:
    folder = desk.settings.outbox / "tables"
    return DayTables(folder, desk.ledger, desk.settings.tables, watch=desk.watch, clock=lambda: 0.0)


def lock(desk: Any, name: str, age: timedelta = timedelta(0)) -> Path:
    """The file that a spreadsheet puts beside a table that it has open, as old as told."""
    path = Path(desk.settings.outbox / "tables" / name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(",anna,pc7,23.11.2026 21:00,file:///home/anna/.config/libreoffice/4;")
    time_s = (desk.wall() - age).timestamp()
    os.utime(path, (time_s, time_s))
    return path


LOCKS = (".~lock.2026-11-23.xlsx#", ".~lock.2026-11-23.csv#", "~$2026-11-23.xlsx", "~$26-11-23.xlsx")


@pytest.mark.parametrize("name", LOCKS)
def test_rows_wait_while_a_table_of_the_day_is_open_in_a_spreadsheet(
    desk: Any, tables: DayTables, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk.arrive("1.jpg", b"1")
    desk.run()
    assert tables.run_once(0.0)
    caplog.clear()
    opened = lock(desk, name)
    before = {path.name: path.read_bytes() for path in opened.parent.iterdir()}
    desk.arrive("2.jpg", b"2")
    desk.run()
    now = 100.0
    for _ in range(10):
        assert not tables.run_once(now)
        due = tables.next_due()
        assert due is not None
        assert now < due <= now + 60
        now = due
    assert {path.name: path.read_bytes() for path in opened.parent.iterdir()} == before
    assert tables.problem is not None
    assert f"is open in a spreadsheet, as {name} beside it tells; close it there" in tables.problem
    assert len([record for record in caplog.records if "open in a spreadsheet" in record.getMessage()]) == 1
    opened.unlink()
    assert tables.run_once(now)
    assert tables.problem is None
    assert desk.documents() == ["1.jpg", "2.jpg"]


def test_a_table_that_is_opened_while_the_new_one_is_written_is_not_replaced(desk: Any, tables: DayTables) -> None:
    desk.arrive("1.jpg", b"1")
    desk.run()
    assert tables.run_once(0.0)
    folder = desk.settings.outbox / "tables"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    desk.arrive("2.jpg", b"2")
    desk.run()
    assert not tables.run_once(100.0, lambda: lock(desk, LOCKS[0]))
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LOCKS[0]} == before
    assert "is open in a spreadsheet" in (tables.problem or "")
    (folder / LOCKS[0]).unlink()
    assert tables.run_once(200.0)
    assert desk.documents() == ["1.jpg", "2.jpg"]


@pytest.mark.parametrize(("hours", "counts"), [(23, True), (25, False), (-23, True), (-25, False)])
def test_a_lock_file_that_a_crash_of_a_spreadsheet_left_bars_for_a_day_also_where_a_clock_is_wrong(
    desk: Any, tables: DayTables, hours: int, counts: bool
) -> None:
    lock(desk, LOCKS[0], timedelta(hours=hours))
    desk.arrive("1.jpg", b"1")
    desk.run()
    assert tables.run_once(0.0) is not counts


def test_a_lock_file_of_another_day_or_of_a_table_that_is_not_made_bars_nothing(desk: Any, tables: DayTables) -> None:
    lock(desk, ".~lock.2026-11-22.xlsx#")
    desk.arrive("1.jpg", b"1")
    desk.run()
    assert tables.run_once(0.0)
    desk.arrive("2.jpg", b"2")
    desk.run()
    lock(desk, LOCKS[0])
    settings = desk.settings.tables.model_copy(update={"xlsx": False})
    assert DayTables(desk.settings.outbox / "tables", desk.ledger, settings, watch=desk.watch).run_once(0.0)
    assert desk.documents() == ["1.jpg", "2.jpg"]
