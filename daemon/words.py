"""Counts and errors in messages."""

from __future__ import annotations

import os

from daemon.names import shown


def counted(count: int, thing: str) -> str:
    """So many of a thing, whose plural ends in s: `1 page`, `2 pages`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def said(error: BaseException) -> str:
    """What an error says; of one of the system, its words and the files, and not its number and Python's quotes."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    files = [name for name in (error.filename, error.filename2) if isinstance(name, str | bytes | os.PathLike)]
    return ": ".join([error.strerror, *([" -> ".join(shown(os.fsdecode(name)) for name in files)] if files else [])])
