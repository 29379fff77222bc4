"""Is there another digitdrop on this machine that reads from the same inbox, with a state folder of its own?"""

from __future__ import annotations

import fcntl
import logging
import os
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = Path("/dev/shm")
"""In memory, writable by every user and every service, and empty after a power cut."""

REMEDY = "stop one of them; `ps -ef | grep digitdrop` shows both"


class SoleUse:
    """Holds the one lock that there is for an inbox on this machine, and tells where another process holds it.

    The lock is on a file in memory that is named after the inbox's device and number. So it is one for all paths that
    lead there, nothing is written into the inbox, nothing keeps a share from being unmounted, and what a killed process
    held is free. It only warns: that two read from one inbox is no reason for neither to do so. Those of other machines
    and of containers with a memory of their own are not seen.

    Args:
        inbox: the folder.
    """

    def __init__(self, inbox: Path) -> None:
        self._inbox = inbox
        self._path: Path | None = None
        self._descriptor: int | None = None

    def problem(self) -> str | None:
        """That there is another; None where there is none, and where that cannot be told."""
        try:
            status = self._inbox.stat()
            path = FOLDER / f"digitdrop-inbox-{status.st_dev:x}-{status.st_ino:x}.lock"
            if not self._holds(path):
                self.release()
                self._take(path)
        except BlockingIOError:
            return (
                f"another digitdrop of this machine reads from {self._inbox}, too, with a state folder of its own: "
                "pages are read twice, and each takes the other's tables for somebody's"
            )
        except OSError as error:  # the inbox is away, or this machine has no such folder
            log.debug("whether another digitdrop reads from %s cannot be told: %s", self._inbox, error)
        return None

    def release(self) -> None:
        """Lets go of the lock, and leaves nothing behind."""
        if self._descriptor is None or self._path is None:
            return
        if self._holds(self._path):
            with suppress(OSError):  # another user's, who had it before
                self._path.unlink()
        os.close(self._descriptor)
        self._path = self._descriptor = None

    def _holds(self, path: Path) -> bool:
        """Whether the lock is held and another process would meet it: its file may be removed with a user's session."""
        if self._descriptor is None or path != self._path:
            return False
        try:
            return os.path.samestat(path.stat(), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False

    def _take(self, path: Path) -> None:
        descriptor = _opened(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        self._path, self._descriptor = path, descriptor


def _opened(path: Path) -> int:
    flags = os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags | os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:  # another user's, which can be locked all the same
        return os.open(path, flags | os.O_RDONLY)
    with suppress(PermissionError):
        os.fchmod(descriptor, 0o644)  # whatever the umask
    return descriptor
