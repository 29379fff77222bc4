"""A day's tables between their making and their place."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.schema import TablesSettings
from daemon.content import Content, DayEntry
from daemon.result import NamedModel, Result
from daemon.tables import make_day
from recognition.types import BoundingBox, Document, Number, Page

DAY = "2026-11-23"


def entry() -> DayEntry:
    numbers = tuple(Number("07", BoundingBox(10, 20, 90, 30), 0, k, 0.99, False, (), (), b"") for k in range(2))
    content = Document((Page(1, 300, 200, 0, numbers),))
    moment = datetime(2026, 11, 23, 21, 2, 11, tzinfo=UTC)
    result = Result("scan.jpg", "ab" * 32, moment, NamedModel("digits", "cd" * 32), 0.2, content)
    return DayEntry(result.to_json(), result.crops(), ("scan.jpg.annotated.jpg", "scan.jpg.csv"))


def test_tables_are_whole_and_hidden_until_they_are_placed(tmp_path: Path) -> None:
    new = make_day(tmp_path, Content(DAY, [entry()]), TablesSettings())
    hidden = list(tmp_path.iterdir())
    assert len(hidden) == 2
    assert all(path.name.startswith(".") and path.stat().st_size for path in hidden)
    told: list[Path] = []
    paths = new.place(lambda path, file: told.append(path))
    assert [path.name for path in paths] == ["2026-11-23.csv", "2026-11-23.xlsx"]
    assert sorted(told) == sorted(paths) == sorted(tmp_path.iterdir())


def test_tables_that_are_not_placed_leave_nothing(tmp_path: Path) -> None:
    make_day(tmp_path, Content(DAY, [entry()]), TablesSettings()).discard()
    with pytest.raises(ZeroDivisionError):
        make_day(tmp_path, Content(DAY, [entry()]), TablesSettings()).place(lambda path, file: 1 / 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("beats", [1, 4, 8, 20])
def test_a_workbook_that_is_given_up_leaves_no_file_open(tmp_path: Path, beats: int) -> None:
    left = iter(range(beats))
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(StopIteration):
        make_day(tmp_path, Content(DAY, [entry()]), TablesSettings(), lambda: next(left))
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == open_files
    assert list(tmp_path.iterdir()) == []
