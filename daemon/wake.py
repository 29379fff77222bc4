"""What ends the main loop's wait."""

from __future__ import annotations

import os
from contextlib import suppress


class Wake:
    """Ends a wait from another thread or from a signal handler."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """Readable once `set` was called."""
        return self._descriptor

    def set(self) -> None:
        """Ends the present wait, or the next."""
        os.eventfd_write(self._descriptor, 1)

    def clear(self) -> bool:
        """Makes waiting possible again; returns whether `set` was called since."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._descriptor)
            return True
        return False

    def close(self) -> None:
        """Gives the descriptor back."""
        os.close(self._descriptor)
