"""Day tables that are made beside the main loop, which goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from daemon.days import DayTables
from daemon.errors import LedgerError
from daemon.workbook import Workbook

WAIT_S = 30.0


class Gate:
    """Holds up whoever comes to it until it is opened."""

    def __init__(self) -> None:
        self.reached, self.open = Event(), Event()

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def held(*arguments: Any) -> Any:
            self.reached.set()
            assert self.open.wait(WAIT_S)
            return function(*arguments)

        return held


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Stands where a document is put into a workbook."""
    gate = Gate()
    monkeypatch.setattr(Workbook, "add_document", gate.before(Workbook.add_document))
    yield gate
    gate.open.set()


@pytest.fixture
def made() -> Event:
    return Event()


@pytest.fixture
def tables(desk: Any, made: Event) -> Iterator[DayTables]:
    folder = desk.settings.outbox / "tables"
    tables = DayTables(
        folder, desk.ledger, desk.settings.tables, watch=desk.watch, wake=made.set, clock=lambda: desk.now
    )
    yield tables
    tables.stop()


def read(desk: Any, name: str) -> None:
    desk.arrive(name, name.encode())
    desk.run()


def wait_for(made: Event) -> None:
    assert made.wait(WAIT_S)
    made.clear()


def files(desk: Any) -> list[str]:
    folder: Path = desk.settings.outbox / "tables"
    return sorted(path.name for path in folder.iterdir())


def test_documents_go_on_while_a_long_table_is_made(desk: Any, tables: DayTables, gate: Gate, made: Event) -> None:
    read(desk, "1.jpg")
    assert not tables.run_once(0.0)
    assert gate.reached.wait(WAIT_S)
    read(desk, "2.jpg")
    assert "2.jpg.json" in desk.files("outbox")
    assert not tables.run_once(1.0)
    assert tables.next_due() is None, "the loop sleeps until it is woken"
    assert not made.is_set()
    gate.open.set()
    wait_for(made)
    assert tables.next_due() == 0.0
    assert tables.run_once(2.0)
    assert desk.documents() == ["1.jpg"]
    assert tables.next_due() is not None, "the second came after the table was begun"
    assert not tables.run_once(100.0)
    wait_for(made)
    assert tables.run_once(100.0)
    assert desk.documents() == ["1.jpg", "2.jpg"]
    assert tables.next_due() is None


def test_days_that_changed_are_made_one_after_another(desk: Any, tables: DayTables, made: Event) -> None:
    read(desk, "1.jpg")
    desk.now += 86_400
    read(desk, "2.jpg")
    assert not tables.run_once(0.0)
    wait_for(made)
    assert not tables.run_once(0.0)
    assert files(desk)[-2:] == ["2026-11-23.csv", "2026-11-23.xlsx"]
    wait_for(made)
    assert tables.run_once(0.0)
    assert files(desk) == [f"2026-11-{day}.{kind}" for day in (23, 24) for kind in ("csv", "xlsx")]


def test_tables_that_are_given_up_leave_nothing_and_are_made_at_the_next_start(
    desk: Any, tables: DayTables, gate: Gate
) -> None:
    read(desk, "1.jpg")
    assert not tables.run_once(0.0)
    assert gate.reached.wait(WAIT_S)
    assert len(files(desk)) == 2
    gate.open.set()
    tables.stop()
    assert files(desk) == []
    assert tables.next_due() is not None


def test_tables_that_were_made_and_not_placed_leave_nothing(desk: Any, tables: DayTables, made: Event) -> None:
    read(desk, "1.jpg")
    assert not tables.run_once(0.0)
    wait_for(made)
    tables.stop()
    assert files(desk) == []


def test_at_the_end_of_a_run_tables_are_made_anew_with_what_came_last(desk: Any, tables: DayTables, gate: Gate) -> None:
    read(desk, "1.jpg")
    assert not tables.run_once(0.0)
    assert gate.reached.wait(WAIT_S)
    read(desk, "2.jpg")
    gate.open.set()
    assert tables.run_once(1.0, at_once=True)
    assert desk.documents() == ["1.jpg", "2.jpg"]
    assert files(desk) == ["2026-11-23.csv", "2026-11-23.xlsx"]


def test_what_is_in_the_way_is_told_and_tried_again(desk: Any, tables: DayTables, made: Event) -> None:
    read(desk, "1.jpg")
    away = desk.settings.outbox.rename(desk.root / "away")
    assert not tables.run_once(0.0)
    wait_for(made)
    assert not tables.run_once(0.0)
    assert str(desk.settings.outbox) in str(tables.problem)
    away.rename(desk.settings.outbox)
    due = tables.next_due()
    assert due is not None
    assert due > 0
    assert not tables.run_once(due)
    wait_for(made)
    assert tables.run_once(due)
    assert tables.problem is None
    assert desk.documents() == ["1.jpg"]


def test_a_ledger_that_cannot_be_read_is_no_fault_of_the_tables(
    desk: Any, tables: DayTables, made: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(state: Path) -> None:
        raise LedgerError("the disk is away")

    read(desk, "1.jpg")
    with monkeypatch.context() as patch:
        patch.setattr("daemon.ledger.transitions.opened_for_reading", refuse)
        assert not tables.run_once(0.0)
        wait_for(made)
        with pytest.raises(LedgerError, match="the disk is away"):
            tables.run_once(0.0)
    assert tables.problem is None
    assert not tables.run_once(0.0)
    wait_for(made)
    assert tables.run_once(0.0)
    assert desk.documents() == ["1.jpg"]


def test_tables_that_do_not_go_on_are_told_by_when_they_were_heard_of(
    desk: Any, tables: DayTables, gate: Gate, made: Event
) -> None:
    begun = desk.now
    assert tables.heard(begun + 5) == begun + 5
    read(desk, "1.jpg")
    assert not tables.run_once(0.0)
    assert gate.reached.wait(WAIT_S)
    desk.now += 500
    assert tables.heard(desk.now) == begun
    gate.open.set()
    wait_for(made)
    assert tables.run_once(0.0)
    assert tables.heard(desk.now) == desk.now
