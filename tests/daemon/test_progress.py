from __future__ import annotations

import io

import pytest
from rich.console import Console

from daemon.progress import export_progress, once_summary, read_progress


def shown(total: int, *, terminal: bool) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=100)
    with read_progress(total, console) as told:
        for number in range(total):
            told(f"[red]{number}.jpg", "3 numbers")
    return file.getvalue()


def test_without_a_terminal_there_is_a_line_for_each_document() -> None:
    assert shown(2, terminal=False).splitlines() == ["1/2 [red]0.jpg: 3 numbers", "2/2 [red]1.jpg: 3 numbers"]


def test_on_a_terminal_there_is_a_bar() -> None:
    text = shown(2, terminal=True)
    assert "2/2" in text
    assert "━" in text
    assert "[red]1.jpg" in text


def test_a_single_document_needs_no_progress() -> None:
    assert shown(1, terminal=True) == shown(1, terminal=False) == ""


@pytest.mark.parametrize(("total", "terminal", "seen"), [(250, True, True), (250, False, False), (5, True, False)])
def test_a_long_export_shows_how_far_it_is(total: int, terminal: bool, seen: bool) -> None:
    file = io.StringIO()
    with export_progress(total, Console(file=file, force_terminal=terminal, width=100)) as done:
        for _ in range(total):
            done()
    assert (f"{total}/{total}" in file.getvalue()) == seen


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ((0, 0, 0), "no document was to be read"),
        ((1, 0, 0), "1 document done"),
        ((2, 1, 0), "2 documents done, 1 failed; `digitdrop status` tells why"),
        ((0, 0, 3), "0 documents done, 3 left for the next run; `digitdrop status` tells why"),
        ((4, 2, 1), "4 documents done, 2 failed, 1 left for the next run; `digitdrop status` tells why"),
    ],
)
def test_what_came_of_the_inbox_is_said_in_a_line(counts: tuple[int, int, int], text: str) -> None:
    assert once_summary(*counts) == text
