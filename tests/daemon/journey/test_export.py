"""Tables of any span of days, from the ledger."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer

from daemon.engine.interface import OutcomeKind
from daemon.errors import LedgerError, PublishError
from daemon.export import Span, export_days

EVER = Span(date.min, date.max)
DAY_S = 86_400.0


@pytest.fixture
def three_days(desk: Any) -> Any:
    """A desk on which a document was read on each of three days, and one was unreadable on the second."""
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE if data == b"bad" else OutcomeKind.READ
    for names in (("mon.jpg",), ("a/tue.jpg", "bad.jpg"), ("wed.jpg",)):
        for name in names:
            desk.arrive(name, b"bad" if name == "bad.jpg" else name.encode())
        desk.run()
        desk.now += DAY_S
    return desk


def documents(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["document"] for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("span", "read"),
    [
        (EVER, ["mon.jpg", "a/tue.jpg", "wed.jpg"]),
        (Span(date(2026, 11, 24), date.max), ["a/tue.jpg", "wed.jpg"]),
        (Span(date.min, date(2026, 11, 24)), ["mon.jpg", "a/tue.jpg"]),
        (Span(date(2026, 11, 24), date(2026, 11, 24)), ["a/tue.jpg"]),
        (Span(date(2026, 12, 1), date.max), []),
    ],
)
def test_the_table_has_the_documents_of_its_days_in_their_order(
    three_days: Any, tmp_path: Path, span: Span, read: list[str]
) -> None:
    export_days(three_days.settings, span, tmp_path / "all.csv")
    assert documents(tmp_path / "all.csv") == read


def test_it_says_what_the_table_holds(three_days: Any, tmp_path: Path) -> None:
    table = tmp_path / "all.CSV"
    assert export_days(three_days.settings, EVER, table) == f"{table}: 3 numbers of 3 documents on 3 days, 0 to review"
    none = Span(date(2026, 12, 1), date.max)
    assert export_days(three_days.settings, none, tmp_path / "none.xlsx").endswith(
        "none.xlsx: 0 numbers of 0 documents on 0 days, 0 to review"
    )


def test_a_csv_is_written_as_the_configuration_says(three_days: Any, tmp_path: Path) -> None:
    tables = three_days.settings.tables.model_copy(update={"delimiter": ";", "decimal": ",", "bom": False})
    settings = three_days.settings.model_copy(update={"tables": tables})
    export_days(settings, EVER, tmp_path / "all.csv")
    header, first, *_ = (tmp_path / "all.csv").read_text("utf-8").splitlines()
    assert header.startswith("document;page;line;")
    assert ";0,99;" in first


def test_a_workbook_has_the_crops_and_leads_to_the_pictures_from_where_it_stands(
    three_days: Any, read_sheet: Callable[[Path, int], list[list[str]]]
) -> None:
    table = three_days.root / "reports" / "2026" / "all.xlsx"
    table.parent.mkdir(parents=True)
    export_days(three_days.settings, EVER, table)
    assert [row[0] for row in read_sheet(table, 1)[1:]] == ["mon.jpg", "a/tue.jpg", "wed.jpg"]
    assert [row[0] for row in read_sheet(table, 2)[1:]] == ["mon.jpg", "a/tue.jpg", "wed.jpg", "bad.jpg"]
    with zipfile.ZipFile(table) as parts:
        assert 'name="2026-11-23 to 2026-11-25"' in parts.read("xl/workbook.xml").decode()
        links = re.findall(r'Target="([^"]*annotated.jpg)"', parts.read("xl/worksheets/_rels/sheet1.xml.rels").decode())
        assert [name for name in parts.namelist() if name.startswith("xl/media/")]
    assert len(links) == 3
    for link in links:
        assert (table.parent / link.replace("\\", "/")).is_file(), link  # backslashes, as Excel wants them


def test_a_table_that_stands_there_is_kept_unless_it_may_be_replaced(three_days: Any, tmp_path: Path) -> None:
    table = tmp_path / "all.csv"
    table.write_text("mine")
    with pytest.raises(typer.BadParameter, match=r"must not be there yet; give another name, or --replace\. Received"):
        export_days(three_days.settings, EVER, table)
    assert table.read_text() == "mine"
    export_days(three_days.settings, EVER, table, replace=True)
    assert len(documents(table)) == 3
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["all.csv"]


def test_a_folder_is_not_replaced(three_days: Any, tmp_path: Path) -> None:
    (tmp_path / "all.csv").mkdir()
    with pytest.raises(typer.BadParameter, match=r"there yet; give another name\. Received: .*all\.csv"):
        export_days(three_days.settings, EVER, tmp_path / "all.csv", replace=True)


def test_a_table_that_somebody_has_open_is_not_replaced(three_days: Any, tmp_path: Path) -> None:
    table = tmp_path / "all.xlsx"
    table.write_text("mine")
    (tmp_path / ".~lock.all.xlsx#").touch()
    with pytest.raises(PublishError, match=r"all.xlsx is open in a spreadsheet, as \.~lock\.all\.xlsx# beside it"):
        export_days(three_days.settings, EVER, table, replace=True)
    assert table.read_text() == "mine"


@pytest.mark.parametrize("name", ["all.ods", "all", "csv"])
def test_a_table_of_another_kind_is_refused(three_days: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(typer.BadParameter, match=rf"must be a \.csv or \.xlsx file\. Received: .*{name}"):
        export_days(three_days.settings, EVER, tmp_path / name)


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match=r"later than --to\. Received: 2026-11-24 > 2026-11-23"):
        Span(date(2026, 11, 24), date(2026, 11, 23))


def test_a_folder_that_is_missing_is_told_and_nothing_is_left(three_days: Any, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"must be writable\. Received: No such file or directory: .*nowhere"):
        export_days(three_days.settings, EVER, tmp_path / "nowhere" / "all.csv")


def test_without_a_ledger_nothing_is_written(desk: Any, tmp_path: Path) -> None:
    settings = desk.settings.model_copy(update={"state": tmp_path / "nowhere"})
    with pytest.raises(LedgerError):
        export_days(settings, EVER, tmp_path / "all.csv")
    assert not (tmp_path / "all.csv").exists()
    assert not (tmp_path / "nowhere").exists()


def test_a_damaged_ledger_is_told_with_a_remedy_and_nothing_is_left(three_days: Any, tmp_path: Path) -> None:
    three_days.die()  # which writes all to the file
    three_days.damage("results")
    with pytest.raises(LedgerError, match=r"must be readable .* database disk image is malformed"):
        export_days(three_days.settings, EVER, tmp_path / "all.csv")
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []
