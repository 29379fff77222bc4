"""The time of day, and whether it may be wrong: what is dropped by a wrong clock does not come back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from daemon.ledger import Ledger

Clock = Callable[[], datetime]
"""The time of day, with a time zone."""

DAY_S = 86_400.0
LEAP_S = DAY_S
"""A clock that is set forward by more while the service runs may be wrong."""
SILENCE_S = 60 * DAY_S
"""A start so long after the last original was archived is more likely one with a wrong clock."""


class ClockWatch:
    """Watches the clock, which has a day to be set right where it may be wrong.

    Whoever is about to remove for its age what cannot be got back asks before; all that ask have one answer.

    Args:
        ledger: what was archived when; where the clock was set, that is dated anew.
        wall: the time of day.

    Attributes:
        wall: likewise.
        doubted_until: until when, in monotonic seconds, the clock may be wrong; at the start of the run, 0.
    """

    def __init__(self, ledger: Ledger, *, wall: Clock) -> None:
        self._ledger = ledger
        self.wall = wall
        self.doubted_until = 0.0
        self._since = wall().timestamp()
        self._ahead_s: float | None = None
        newest = ledger.archive.newest()
        self._starts_in_doubt = newest is not None and self._since - newest > SILENCE_S

    def is_doubted(self, now: float) -> bool:
        """Whether the clock may be wrong: it has leapt forward, or was likely wrong at the start, within a day.

        Args:
            now: monotonic seconds.

        Raises:
            LedgerError: what was archived could not be dated anew; that is made up for when this is asked next.
        """
        wall = self.wall().timestamp()
        ahead_s, before_s = wall - now, self._ahead_s
        leap_s = 0.0 if before_s is None else ahead_s - before_s
        if before_s is not None and abs(leap_s) > LEAP_S:
            self._follow(leap_s, now + before_s, wall)
        self._ahead_s = ahead_s
        if leap_s > LEAP_S or self._starts_in_doubt:
            self.doubted_until, self._starts_in_doubt = now + DAY_S, False
        return now < self.doubted_until

    def _follow(self, leap_s: float, until: float, wall: float) -> None:
        """Dates what was archived since the start by the clock as it is now, in place of the one that was wrong.

        After a clock was set back that is only what lies ahead of it: the rest may be dated rightly, and is at most
        kept for longer.

        Args:
            leap_s: by how much the clock was set, forward or back.
            until: what it would show now had it not been set.
            wall: what it shows.
        """
        since = self._since if leap_s > 0 else max(self._since, wall)
        self._ledger.archive.shift(since, until, leap_s)
        self._since += leap_s
