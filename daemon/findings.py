"""What `digitdrop check` found, one line each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How good a finding is."""

    OK = "ok"
    WARN = "warn"
    """The service runs, but something could be better."""
    FAIL = "fail"
    """The service cannot do its work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about the configuration or the machine.

    Attributes:
        subject: what it is about: a key of the configuration, or a part of the machine.
        text: what was found.
        remedy: what to do about it; empty where nothing needs doing.
    """

    level: Level
    subject: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        """One line: level, subject, text, and the remedy after an arrow."""
        line = f"{self.level:<4}  {self.subject:<13}  {self.text}"
        return f"{line} → {self.remedy}" if self.remedy else line


def ok(subject: str, text: str) -> Finding:
    """A finding that needs nothing done."""
    return Finding(Level.OK, subject, text)


def warn(subject: str, text: str, remedy: str) -> Finding:
    """A finding that could be better."""
    return Finding(Level.WARN, subject, text, remedy)


def fail(subject: str, text: str, remedy: str) -> Finding:
    """A finding that keeps the service from working."""
    return Finding(Level.FAIL, subject, text, remedy)
