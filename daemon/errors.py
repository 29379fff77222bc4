"""What the daemon raises. `exit_code` ends the command."""

from __future__ import annotations


class DaemonError(Exception):
    """Base of everything the daemon raises on purpose; the message says what to do."""

    exit_code = 70


class AlreadyRunningError(DaemonError):
    """Another daemon works on the same state folder.

    Attributes:
        pid: its process, None when it could not be told.
    """

    def __init__(self, message: str, *, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class LedgerError(DaemonError):
    """The ledger cannot be opened, is damaged, or was written by a newer digitdrop."""


class PublishError(DaemonError):
    """Outputs could not be written: no space, no permission, a file that a spreadsheet holds; time may help."""


class ReadError(DaemonError):
    """An original could not be read; it stays where it is, time may help."""


class MoveError(DaemonError):
    """An original could not be moved to archive/ or failed/; it stays where it is, time may help."""


class UnknownNameError(DaemonError):
    """The command line names a document that did not fail; nothing was done."""

    exit_code = 2


class EngineError(DaemonError):
    """Recognition cannot be run at all just now; no document is to blame."""


class WorkerCrashedError(EngineError):
    """A worker process died, or could not be started: chance, or what it was given."""
