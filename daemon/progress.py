"""Progress of long work on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from daemon.words import counted

_FEW = 100
"""Documents, written within a second."""


class Told(Protocol):
    """Is told of each document that is done."""

    def __call__(self, name: str, said: str) -> None:
        """Takes note of one more document, and says something about it where lines are shown."""


@contextmanager
def read_progress(total: int, console: Console) -> Iterator[Told]:
    """Shows how far the reading of files has come; nothing for a single one.

    Args:
        total: how many there are.
        console: of stderr.
    """
    if total == 1:
        yield lambda name, said: None
    elif console.is_terminal:
        with _bar(console) as bar:
            task = bar.add_task("", total=total)
            yield lambda name, said: bar.update(task, advance=1, description=name)
    else:
        done = iter(range(1, total + 1))
        yield lambda name, said: print(f"{next(done)}/{total} {name}: {said}", file=console.file, flush=True)


@contextmanager
def once_progress() -> Iterator[Callable[[int, int], None] | None]:
    """Shows how much of the inbox is finished; on a terminal only, elsewhere the log has a line for each document."""
    console = Console(stderr=True)
    if not console.is_terminal or logging.getLogger().isEnabledFor(logging.DEBUG):
        yield None
        return
    logging.getLogger().setLevel(logging.WARNING)  # the bar says what the log would
    with _bar(console) as bar:
        task = bar.add_task("inbox", total=None)
        yield lambda finished, known: bar.update(task, completed=finished, total=known)


@contextmanager
def export_progress(total: int, console: Console) -> Iterator[Callable[[], None]]:
    """Shows how many documents of an export are written; on a terminal only, and not for a few.

    Args:
        total: how many there are.
        console: of stderr.
    """
    if not console.is_terminal or total < _FEW:
        yield lambda: None
        return
    with _bar(console) as bar:
        task = bar.add_task("documents", total=total)
        yield lambda: bar.advance(task)


def once_summary(done: int, failed: int, left: int) -> str:
    """What came of the documents of the inbox, in a line.

    Args:
        done: how many were finished.
        failed: how many went to failed/.
        left: how many are still to be finished.
    """
    if not (done or failed or left):
        return "no document was to be read"
    parts = [f"{counted(done, 'document')} done"]
    if failed:
        parts.append(f"{failed} failed")
    if left:
        parts.append(f"{left} left for the next run")
    remedy = "; `digitdrop status` tells why" if failed or left else ""
    return f"{', '.join(parts)}{remedy}"


def _bar(console: Console) -> Progress:
    text = TextColumn("{task.description}", markup=False)  # a file name may look like markup
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), text)
    # What goes to stdout is the result, which may be piped elsewhere than the bar.
    return Progress(*columns, console=console, redirect_stdout=sys.stdout.isatty())
