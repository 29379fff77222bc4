"""What of the service is alive, and what is in its way."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from daemon.atomic import replacing

log = logging.getLogger(__name__)

FILE = "health.json"
UNREAD_LISTED = 20


class Part(StrEnum):
    """Of the service, that something may be in the way of."""

    EVENTS = "events"
    """The inbox is watched, and not only scanned."""
    SCAN = "scan"
    """The inbox can be read."""
    ENGINE = "engine"
    """Recognition can be run."""
    TABLES = "tables"
    """The tables of the days can be written."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is in the way of a part, and since when (seconds since the epoch)."""

    part: str
    text: str
    since: float


@dataclass(frozen=True, slots=True)
class Report:
    """How the service was when it last said so; what `digitdrop status` shows of a running daemon.

    Attributes:
        pid: of the daemon.
        started: seconds since the epoch, as all times here.
        written: when this was said.
        scanned: when the inbox was last scanned; None when it could not be yet.
        watched: whether changes are announced, or found by scans alone: of the inbox and of the shares mounted in it.
        rescan_s: how often it is scanned.
        model: name and hash of the model in use.
        unread: of what lies in the inbox and is not read, at most UNREAD_LISTED paths, with why.
        unread_in_all: how many there are.
    """

    pid: int
    started: float
    written: float
    scanned: float | None
    watched: dict[str, bool]
    rescan_s: float
    model: str
    problems: tuple[Problem, ...] = field(default=())
    unread: dict[str, str] = field(default_factory=dict)
    unread_in_all: int = 0

    def write(self, state: Path) -> None:
        """Puts the report into the state folder, for other processes.

        Raises:
            OSError: it could not be written.
        """
        with replacing(state / FILE) as file:
            file.write(json.dumps(asdict(self), indent=2).encode())

    @classmethod
    def read(cls, state: Path) -> Report | None:
        """The last report of a daemon on this state folder; None when there is none that can be read."""
        try:
            value: dict[str, Any] = json.loads((state / FILE).read_bytes())
            return cls(**{**value, "problems": tuple(Problem(**problem) for problem in value["problems"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None


class Health:
    """Watches over the parts: who has made no progress for longer than it may, and who reports a problem.

    Args:
        limits_s: for each part, seconds without progress after which it counts as stuck.
        now: monotonic seconds; every part counts as just alive.
    """

    def __init__(self, limits_s: dict[Part, float], now: float) -> None:
        self._limits_s = limits_s
        self._progress = dict.fromkeys(limits_s, now)
        self._problems: dict[str, Problem] = {}

    def progress(self, part: Part, now: float) -> None:
        """A part has done its work."""
        self._progress[part] = now

    def stuck(self, now: float) -> list[Part]:
        """The parts that have made no progress for too long."""
        return [part for part, limit_s in self._limits_s.items() if now - self._progress[part] > limit_s]

    def report(self, part: str, problem: str | None, wall: float) -> bool:
        """Takes note of what is in the way of a part, None when nothing is; returns whether that is news."""
        known = self._problems.get(part)
        if problem is None:
            if self._problems.pop(part, None) is None:
                return False
            log.info("%s: all is well again", part)
            return True
        if known and known.text == problem:
            return False
        self._problems[part] = Problem(part, problem, known.since if known else wall)
        log.warning("%s: %s", part, problem)
        return True

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is in the way now, the longest first."""
        return tuple(sorted(self._problems.values(), key=lambda problem: problem.since))


def summary(problems: Iterable[Problem]) -> str:
    """All problems on one line; empty when there are none."""
    return "; ".join(f"{problem.part}: {problem.text}" for problem in problems)
