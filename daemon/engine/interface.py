"""What an engine is to the daemon: documents' bytes go in, outcomes come out, in any order.

An engine is driven from one thread. The service waits on everything at once: on what `readable` gives, for no longer
than `wait_s` says, and then calls `poll(0)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from recognition.types import Document, ModelInfo


class HasFileno(Protocol):
    """Something `select` can wait on."""

    def fileno(self) -> int:
        """The file descriptor."""


@dataclass(frozen=True, slots=True)
class Job:
    """One document to read.

    Attributes:
        key: the caller's own name for it, unique among the jobs in work; the outcome carries it back.
        data: the whole file.
    """

    key: int
    data: bytes = field(repr=False)


class OutcomeKind(StrEnum):
    """How a job ended."""

    READ = "read"
    UNREADABLE = "unreadable"
    """The content is no document that can be read, and never will be."""
    INCOMPLETE = "incomplete"
    """The content ends too early: it may still be growing."""
    FAILED = "failed"
    """Recognition raised something it does not raise on purpose."""
    CRASHED = "crashed"
    """The worker died over it."""
    KILLED = "killed"
    """The worker was ended from outside, as the kernel does for want of memory: whichever then takes much."""
    TIMED_OUT = "timed-out"
    """The worker was ended because it took longer than a document may."""
    LOST = "lost"
    """It did not come back, which is no fault of the document's: the way to the worker is broken."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one job ended.

    Attributes:
        key: the job's.
        kind: READ exactly when there is a document.
        document: what was read, with its pictures; None unless `kind` is READ.
        seconds: time in the worker, decoding included; until its end where the worker did not answer.
        error: a sentence for people; None when `kind` is READ.
    """

    key: int
    kind: OutcomeKind
    document: Document | None
    seconds: float
    error: str | None = None


class Engine(Protocol):
    """Runs recognition somewhere else than in the daemon's own process."""

    @property
    def restart_helps(self) -> bool:
        """Whether what `healthy` names may be mended by a restart of the service; not what is wrong elsewhere."""

    @property
    def capacity(self) -> int:
        """How many documents can be in work at once when everything is well."""

    @property
    def model(self) -> ModelInfo:
        """The model in use; known after `start`."""

    def start(self, while_waiting: Callable[[], None] = ...) -> None:
        """Bring workers up; returns when the first can work.

        Args:
            while_waiting: called about once a second until then; what it raises ends the start.

        Raises:
            ModelLoadError: the workers cannot load the model (ModelMismatchError: it is no digit classifier).
            EngineError: no worker came up for another reason.
        """

    def free(self) -> int:
        """How many jobs would be taken into work at once."""

    def submit(self, job: Job) -> None:
        """Take a job into work; never blocks.

        Raises:
            EngineError: none is free just now; the caller keeps the job.
        """

    def readable(self) -> Sequence[HasFileno]:
        """What to wait on for reading: `poll` has something to do when one of them is readable. Changes over time."""

    def wait_s(self) -> float | None:
        """Seconds after which `poll` wants to be called though nothing was readable; None: never."""

    def poll(self, timeout_s: float = 0.0) -> list[Outcome]:
        """What has ended, waiting at most `timeout_s` for the first; also replaces workers that died or hang."""

    def healthy(self) -> str | None:
        """None, or what is wrong in one sentence."""

    def stop(self, grace_s: float = 5.0) -> None:
        """End all workers, by force after `grace_s`; jobs in work give no outcome. May be called again."""
