"""Hints from the operating system that something changed in the inbox, and the care of what gives them.

Nothing is correct only because a hint came. They shorten the wait until the next scan, no more.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.inotify import InotifyObserver
from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

from daemon.systemd import Beat, no_beat

log = logging.getLogger(__name__)

_DESCRIPTORS, _INFOS = Path("/proc/self/fd"), Path("/proc/self/fdinfo")

_LOOK_S = 1.0
"""Between looks at whether more folders are watched."""

MAX_HINTS = 10_000
"""Beyond this many a scan is faster than looking at each."""

InotifyMoveEventGrouper.delay = 0.0
"""watchdog holds a file that is moved away for half a second, in case it comes again under another name, and all events
behind it: each original that goes to the archive would put off the next file's arrival by that."""

_KINDS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileClosedEvent,
    FileMovedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]


class Hints(FileSystemEventHandler):
    """Collects paths from watchdog's threads for the main loop, and never raises: that would end the threads.

    Args:
        wake: makes the main loop look; called from other threads.

    Attributes:
        root: the folder that is watched, without links in it; paths are given relative to it.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self.root = ""
        self._wake = wake
        self._lock = threading.Lock()
        self._paths: dict[str, None] = {}
        self._scan = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Takes note of an event."""
        try:
            self._note(event)
        except Exception:
            log.exception("a file event could not be noted: %r", event)
            self._scan = True
        self._wake()

    def take(self) -> tuple[list[str], bool]:
        """The files that changed since the last call, and whether only a scan can tell the rest."""
        with self._lock:
            paths, scan = list(self._paths), self._scan
            self._paths, self._scan = {}, False
        return paths, scan

    def _note(self, event: FileSystemEvent) -> None:
        place = event.dest_path if isinstance(event, FileMovedEvent | DirMovedEvent) else event.src_path
        with self._lock:
            if event.is_directory or len(self._paths) >= MAX_HINTS:
                self._scan = True
            elif not (path := os.path.relpath(os.fsdecode(place), self.root)).startswith("..") and path != ".":
                self._paths[path] = None


class Watch:
    """Keeps the inbox watched: whenever what gives the hints has died, or the inbox is another folder, begins anew.

    Args:
        inbox: may be missing for a time.
        recursive: whether its subfolders count.
        wake: makes the main loop look; called from other threads.
    """

    def __init__(self, inbox: Path, *, recursive: bool, wake: Callable[[], None]) -> None:
        self._inbox = inbox
        self._recursive = recursive
        self._wake = wake
        self._observer: InotifyObserver | None = None
        self._threads: frozenset[threading.Thread] = frozenset()
        self._hints = Hints(wake)
        self._root: tuple[int, int] | None = None
        self._short = self._renewed = False
        self.problem: str | None = "not started yet"

    def take(self) -> tuple[list[str], bool]:
        """The files that changed since the last call, relative to the inbox, and whether a scan is needed."""
        return self._hints.take()

    def tend(self, beat: Beat = no_beat) -> bool:
        """Sees to it that the inbox is watched; says in `problem` why it is not.

        A folder that was removed and made again under the same number is told by the threads of the old watch, which
        end a moment later.

        Args:
            beat: called as long as more and more folders are watched, which takes minutes for many on a slow share.

        Returns:
            Whether the watch was begun anew, so that a scan has to find what was missed meanwhile.
        """
        try:
            status = self._inbox.stat()
            root = (status.st_dev, status.st_ino)
            if root == self._root and self.is_alive():
                return False
            self._begin(root, beat)
        except OSError as error:
            self.stop()
            self._report(f"{self._inbox} cannot be watched: {error.strerror or error}")
            return False
        self._report(None)
        return True

    def compare(self, folders: int) -> bool:
        """Sees whether as many folders are watched as a scan entered: those that cannot be, watchdog passes over.

        A share that went and came back under the same number has taken the kernel's watches along; so the watch is
        begun anew first.

        Returns:
            Whether one more scan has to confirm what this one says.
        """
        if self._root is None or not _DESCRIPTORS.is_dir():
            return False
        before, self._short = self._short, _watched() < folders
        if self._short != before:
            return True
        if self._short and not self._renewed:
            self._renewed = True
            self.stop()
            return True
        self._renewed = self._short
        remedy = "raise fs.inotify.max_user_watches, then restart digitdrop"
        self._report(f"{self._inbox} has more folders than can be watched; {remedy}" if self._short else None)
        return False

    def is_alive(self) -> bool:
        """Whether every thread that takes part in watching is alive."""
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Ends watching."""
        observer, self._observer, self._root = self._observer, None, None
        self._threads = frozenset()
        if observer is not None:
            observer.stop()
            if observer.ident is not None:
                observer.join()

    def _begin(self, root: tuple[int, int], beat: Beat) -> None:
        """Starts a new observer: of one that has lost a part, no other part is trusted either."""
        self.stop()
        self._hints.root = os.path.realpath(self._inbox)
        self._short = False
        before = frozenset(threading.enumerate())
        observer = self._observer = InotifyObserver()
        observer.schedule(self._hints, self._hints.root, recursive=self._recursive, event_filter=_KINDS)
        with ThreadPoolExecutor(1) as pool:  # it looks for all folders before it comes back
            starting, watched = pool.submit(observer.start), 0
            while wait([starting], _LOOK_S).not_done:
                before_look, watched = watched, _watched()
                if watched > before_look:
                    beat()
            starting.result()
        # The dispatcher, each emitter and the reader of the kernel's events: any of them can die alone.
        self._threads = frozenset(threading.enumerate()) - before
        self._root = root

    def _report(self, problem: str | None) -> None:
        if problem and problem != self.problem:
            log.warning("%s; the inbox is scanned instead", problem)
        elif self.problem and not problem:
            log.debug("the inbox %s is watched", self._inbox)
        self.problem = problem


def _watched() -> int:
    """How many folders the kernel watches for this process; nobody else in it asks for that."""
    count = 0
    for descriptor in _DESCRIPTORS.iterdir():
        with suppress(OSError):  # closed meanwhile
            if str(descriptor.readlink()) == "anon_inode:inotify":
                count += (_INFOS / descriptor.name).read_text().count("\ninotify wd:")
    return count
