"""The inbox as the service sees it: hints and scans go in, quiet files come out."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

from config.schema import Settings
from daemon.documents import Candidate
from daemon.mounts import event_folders, unmounted_share
from daemon.names import shown
from daemon.ready import QuietFiles
from daemon.scan import Found, NameFilter, Refusals, scan
from daemon.sole import SoleUse
from daemon.systemd import Beat, no_beat
from daemon.watch import Watch

log = logging.getLogger(__name__)

RESCAN_LOCAL_S = 120.0
RESCAN_SILENT_S = 3.0
"""Between scans where no events come: a network share, or an inbox that cannot be watched."""

TEND_S = 5.0
"""Between looks at whether the inbox is still watched."""

_HINTED_PAUSE_S = 1.0
"""Between scans that hints ask for."""

_AGAIN_S = 1.0
"""Until the scan that tells whether folders are not watched, or came or went while they were counted."""

_NAMED = 5
"""Folders that cannot be read and are named; the log has all of them."""

_PAUSE_PER_WORK = 10.0
"""Pause as a multiple of what a scan takes: a slow share with many files must not be scanned all the time."""


class Inbox:
    """Finds the documents of the inbox.

    Args:
        settings: the folder, and what is taken from it.
        wake: makes the main loop look; called from other threads.
        now: monotonic seconds.
        once: only what is found until a scan could read all of it is taken, and nothing is watched.
        clock: measures how long a scan takes.

    Attributes:
        scan_problem: why the inbox, or a part of it, cannot be read; None when it can.
        sole_problem: that another digitdrop reads from it, too; None when none is known of.
        scanned: how many scans were made; one that failed is none.
    """

    def __init__(
        self,
        settings: Settings,
        wake: Callable[[], None],
        now: float,
        *,
        once: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder: Path = settings.inbox
        self._settings = settings.watch
        self._names = NameFilter(settings.watch)
        self._quiet = QuietFiles(settings.inbox, settings.watch.stable_seconds)
        self._watch = Watch(settings.inbox, recursive=settings.watch.recursive, wake=wake)
        self._refusals = Refusals()
        self._sole = SoleUse(settings.inbox)
        self._clock = clock
        self._once = once
        self._only: frozenset[str] | None = None
        self._now = self._tend_due = self._scan_due = self._scan_allowed = now
        self.scan_problem: str | None = None
        self.sole_problem: str | None = None
        self.scanned = 0

    def run_once(self, now: float, beat: Beat = no_beat) -> list[Candidate]:
        """Takes note of what changed, and gives the files that have become quiet; `beat` is called meanwhile."""
        self._now = now
        if not self._once:
            self._tend(now, beat)
            self._take_hints(now, beat)
        if now >= self._scan_due:
            self._scan(now, beat)
        return self._quiet.take_quiet(now)

    def next_due(self) -> float:
        """When `run_once` has something to do without a hint, in monotonic seconds."""
        times = [self._scan_due, self._quiet.next_due()]
        if not self._once:
            times.append(self._tend_due)
        return min(time for time in times if time is not None)

    def pending(self) -> int:
        """How many files may still become quiet."""
        return self._quiet.pending()

    def drop(self, path: str) -> None:
        """Forgets what was seen of a file, and begins anew with what stands in its place by now, if anything does."""
        self._quiet.drop(path)
        if self._only is None or path in self._only:
            self._quiet.look_at(path, self._now)

    def scan_soon(self, now: float) -> None:
        """Asks for a scan, unless there was one just now."""
        self._scan_due = min(self._scan_due, max(now, self._scan_allowed))

    @property
    def watch_problem(self) -> str | None:
        """Why no events come from the inbox; None when they do, or when none are wanted."""
        return None if self._once else self._watch.problem

    @property
    def rescan_s(self) -> float:
        """Seconds between two scans."""
        if self._settings.rescan_seconds != "auto":
            return self._settings.rescan_seconds
        return RESCAN_LOCAL_S if all(self.watched().values()) else RESCAN_SILENT_S

    def watched(self) -> dict[str, bool]:
        """Whether changes are announced, or found by scans alone: of the inbox and of the shares mounted in it."""
        off = self._once or self._watch.problem is not None
        folders = event_folders(self._folder, recursive=self._settings.recursive)
        return {str(folder): events and not off for folder, events in folders.items()}

    def unread(self) -> dict[str, str]:
        """What lies in the inbox under the name of a document and is not read, with why."""
        refused = {path: f"it is {kind}; only regular files are read" for path, kind in self._refusals.refused.items()}
        return refused | dict.fromkeys(self._quiet.empty(), "it is empty")

    def stop(self) -> None:
        """Ends watching."""
        self._watch.stop()
        self._sole.release()

    def _tend(self, now: float, beat: Beat) -> None:
        if now >= self._tend_due:
            if self._watch.tend(beat):
                self.scan_soon(now)
            self._tend_due = now + TEND_S

    def _take_hints(self, now: float, beat: Beat) -> None:
        paths, unclear = self._watch.take()
        for path in paths:
            beat()
            if self._names.takes(path) and (self._settings.recursive or "/" not in path):
                self._quiet.look_at(path, now)
        if unclear:
            self.scan_soon(now)

    def _scan(self, now: float, beat: Beat) -> None:
        started = self._clock()
        try:
            found = scan(self._folder, self._names, recursive=self._settings.recursive, beat=beat)
            if not found.files:
                _require_mounted(self._folder)
        except OSError as error:
            self.scan_problem = f"the inbox {self._folder} cannot be read: {error.strerror or error}; is it mounted?"
            pause_s = RESCAN_SILENT_S
        else:
            self._compare(found, now)
            self.sole_problem = self._sole.problem()
            self.scanned += 1
            unclear = not self._once and self._watch.compare(found.folders)
            if unclear:
                self._tend_due = now  # the watch may be to be begun anew
            pause_s = _AGAIN_S if unclear else max(self.rescan_s, _PAUSE_PER_WORK * (self._clock() - started))
        self._scan_due = now + pause_s
        self._scan_allowed = now + _HINTED_PAUSE_S

    def _compare(self, found: Found, now: float) -> None:
        if self._once and self._only is None and not found.problems:
            self._only = frozenset(found.files)
        for path, identity in found.files.items():
            if self._only is None or path in self._only:
                self._quiet.see(path, identity, now)
        if not found.problems:
            self._quiet.keep_only(found.files)
        self._refusals.report(found)
        self.scan_problem = _closed(found.problems)


def _closed(problems: Mapping[str, str]) -> str | None:
    """One line about the folders that could not be read; None when there are none."""
    if not problems:
        return None
    named = [f"{shown(folder)}: {problem}" for folder, problem in islice(problems.items(), _NAMED)]
    rest = [f"{len(problems) - _NAMED} more"] if len(problems) > _NAMED else []
    return f"parts of the inbox cannot be read: {', '.join([*named, *rest])}"


def _require_mounted(inbox: Path) -> None:
    """An inbox that is empty because its share is away is not one in which nothing was put."""
    if share := unmounted_share(inbox):
        raise OSError(errno.ENOTCONN, f"it is empty, and the share {share} is away", str(inbox))
