"""One daemon to a state folder."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

from daemon.errors import AlreadyRunningError

FILE = "digitdrop.lock"

# Open file description locks: they end with the process like flock's, and can be asked about without being taken.
_FLOCK = struct.Struct("hhqqi")
_WHOLE_FILE = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


class StateLock:
    """Holds the lock of a state folder; the kernel lets go of it however the process ends.

    Args:
        state: the folder.

    Raises:
        AlreadyRunningError: another process holds it.
        OSError: the lock file cannot be opened.
    """

    def __init__(self, state: Path) -> None:
        path = state / FILE
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _WHOLE_FILE)
        except OSError as error:
            pid = _pid(os.pread(descriptor, 32, 0))
            os.close(descriptor)
            if error.errno not in {errno.EAGAIN, errno.EACCES}:
                raise
            raise AlreadyRunningError(
                f"only one digitdrop may work on the state folder {state}. "
                f"Received: another one runs as process {pid or 'unknown'}; stop that first",
                pid=pid,
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Lets another daemon begin."""
        os.close(self._descriptor)


def running_pid(state: Path) -> int | None:
    """The process that works on a state folder, None when none does; 0 when it cannot be told which."""
    try:
        descriptor = os.open(state / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        answer = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _WHOLE_FILE))
        return None if answer[0] == fcntl.F_UNLCK else _pid(os.pread(descriptor, 32, 0)) or 0
    finally:
        os.close(descriptor)


def _pid(content: bytes) -> int | None:
    text = content.strip()
    return int(text) if text.isdigit() else None
