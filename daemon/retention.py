"""Removes originals from archive/ that are older than the configuration keeps them; their results stay."""

from __future__ import annotations

import errno
import logging
import os
from contextlib import suppress
from pathlib import Path

from config.schema import Settings
from daemon.clock import DAY_S, ClockWatch
from daemon.documents import Entry
from daemon.ledger import Ledger
from daemon.mounts import require_folder
from daemon.names import shown
from daemon.originals import holds
from daemon.setbacks import MAX_BACKOFF_S
from daemon.systemd import Beat, no_beat

log = logging.getLogger(__name__)

MAX_PAUSE_S = 3600.0
"""Between two looks: the clock may be set, and the machine may sleep."""
_BATCH = 20
"""Originals removed in one step, so that a step stays short."""
_MOST_STUCK = 1000
"""Originals that cannot be removed before the others wait, too: each step looks past them."""


class Retention:
    """Keeps archive/ as young as `archive_days` says.

    The age counts from when the original was archived, whatever the time of the file is. Only a file that still has
    the original's content is removed; another one under its name is somebody's. One that was put back into the inbox
    and archived under its name once more counts from then. While the clock may be wrong nothing is removed.

    Args:
        settings: the archive and how long it keeps.
        ledger: what was archived when.
        watch: of the time of day.

    Attributes:
        problem: why an original cannot be removed; None when nothing is in the way.
    """

    def __init__(self, settings: Settings, ledger: Ledger, *, watch: ClockWatch) -> None:
        self._archive = settings.archive
        self._days = settings.archive_days
        self._ledger = ledger
        self._watch = watch
        self._due = self._held_until = 0.0
        self._stuck: dict[int, str] = {}
        self._is_there = False
        self.problem: str | None = None

    def next_due(self) -> float | None:
        """When `run_once` has something to do, in monotonic seconds; None when originals are kept for good."""
        return None if self._days is None or self._archive is None else self._due

    def run_once(self, now: float, beat: Beat = no_beat) -> bool:
        """Removes some of what is too old; returns whether more may be.

        `beat` is called meanwhile: each is compared with what was archived, and a share may be slow.
        """
        if self._days is None or self._archive is None or now < self._due:
            return False
        if self._watch.is_doubted(now):
            self._hold(now, self._watch.doubted_until)
            return False
        wall = self._watch.wall().timestamp()
        limit = _BATCH + len(self._stuck)
        old = self._ledger.archive.kept_since_before(wall - self._days * DAY_S, limit)
        for entry in old:
            if entry.key in self._stuck:
                continue
            try:
                self._remove(self._archive, entry, beat)
            except OSError as error:
                name = shown(entry.target or entry.path)
                self._stuck[entry.key] = f"{name} cannot be removed: {error.strerror or error}"
        if len(old) == limit and len(self._stuck) < _MOST_STUCK:
            return True
        self._due = now + (MAX_BACKOFF_S if self._stuck else self._until_oldest_s(wall, self._days))
        self.problem = next(iter(self._stuck.values()), None)
        self._stuck.clear()
        self._is_there = False
        return False

    def _hold(self, now: float, until: float) -> None:
        if until != self._held_until:
            log.warning("the clock may be wrong, see to it; nothing is removed from the archive for a day")
        self._held_until, self._due = until, min(until, now + MAX_PAUSE_S)

    def _until_oldest_s(self, wall: float, days: int) -> float:
        oldest = self._ledger.archive.oldest()
        until_s = MAX_PAUSE_S if oldest is None else oldest + days * DAY_S - wall
        return min(MAX_PAUSE_S, max(1.0, until_s))

    def _remove(self, archive: Path, entry: Entry, beat: Beat) -> None:
        path = archive / (entry.target or entry.path)
        self._require_there(archive)
        if path.exists() and not os.access(path.parent, os.W_OK):  # before all of it is read, each minute anew
            raise PermissionError(errno.EACCES, "its folder cannot be written to", str(path.parent))
        is_kept = self._ledger.archive.is_later_ones_place(entry)
        if not is_kept and holds(path, entry.identity, entry.sha256, beat):
            path.unlink()
            log.info("document=%s is removed from the archive after %d days", shown(entry.path), self._days)
            self._remove_empty_folders(archive, path.parent)
        self._ledger.archive.expire(entry.key)

    def _require_there(self, archive: Path) -> None:
        """Refuses what a share that is not mounted has in its place, an empty folder for one: it has lost nothing."""
        if not self._is_there:
            require_folder(archive)
            with os.scandir(archive) as found:
                if next(found, None) is None:
                    raise FileNotFoundError(errno.ENOENT, "the archive is empty, is its share mounted?", str(archive))
        self._is_there = True  # for this look: the last one that is removed leaves it empty

    def _remove_empty_folders(self, archive: Path, folder: Path) -> None:
        with suppress(OSError):  # not empty, as a rule
            while folder != archive:
                folder.rmdir()
                folder = folder.parent
