"""Documents that cannot go on just now: put off for longer each time, and named in the log once for each cause."""

from __future__ import annotations

import logging

from daemon.clock import Clock
from daemon.documents import Entry
from daemon.ledger import Ledger
from daemon.names import shown
from daemon.words import said

log = logging.getLogger(__name__)

MAX_BACKOFF_S = 60.0
"""So that everything goes on within a minute after space or a share has come back."""

_SHORTAGE = 4
"""So many setbacks ahead the pauses begin where memory is short: that lasts for minutes, and comes to others, too."""


def backoff_s(faults: int) -> float:
    """Seconds to wait after so many setbacks in a row: 1, 2, 4 and so on up to a minute."""
    return min(MAX_BACKOFF_S, 2.0 ** min(faults, 10))


class Setbacks:
    """Records in the ledger that a document was put off, and logs it.

    Args:
        ledger: of the documents.
        wall: the time of day, kept as the time since when something is in the way.
    """

    def __init__(self, ledger: Ledger, wall: Clock) -> None:
        self._ledger = ledger
        self._wall = wall

    def postpone(self, entry: Entry, error: Exception, now: float) -> None:
        """Tries again later what something passing prevented; no attempt is counted."""
        fault = self._told(entry, error)
        due, wall = now + backoff_s(entry.faults), self._wall().timestamp()
        self._ledger.delays.postpone(entry.key, fault, due=due, wall=wall)

    def postpone_all(self, entry: Entry, error: Exception, now: float) -> None:
        """Tries a document again later, and all others of its state: what prevented it is in the way of each of them.

        A folder that is away for a night must not cost as many tries, and writes to the ledger, as there are documents.
        """
        fault = self._told(entry, error)
        due, wall = now + backoff_s(entry.faults), self._wall().timestamp()
        self._ledger.delays.postpone_all(entry.state, now, fault, due=due, wall=wall)

    def wait_for_rest(self, entry: Entry, due: float, since: float) -> None:
        """Looks again later at content that ends too early; a change of the file comes in as a new arrival."""
        if entry.incomplete_since is None:
            log.info("document=%s ends too early; waiting for the rest", shown(entry.path))
        fault, wall = "ends too early, it may still be growing", self._wall().timestamp()
        self._ledger.delays.postpone(entry.key, fault, due=due, wall=wall, incomplete_since=since)

    def blame(self, entry: Entry, error: str, now: float) -> Entry:
        """Counts an attempt and tries again after a while; returns the document as it is then."""
        due = now + backoff_s(entry.attempts)
        return self._ledger.delays.blame(entry.key, shown(error), due=due, wall=self._wall().timestamp())

    def lose(self, entry: Entry, error: str, now: float) -> None:
        """Counts a loss, of which the document is innocent most of the time, and tries again after a long while."""
        log.warning("document=%s is put off: %s", shown(entry.path), error)
        due = now + backoff_s(entry.losses + _SHORTAGE)
        self._ledger.delays.lose(entry.key, shown(error), due=due, wall=self._wall().timestamp())

    def _told(self, entry: Entry, error: Exception) -> str:
        """What is in the way, told in the log unless it is the same as the last time."""
        fault = shown(said(error))  # it may name the file; neither the ledger nor a line of the log holds every name
        level = logging.DEBUG if fault == entry.fault else logging.WARNING
        log.log(level, "document=%s is put off: %s; trying again until it passes", shown(entry.path), fault)
        return fault
