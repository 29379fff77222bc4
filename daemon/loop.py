"""The main loop: one thread that does everything, one short step at a time, and sleeps when nothing is to be done.

Only the tables of a day, which may take long, are made beside it.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait

from config.schema import Settings
from daemon.clock import Clock
from daemon.documents import ACTIVE
from daemon.errors import LedgerError
from daemon.health import Part
from daemon.parts import Parts
from daemon.vitals import Vitals
from daemon.wake import Wake
from daemon.words import counted

log = logging.getLogger(__name__)

GRACE_S = 20.0
"""How long documents in work may take to finish when the daemon is to stop."""

ONCE_TRIES = 4
"""How often something passing may prevent a document before `once` goes without it."""

ONCE_PATIENCE_S = 60.0
"""How long `once` waits for what cannot be used: an engine, such as a cluster that is away, the inbox or the ledger."""

_LEDGER = "ledger"
_LEDGER_PAUSE_S = 5.0
_PROGRESS_S = 0.2

_HINTS_PAUSE_S = 0.1
"""Between two steps that events of the inbox ask for: a slow upload makes thousands a second, a core's worth of steps.

A stop, which wakes the loop likewise, waits no longer than that.
"""

Progress = Callable[[int, int], None]
"""Told how many documents are finished, and how many are known in all."""


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
        self._parts = parts
        self._wake = wake
        self._clock = clock
        self._wall = wall
        self._vitals = Vitals(settings, parts, wall=wall, clock=clock)
        self._resume = clock()
        self._woken = -math.inf
        self._active = 0
        self.stop_requests = 0

    def request_stop(self) -> None:
        """Makes the loop end; may be called from a signal handler."""
        self.stop_requests += 1
        self._wake.set()

    def run(self) -> None:
        """Works until `request_stop`, then ends what is in work or gives it back."""
        with self._letting_go():
            busy = self.step(self._clock())
            self._vitals.ready()
            while not self.stop_requests:
                self._sleep(busy)
                busy = self.step(self._clock())
            self._finish()

    def run_through(self, progress: Progress) -> bool:
        """Works until everything the inbox held is finished; returns whether all of it was done well."""
        told = 0.0
        with self._letting_go():
            while not self.stop_requests:
                busy = self.step(self._clock())
                if not busy or self._clock() >= told + _PROGRESS_S:
                    self._tell(progress)
                    told = self._clock()
                given_up = self._is_past_patience(Part.ENGINE) or self._is_past_patience(_LEDGER)
                if not busy and (given_up or self._is_through()):
                    break
                self._sleep(busy)
            self._finish()
        self._vitals.write_report()  # of the end: what was written last is of a minute ago, or of the start
        return self._is_done_well()

    def step(self, now: float) -> bool:
        """Takes everything a step further; returns whether more is to be done at once."""
        busy = False
        if now >= self._resume:
            try:
                busy = self._work(now)
                self._vitals.note(_LEDGER, None, now)
            except (LedgerError, sqlite3.Error) as error:
                self._resume = now + _LEDGER_PAUSE_S
                self._vitals.note(_LEDGER, str(error), now)
        self._vitals.look_after(now)
        return busy

    def _work(self, now: float) -> bool:
        parts = self._parts
        scans = parts.inbox.scanned
        candidates = parts.inbox.run_once(now, self._beat)
        if parts.inbox.scanned > scans:
            self._vitals.scanned = self._wall().timestamp()
        if candidates:
            try:
                parts.ledger.arrive(candidates, wall=self._wall().timestamp())
            except LedgerError:
                for candidate in candidates:
                    parts.inbox.drop(candidate.path)
                parts.inbox.scan_soon(now)
                raise
        busy = parts.worker.run_once(now, self._beat)
        busy = parts.corrections.run_once(now, self._beat) or busy
        parts.tables.run_once(now, self._beat)
        busy = parts.hooks.run_once(now) or busy
        busy = parts.retention.run_once(now, self._beat) or busy
        return busy or bool(candidates)

    def _beat(self) -> None:
        self._vitals.still_at_work(stopping=self.stop_requests > 0)

    def _sleep(self, busy: bool) -> None:
        """Waits until something can be done; not at all while there is more to do at once."""
        timeout_s = 0.0 if busy else max(0.0, self._next_due() - self._clock())
        self._wake_up(timeout_s)

    def _wake_up(self, timeout_s: float) -> None:
        heard = self._clock() >= self._resume  # nobody reads what workers and hooks say while the ledger is waited for
        sources = (*self._parts.engine.readable(), *self._parts.hooks.readable()) if heard else ()
        descriptors = [source.fileno() for source in sources]
        pause_s = min(timeout_s, self._woken + _HINTS_PAUSE_S - self._clock())
        if pause_s > 0:
            wait(descriptors, pause_s)
            return
        wait([self._wake.fileno(), *descriptors], timeout_s)
        if self._wake.clear():
            self._woken = self._clock()

    def _next_due(self) -> float:
        now, parts = self._clock(), self._parts
        if now < self._resume:
            return min(self._resume, self._vitals.next_due())
        times = [parts.inbox.next_due(), self._vitals.next_due()]
        try:
            dues = [parts.ledger.next_due(now), parts.tables.next_due(), parts.corrections.next_due()]
        except sqlite3.Error:  # which the next step tells
            dues = [now + _LEDGER_PAUSE_S]
        dues += [parts.hooks.next_due(), parts.retention.next_due()]
        times += [due for due in dues if due is not None]
        engine_s = parts.engine.wait_s()
        return min(times if engine_s is None else [*times, now + engine_s])

    # The end

    @contextmanager
    def _letting_go(self) -> Iterator[None]:
        """Ends what would outlive the loop, also where a mistake of ours ends that: threads and hooks."""
        try:
            yield
        finally:
            self._parts.inbox.stop()
            self._parts.tables.stop()
            self._parts.hooks.stop()

    def _is_through(self) -> bool:
        parts = self._parts
        unread = parts.inbox.scan_problem is not None and not self._is_past_patience(Part.SCAN)
        if unread or parts.inbox.pending() or parts.worker.in_work:
            return False
        try:
            crowded = parts.worker.delivery.crowded()
            return not parts.ledger.open(ONCE_TRIES, crowded) and parts.hooks.is_through()
        except sqlite3.Error:
            return False

    def _is_past_patience(self, part: str) -> bool:
        return self._vitals.troubled_s(part, self._clock()) >= ONCE_PATIENCE_S

    def _is_done_well(self) -> bool:
        parts = self._parts
        try:
            left, behind = parts.ledger.count(*ACTIVE), parts.ledger.days.changed()
        except sqlite3.Error as error:
            log.error("whether documents are left cannot be told: %s", error)  # noqa: TRY400 - said already
            return False
        if left:
            log.warning("%s left for the next run", counted(left, "document"))
        return not (left or behind or parts.worker.delivery.failed or parts.inbox.scan_problem)

    def _tell(self, progress: Progress) -> None:
        delivery = self._parts.worker.delivery
        finished = delivery.done + delivery.failed
        with suppress(sqlite3.Error):  # which the next step tells; until then the last figure stands
            self._active = self._parts.ledger.count(*ACTIVE)
        progress(finished, finished + self._active + self._parts.inbox.pending())

    def _finish(self) -> None:
        """Lets documents in work finish for a while, gives back the others, and brings the tables up to date."""
        parts = self._parts
        parts.notifier.stopping()
        parts.inbox.stop()
        parts.worker.claiming = False
        deadline = self._clock() + GRACE_S
        try:
            while parts.worker.in_work and self._clock() < deadline and self.stop_requests < 2:
                parts.worker.run_once(self._clock(), self._beat)
                parts.hooks.take_note(self._clock())
                self._beat()
                self._wake_up(min(1.0, max(0.0, deadline - self._clock())) if parts.worker.in_work else 0.0)
            if given_back := parts.worker.give_back():
                log.info("%s in work given back for the next start", counted(given_back, "document"))
            parts.worker.run_once(self._clock(), self._beat)
            parts.tables.run_once(self._clock(), self._beat, at_once=True)
            parts.hooks.take_note(self._clock())
        except (LedgerError, sqlite3.Error) as error:
            log.error("the end is left to the next start: %s", error)  # noqa: TRY400 - said already, with its remedy
