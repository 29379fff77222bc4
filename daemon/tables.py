"""The tables that people open: CSV of a document, CSV and .xlsx of a day."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import astuple, fields
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any, BinaryIO

from config.schema import TablesSettings
from daemon.atomic import NewFile, sync_folder
from daemon.content import Content
from daemon.errors import PublishError
from daemon.names import printable
from daemon.result import Row, numbered_rows
from daemon.systemd import Beat, no_beat
from daemon.workbook import Workbook

COLUMNS = tuple(field.name for field in fields(Row))
_SCRATCH = "digitdrop-"
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")

Prepare = Callable[[Path, BinaryIO], object]
"""Told where a table is to stand, and given the whole of it."""


def inert(text: str) -> str:
    """The text as a cell that no spreadsheet runs as a formula: an apostrophe before what could start one."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


class CsvTable:
    """Writes rows as RFC 4180 CSV in UTF-8, with the byte order mark that Excel needs unless told otherwise."""

    def __init__(self, file: BinaryIO, settings: TablesSettings) -> None:
        self._decimal = settings.decimal
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig" if settings.bom else "utf-8", newline="")
        self._writer = csv.writer(self._text, delimiter=settings.delimiter)
        self._writer.writerow(COLUMNS)

    def add(self, row: Row) -> None:
        """Writes one row."""
        self._writer.writerow([self._cell(value) for value in astuple(row)])

    def close(self) -> None:
        """Hands everything to the file, and leaves that open."""
        self._text.detach()

    def _cell(self, value: object) -> str:
        match value:
            case bool():
                return "true" if value else "false"
            case float():
                return str(value).replace(".", self._decimal)
            case _:
                return inert(printable(str(value)))


def write_csv(file: BinaryIO, result: Mapping[str, Any], name: str, settings: TablesSettings) -> None:
    """Writes one document's table, in which it has a name; only its header for a document without numbers."""
    table = CsvTable(file, settings)
    for _, row in numbered_rows(result, name):
        table.add(row)
    table.close()


class NewTables:
    """A day's tables, whole and on the disk, that are to take the places of those that stand there.

    Args:
        content: of the day, which names them.
        folder: the outbox's `tables`.
        files: the new files; they are removed where they are not placed.
    """

    def __init__(self, content: Content, folder: Path, files: dict[Path, NewFile]) -> None:
        self._title = content.title
        self._folder = folder
        self._files = files

    def place(self, prepare: Prepare = lambda path, file: None) -> tuple[Path, ...]:
        """Puts the tables in their places; returns these.

        Args:
            prepare: called right before a table takes its place; what it raises leaves the one that stands there.

        Raises:
            PublishError: one could not be replaced, for instance because a spreadsheet holds it locked; trying again
                later can help, with tables that are made anew.
        """
        try:
            for path, new in reversed(self._files.items()):
                prepare(path, new.file)
                new.place()
            sync_folder(self._folder)
        except OSError as error:
            raise _unwritten(self._title, self._folder, error) from error
        finally:
            self.discard()
        return tuple(self._files)

    def discard(self) -> None:
        """Removes what was not placed."""
        for new in self._files.values():
            new.discard()


def make_day(folder: Path, content: Content, settings: TablesSettings, beat: Beat = no_beat) -> NewTables:
    """Makes a day's tables, `YYYY-MM-DD.csv` and `.xlsx`.

    Args:
        folder: the outbox's `tables`; it is made when it is missing.
        content: of the day.
        settings: how the tables are written, and whether there is an .xlsx.
        beat: called at each document and row, and at each piece of the .xlsx.

    Returns:
        The tables, which nobody sees before they are placed.

    Raises:
        PublishError: one could not be written; trying again later can help.
    """
    names = [f"{content.title}.csv"] + ([f"{content.title}.xlsx"] if settings.xlsx else [])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            files = {folder / name: stack.enter_context(NewFile(folder / name)) for name in names}
            table, *books = [new.file for new in files.values()]
            write_tables(content, settings, table=table, book=next(iter(books), None), beat=beat)
            for new in files.values():
                new.finish()
            stack.pop_all()
    except OSError as error:
        raise _unwritten(content.title, folder, error) from error
    return NewTables(content, folder, files)


def write_tables(
    content: Content,
    settings: TablesSettings,
    *,
    table: BinaryIO | None = None,
    book: BinaryIO | None = None,
    beat: Beat = no_beat,
) -> None:
    """Writes contents as CSV, as a workbook, or as both.

    One document is in memory at a time, apart from the crops, which the workbook gathers until it is closed.

    Args:
        content: is gone through once.
        settings: how the CSV is written.
        table: gets the CSV.
        book: gets the .xlsx.
        beat: called at each document and row, and at each piece of the .xlsx.

    Raises:
        OSError: one could not be written, or the rows that the .xlsx keeps in a scratch folder until then.
    """
    with ExitStack() as writing:
        sheets = None
        if book is not None:
            scratch = Path(writing.enter_context(TemporaryDirectory(prefix=_SCRATCH)))
            sheets = writing.enter_context(Workbook(book, content.title, scratch, beat))
        _fill(None if table is None else CsvTable(table, settings), sheets, content, beat)


def _fill(table: CsvTable | None, book: Workbook | None, content: Content, beat: Beat) -> None:
    for entry in content.entries:
        beat()
        for index, row in numbered_rows(entry.result, entry.name):
            beat()
            if table:
                table.add(row)
            if book:
                crop = entry.crops[index] if index < len(entry.crops) else b""
                book.add(row, crop, content.seen(entry.picture(row.page)))
        if book:
            book.add_document(entry.row, content.seen(entry.picture(1)))
    if table:
        table.close()
    if book:
        for aside in content.asides:
            beat()
            book.add_document(aside.row, content.seen(aside.picture))


def _unwritten(title: str, folder: Path, error: OSError) -> PublishError:
    return PublishError(
        f"the tables of {title} must be replaceable in {folder}. Received: {_named(error)}. "
        "Close the table where it is open, or see to the folder's permissions and space"
    )


def _named(error: OSError) -> OSError:
    """Names where a scratch folder was to be: its own name is another each time, and would make each error look new."""
    place = gettempdir()
    in_scratch = str(error.filename or "").startswith(f"{place}/{_SCRATCH}")
    return OSError(error.errno, error.strerror, place) if in_scratch else error
