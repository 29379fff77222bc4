"""Day tables that people changed: their work stands beside the table that took its place, once and for good."""

from __future__ import annotations

import csv
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import daemon.edited
from daemon.days import DayTables
from daemon.ledger.days import DayBook

CORRECTED = b"corrected in a spreadsheet\r\n"


class Killed(BaseException):
    """SIGKILL, as far as a test can have it."""


@pytest.fixture
def rebuild(desk: Any) -> Callable[[], bool]:
    """A document of the day arrives, and the day's tables are written anew, each time by a new process."""
    numbers = iter(range(1000))

    def rebuild(*, arrives: bool = True) -> bool:
        desk.restart()
        if arrives:
            number = next(numbers)
            desk.arrive(f"{number}.jpg", b"page %d" % number)
            desk.run()
        tables = DayTables(desk.settings.outbox / "tables", desk.ledger, desk.settings.tables, watch=desk.watch)
        return tables.run_once(0.0)

    return rebuild


@pytest.fixture
def folder(desk: Any, rebuild: Callable[[], bool]) -> Path:
    """The tables of a day on which one document has been read."""
    assert rebuild()
    return desk.settings.outbox / "tables"


def rows(path: Path) -> int:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return len(list(csv.DictReader(file)))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if ".edited" in path.name}


def test_tables_that_nobody_changed_are_replaced_and_nothing_is_kept(folder: Path, rebuild: Callable[[], bool]) -> None:
    for _ in range(3):
        assert rebuild()
    assert names(folder) == ["2026-11-23.csv", "2026-11-23.xlsx"]
    assert rows(folder / "2026-11-23.csv") == 4


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_table_that_was_corrected_by_hand_is_kept_beside_the_new_one(
    folder: Path, rebuild: Callable[[], bool], suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / f"2026-11-23{suffix}").write_bytes(CORRECTED)
    assert rebuild()
    assert kept(folder) == {f"2026-11-23.edited{suffix}": CORRECTED}
    assert rows(folder / "2026-11-23.csv") == 2
    (told,) = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    assert told.endswith(f"is not as digitdrop had left it; it is kept as 2026-11-23.edited{suffix}")
    assert rebuild()
    assert kept(folder) == {f"2026-11-23.edited{suffix}": CORRECTED}


def test_a_table_saved_as_a_spreadsheet_saves_it_is_kept(folder: Path, rebuild: Callable[[], bool]) -> None:
    path = folder / "2026-11-23.csv"
    corrected = path.read_bytes().replace(b"0.jpg", b"A.jpg")
    assert len(corrected) == path.stat().st_size
    before = path.stat()
    saved = folder / "~saved.tmp"
    saved.write_bytes(corrected)
    os.utime(saved, ns=(before.st_atime_ns, before.st_mtime_ns))
    saved.replace(path)
    assert rebuild()
    assert kept(folder) == {"2026-11-23.edited.csv": corrected}


def test_each_correction_has_a_name_of_its_own_and_the_same_one_is_kept_once(
    folder: Path, rebuild: Callable[[], bool]
) -> None:
    for content in (b"first", b"second", b"first", b"third"):
        (folder / "2026-11-23.csv").write_bytes(content)
        assert rebuild()
    assert kept(folder) == {
        "2026-11-23.edited.csv": b"first",
        "2026-11-23.edited-2.csv": b"second",
        "2026-11-23.edited-3.csv": b"third",
    }


def test_a_table_of_another_time_and_inode_but_the_same_content_is_nobodys_work(
    folder: Path, rebuild: Callable[[], bool]
) -> None:
    for path in list(folder.iterdir()):  # as a share shows it that was mounted anew, or a backup that came back
        copy = path.with_suffix(".copy")
        copy.write_bytes(path.read_bytes())
        os.utime(copy, (1.0, 1.0))
        copy.replace(path)
    assert rebuild()
    assert kept(folder) == {}


def test_a_table_whose_file_is_unchanged_is_not_read(
    folder: Path, rebuild: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon.edited, "_digest_of", lambda path, beat: pytest.fail(f"{path} is read"))
    assert rebuild()


def test_a_table_that_was_taken_away_is_made_anew(folder: Path, rebuild: Callable[[], bool]) -> None:
    (folder / "2026-11-23.csv").unlink()
    assert rebuild()
    assert rows(folder / "2026-11-23.csv") == 2
    assert kept(folder) == {}


def test_a_table_that_a_ledger_does_not_know_is_kept(desk: Any, rebuild: Callable[[], bool]) -> None:
    folder = desk.settings.outbox / "tables"
    folder.mkdir()
    (folder / "2026-11-23.csv").write_bytes(b"of a ledger that was lost")
    assert rebuild()
    assert kept(folder) == {"2026-11-23.edited.csv": b"of a ledger that was lost"}


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_is_no_file_is_put_aside_unread_each_time(folder: Path, rebuild: Callable[[], bool], kind: str) -> None:
    path = folder / "2026-11-23.csv"
    for mark in (".edited", ".edited-2"):
        path.unlink()
        if kind == "link":
            path.symlink_to("nowhere")
        else:
            os.mkfifo(path)
        assert rebuild()
        aside = folder / f"2026-11-23{mark}.csv"
        assert aside.is_symlink() if kind == "link" else aside.is_fifo()
    assert rows(path) == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_table_that_its_owner_lets_nobody_read_is_put_aside(
    desk: Any, folder: Path, rebuild: Callable[[], bool]
) -> None:
    for path in [desk.root.parent, desk.root, *desk.root.rglob("*")]:
        os.chown(path, 65_534, 65_534)
    table = folder / "2026-11-23.csv"
    table.write_bytes(CORRECTED)
    table.chmod(0o600)
    os.chown(table, 0, 0)
    os.seteuid(65_534)
    try:
        assert rebuild()
    finally:
        os.seteuid(0)
    assert kept(folder) == {"2026-11-23.edited.csv": CORRECTED}


def test_a_table_that_is_saved_while_it_is_put_aside_waits_and_is_kept(
    folder: Path, rebuild: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "2026-11-23.csv"
    path.write_bytes(b"first")
    move = daemon.edited.move_new

    def save_then_move(*arguments: Any) -> None:
        saved = folder / "~saved.tmp"
        saved.write_bytes(b"saved at that moment")
        saved.replace(path)
        move(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(daemon.edited, "move_new", save_then_move)
        assert not rebuild()
    assert path.read_bytes() == b"saved at that moment"
    assert rebuild(arrives=False)
    assert kept(folder) == {"2026-11-23.edited.csv": b"saved at that moment"}


STEPS = ("daemon.edited.move_new", "daemon.ledger.days.DayBook.publishing", "pathlib.Path.replace",
         "daemon.ledger.days.DayBook.written")  # fmt: skip


def killing(monkeypatch: pytest.MonkeyPatch, left: int) -> Iterator[int]:
    """Kills at a step, before or after it; gives how many steps are left when it did not come to that."""
    steps = iter(range(left, -1, -1))

    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **keywords: Any) -> Any:
            if next(steps) == 0:
                raise Killed
            value = function(*arguments, **keywords)
            if next(steps) == 0:
                raise Killed
            return value

        return wrapped

    for step in STEPS:
        owner: Any = DayBook if "DayBook" in step else Path if "Path" in step else daemon.edited
        name = step.rpartition(".")[2]
        monkeypatch.setattr(owner, name, around(getattr(owner, name)))
    return steps


def test_killed_at_any_step_a_correction_is_kept_once_and_no_table_of_ours_is(
    make_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1000):
        desk = make_desk()
        folder = desk.settings.outbox / "tables"

        def work(desk: Any = desk, folder: Path = folder) -> None:
            desk.restart()
            desk.run_to_the_end()
            assert DayTables(folder, desk.ledger, desk.settings.tables, watch=desk.watch).run_once(0.0)

        desk.put("1.jpg", b"1")
        work()
        (folder / "2026-11-23.csv").write_bytes(CORRECTED)
        desk.put("2.jpg", b"2")
        desk.run_to_the_end()
        through = False
        with monkeypatch.context() as patch:
            steps = killing(patch, number)
            try:
                work()
                through = next(steps) >= 0
            except Killed:
                pass
        work()
        desk.put("3.jpg", b"3")
        work()
        assert kept(folder) == {"2026-11-23.edited.csv": CORRECTED}
        assert rows(folder / "2026-11-23.csv") == 3
        if through:
            assert number > 10, "the steps were not counted"
            return
    pytest.fail("it never came to an end")
