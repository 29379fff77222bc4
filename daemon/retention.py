"""Removes originals from archive/ that are older than the configuration keeps them; their results stay."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

from config.schema import Settings
from daemon.documents import Entry
from daemon.ledger import Ledger
from daemon.names import shown
from daemon.originals import holds
from daemon.setbacks import MAX_BACKOFF_S, Clock

log = logging.getLogger(__name__)

DAY_S = 86_400.0
MAX_PAUSE_S = 3600.0
"""Between two looks: the clock may be set, and the machine may sleep."""
_BATCH = 20
"""Originals removed in one step, so that a step stays short."""


class Retention:
    """Keeps archive/ as young as `archive_days` says.

    The age counts from when the original was archived, whatever the time of the file is. Only a file that still has
    the original's content is removed; another one under its name is somebody's.

    Args:
        settings: the archive and how long it keeps.
        ledger: what was archived when.
        wall: the time of day.

    Attributes:
        problem: why an original cannot be removed; None when nothing is in the way.
    """

    def __init__(self, settings: Settings, ledger: Ledger, *, wall: Clock) -> None:
        self._archive = settings.archive
        self._days = settings.archive_days
        self._ledger = ledger
        self._wall = wall
        self._due = 0.0
        self.problem: str | None = None

    def next_due(self) -> float | None:
        """When `run_once` has something to do, in monotonic seconds; None when originals are kept for good."""
        return None if self._days is None or self._archive is None else self._due

    def run_once(self, now: float) -> bool:
        """Removes some of what is too old; returns whether more may be."""
        if self._days is None or self._archive is None or now < self._due:
            return False
        wall = self._wall().timestamp()
        old = self._ledger.archive.kept_since_before(wall - self._days * DAY_S, _BATCH)
        self.problem = None
        for entry in old:
            try:
                self._remove(self._archive, entry)
            except OSError as error:
                self.problem = f"{shown(entry.target or entry.path)} cannot be removed: {error.strerror or error}"
                self._due = now + MAX_BACKOFF_S
                return False
        if len(old) == _BATCH:
            return True
        oldest = self._ledger.archive.oldest()
        until_s = MAX_PAUSE_S if oldest is None else oldest + self._days * DAY_S - wall
        self._due = now + min(MAX_PAUSE_S, max(1.0, until_s))
        return False

    def _remove(self, archive: Path, entry: Entry) -> None:
        path = archive / (entry.target or entry.path)
        archive.stat()  # a share that is not mounted has lost nothing
        if holds(path, entry.identity, entry.sha256):
            path.unlink()
            log.info("document=%s is removed from the archive after %d days", shown(entry.path), self._days)
            self._remove_empty_folders(archive, path.parent)
        self._ledger.archive.expire(entry.key)

    def _remove_empty_folders(self, archive: Path, folder: Path) -> None:
        with suppress(OSError):  # not empty, as a rule
            while folder != archive:
                folder.rmdir()
                folder = folder.parent
