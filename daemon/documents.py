"""What the ledger knows about one document, and the states it goes through."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

MAX_DOCUMENT_BYTES = 512 << 20
"""A file of more is no scan; it would be held in memory whole, here and in a worker."""

MILD_LOSSES_PER_ATTEMPT = 3
"""How many losses weigh as much as one failed attempt of the document that was in work.

Most deaths of the whole daemon are power cuts, upgrades and kills of which the document is innocent, and where memory
is short the kernel kills whoever takes much; still, a document in work every time has to be quarantined in the end.
"""


class State(StrEnum):
    """Where a document stands; the transitions between them are the methods of `daemon.ledger.Ledger`."""

    WAITING = "waiting"
    """Quiet in the inbox, to be claimed."""
    WORKING = "working"
    """Claimed under a lease of the running daemon."""
    RECOGNIZED = "recognized"
    """Its results are in the ledger, not yet in the outbox."""
    PUBLISHED = "published"
    """Its results stand in the outbox, the original still in the inbox."""
    CONDEMNED = "condemned"
    """It cannot be read; the original is still in the inbox."""
    DONE = "done"
    """Nothing is left to do."""
    FAILED = "failed"
    """The original is in failed/, with the reason beside it."""


ACTIVE = (State.WAITING, State.WORKING, State.RECOGNIZED, State.PUBLISHED, State.CONDEMNED)
READ = (State.RECOGNIZED, State.PUBLISHED, State.DONE)


@dataclass(frozen=True, slots=True)
class Identity:
    """By which a file that is still the same is told from one that was replaced or written to.

    Attributes:
        inode: as a signed number of 64 bits, as the ledger holds them; some file systems use all of them.
        size: in bytes.
        mtime_ns: likewise; a file can be of the year 2300, which 63 bits do not reach.
    """

    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        """The identity of a file as `lstat` or `fstat` saw it."""
        return cls(_signed(status.st_ino), status.st_size, _signed(status.st_mtime_ns))


def _signed(number: int) -> int:
    return (number + 2**63) % 2**64 - 2**63


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file of the inbox that is quiet: its path relative to the inbox with `/`, and what it was when seen last."""

    path: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as the ledger remembers it.

    Attributes:
        key: of the document in the ledger.
        path: relative to the inbox, with `/`, odd bytes as surrogate escapes.
        identity: of the file that was claimed under this path.
        sha256: of its content, once that was read.
        name: outbox name, once results are recorded; unique in the ledger.
        target: where the original goes, relative to archive/ or failed/; None leaves it where it is.
        duplicate_of: key of the document whose results are this one's, too.
        attempts: that ended in a crash, a timeout or an error of recognition, counted across restarts.
        losses: deaths of the daemon while the document was in work, or of its worker by the kernel's hand.
        faults: that were put off in a row, since the last progress.
        fault: what was in the way last; None when nothing is.
        incomplete_since: monotonic second at which its content was first found to end too early.
        reason: why it failed.
        remedy: what a person can do about it.
        finished_at: seconds since the epoch.
    """

    key: int
    path: str
    identity: Identity
    state: State
    sha256: str | None = None
    name: str | None = None
    target: str | None = None
    duplicate_of: int | None = None
    attempts: int = 0
    losses: int = 0
    faults: int = 0
    fault: str | None = None
    incomplete_since: float | None = None
    reason: str | None = None
    remedy: str | None = None
    finished_at: float | None = None

    def is_poison(self, max_attempts: int) -> bool:
        """Whether it has been tried often enough."""
        blame = self.attempts + self.losses // MILD_LOSSES_PER_ATTEMPT
        return blame >= max_attempts


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reason to put a document aside, and what can be done about it."""

    reason: str
    remedy: str


def size_rule(size: int) -> str:
    """What is wrong with a document of more bytes than MAX_DOCUMENT_BYTES."""
    return f"a document must have at most {MAX_DOCUMENT_BYTES >> 20} MiB. Received: {size >> 20} MiB"


Taken = Callable[[str], bool]
"""Whether a relative name is in use already."""
