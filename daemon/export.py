"""`digitdrop export`: the numbers of any span of days in one table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path

import typer
from rich.console import Console

from config.schema import Settings
from daemon.atomic import replacing
from daemon.content import Content, DayEntry
from daemon.errors import PublishError
from daemon.ledger import Ledger
from daemon.ledger.days import DayBook
from daemon.names import shown
from daemon.opened import require_closed
from daemon.progress import export_progress
from daemon.tables import write_tables
from daemon.words import counted, said

_SUFFIXES = (".csv", ".xlsx")


@dataclass(frozen=True, slots=True)
class Span:
    """Days from one to another, both included, as in the names of the day tables.

    Raises:
        typer.BadParameter: the first comes after the last.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise typer.BadParameter(f"--from must not be later than --to. Received: {self.first} > {self.last}")


@dataclass(slots=True)
class _Counts:
    """What came into a table."""

    documents: int = 0
    numbers: int = 0
    to_review: int = 0


def export_days(settings: Settings, span: Span, table: Path, *, replace: bool = False) -> str:
    """Writes the numbers of all documents of some days into one table, as in those of the days.

    A daemon may run meanwhile. Crops of numbers stand in an .xlsx as long as the ledger keeps them.

    Args:
        settings: the ledger, the outbox to which the rows lead, and how a CSV is written.
        span: the days.
        table: the file; its suffix tells of what kind.
        replace: whether one that stands there may be replaced.

    Returns:
        What it holds, as a line.

    Raises:
        LedgerError: there is no ledger, or it cannot be read.
        PublishError: the table cannot be written, or somebody has it open.
        typer.BadParameter: its name has another suffix, or something stands there.
    """
    _check(table, replace=replace)
    with Ledger(settings.state, create=False) as ledger, ledger.reading() as connection:
        book = DayBook(connection)
        first, last = span.first.isoformat(), span.last.isoformat()
        days, counts = book.between(first, last), _Counts()
        with export_progress(book.documents(first, last), Console(stderr=True)) as done:
            content = Content(
                _title(days),
                _entries(book, days, counts, done),
                chain.from_iterable(map(book.asides, days)),
                os.path.relpath(settings.outbox.resolve(), table.resolve().parent),
            )
            _write(table, content, settings)
    return _said(table, days, counts)


def _check(table: Path, *, replace: bool) -> None:
    """Refuses a table that is not to be written before anything is read for it."""
    if table.suffix.lower() not in _SUFFIXES:
        raise typer.BadParameter(f"the table must be a {' or '.join(_SUFFIXES)} file. Received: {table}")
    if not os.path.lexists(table):
        return
    if not replace or not table.is_file():
        remedy = "give another name, or --replace" if table.is_file() else "give another name"
        raise typer.BadParameter(f"the table must not be there yet; {remedy}. Received: {table}")
    require_closed(table, datetime.now(), "close it there")


def _title(days: Sequence[str]) -> str:
    if not days:
        return "numbers"
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _entries(book: DayBook, days: Sequence[str], counts: _Counts, done: Callable[[], None]) -> Iterator[DayEntry]:
    for day in days:
        for entry in book.entries(day):
            yield entry
            row = entry.row
            counts.documents += 1
            counts.numbers += row.numbers or 0
            counts.to_review += row.to_review or 0
            done()


def _write(table: Path, content: Content, settings: Settings) -> None:
    try:
        with replacing(table) as file:
            if table.suffix.lower() == ".xlsx":
                write_tables(content, settings.tables, book=file)
            else:
                write_tables(content, settings.tables, table=file)
    except OSError as error:
        raise PublishError(
            f"the table must be writable. Received: {said(error)}. See to its folder, the permissions and the space"
        ) from error


def _said(table: Path, days: Sequence[str], counts: _Counts) -> str:
    held = f"{counted(counts.numbers, 'number')} of {counted(counts.documents, 'document')}"
    return f"{shown(str(table))}: {held} on {counted(len(days), 'day')}, {counts.to_review} to review"
