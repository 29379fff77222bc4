"""The main loop over all parts, stepped by hand, and what the service manager hears of it."""

from __future__ import annotations

import importlib
import os
import select
import socket
import sqlite3
from collections.abc import Callable, Iterator
from multiprocessing.connection import wait
from typing import Any

import pytest

from daemon.corrections import Corrections
from daemon.days import DayTables
from daemon.hooks import Hooks
from daemon.inbox import Inbox
from daemon.loop import MainLoop
from daemon.parts import Parts
from daemon.retention import Retention
from daemon.systemd import Notifier
from daemon.wake import Wake


class Room:
    """A loop, what it drives, and what the service manager hears of it."""

    def __init__(self, desk: Any, manager: socket.socket, address: str, *, once: bool, watchdog_s: float) -> None:
        self.desk = desk
        self.watchdog_s = watchdog_s
        self.now = 1000.0
        self._manager = manager
        self._messages: list[str] = []
        self.wake = Wake()
        usec = str(int(self.watchdog_s * 1e6))
        notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": usec})
        self.inbox = Inbox(desk.settings, self.wake.set, self.now, once=once, clock=lambda: 0.0)
        desk.worker._drop = desk.worker.delivery._drop = self.inbox.drop
        self.tables = DayTables(desk.settings.outbox / "tables", desk.ledger, desk.settings.tables, watch=desk.watch)
        hooks, retention = Hooks(desk.settings, desk.ledger), Retention(desk.settings, desk.ledger, watch=desk.watch)
        corrections = Corrections(desk.settings, desk.ledger, desk.outbox)
        parts = Parts(
            desk.ledger, desk.engine, self.inbox, desk.worker, corrections, self.tables, hooks, retention, notifier
        )
        self.loop = MainLoop(desk.settings, parts, self.wake, wall=desk.wall, clock=self.clock)

    def clock(self) -> float:
        return self.now

    def step(self, seconds: float = 0.0) -> None:
        """Steps until nothing more can be done, in leaps of at most a second."""
        end = self.now + seconds
        while True:
            for _ in range(100):
                if not self.loop.step(self.now):
                    break
            self._messages += self._read()
            if self.now >= end:
                return
            self.now = min(end, self.now + 1.0)

    def idle(self, times: int) -> None:
        """Steps as the loop does by itself while nothing is to be done, and sees that it sleeps between any two."""
        for _ in range(times):
            assert not self.loop.step(self.now)
            assert self.loop._next_due() > self.now
            self.now = self.loop._next_due()
            self._messages += self._read()

    def slow_down(self, monkeypatch: pytest.MonkeyPatch, function: str, seconds: float) -> list[tuple[float, str]]:
        """Lets each call of a function take that long; gives what the manager was told by its end, with the time."""
        heard: list[tuple[float, str]] = []
        module, _, name = function.rpartition(".")
        original = getattr(importlib.import_module(module), name)

        def slow(*arguments: Any) -> Any:
            heard.extend((self.now, message) for message in self._read())
            self.now += seconds
            return original(*arguments)

        monkeypatch.setattr(function, slow)
        return heard

    def leap_instead_of_sleeping(self, monkeypatch: pytest.MonkeyPatch) -> None:
        woken = 0

        def leap(sources: list[int], timeout: float) -> None:
            nonlocal woken
            if timeout and wait(sources, 0):
                woken += 1
                assert woken < 1000, "the loop spins: it is woken by what it does not read"
            else:
                self.now, woken = self.now + timeout, 0
            self._messages += self._read()

        monkeypatch.setattr("daemon.loop.wait", leap)

    def run_through(self, progress: Callable[[int, int], None] = lambda finished, known: None) -> bool:
        """Takes the inbox as it is, to its end; returns whether all of it was done well."""
        return self.loop.run_through(progress)

    def refuse_statements(self, refuse: bool) -> None:
        """Lets every statement of the ledger fail, or none, as when its disk is away for a while."""
        authorizer = (lambda *words: sqlite3.SQLITE_DENY) if refuse else None
        self.desk.ledger.connection.set_authorizer(authorizer)

    def heard(self) -> list[str]:
        """What the manager was told since this was asked last."""
        messages, self._messages = self._messages + self._read(), []
        return messages

    def _read(self) -> list[str]:
        messages = []
        while select.select([self._manager], [], [], 0)[0]:
            messages.append(self._manager.recv(4096).decode())
        return messages

    def close(self) -> None:
        self.inbox.stop()
        self.wake.close()


@pytest.fixture
def make_room(desk: Any) -> Iterator[Callable[..., Room]]:
    rooms: list[Room] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0digitdrop-loop-{os.getpid()}")

        def make(*, once: bool = False, watchdog_s: float = 30.0) -> Room:
            address = f"@digitdrop-loop-{os.getpid()}"
            rooms.append(Room(desk, manager, address, once=once, watchdog_s=watchdog_s))
            return rooms[-1]

        yield make
        for room in rooms:
            room.close()


@pytest.fixture
def room(make_room: Callable[..., Room]) -> Room:
    return make_room()


@pytest.fixture
def once(make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch) -> Room:
    """A loop that takes the inbox as it is, and leaps instead of sleeping."""
    room = make_room(once=True)
    room.leap_instead_of_sleeping(monkeypatch)
    return room
