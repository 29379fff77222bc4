"""When a file of the inbox is quiet: the same size, time and inode for long enough, seen at both ends."""

from __future__ import annotations

import errno
import heapq
import logging
import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from daemon.documents import Candidate, Identity
from daemon.names import shown
from daemon.scan import leads_out

log = logging.getLogger(__name__)

_BATCH = 1000
"""Files looked at in one step, so that a step stays short when tens of thousands arrive."""

LookUp = Callable[[Path], os.stat_result]


@dataclass(slots=True)
class _Seen:
    """A file of the inbox: what it was since when, and whether it was handed on as that."""

    identity: Identity
    since: float
    handed_on: bool = False


class QuietFiles:
    """Follows files of the inbox until they have been quiet for long enough.

    Events and scans tell it what they saw; both may be late or missing, so nothing is quiet before it was looked at
    again at the end of the time.

    Args:
        inbox: the folder the paths are relative to.
        stable_s: how long a file must not change.
        look_up: what a file is now, without following links.
    """

    def __init__(self, inbox: Path, stable_s: float, look_up: LookUp = os.lstat) -> None:
        self._inbox = inbox
        self._stable_s = stable_s
        self._look_up = look_up
        self._files: dict[str, _Seen] = {}
        self._due: list[tuple[float, str]] = []
        self._pending: set[str] = set()
        self._empty: set[str] = set()

    def see(self, path: str, identity: Identity, now: float, *, written: bool = False) -> None:
        """Takes note of what a regular file is now.

        Args:
            path: relative to the inbox, with `/`.
            identity: what it is.
            now: monotonic seconds.
            written: an event told of a change, so the time begins anew even where size and time are the same.
        """
        seen = self._files.get(path)
        if seen and seen.identity == identity and (seen.handed_on or not written):
            return
        if seen and not seen.handed_on:
            seen.identity, seen.since = identity, now  # its time to be looked at is put off when it comes
            return
        self._files[path] = _Seen(identity, now)
        self._pending.add(path)
        heapq.heappush(self._due, (now + self._stable_s, path))

    def look_at(self, path: str, now: float) -> None:
        """Looks a file up that an event named, and takes note of it if it is a regular one."""
        try:
            status = self._status(path)
        except OSError:  # gone again, or out of reach; the scan finds out
            return
        if stat.S_ISREG(status.st_mode):
            self.see(path, Identity.of(status), now, written=True)

    def keep_only(self, paths: Collection[str]) -> None:
        """Drops what a complete scan no longer found."""
        for path in self._files.keys() - paths:
            self.drop(path)

    def drop(self, path: str) -> None:
        """Forgets a file; when it is seen again it is followed anew."""
        self._files.pop(path, None)
        self._pending.discard(path)
        self._empty.discard(path)

    def next_due(self) -> float | None:
        """When `take_quiet` has something to look at, in monotonic seconds."""
        return self._due[0][0] if self._due else None

    def pending(self) -> int:
        """How many files may still become quiet; empty ones that are quiet do not count."""
        return len(self._pending)

    def empty(self) -> Collection[str]:
        """The quiet files that hold nothing."""
        return self._empty

    def take_quiet(self, now: float) -> list[Candidate]:
        """Files that have become quiet, each once as long as it stays the same; at most some at a time."""
        quiet = []
        for _ in range(_BATCH):
            if not self._due or self._due[0][0] > now:
                break
            _, path = heapq.heappop(self._due)
            if candidate := self._judge(path, now):
                quiet.append(candidate)
        return quiet

    def _status(self, path: str) -> os.stat_result:
        if leads_out(self._inbox, path):
            raise NotADirectoryError(errno.ENOTDIR, "a folder on its path is a link", path)
        return self._look_up(self._inbox / path)

    def _judge(self, path: str, now: float) -> Candidate | None:
        seen = self._files.get(path)
        if seen is None or seen.handed_on:
            return None
        try:
            status = self._status(path)
        except OSError:
            self.drop(path)
            return None
        if not stat.S_ISREG(status.st_mode):
            self.drop(path)
            return None
        self.see(path, Identity.of(status), now)
        if seen.since + self._stable_s > now:
            heapq.heappush(self._due, (seen.since + self._stable_s, path))
            return None
        return self._hand_on(path, seen)

    def _hand_on(self, path: str, seen: _Seen) -> Candidate | None:
        self._pending.discard(path)
        seen.handed_on = True  # an empty file, too: only a change is worth another look
        if seen.identity.size == 0:
            if path not in self._empty:
                log.info("document=%s is empty; it waits in the inbox until something is written to it", shown(path))
                self._empty.add(path)
            return None
        self._empty.discard(path)
        return Candidate(path, seen.identity)
