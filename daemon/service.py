"""The service: wires the parts, starts and stops them."""

from __future__ import annotations

import logging
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import FrameType

from config.errors import ConfigError
from config.schema import Settings
from daemon.clock import ClockWatch
from daemon.corrections import Corrections
from daemon.days import DayTables
from daemon.documents import ACTIVE
from daemon.engine import create_engine
from daemon.engine.interface import Engine
from daemon.hooks import Hooks
from daemon.inbox import Inbox
from daemon.ledger import Ledger
from daemon.ledger.schema import FILE as LEDGER_FILE
from daemon.lock import StateLock
from daemon.loop import MainLoop, Progress
from daemon.model import model_cache, prepare_model
from daemon.outbox import TABLES, Outbox
from daemon.parts import Parts
from daemon.repair import repair
from daemon.retention import Retention
from daemon.systemd import EXTENSION_S, Notifier
from daemon.wake import Wake
from daemon.worker import Worker

log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

HUNG_UP = 128 + signal.SIGHUP
"""Exit code after SIGHUP, which has other daemons begin anew: after it systemd does so, and not after the signal."""

Conclude = Callable[[int, int, int], object]
"""Told how many documents were finished, failed, and are left."""


class _StoppedError(Exception):
    """A signal came while the service was starting."""


def run(
    settings: Settings, *, once: bool = False, progress: Progress | None = None, conclude: Conclude | None = None
) -> int:
    """Runs the service until it is told to stop, or with `once` until the inbox is finished.

    Args:
        settings: the configuration.
        once: take the inbox as it is, finish it and return.
        progress: told with `once` how many documents are finished, and how many are known.
        conclude: told at the end of `once` what came of them.

    Returns:
        The exit code: 0, HUNG_UP, or 1 when with `once` some documents failed or are left, or the inbox could not be
        read.

    Raises:
        ConfigError: a folder cannot be made at the first start.
        AlreadyRunningError: another process works on the same state folder.
        DaemonError: the ledger or the engine cannot be used.
        RecognitionError: the model cannot be used.
    """
    notifier = Notifier()
    _make_folders(settings)
    with StateLock(settings.state), Ledger(settings.state) as ledger, _stop_signals() as stop:
        repair(settings, ledger)
        try:
            engine = _started_engine(settings, notifier, stop)
        except _StoppedError:
            return stop.exit_code
        try:
            parts = build_parts(settings, ledger, engine, notifier, stop.wake, once=once)
            loop = MainLoop(settings, parts, stop.wake, wall=_time_of_day)
            stop.then(loop.request_stop)
            if not once:
                loop.run()
                return stop.exit_code
            well = loop.run_through(progress or (lambda finished, known: None))
            if conclude is not None:
                _conclude(parts, conclude)
            return 0 if well else 1
        finally:
            engine.stop()


def build_parts(
    settings: Settings, ledger: Ledger, engine: Engine, notifier: Notifier, wake: Wake, *, once: bool = False
) -> Parts:
    """What the main loop drives, around a started engine."""
    outbox = Outbox(settings.outbox, settings.tables)
    inbox = Inbox(settings, wake.set, time.monotonic(), once=once)
    worker = Worker(settings, ledger, engine, outbox, drop=inbox.drop, wall=_time_of_day)
    watch = ClockWatch(ledger, wall=_time_of_day)
    tables = DayTables(settings.outbox / TABLES, ledger, settings.tables, watch=watch, wake=wake.set)
    corrections = Corrections(settings, ledger, outbox)
    hooks, retention = Hooks(settings, ledger), Retention(settings, ledger, watch=watch)
    return Parts(ledger, engine, inbox, worker, corrections, tables, hooks, retention, notifier)


def _conclude(parts: Parts, conclude: Conclude) -> None:
    with suppress(sqlite3.Error):  # which the loop has told
        left = parts.ledger.count(*ACTIVE) + parts.inbox.pending()
        conclude(parts.worker.delivery.done, parts.worker.delivery.failed, left)


class _StopSignals:
    """Turns signals into a call, once there is something to call."""

    def __init__(self, wake: Wake) -> None:
        self.wake = wake
        self.requested = 0
        self.exit_code = 0
        self._call: Callable[[], None] | None = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The signal handler: only takes note."""
        self.requested += 1
        if number == signal.SIGHUP:
            self.exit_code = HUNG_UP
        if self._call:
            self._call()

    def then(self, call: Callable[[], None]) -> None:
        """What every signal calls from now on, and one that came before calls now."""
        self._call = call
        if self.requested:
            call()


@contextmanager
def _stop_signals() -> Iterator[_StopSignals]:
    wake = Wake()
    stop = _StopSignals(wake)
    in_main = threading.current_thread() is threading.main_thread()  # handlers can be set nowhere else
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # as nohup(1) has it
    numbers = _SIGNALS[: -1 if ignored else None] if in_main else ()
    before = {number: signal.signal(number, stop.handle) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        wake.close()


def _started_engine(settings: Settings, notifier: Notifier, stop: _StopSignals) -> Engine:
    def while_waiting() -> None:
        if stop.requested:
            raise _StoppedError
        notifier.extend_timeout(EXTENSION_S)

    notifier.status("loading the model")
    model = prepare_model(settings.model, model_cache(settings.state), while_waiting)
    while_waiting()
    engine = create_engine(settings, model)
    try:
        engine.start(while_waiting)
    except BaseException:
        engine.stop(0)
        raise
    return engine


def _make_folders(settings: Settings) -> None:
    """Makes the folders at the first start.

    Later on a missing one is more likely a share that is not mounted: an empty folder must not take its place.
    """
    if (settings.state / LEDGER_FILE).exists():
        return
    for key in ("state", "inbox", "outbox", "archive", "failed"):
        folder: Path | None = getattr(settings, key)
        if folder is None:
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            rule = f"{key}: must be a folder that can be made. Received: {folder}: {error.strerror}"
            raise ConfigError(f"{rule}; make it, or name another") from error


def _time_of_day() -> datetime:
    return datetime.now().astimezone()
