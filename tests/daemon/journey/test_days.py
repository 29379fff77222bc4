from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import daemon.days
from daemon import quarantine
from daemon.days import CROP_DAYS, MIN_PAUSE_S, DayTables
from daemon.engine.interface import OutcomeKind
from daemon.errors import PublishError
from daemon.verdicts import READABLE


@pytest.fixture
def make_tables(desk: Any) -> Callable[..., DayTables]:
    def make(**keywords: Any) -> DayTables:
        folder = desk.settings.outbox / "tables"
        return DayTables(folder, desk.ledger, desk.settings.tables, **({"watch": desk.watch} | keywords))

    return make


@pytest.fixture
def tables(make_tables: Callable[..., DayTables]) -> DayTables:
    return make_tables(clock=lambda: 0.0)


def test_the_days_table_has_each_document_once(desk: Any, tables: DayTables) -> None:
    for name, content in (("b.jpg", b"1"), ("a.jpg", b"2"), ("twin.jpg", b"1")):
        desk.arrive(name, content)
        desk.run()
    assert tables.next_due() is not None
    assert tables.run_once(0.0)
    assert tables.next_due() is None
    assert desk.documents() == ["b.jpg", "a.jpg"]


def test_two_documents_of_one_name_can_be_told_apart(desk: Any, tables: DayTables) -> None:
    for content in (b"monday", b"tuesday"):
        desk.arrive("a/scan.jpg", content)
        desk.run()
    assert tables.run_once(0.0)
    assert desk.documents() == ["a/scan.jpg", "a/scan~2.jpg"]


def test_every_document_that_ended_on_a_day_stands_in_its_sheet_of_documents(
    desk: Any, tables: DayTables, read_sheet: Callable[[Path, int], list[list[str]]]
) -> None:
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE if data == b"bad" else OutcomeKind.READ
    for name, content in (("b.jpg", b"1"), ("b.jpg", b"2"), ("b.jpg", b"1"), ("bad.jpg", b"bad"), ("bad.jpg", b"bad")):
        desk.arrive(name, content)
        desk.run()
    assert tables.run_once(0.0)
    desk.arrive("c.jpg", b"2")
    desk.run(86_400)
    assert tables.run_once(100.0)
    folder = desk.settings.outbox / "tables"
    note = f"the tame engine says unreadable. {READABLE}"
    assert [row[:1] + row[-2:] for row in read_sheet(folder / "2026-11-23.xlsx", 2)[1:]] == [
        ["b.jpg", "read", ""],
        ["b~2.jpg", "read", ""],
        ["b~3.jpg", "read before as b.jpg", ""],
        ["bad.jpg", "failed", note],
        ["bad~2.jpg", "failed", note],
    ]
    assert read_sheet(folder / "2026-11-24.xlsx", 2)[1:] == [["c.jpg", "read before as b~2.jpg", ""]]
    assert len(read_sheet(folder / "2026-11-24.xlsx", 1)) == 1


def test_a_failure_that_was_put_back_and_read_is_a_failure_no_more(
    desk: Any, tables: DayTables, read_sheet: Callable[[Path, int], list[list[str]]]
) -> None:
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert tables.run_once(0.0)
    desk.engine.answer = lambda data: OutcomeKind.READ
    quarantine.retry(desk.settings)
    desk.see_all()
    desk.run()
    assert tables.run_once(100.0)
    (row,) = read_sheet(desk.settings.outbox / "tables" / "2026-11-23.xlsx", 2)[1:]
    assert row == ["scan.jpg", "1", "1", "0", "read", ""]


def test_a_burst_of_documents_rebuilds_the_table_once_in_a_while(desk: Any, tables: DayTables) -> None:
    desk.arrive("1.jpg", b"1")
    desk.run()
    tables.run_once(100.0)
    desk.arrive("2.jpg", b"2")
    desk.run()
    assert not tables.run_once(100.0 + MIN_PAUSE_S - 0.1)
    assert desk.documents() == ["1.jpg"]
    assert tables.next_due() == 100.0 + MIN_PAUSE_S
    assert tables.run_once(100.0 + MIN_PAUSE_S)
    assert desk.documents() == ["1.jpg", "2.jpg"]


def test_at_the_end_of_a_run_the_table_is_written_at_once(desk: Any, tables: DayTables) -> None:
    for name in ("1.jpg", "2.jpg"):
        desk.arrive(name, name.encode())
        desk.run()
        tables.run_once(100.0, at_once=True)
    assert desk.documents() == ["1.jpg", "2.jpg"]


def test_the_crops_of_a_day_are_kept_a_week_and_then_dropped(desk: Any, tables: DayTables) -> None:
    day = desk.wall().date().isoformat()
    kept = []
    for days in (0, CROP_DAYS, 1):
        desk.now += days * 86_400
        desk.arrive(f"{desk.now}.jpg", b"%d" % desk.now)
        desk.run()
        assert tables.run_once(desk.now)
        (first,) = desk.ledger.days.entries(day)
        kept.append(len(first.crops))
    assert kept == [1, 1, 0]


def test_a_table_that_takes_long_is_rebuilt_less_often(desk: Any, make_tables: Callable[..., DayTables]) -> None:
    times = iter([0.0, 5.0])
    tables = make_tables(clock=lambda: next(times))
    desk.arrive("1.jpg", b"1")
    desk.run()
    tables.run_once(100.0)
    desk.arrive("2.jpg", b"2")
    desk.run()
    assert tables.next_due() == 100.0 + 5.0 + 20 * 5.0


def test_rows_wait_while_a_table_cannot_be_replaced(
    desk: Any, tables: DayTables, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(*arguments: object, **keywords: object) -> None:
        raise PublishError("the table is open elsewhere")

    desk.arrive("1.jpg", b"1")
    desk.run()
    caplog.clear()
    now = 100.0
    with monkeypatch.context() as patch:
        patch.setattr(daemon.days, "make_day", locked)
        for _ in range(10):
            assert not tables.run_once(now)
            due = tables.next_due()
            assert due is not None
            assert now + MIN_PAUSE_S <= due <= now + 60
            now = due
    assert tables.problem == "the table is open elsewhere"
    assert [record.getMessage() for record in caplog.records] == [
        "day=2026-11-23 the table is open elsewhere; it is tried again"
    ]
    assert tables.run_once(now)
    assert tables.problem is None
    assert desk.documents() == ["1.jpg"]


def test_what_is_in_the_way_of_a_table_is_the_same_problem_each_time(desk: Any, tables: DayTables) -> None:
    desk.arrive("1.jpg", b"1")
    desk.run()
    (desk.settings.outbox / "tables" / f"{desk.wall().date()}.csv").mkdir(parents=True)
    problems = []
    for now in (100.0, 200.0):
        tables.run_once(now)
        problems.append(tables.problem)
    assert problems[0] is not None
    assert problems[0] == problems[1]


def test_an_outbox_that_is_not_mounted_is_not_made_anew(desk: Any, tables: DayTables) -> None:
    desk.arrive("1.jpg", b"1")
    desk.run()
    away = desk.settings.outbox.rename(desk.root / "away")
    assert not tables.run_once(0.0)
    assert not desk.settings.outbox.exists()
    away.rename(desk.settings.outbox)
    assert tables.run_once(60.0)
    assert desk.documents() == ["1.jpg"]


def test_no_table_is_written_in_the_place_of_a_share_that_is_not_mounted(
    desk: Any, tables: DayTables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.arrive("1.jpg", b"1")
    desk.run()
    (tmp_path / "fstab").write_text(f"nas:/o {desk.settings.outbox} nfs nofail 0 0\n")
    with monkeypatch.context() as patch:
        patch.setattr("daemon.mounts.FSTAB", tmp_path / "fstab")
        assert not tables.run_once(0.0)
        assert f"{desk.settings.outbox} of {tmp_path / 'fstab'} is not mounted" in str(tables.problem)
    assert not (desk.settings.outbox / "tables").exists()
    assert tables.run_once(60.0)
    assert desk.documents() == ["1.jpg"]


def test_a_mistake_of_ours_in_a_table_does_not_end_the_service(
    desk: Any, tables: DayTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistake(*arguments: object, **keywords: object) -> None:
        raise ValueError("a mistake")

    desk.arrive("1.jpg", b"1")
    desk.run()
    monkeypatch.setattr(daemon.days, "make_day", mistake)
    assert not tables.run_once(0.0)
    assert tables.problem == "a mistake"


def test_rows_that_waited_when_the_daemon_died_are_written_by_the_next(desk: Any) -> None:
    desk.arrive("1.jpg", b"1")
    desk.run()
    desk.restart()
    DayTables(desk.settings.outbox / "tables", desk.ledger, desk.settings.tables, watch=desk.watch).run_once(0.0)
    assert desk.documents() == ["1.jpg"]
