from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from config.schema import TablesSettings
from daemon.errors import PublishError
from daemon.outbox import Outbox
from daemon.read import Reading, Writer
from daemon.read_command import _shown
from daemon.report import json_line, plain_table, print_table, summary, table_rows
from daemon.result import NamedModel, Result
from recognition.types import BoundingBox, Document, Number, Page

BOX = BoundingBox(1, 2, 3, 4)


def make_result(document: str, *lines: tuple[str, ...]) -> Result:
    """A number that ends with ! needs review."""
    numbers = tuple(
        Number(text.rstrip("!"), BOX, line, position, 0.9, text.endswith("!"), (), ())
        for line, texts in enumerate(lines)
        for position, text in enumerate(texts)
    )
    content = Document((Page(1, 90, 60, 0, numbers),))
    return Result(document, "ab" * 32, datetime(2026, 11, 23, tzinfo=UTC), NamedModel("m", "cd"), 0.1, content)


def test_each_line_of_writing_is_a_row_with_doubtful_numbers_marked() -> None:
    result = make_result("scan.jpg", ("0071", "05?9!"), ("12",))
    assert list(plain_table(table_rows(result))) == [
        "document  page  line  numbers",
        "scan.jpg     1     0  0071  05?9*",
        "scan.jpg     1     1  12",
    ]


def test_a_document_without_numbers_says_so() -> None:
    assert list(plain_table(table_rows(make_result("blank.jpg"))))[1].split() == [
        "blank.jpg", "no", "numbers", "found",
    ]  # fmt: skip


def test_a_line_break_in_a_name_begins_no_new_line() -> None:
    (row,) = table_rows(make_result("a\nb\udcff.jpg", ("1",)))
    assert row.document == r"a\nb\xff.jpg"


def test_the_summary_counts_numbers_and_those_to_review() -> None:
    results = [make_result("a", ("1", "2!")), make_result("b", ("3!",))]
    assert summary(results) == "2 documents, 3 numbers, 2 to review"
    assert summary([make_result("a", ("1",))]) == "1 document, 1 number, 0 to review"
    assert summary(results[:1], 2) == "1 document, 2 numbers, 1 to review; 2 files not read"


def test_without_a_terminal_the_table_is_plain() -> None:
    file = io.StringIO()
    print_table([make_result("a.jpg", ("1", "[2]!"))], Console(file=file))
    assert file.getvalue().splitlines()[1] == "a.jpg        1     0  1  [2]*"
    assert file.getvalue().splitlines()[2].startswith("1 document, 2 numbers, 1 to review")


def test_on_a_terminal_the_table_marks_doubtful_numbers_by_more_than_colour() -> None:
    file = io.StringIO()
    print_table([make_result("[bold].jpg", ("0071", "05?9!"))], Console(file=file, force_terminal=True, width=100))
    assert "[bold].jpg" in file.getvalue()
    assert "05?9*" in file.getvalue()
    assert "\x1b[" in file.getvalue()


def test_a_line_of_json_is_the_result_on_one_line() -> None:
    result = make_result("a\nb.jpg", ("1",))
    assert "\n" not in json_line(result)
    assert json.loads(json_line(result)) == result.to_json()


def test_results_that_can_not_be_written_name_the_folder_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    result, writer = make_result("a.jpg", ("1",)), Writer(Outbox(tmp_path / "out", TablesSettings()))
    rule = "a.jpg must be writable below the folder of --out"
    with pytest.raises(PublishError, match=f"{rule}. Received: File exists: {tmp_path}/out") as caught:
        _shown(Reading(Path("a.jpg"), result), result, writer, as_json=False)
    assert "outbox" not in str(caught.value)
