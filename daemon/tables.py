"""The tables that people open: CSV of a document, CSV and .xlsx of a day."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import astuple, dataclass, fields
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any, BinaryIO

from config.schema import TablesSettings
from daemon.atomic import NewFile, sync_folder
from daemon.errors import PublishError
from daemon.names import printable
from daemon.result import Row, rows
from daemon.systemd import Beat, no_beat
from daemon.workbook import DocumentRow, Workbook

COLUMNS = tuple(field.name for field in fields(Row))
_SCRATCH = "digitdrop-"
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")

Prepare = Callable[[Path, BinaryIO], object]
"""Told where a table is to stand, and given the whole of it."""


@dataclass(frozen=True, slots=True)
class DayEntry:
    """One document of a day.

    Attributes:
        result: its JSON.
        crops: PNG of each of its numbers in the order of the rows, or nothing where they are no longer kept.
        outputs: what `Outbox.publish` returned, so that a row can lead to its page's annotated picture.
    """

    result: Mapping[str, Any]
    crops: Sequence[bytes] = ()
    outputs: Sequence[str] = ()

    @property
    def name(self) -> str:
        """That its files in the outbox begin with; where none are known, the one that it had in the inbox."""
        return _name(self.outputs) or str(self.result["document"])

    @property
    def row(self) -> DocumentRow:
        """Its row in the sheet of documents."""
        pages = self.result["pages"]
        reviews = [number["needs_review"] for page in pages for number in page["numbers"]]
        return DocumentRow(
            self.name, len(pages), len(reviews), sum(reviews), "read", "; ".join(self.result["warnings"])
        )

    def picture(self, page: int) -> str:
        """The annotated picture of a page as seen from the folder of the tables; empty where it is not known."""
        return _picture(self.outputs, page)


@dataclass(frozen=True, slots=True)
class Aside:
    """One document of a day without results of its own: others have its content, or it could not be read.

    Attributes:
        original: the name under which it stands in archive/ or failed/, or where neither has it, in the inbox.
        twin: outbox name of the results that are its own, too; None where it could not be read.
        outputs: of these results, as those of an entry.
        reason: why it could not be read.
        remedy: what can be done about that.
    """

    original: str
    twin: str | None = None
    outputs: Sequence[str] = ()
    reason: str | None = None
    remedy: str | None = None

    @property
    def row(self) -> DocumentRow:
        """Its row in the sheet of documents."""
        if self.twin is not None:
            return DocumentRow(self.original, None, None, None, f"read before as {_name(self.outputs) or self.twin}")
        note = f"{self.reason}. {self.remedy}"
        return DocumentRow(self.original, None, None, None, "failed", note, failed=True)

    @property
    def picture(self) -> str:
        """The first annotated picture of its results, as an entry's."""
        return _picture(self.outputs, 1)


@dataclass(frozen=True, slots=True)
class DayContent:
    """What stands in the tables of a day.

    Attributes:
        day: names the files.
        entries: the documents that were read, in the order in which they are to stand.
        asides: those without results of their own, which stand behind them in the .xlsx.
    """

    day: date
    entries: Iterable[DayEntry]
    asides: Iterable[Aside] = ()


def _name(outputs: Sequence[str]) -> str:
    return next((output.removesuffix(".csv") for output in outputs if output.endswith(".csv")), "")


def _picture(outputs: Sequence[str], page: int) -> str:
    pictures = [output for output in outputs if output.endswith(".annotated.jpg")]
    return f"../{pictures[page - 1]}" if page <= len(pictures) else ""


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
    for row in rows(result, name):
        table.add(row)
    table.close()


class NewTables:
    """A day's tables, whole and on the disk, that are to take the places of those that stand there.

    Args:
        content: of the day, which names them.
        folder: the outbox's `tables`.
        files: the new files; they are removed where they are not placed.
    """

    def __init__(self, content: DayContent, folder: Path, files: dict[Path, NewFile]) -> None:
        self._day = content.day
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
            raise _unwritten(self._day, self._folder, error) from error
        finally:
            self.discard()
        return tuple(self._files)

    def discard(self) -> None:
        """Removes what was not placed."""
        for new in self._files.values():
            new.discard()


def make_day(folder: Path, content: DayContent, settings: TablesSettings, beat: Beat = no_beat) -> NewTables:
    """Makes a day's tables, `YYYY-MM-DD.csv` and `.xlsx`.

    One document is in memory at a time, apart from the crops, which the .xlsx gathers until it is closed.

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
    names = [f"{content.day}.csv"] + ([f"{content.day}.xlsx"] if settings.xlsx else [])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            files = {folder / name: stack.enter_context(NewFile(folder / name)) for name in names}
            table, *books = [new.file for new in files.values()]
            with ExitStack() as writing:
                book = None
                if books:
                    scratch = Path(writing.enter_context(TemporaryDirectory(prefix=_SCRATCH)))
                    book = writing.enter_context(Workbook(books[0], content.day, scratch, beat))
                _fill(CsvTable(table, settings), book, content, beat)
            for new in files.values():
                new.finish()
            stack.pop_all()
    except OSError as error:
        raise _unwritten(content.day, folder, error) from error
    return NewTables(content, folder, files)


def _unwritten(day: date, folder: Path, error: OSError) -> PublishError:
    return PublishError(
        f"the tables of {day} must be replaceable in {folder}. Received: {_named(error)}. "
        "Close the table where it is open, or see to the folder's permissions and space"
    )


def _named(error: OSError) -> OSError:
    """Names where a scratch folder was to be: its own name is another each time, and would make each error look new."""
    place = gettempdir()
    in_scratch = str(error.filename or "").startswith(f"{place}/{_SCRATCH}")
    return OSError(error.errno, error.strerror, place) if in_scratch else error


def _fill(table: CsvTable, book: Workbook | None, content: DayContent, beat: Beat) -> None:
    for entry in content.entries:
        beat()
        for index, row in enumerate(rows(entry.result, entry.name)):
            beat()
            table.add(row)
            if book:
                crop = entry.crops[index] if index < len(entry.crops) else b""
                book.add(row, crop, entry.picture(row.page))
        if book:
            book.add_document(entry.row, entry.picture(1))
    table.close()
    if book:
        for aside in content.asides:
            beat()
            book.add_document(aside.row, aside.picture)
