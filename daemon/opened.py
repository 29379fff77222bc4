"""Tables that are open in a spreadsheet, told by the lock files that spreadsheets put beside an open file."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from daemon.errors import PublishError

MAX_AGE = timedelta(days=1)
"""Of a lock file that counts: an older one is likely what a crash of the spreadsheet left, and would bar for good."""


def require_closed(path: Path, now: datetime, remedy: str) -> None:
    """Refuses to replace a table while somebody has it open.

    Spreadsheets read a file whole and write it whole: whoever saves a table that was replaced meanwhile would put his
    older rows in the place of the newer ones.

    Args:
        path: of the table, which need not be there.
        now: the time of day; a lock file that is older or newer than it by MAX_AGE or more does not count.
        remedy: what to do, at the end of the message.

    Raises:
        PublishError: somebody has.
        OSError: the folder cannot be looked into.
    """
    lock = next((lock for lock in _locks(path) if _is_fresh(lock, now)), None)
    if lock is not None:
        raise PublishError(f"{path} is open in a spreadsheet, as {lock.name} beside it tells; {remedy}")


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
