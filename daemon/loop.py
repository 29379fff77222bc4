"""The main loop: one thread that does everything, one short step at a time, and sleeps when nothing is to be done."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from pathlib import Path
from typing import NamedTuple

from config.schema import Settings
from daemon import ledger_reports as reports
from daemon.days import DayTables
from daemon.documents import ACTIVE, State
from daemon.engine.interface import Engine
from daemon.errors import LedgerError
from daemon.health import Health, Part, Report, summary
from daemon.hooks import Hooks
from daemon.inbox import Inbox
from daemon.ledger import Ledger
from daemon.metrics import write_metrics
from daemon.retention import Retention
from daemon.setbacks import Clock
from daemon.systemd import Notifier
from daemon.wake import Wake
from daemon.worker import Worker

log = logging.getLogger(__name__)

GRACE_S = 20.0
"""How long documents in work may take to finish when the daemon is to stop."""

LIMITS_S = {Part.EVENTS: 60.0, Part.SCAN: 900.0, Part.DISPATCHER: 60.0, Part.ENGINE: 120.0}
"""Seconds without progress after which a part is stuck; a scan of a large share may be put off for minutes."""

ONCE_TRIES = 4
"""How often something passing may prevent a document before `once` goes without it."""

ONCE_PATIENCE_S = 60.0
"""How long `once` waits for an engine that cannot work, such as a cluster that is away."""

_LEDGER_PAUSE_S = 5.0
_REPORT_S = 60.0
_PROGRESS_S = 0.2

Progress = Callable[[int, int], None]
"""Told how many documents are finished, and how many are known in all."""


class Parts(NamedTuple):
    """What the loop drives."""

    ledger: Ledger
    engine: Engine
    inbox: Inbox
    worker: Worker
    tables: DayTables
    hooks: Hooks
    retention: Retention
    notifier: Notifier


class MainLoop:
    """Drives the parts of the service.

    Args:
        settings: the configuration.
        parts: ready to work.
        wake: ends the loop's waits.
        clock: monotonic seconds.
        wall: the time of day.

    Attributes:
        stop_requests: how often the daemon was asked to stop; the second time it does not wait for work to finish.
    """

    def __init__(
        self, settings: Settings, parts: Parts, wake: Wake, *, wall: Clock, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._wake = wake
        self._clock = clock
        self._wall = wall
        now = clock()
        self._health = Health(LIMITS_S, now)
        self._started = wall().timestamp()
        self._resume = self._alive_due = self._report_due = now
        self._scanned: float | None = None
        self._engine_since = now  # when it could work last
        self.stop_requests = 0

    def request_stop(self) -> None:
        """Makes the loop end; may be called from a signal handler."""
        self.stop_requests += 1
        self._wake.set()

    def run(self) -> None:
        """Works until `request_stop`, then ends what is in work or gives it back."""
        busy = self.step(self._clock())
        self._parts.notifier.ready()
        while not self.stop_requests:
            self._sleep(busy)
            busy = self.step(self._clock())
        self._finish()

    def run_through(self, progress: Progress) -> bool:
        """Works until everything the inbox held is finished; returns whether all of it was done well."""
        told = 0.0
        while not self.stop_requests:
            busy = self.step(self._clock())
            if not busy or self._clock() >= told + _PROGRESS_S:
                self._tell(progress)
                told = self._clock()
            if not busy and (self._is_through() or self._clock() >= self._engine_since + ONCE_PATIENCE_S):
                break
            self._sleep(busy)
        self._finish()
        left = self._parts.ledger.count(*ACTIVE)
        if left:
            log.warning("%d documents are left for the next run", left)
        return not (left or self._parts.worker.delivery.failed or self._parts.ledger.days.changed())

    def step(self, now: float) -> bool:
        """Takes everything a step further; returns whether more is to be done at once."""
        busy = False
        if now >= self._resume:
            try:
                busy = self._work(now)
                self._note("ledger", None, now)
            except (LedgerError, sqlite3.Error) as error:
                self._resume = now + _LEDGER_PAUSE_S
                self._note("ledger", str(error), now)
        self._health.progress(Part.DISPATCHER, now)
        self._look_after(now)
        return busy

    def _work(self, now: float) -> bool:
        parts = self._parts
        scans = parts.inbox.scanned
        candidates = parts.inbox.run_once(now)
        if parts.inbox.scanned > scans:
            self._scanned = self._wall().timestamp()
        if candidates:
            try:
                parts.ledger.arrive(candidates, wall=self._wall().timestamp())
            except LedgerError:
                for candidate in candidates:
                    parts.inbox.drop(candidate.path)
                parts.inbox.scan_soon(now)
                raise
        busy = parts.worker.run_once(now)
        parts.tables.run_once(now)
        busy = parts.hooks.run_once(now) or busy
        busy = parts.retention.run_once(now) or busy
        return busy or bool(candidates)

    def _sleep(self, busy: bool) -> None:
        """Waits until something can be done; not at all while there is more to do at once."""
        timeout_s = 0.0 if busy else max(0.0, self._next_due() - self._clock())
        self._wake_up(timeout_s)

    def _wake_up(self, timeout_s: float) -> None:
        sources = (*self._parts.engine.readable(), *self._parts.hooks.readable())
        wait([self._wake.fileno(), *(source.fileno() for source in sources)], timeout_s)
        self._wake.clear()

    def _next_due(self) -> float:
        now, parts = self._clock(), self._parts
        if now < self._resume:
            return min(self._resume, self._alive_due)
        times = [parts.inbox.next_due(), self._alive_due, self._report_due]
        dues = parts.ledger.next_due(now), parts.tables.next_due(), parts.hooks.next_due(), parts.retention.next_due()
        times += [due for due in dues if due is not None]
        engine_s = parts.engine.wait_s()
        return min(times if engine_s is None else [*times, now + engine_s])

    # Health

    def _look_after(self, now: float) -> None:
        """Tells systemd, other processes and the log how every part is."""
        parts = self._parts
        engine_problem = parts.engine.healthy()
        self._engine_since = now if engine_problem is None else self._engine_since
        for part, problem, progress in (
            (Part.EVENTS, parts.inbox.watch_problem, True),
            (Part.SCAN, parts.inbox.scan_problem, now < parts.inbox.next_due() + _LEDGER_PAUSE_S),
            (Part.ENGINE, engine_problem, engine_problem is None or not parts.engine.restart_helps),
        ):
            if progress:
                self._health.progress(part, now)
            self._note(part, problem, now)
        for name, problem in (
            ("tables", parts.tables.problem),
            ("hooks", parts.hooks.problem),
            ("archive", parts.retention.problem),
        ):
            self._note(name, problem, now)
        self._beat(now)
        if now >= self._report_due:
            self._report_due = now + _REPORT_S
            self._write_report(now)

    def _note(self, part: str, problem: str | None, now: float) -> None:
        """Takes note of what is in the way of a part, and has news reported at once."""
        if self._health.report(part, problem, self._wall().timestamp()):
            self._report_due = now

    def _beat(self, now: float) -> None:
        """Tells systemd that all is alive, when every part has shown that it is."""
        if now < self._alive_due:
            return
        interval_s = self._parts.notifier.watchdog_s or _REPORT_S
        self._alive_due = now + min(interval_s / 3, 10.0)
        if stuck := self._health.stuck(now):
            log.error("no progress any more: %s", ", ".join(stuck))
        else:
            self._parts.notifier.alive()
        self._parts.notifier.status(self._status_line())

    def _status_line(self) -> str:
        delivery, problems = self._parts.worker.delivery, summary(self._health.problems)
        waiting = self._parts.ledger.count(State.WAITING)
        line = (
            f"{waiting} waiting, {self._parts.worker.in_work} in work, {delivery.done} done, {delivery.failed} failed"
        )
        return f"{line}; {problems}" if problems else line

    def _write_report(self, now: float) -> None:
        wall = self._wall().timestamp()
        model, inbox = self._parts.engine.model, self._parts.inbox
        report = Report(
            pid=os.getpid(),
            started=self._started,
            written=wall,
            scanned=self._scanned,
            watched=inbox.watched(),
            rescan_s=inbox.rescan_s,
            model=f"{model.name} {model.sha256[:12]}",
            problems=self._health.problems,
        )
        try:
            report.write(self._settings.state)
            self._note("state", None, now)
        except OSError as error:
            self._note("state", f"{self._settings.state} cannot be written: {error.strerror}", now)
        if self._settings.metrics_file is not None:
            self._note("metrics", self._metrics_problem(self._settings.metrics_file, report), now)

    def _metrics_problem(self, path: Path, report: Report) -> str | None:
        """Writes the figures for Prometheus; returns why they cannot be."""
        db = self._parts.ledger.connection
        try:
            write_metrics(path, report, reports.counts(db), reports.oldest_waiting(db))
        except (OSError, sqlite3.Error) as error:
            return f"{path} cannot be written: {error}"
        return None

    # The end

    def _is_through(self) -> bool:
        parts = self._parts
        waits = parts.inbox.pending() or parts.worker.in_work or parts.ledger.open(ONCE_TRIES)
        return not waits and parts.hooks.is_through()

    def _tell(self, progress: Progress) -> None:
        delivery = self._parts.worker.delivery
        finished = delivery.done + delivery.failed
        progress(finished, finished + self._parts.ledger.count(*ACTIVE) + self._parts.inbox.pending())

    def _finish(self) -> None:
        """Lets documents in work finish for a while, gives back the others, and brings the tables up to date."""
        parts = self._parts
        parts.notifier.stopping()
        parts.inbox.stop()
        parts.worker.claiming = False
        deadline = self._clock() + GRACE_S
        try:
            while parts.worker.in_work and self._clock() < deadline and self.stop_requests < 2:
                parts.worker.run_once(self._clock())
                self._wake_up(min(1.0, max(0.0, deadline - self._clock())) if parts.worker.in_work else 0.0)
            if given_back := parts.worker.give_back():
                log.info("%d documents in work are given back for the next start", given_back)
            parts.worker.run_once(self._clock())
            parts.tables.run_once(self._clock(), at_once=True)
        except (LedgerError, sqlite3.Error) as error:
            log.error("the end is left to the next start: %s", error)  # noqa: TRY400 - said already, with its remedy
        finally:
            parts.hooks.stop()
