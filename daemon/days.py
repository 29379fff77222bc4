"""Keeps the day tables up with what was published: not too often, and later while a spreadsheet has one open."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

from config.schema import TablesSettings
from daemon.background import Background
from daemon.clock import ClockWatch
from daemon.content import Content
from daemon.edited import make_way
from daemon.errors import LedgerError, PublishError
from daemon.ledger import Ledger
from daemon.ledger.days import ChangedDay, DayBook
from daemon.mounts import require_folder
from daemon.opened import require_closed
from daemon.setbacks import backoff_s
from daemon.systemd import Beat, no_beat
from daemon.tables import NewTables, make_day

log = logging.getLogger(__name__)

MIN_PAUSE_S = 2.0
"""Between two rebuilds, so that the documents of a batch come into the table together."""

_PAUSE_PER_WORK = 20.0
"""Pause as a multiple of what the last rebuild took: a long day's tables must not cost more than a twentieth."""

CROP_DAYS = 7
"""How many days the crops of numbers are kept for a table that changes once more."""


class DayTables:
    """Rebuilds the tables of the days whose documents changed.

    Args:
        folder: the outbox's tables.
        ledger: what stands in them.
        settings: how they are written.
        watch: of the time of day.
        wake: tables are made in the background, so that nobody's results wait for a long day's, and this is called from
            there when one is made; without it, they are made at once.
        clock: measures how long a rebuild takes, in monotonic seconds.
    """

    def __init__(
        self,
        folder: Path,
        ledger: Ledger,
        settings: TablesSettings,
        *,
        watch: ClockWatch,
        wake: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._settings = settings
        self._watch = watch
        self._wake = wake
        self._clock = clock
        self._not_before = 0.0
        self._faults: dict[str, int] = {}
        self._begun = self._begun_at = 0.0
        self._left: list[ChangedDay] = []
        self._problems: list[str] = []
        self._making: Background[NewTables] | None = None
        self.problem: str | None = None

    def next_due(self) -> float | None:
        """When `run_once` has something to do, in monotonic seconds; None when every table is up to date or made."""
        if self._making is not None:
            return self._not_before if self._making.is_done else None
        return self._not_before if self._ledger.days.changed() else None

    def heard(self, now: float) -> float:
        """When tables that are being made last went on; now, where none are."""
        return now if self._making is None else self._making.heard

    def run_once(self, now: float, beat: Beat = no_beat, *, at_once: bool = False) -> bool:
        """Rebuilds what changed, when it is time; returns whether every table is up to date.

        Args:
            now: monotonic seconds.
            beat: called at each document of a day, and at each piece that is written.
            at_once: without regard to when it was done last, and to its end; for the end of a run.
        """
        if at_once:
            self.stop()
        if not self._left:
            days = self._ledger.days.changed()
            if not days or (now < self._not_before and not at_once):
                return not days
            self._begun, self._begun_at = now, self._clock()
            self._left, self._problems = days, []
        while self._left:
            made = self._made(self._left[0].day, beat, None if at_once else self._wake)
            if made is None:
                return False
            if problem := self._write(self._left.pop(0), made, beat):
                self._problems.append(problem)
        self._end_round(now)
        return not self._problems

    def stop(self) -> None:
        """Gives up what is being made; the days are still to be rebuilt."""
        making, self._making = self._making, None
        self._left.clear()
        if making is not None and making.stop():
            with suppress(Exception):  # what was in the way of tables that are not wanted any more
                making.result().discard()

    def _end_round(self, now: float) -> None:
        self.problem = "; ".join(self._problems) or None
        if not self._watch.is_doubted(now):
            self._ledger.days.drop_crops((self._watch.wall().date() - timedelta(CROP_DAYS)).isoformat())
        worked_s = self._clock() - self._begun_at
        waits = [backoff_s(faults) for faults in self._faults.values()]
        self._not_before = self._begun + worked_s + max([MIN_PAUSE_S, _PAUSE_PER_WORK * worked_s, *waits])

    def _made(self, day: str, beat: Beat, wake: Callable[[], None] | None) -> Callable[[], NewTables] | None:
        """What gives a day's tables; None while they are made in the background."""
        if wake is None:
            return partial(self._make, day, beat)
        if self._making is None:
            self._making = Background(partial(self._make, day), wake, self._clock)
        elif self._making.is_done:
            making, self._making = self._making, None
            return making.result
        return None

    def _make(self, day: str, beat: Beat) -> NewTables:
        _require_outbox(self._folder.parent)
        self._require_closed(day)
        with self._ledger.reading() as connection:
            book = DayBook(connection)
            content = Content(day, book.entries(day), book.asides(day))
            return make_day(self._folder, content, self._settings, beat)

    def _write(self, day: ChangedDay, made: Callable[[], NewTables], beat: Beat) -> str | None:
        try:
            made().place(partial(self._make_way, day.day, beat))
        except (LedgerError, sqlite3.Error):
            raise
        except PublishError as error:
            level = logging.DEBUG if day.day in self._faults else logging.WARNING
            log.log(level, "day=%s %s; it is tried again", day.day, error)
            return self._put_off(day, error)
        except Exception as error:  # a mistake of ours must not hold up the documents
            log.exception("day=%s the tables could not be made", day.day)
            return self._put_off(day, error)
        self._ledger.days.written(day)
        self._faults.pop(day.day, None)
        return None

    def _make_way(self, day: str, beat: Beat, path: Path, new: BinaryIO) -> None:
        """What comes right before a table takes its place: it may have been opened while the new one was written."""
        self._require_closed(day)
        make_way(self._ledger.days, path, new, beat)

    def _require_closed(self, day: str) -> None:
        """Refuses to replace tables while somebody has one of them open."""
        for suffix in (".csv", ".xlsx") if self._settings.xlsx else (".csv",):
            table = self._folder / f"{day}{suffix}"
            require_closed(table, self._watch.wall(), "close it there, and the new rows are written")

    def _put_off(self, day: ChangedDay, error: Exception) -> str:
        self._faults[day.day] = self._faults.get(day.day, 0) + 1
        return str(error)


def _require_outbox(folder: Path) -> None:
    try:
        require_folder(folder)
    except OSError as error:
        raise PublishError(f"the tables must be writable below {folder}. Received: {error.strerror}") from error
