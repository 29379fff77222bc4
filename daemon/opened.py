"""Tables that are open in a spreadsheet, told by the lock files that spreadsheets put beside an open file."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

MAX_AGE = timedelta(days=1)
"""Of a lock file that counts: an older one is likely what a crash of the spreadsheet left, and would bar for good."""


def lock_beside(path: Path, now: datetime) -> Path | None:
    """The lock file of somebody who has a table open; None where nobody has.

    Spreadsheets read a file whole and write it whole: whoever saves a table that was replaced meanwhile would put his
    older rows in the place of the newer ones.

    Args:
        path: of the table, which need not be there.
        now: the time of day; a lock file that is older or newer than it by MAX_AGE or more does not count.

    Raises:
        OSError: the folder cannot be looked into.
    """
    return next((lock for lock in _locks(path) if _is_fresh(lock, now)), None)


def _locks(path: Path) -> tuple[Path, ...]:
    """LibreOffice's; and Office's, whose programs put `~$` before the name, or in place of its first two characters."""
    names = (f".~lock.{path.name}#", f"~${path.name}", f"~${path.name[2:]}")
    return tuple(path.with_name(name) for name in names)


def _is_fresh(lock: Path, now: datetime) -> bool:
    try:
        age_s = now.timestamp() - lock.lstat().st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return False
    return abs(age_s) < MAX_AGE.total_seconds()
