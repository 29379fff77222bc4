"""Runs the commands of the configuration that want to hear of finished and corrected documents.

A hook changes nothing about its document: it is run when everything else is done, its failure is told and that is all.
One that a crash interrupted, or kept from being run, is run at the next start: at least once for each document.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.schema import Settings
from daemon.children import DAEMON_ONLY, describe_exit
from daemon.documents import Entry, State
from daemon.engine.interface import HasFileno
from daemon.ledger import Ledger
from daemon.ledger.hooks import FinishedDocument
from daemon.names import shown
from daemon.words import said

log = logging.getLogger(__name__)

MAX_RUNNING = 2
"""Hooks that run at once: they must not take the cores from recognition."""

_END_S = 1.0
"""For a hook that was killed to be gone."""


@dataclass(slots=True)
class _Running:
    """One hook at work; `descriptor` is its process's, readable when it has ended."""

    number: int
    entry: Entry
    event: str
    process: subprocess.Popen[bytes]
    descriptor: int
    deadline: float

    def fileno(self) -> int:
        return self.descriptor


class Hooks:
    """Starts `on_done`, `on_failed` and `on_corrected`, some at a time, and ends those that take too long.

    Args:
        settings: the commands, and the folders whose files they are told of.
        ledger: whose documents are finished.

    Attributes:
        problem: how the last hook failed; None when it went well.
    """

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._running: dict[int, _Running] = {}
        self._unended: list[subprocess.Popen[bytes]] = []
        self.problem: str | None = None

    def run_once(self, now: float) -> bool:
        """Takes note of hooks that ended and starts others; returns whether there were any."""
        ended = self.take_note(now)
        self._unended = [process for process in self._unended if process.poll() is None]
        room = MAX_RUNNING - len(self._running) - len(self._unended)
        waiting = self._ledger.hooks.waiting(MAX_RUNNING) if room else []
        begun = [document for document in waiting if document.number not in self._running][:room]
        for document in begun:
            self._begin(document, now)
        return bool(ended or begun)

    def take_note(self, now: float) -> bool:
        """Takes note of hooks that ended, and ends those that take too long; returns whether there were any."""
        ended = [hook for hook in self._running.values() if hook.process.poll() is not None or now >= hook.deadline]
        for hook in ended:
            self._end(hook)
        return bool(ended)

    def readable(self) -> Sequence[HasFileno]:
        """What to wait on: `run_once` has something to do when one of them is readable."""
        return tuple(self._running.values())

    def next_due(self) -> float | None:
        """When the first running hook has had its time, in monotonic seconds."""
        return min((hook.deadline for hook in self._running.values()), default=None)

    def is_through(self) -> bool:
        """Whether every hook has ended."""
        return not (self._running or self._ledger.hooks.waiting(1))

    def stop(self) -> None:
        """Ends what runs; it is run again at the next start."""
        for hook in self._running.values():
            log.info("document=%s its hook is ended, and is run again at the next start", shown(hook.entry.path))
            _kill(hook)
        self._running.clear()

    def _begin(self, document: FinishedDocument, now: float) -> None:
        entry = document.entry
        event = "corrected" if document.corrected else "failed" if entry.state is State.FAILED else "done"
        hooks = self._settings.hooks
        command = {"done": hooks.on_done, "failed": hooks.on_failed, "corrected": hooks.on_corrected}[event]
        if command is None:  # it was taken out of the configuration meanwhile
            return self._ledger.hooks.ended(document.number)
        environment = {name: value for name, value in os.environ.items() if name not in DAEMON_ONLY}
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment | self._facts(document, event),
                cwd="/",
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            self._ledger.hooks.ended(document.number)
            return self._tell(entry, event, f"it cannot be started: {said(error)}")
        deadline = now + self._settings.hooks.timeout_seconds
        descriptor = os.pidfd_open(process.pid)
        self._running[document.number] = _Running(document.number, entry, event, process, descriptor, deadline)
        return None

    def _end(self, hook: _Running) -> None:
        code = hook.process.poll()
        self._ledger.hooks.ended(hook.number)  # first: where the ledger refuses, it must not be run again and again
        _kill(hook)
        slow = f"it took longer than {self._settings.hooks.timeout_seconds:g} seconds"
        if code is not None:
            fault = f"it ended with {describe_exit(code)}" if code else ""
        elif hook.process.returncode is not None:
            fault = f"{slow} and was ended"
        else:
            fault = f"{slow} and cannot be ended; does it run as another user?"
            self._unended.append(hook.process)
        del self._running[hook.number]
        self._tell(hook.entry, hook.event, fault)

    def _tell(self, entry: Entry, event: str, fault: str) -> None:
        self.problem = f"on_{event} failed for {shown(entry.path)}: {fault}" if fault else None
        if fault:
            log.warning("document=%s its hook on_%s failed: %s", shown(entry.path), event, fault)

    def _facts(self, document: FinishedDocument, event: str) -> dict[str, str]:
        """What a hook is told of its document; names are the bytes that the file system has."""
        entry, outputs = document.entry, document.outputs
        facts = {
            "DIGITDROP_EVENT": event,
            "DIGITDROP_DOCUMENT": entry.path,
            "DIGITDROP_ORIGINAL": str(self._original(entry, event)),
        }
        if event == "failed":
            return facts | {"DIGITDROP_REASON": entry.reason or "", "DIGITDROP_REMEDY": entry.remedy or ""}
        for name, suffix in (("JSON", ".json"), ("CSV", ".csv"), ("PICTURE", ".annotated.jpg")):
            found = next((output for output in outputs if output.endswith(suffix)), None)
            if found is not None:
                facts[f"DIGITDROP_{name}"] = str(self._settings.outbox / found)
        return facts

    def _original(self, entry: Entry, event: str) -> Path:
        folder = self._settings.failed if event == "failed" else self._settings.archive
        if folder is None or entry.target is None:
            return self._settings.inbox / entry.path
        return folder / entry.target


def _kill(hook: _Running) -> None:
    """Ends the process and all that it has started, as far as they are this user's: some become another."""
    with suppress(ProcessLookupError, PermissionError, subprocess.TimeoutExpired):
        os.killpg(hook.process.pid, signal.SIGKILL)
        hook.process.wait(_END_S)
    os.close(hook.descriptor)
