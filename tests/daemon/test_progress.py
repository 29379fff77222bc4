from __future__ import annotations

import io

from rich.console import Console

from daemon.progress import read_progress


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
