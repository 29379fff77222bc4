"""Numbers that a person has looked over: in the tables, in the document's files, and never read over."""

from __future__ import annotations

import csv
import json
import logging
import shutil
import sqlite3
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.schema import HooksSettings
from daemon.corrections import Corrections
from daemon.days import DayTables
from daemon.errors import LedgerError
from daemon.export import Span, export_days
from daemon.hooks import Hooks
from daemon.ledger import Ledger
from daemon.ledger.reviews import Change
from recognition.types import Document, Page


def corrections(desk: Any) -> Corrections:
    return Corrections(desk.settings, desk.ledger, desk.outbox)


def said(number: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {**number, "text": text, "needs_review": False, "reasons": [], "read": number["text"]}


def correct(desk: Any, texts: Mapping[int, str]) -> list[int]:
    """What `digitdrop review` does: another process, beside the daemon."""
    with Ledger(desk.settings.state, create=False) as ledger:
        document = ledger.reviews.document(1)
        numbers = document.result["pages"][0]["numbers"]
        changes = {index: Change(numbers[index], said(numbers[index], text)) for index, text in texts.items()}
        return ledger.reviews.change(document.key, changes)


def run_all(hooks: Hooks) -> None:
    deadline = time.monotonic() + 30
    while not hooks.is_through():
        assert time.monotonic() < deadline, "the hooks do not end"
        hooks.run_once(time.monotonic())


def rows(path: Path) -> list[tuple[str, str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [(row["number"], row["needs_review"], row["reasons"]) for row in csv.DictReader(file)]


def numbers_of(desk: Any) -> list[dict[str, Any]]:
    value = json.loads((desk.settings.outbox / "scan.jpg.json").read_bytes())
    return list(value["pages"][0]["numbers"])


def test_corrected_numbers_stand_in_the_files_of_their_document_and_in_the_table_of_the_day(read: Any) -> None:
    picture = (read.settings.outbox / "scan.jpg.annotated.jpg").stat()
    assert correct(read, {1: "1", 2: "34"}) == [1, 2]
    assert corrections(read).run_once(read.now)
    expected = [("12", "false", ""), ("1", "false", ""), ("34", "false", "")]
    assert rows(read.settings.outbox / "scan.jpg.csv") == expected
    assert [(number["text"], number.get("read")) for number in numbers_of(read)] == [
        ("12", None),
        ("1", "7"),
        ("34", "3?"),
    ]
    DayTables(read.settings.outbox / "tables", read.ledger, read.settings.tables, watch=read.watch).run_once(read.now)
    assert rows(read.settings.outbox / "tables" / "2026-11-23.csv") == expected
    assert (read.settings.outbox / "scan.jpg.annotated.jpg").stat() == picture, "it shows what was read"


def test_what_is_no_number_has_no_row_and_the_others_keep_their_crops(
    read: Any, crops: Sequence[bytes], tmp_path: Path
) -> None:
    correct(read, {1: ""})
    corrections(read).run_once(read.now)
    assert [row[0] for row in rows(read.settings.outbox / "scan.jpg.csv")] == ["12", "3?"]
    summary = export_days(read.settings, Span(date.min, date.max), tmp_path / "all.xlsx")
    assert "2 numbers of 1 document on 1 day, 1 to review" in summary
    with zipfile.ZipFile(tmp_path / "all.xlsx") as book:
        pictures = {book.read(name) for name in book.namelist() if name.startswith("xl/media/")}
    assert pictures == {crops[0], crops[2]}


def test_nothing_is_written_where_nothing_was_corrected(read: Any) -> None:
    parts = corrections(read)
    assert parts.next_due() is None
    assert not parts.run_once(read.now)


def test_a_correction_is_due_at_once_and_done_once(read: Any) -> None:
    parts = corrections(read)
    correct(read, {1: "1"})
    assert parts.next_due() is not None
    assert parts.next_due() <= read.now  # type: ignore[operator]
    assert parts.run_once(read.now)
    assert parts.next_due() is None


def test_a_number_that_is_no_longer_what_was_seen_stays(read: Any) -> None:
    document = read.ledger.reviews.document(1)
    number = document.result["pages"][0]["numbers"][1]
    assert read.ledger.reviews.change(document.key, {1: Change(number, said(number, "1"))}) == [1]
    assert read.ledger.reviews.change(document.key, {1: Change(number, said(number, "4"))}) == []
    document = read.ledger.reviews.document(1)
    assert document.result["pages"][0]["numbers"][1]["text"] == "1"


def test_a_correction_while_the_files_are_written_has_them_written_once_more(read: Any) -> None:
    correct(read, {1: "1"})
    (before,) = read.ledger.reviews.amended(9)
    correct(read, {2: "34"})
    read.ledger.reviews.published(before)
    assert corrections(read).run_once(read.now)
    assert [number["text"] for number in numbers_of(read)] == ["12", "1", "34"]


def test_a_table_that_somebody_has_changed_stays_and_is_told(read: Any, caplog: pytest.LogCaptureFixture) -> None:
    path = read.settings.outbox / "scan.jpg.csv"
    path.write_bytes(path.read_bytes() + b"a note\r\n")
    correct(read, {1: "1"})
    corrections(read).run_once(read.now)
    assert path.read_bytes().endswith(b"a note\r\n")
    assert numbers_of(read)[1]["text"] == "7", "table and JSON say the same"
    assert "document=scan.jpg was corrected; its files in the outbox were taken away or changed" in caplog.text
    assert corrections(read).next_due() is None


def test_files_that_were_taken_away_do_not_come_back(read: Any, caplog: pytest.LogCaptureFixture) -> None:
    for path in read.settings.outbox.glob("scan.jpg.*"):
        path.unlink()
    correct(read, {1: "1"})
    corrections(read).run_once(read.now)
    assert list(read.settings.outbox.iterdir()) == []
    assert "taken away" in caplog.text


def test_corrections_wait_for_an_outbox_that_is_away(read: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    away = read.settings.outbox.with_name("away")
    read.settings.outbox.rename(away)
    correct(read, {1: "1"})
    parts = corrections(read)
    for _ in range(3):
        assert not parts.run_once(read.now)
        due = parts.next_due()
        assert due is not None
        assert due > read.now
        read.now = due
    assert caplog.text.count("corrected results wait") == 1, "the log must not fill"
    away.rename(read.settings.outbox)
    assert parts.run_once(read.now)
    assert numbers_of(read)[1]["text"] == "1"


def test_a_mistake_of_ours_is_told_and_tried_again(
    read: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    correct(read, {1: "1"})
    parts = corrections(read)
    with monkeypatch.context() as patch:
        patch.setattr(read.outbox, "publish", lambda *words: 1 / 0)
        assert not parts.run_once(read.now)
    assert "ZeroDivisionError" in caplog.text
    assert parts.run_once(read.now + 2)


def test_a_ledger_that_refuses_is_the_ledgers_trouble(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    correct(read, {1: "1"})

    def refuse(amended: object, *, hook: bool) -> None:
        raise LedgerError("no space")

    monkeypatch.setattr(read.ledger.reviews, "published", refuse)
    with pytest.raises(LedgerError):
        corrections(read).run_once(read.now)


def test_a_hook_is_told_of_each_correction_that_was_written(
    make_desk: Callable[..., Any], three_numbers: Callable[[bytes], Document], tmp_path: Path
) -> None:
    note = 'echo "$DIGITDROP_EVENT $DIGITDROP_DOCUMENT $(grep -c read "$DIGITDROP_JSON")" >> "$0"'
    command = ("/bin/sh", "-c", note, str(tmp_path / "notes"))
    desk = make_desk(hooks=HooksSettings(on_done=command, on_corrected=command))
    desk.engine.read = three_numbers
    desk.arrive("scan.jpg", b"page")
    desk.run()
    hooks, parts = Hooks(desk.settings, desk.ledger), corrections(desk)
    for texts in ({1: "1"}, {2: "39"}):
        run_all(hooks)
        correct(desk, texts)
        assert parts.run_once(desk.now)
    correct(desk, {})
    parts.run_once(desk.now)
    run_all(hooks)
    expected = ["done scan.jpg 0", "corrected scan.jpg 1", "corrected scan.jpg 1"]
    assert (tmp_path / "notes").read_text().splitlines() == expected


def test_a_correction_while_its_hook_runs_has_it_run_once_more(
    make_desk: Callable[..., Any], three_numbers: Callable[[bytes], Document], tmp_path: Path
) -> None:
    wait = 'echo >> "$0"; while [ ! -e "$0.go" ]; do sleep 0.01; done'
    desk = make_desk(hooks=HooksSettings(on_corrected=("/bin/sh", "-c", wait, str(tmp_path / "notes"))))
    desk.engine.read = three_numbers
    desk.arrive("scan.jpg", b"page")
    desk.run()
    hooks, parts = Hooks(desk.settings, desk.ledger), corrections(desk)
    for texts in ({1: "1"}, {2: "39"}):
        correct(desk, texts)
        parts.run_once(desk.now)
        hooks.run_once(time.monotonic())
    (tmp_path / "notes.go").touch()
    run_all(hooks)
    assert (tmp_path / "notes").read_text() == "\n\n"


def test_no_hook_is_told_of_files_that_stay_as_they_are(
    make_desk: Callable[..., Any], three_numbers: Callable[[bytes], Document]
) -> None:
    desk = make_desk(hooks=HooksSettings(on_corrected=("/bin/false",)))
    desk.engine.read = three_numbers
    desk.arrive("scan.jpg", b"page")
    desk.run()
    (desk.settings.outbox / "scan.jpg.json").unlink()
    correct(desk, {1: "1"})
    corrections(desk).run_once(desk.now)
    assert desk.ledger.hooks.waiting(9) == []


def test_a_document_that_is_read_again_keeps_what_a_person_said(read: Any) -> None:
    correct(read, {1: "1"})
    corrections(read).run_once(read.now)
    shutil.rmtree(read.settings.outbox)
    read.settings.outbox.mkdir()
    read.engine.read = lambda data: Document((Page(1, 200, 80, 0, ()),))
    read.arrive("scan.jpg", b"page")
    read.run()
    assert [number["text"] for number in numbers_of(read)] == ["12", "1", "3?"]


def test_a_correction_of_a_document_without_results_is_refused(read: Any) -> None:
    with pytest.raises(LookupError, match="no results of a document 99"):
        read.ledger.reviews.change(99, {})


def test_a_correction_is_whole_or_not_there(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(document: int) -> None:
        raise sqlite3.OperationalError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(read.ledger.days, "change", fail)
        document = read.ledger.reviews.document(1)
        number = document.result["pages"][0]["numbers"][1]
        with pytest.raises(LedgerError):
            read.ledger.reviews.change(document.key, {1: Change(number, said(number, "1"))})
    assert read.ledger.reviews.amended(9) == []
    assert read.ledger.reviews.document(1).result == document.result


def test_the_result_names_what_was_read(visitor: Any, read: Any) -> None:
    _, _, page = visitor.open()
    visitor.save(page, text_1_1="1")
    value = json.loads(read.ledger.result(1).json)
    number = value["pages"][0]["numbers"][1]
    assert (number["text"], number["read"], number["reasons"], number["confidence"]) == ("1", "7", [], 0.6)
