"""Removes originals from archive/ that are older than the configuration keeps them; their results stay."""

from __future__ import annotations

import errno
import logging
import os
from contextlib import suppress
from pathlib import Path

from config.schema import Settings
from daemon.documents import Entry
from daemon.ledger import Ledger
from daemon.mounts import require_folder
from daemon.names import shown
from daemon.originals import holds
from daemon.setbacks import MAX_BACKOFF_S, Clock
from daemon.systemd import Beat, no_beat

log = logging.getLogger(__name__)

DAY_S = 86_400.0
MAX_PAUSE_S = 3600.0
"""Between two looks: the clock may be set, and the machine may sleep."""
LEAP_S = DAY_S
"""A clock that is set forward by more while the service runs may be wrong."""
SILENCE_S = 60 * DAY_S
"""A start so long after the last original was archived is more likely one with a wrong clock."""
_BATCH = 20
"""Originals removed in one step, so that a step stays short."""
_MOST_STUCK = 1000
"""Originals that cannot be removed before the others wait, too: each step looks past them."""


class Retention:
    """Keeps archive/ as young as `archive_days` says.

    The age counts from when the original was archived, whatever the time of the file is. Only a file that still has
    the original's content is removed; another one under its name is somebody's. One that was put back into the inbox
    and archived under its name once more counts from then. What is removed does not come back: a clock that may be
    wrong has a day to be set right.

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
        self._due = self._held_until = 0.0
        self._since = 0.0
        self._ahead_s: float | None = None
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
        wall = self._wall().timestamp()
        if self._is_clock_in_doubt(now, wall):
            log.warning("the clock may be wrong, see to it; nothing is removed from the archive for a day")
            self._held_until = now + DAY_S
        if now < self._held_until:
            self._due = min(self._held_until, now + MAX_PAUSE_S)
            return False
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

    def _is_clock_in_doubt(self, now: float, wall: float) -> bool:
        """Whether the clock has leapt since the last look, or before the first one was likely wrong all along."""
        ahead_s, before_s = wall - now, self._ahead_s
        if before_s is not None:
            leap_s = ahead_s - before_s
            if abs(leap_s) > LEAP_S:
                self._follow(leap_s, now + before_s, wall)
            self._ahead_s = ahead_s
            return leap_s > LEAP_S
        self._ahead_s, self._since = ahead_s, wall
        newest = self._ledger.archive.newest()
        return newest is not None and wall - newest > SILENCE_S

    def _follow(self, leap_s: float, until: float, wall: float) -> None:
        """Dates what was archived since the start by the clock as it is now, in place of the one that was wrong.

        After a clock was set back that is only what lies ahead of it: the rest may be dated rightly, and is at most
        kept for longer.

        Args:
            leap_s: by how much the clock was set, forward or back.
            until: what it would show now had it not been set.
            wall: what it shows.
        """
        since = self._since if leap_s > 0 else max(self._since, wall)
        self._ledger.archive.shift(since, until, leap_s)
        self._since += leap_s

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
