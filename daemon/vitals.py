"""How every part of the service is: looked after by the main loop, and told to systemd, other processes and the log."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from config.schema import Settings
from daemon.clock import Clock
from daemon.documents import State
from daemon.health import UNREAD_LISTED, Health, Part, Report, summary
from daemon.ledger import reports
from daemon.metrics import write_metrics
from daemon.parts import Parts
from daemon.systemd import EXTENSION_S

log = logging.getLogger(__name__)

LIMITS_S = {Part.ENGINE: 120.0, Part.TABLES: 120.0}
"""Seconds without progress after which a part is stuck, so that the service manager begins anew.

All else is done by the main loop itself: where that hangs, its silence says so. An inbox or a ledger that cannot be
used is told and waited for: a new start would not help, and costs each document in work a loss.
"""

_REPORT_S = 60.0


class Vitals:
    """Looks after the parts of the service.

    Args:
        settings: the configuration.
        parts: of the service.
        wall: the time of day.
        clock: monotonic seconds; the engine counts as just alive.

    Attributes:
        scanned: when the inbox was last scanned, in seconds since the epoch.
    """

    def __init__(self, settings: Settings, parts: Parts, *, wall: Clock, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._parts = parts
        self._wall = wall
        self._clock = clock
        now = clock()
        self._health = Health(LIMITS_S, now)
        self._started = wall().timestamp()
        self._alive_due = self._word_due = self._report_due = now
        self._is_ready = False
        self._stuck: list[Part] = []
        self._waiting = 0
        self._troubled: dict[str, float] = {}
        self.scanned: float | None = None

    def next_due(self) -> float:
        """When `look_after` has something to tell, in monotonic seconds."""
        return min(self._alive_due, self._report_due)

    def ready(self) -> None:
        """Tells systemd that the start is over."""
        self._is_ready = True
        self._parts.notifier.ready()

    def still_at_work(self, *, stopping: bool) -> None:
        """Tells systemd in the middle of a step that the start goes on, or that all is alive unless a part is stuck.

        A stop tells that it goes on, and that all is alive: systemd does not know of it when another sent the signal.
        """
        now = self._clock()
        if now < self._word_due:
            return
        self._word_due = now + self._interval_s()
        if stopping or not self._is_ready:
            self._parts.notifier.extend_timeout(EXTENSION_S)
        if self._is_ready and not self._stuck:
            self._parts.notifier.alive()

    def note(self, part: str, problem: str | None, now: float) -> None:
        """Takes note of what is in the way of a part, and has news reported at once."""
        if problem is None:
            self._troubled.pop(part, None)
        else:
            self._troubled.setdefault(part, now)
        if self._health.report(part, problem, self._wall().timestamp()):
            self._report_due = now

    def troubled_s(self, part: str, now: float) -> float:
        """For how many seconds something has been in the way of a part; 0 when nothing is."""
        return now - self._troubled.get(part, now)

    def look_after(self, now: float) -> None:
        """Tells systemd, other processes and the log how every part is."""
        parts = self._parts
        engine_problem = parts.engine.healthy()
        if engine_problem is None or not parts.engine.restart_helps:
            self._health.progress(Part.ENGINE, now)
        self._health.progress(Part.TABLES, parts.tables.heard(now))
        for name, problem in (
            (Part.EVENTS, parts.inbox.watch_problem),
            (Part.SCAN, parts.inbox.scan_problem),
            ("inbox", parts.inbox.sole_problem),
            (Part.ENGINE, engine_problem),
            ("outbox", parts.worker.delivery.problem),
            (Part.TABLES, parts.tables.problem),
            ("hooks", parts.hooks.problem),
            ("archive", parts.retention.problem),
        ):
            self.note(name, problem, now)
        self._beat(now)
        if now >= self._report_due:
            self._report_due = now + _REPORT_S
            self.write_report()

    def _beat(self, now: float) -> None:
        """Tells systemd that all is alive, unless a part is stuck."""
        if now < self._alive_due:
            return
        self._alive_due = self._word_due = now + self._interval_s()
        self._stuck = self._health.stuck(now)
        if self._stuck:
            log.error("no progress any more: %s", ", ".join(self._stuck))
        else:
            self._parts.notifier.alive()
        self._parts.notifier.status(self._status_line())

    def _interval_s(self) -> float:
        """Seconds between two words to systemd."""
        return min((self._parts.notifier.watchdog_s or _REPORT_S) / 3, 10.0)

    def _status_line(self) -> str:
        delivery, problems = self._parts.worker.delivery, summary(self._health.problems)
        with suppress(sqlite3.Error):  # which the next step tells; until then the last figure stands
            self._waiting = self._parts.ledger.count(State.WAITING)
        in_work = self._parts.worker.in_work
        line = f"{self._waiting} waiting, {in_work} in work, {delivery.done} done, {delivery.failed} failed"
        return f"{line}; {problems}" if problems else line

    def write_report(self) -> None:
        """Writes what other processes read; what is in the way of that itself is no news to be written at once."""
        wall = self._wall().timestamp()
        model, inbox = self._parts.engine.model, self._parts.inbox
        unread = inbox.unread()
        report = Report(
            pid=os.getpid(),
            started=self._started,
            written=wall,
            scanned=self.scanned,
            watched=inbox.watched(),
            rescan_s=inbox.rescan_s,
            model=f"{model.name} {model.sha256[:12]}",
            problems=self._health.problems,
            unread=dict(sorted(unread.items())[:UNREAD_LISTED]),
            unread_in_all=len(unread),
        )
        if self._settings.metrics_file is not None:
            self._health.report("metrics", self._metrics_problem(self._settings.metrics_file, report), wall)
        try:
            replace(report, problems=self._health.problems).write(self._settings.state)
            self._health.report("state", None, wall)
        except OSError as error:
            problem = f"{self._settings.state} cannot be written: {error.strerror or error}"
            self._health.report("state", problem, wall)

    def _metrics_problem(self, path: Path, report: Report) -> str | None:
        """Writes the figures for Prometheus; returns why they cannot be."""
        ledger = self._parts.ledger
        db = ledger.connection
        try:
            to_review = sum(ledger.reviews.days().values())
            write_metrics(path, report, reports.counts(db), reports.oldest_waiting(db), to_review)
        except OSError as error:
            return f"{path} cannot be written: {error.strerror or error}"
        except sqlite3.Error as error:
            return f"{path} cannot be written: {error}"
        return None
