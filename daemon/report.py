"""What `digitdrop read` shows of results: a table, or lines of JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.names import shown
from daemon.outbox import encode_json
from daemon.read import Reading
from daemon.result import Result, rows
from daemon.words import counted

if TYPE_CHECKING:
    from rich.console import Console

DOUBTFUL = "*"
"""Follows a number that needs review, in the table on a terminal or without one."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of writing.

    Attributes:
        numbers: each with whether it needs review.
    """

    document: str
    page: str
    line: str
    numbers: tuple[tuple[str, bool], ...]


def table_rows(result: Result) -> Iterator[TableRow]:
    """A row for each line of writing; one without numbers for a document that has none."""
    lines: dict[tuple[int, int], list[tuple[str, bool]]] = {}
    for row in rows(result.to_json()):
        lines.setdefault((row.page, row.line), []).append((row.number, row.needs_review))
    for (page, line), numbers in lines.items():
        yield TableRow(shown(result.document), str(page), str(line), tuple(numbers))
    if not lines:
        yield TableRow(shown(result.document), "", "", ())


def summary(results: Sequence[Result], failed: int = 0) -> str:
    """How many numbers there are, how many of them need review, and of files that could not be read how many."""
    needs_review = [row.needs_review for result in results for row in rows(result.to_json())]
    numbers = f"{counted(len(needs_review), 'number')}, {sum(needs_review)} to review"
    lacking = f"; {counted(failed, 'file')} not read" if failed else ""
    return f"{counted(len(results), 'document')}, {numbers}{lacking}"


def print_table(results: Sequence[Result], console: Console, failed: int = 0) -> None:
    """Prints the numbers of documents, with rich's table on a terminal and aligned columns elsewhere.

    Args:
        results: of the documents that were read.
        console: of stdout.
        failed: how many files could not be read.
    """
    if console.is_terminal:
        _print_rich(results, console)
    else:
        for line in plain_table([row for result in results for row in table_rows(result)]):
            print(line, file=console.file)
    text = summary(results, failed)
    print(f"{text}  ({DOUBTFUL} to review, ? a digit that was not read)" if results else text, file=console.file)


def plain_table(table: Iterable[TableRow]) -> Iterator[str]:
    """The rows as lines with aligned columns, the heading first."""
    cells = [("document", "page", "line", "numbers"), *(_cells(row) for row in table)]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    for document, page, line, numbers in cells:
        yield f"{document:<{widths[0]}}  {page:>{widths[1]}}  {line:>{widths[2]}}  {numbers}".rstrip()


def _cells(row: TableRow) -> tuple[str, str, str, str]:
    numbers = "  ".join(text + (DOUBTFUL if doubtful else "") for text, doubtful in row.numbers)
    return row.document, row.page, row.line, numbers or "no numbers found"


def _print_rich(results: Sequence[Result], console: Console) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("document", overflow="fold")
    table.add_column("page", justify="right")
    table.add_column("line", justify="right")
    table.add_column("numbers", overflow="fold")
    for result in results:
        for index, row in enumerate(table_rows(result)):
            numbers = Text("  ").join(
                Text(text + DOUBTFUL, "bold yellow") if doubtful else Text(text, "bold")
                for text, doubtful in row.numbers
            )
            document = Text(row.document) if index == 0 else Text(row.document, "dim")
            table.add_row(document, row.page, row.line, numbers or Text("no numbers found", "dim"))
    console.print(table)


def json_line(result: Result) -> str:
    """The result's JSON on one line, as it stands in the outbox."""
    return encode_json(result.to_json()).decode().rstrip("\n")


def reading_line(reading: Reading) -> str:
    """What a progress line says of a reading; why there is none is said by itself."""
    return summary([reading.result]).partition(", ")[2] if reading.result else "not read"
