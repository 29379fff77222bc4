"""A real daemon: the command as systemd starts it, in a process of its own, on a folder tree of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

FOLDERS = ("inbox", "outbox", "archive", "failed", "state")
STABLE_S = 0.5
DEADLINE_S = 60.0
"""Far more than anything takes; how long things do take is what the benchmarks are about."""


class Notices:
    """systemd's end of the notification socket, which takes what the daemon says until it is closed."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f"digitdrop-test-{os.getpid()}-{time.monotonic_ns()}"
        self.address = f"@{name}"
        self._socket.bind(f"\0{name}")
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", f"\0{self.address[1:]}")
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while message := self._socket.recv(4096):
            if b"READY=1" in message.splitlines():
                self.ready.set()


class Station:
    """The folders, the configuration and, between start and stop, the daemon.

    Args:
        root: an empty folder.
        settings: keys of the configuration besides the folders.
    """

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root, self.stable_s = root, STABLE_S
        self.inbox, self.outbox, self.archive, self.failed, self.state = (root / name for name in FOLDERS)
        for folder in (self.inbox, self.outbox, self.archive, self.failed, self.state):
            folder.mkdir(parents=True)
        self.config = root / "digitdrop.yaml"
        folders = {name: name for name in FOLDERS}
        usual = {"watch": {"stable_seconds": STABLE_S, "incomplete_seconds": 1}, "engine": {"workers": 1}}
        self.config.write_text(yaml.safe_dump({**folders, **usual, **settings}))
        self.log = root / "daemon.log"
        self.log.touch()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *words: str | Path) -> list[str]:
        return [sys.executable, "-m", "daemon", *map(str, words)]

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        return subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=DEADLINE_S, cwd=self.root, check=False
        )

    def launch(self, word: str, **how: Any) -> subprocess.Popen[bytes]:
        """Starts a command on this configuration, which writes to the log; `how` is for `Popen`."""
        with self.log.open("ab") as log:
            words = self.command(word, "--config", self.config)
            return subprocess.Popen(words, stdout=log, stderr=log, cwd=self.root, **how)

    def start(self) -> None:
        """Starts the daemon as systemd does, and returns when it says that it is ready."""
        self.notices = Notices()
        environment = {**os.environ, "NOTIFY_SOCKET": self.notices.address}
        self.process = self.launch("run", env=environment, start_new_session=True)
        self.wait_until(self.notices.ready.is_set, "READY=1")

    def wait_until(self, condition: Callable[[], Any], what: str) -> Any:
        """The condition's value once it is true; fails when the daemon ends first or too much time has gone."""
        deadline = time.monotonic() + DEADLINE_S
        while not (value := condition()):
            assert self.process is not None, "the daemon was not started"
            if self.process.poll() is not None:
                raise AssertionError(
                    f"the daemon ended with {self.process.returncode}, waiting for {what}{self._last_words()}"
                )
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come within {DEADLINE_S:g} s{self._last_words()}")
            select.select([], [], [], 0.02)
        return value

    def wait_for(self, path: Path) -> Path:
        self.wait_until(path.exists, str(path))
        return path

    def wait_for_log(self, *words: str) -> str:
        """The first line of the log that holds all the words."""

        def find() -> str | None:
            lines = self.log.read_text(errors="replace").splitlines()
            return next((line for line in lines if all(word in line for word in words)), None)

        return str(self.wait_until(find, f"a line in the log with {words}"))

    def result(self, name: str) -> dict[str, Any]:
        """The JSON of a document, when all its results are there: each of them is checked to be whole."""
        value: dict[str, Any] = json.loads(self.wait_for(self.outbox / f"{name}.json").read_bytes())
        assert value["schema"] == 1
        assert value["document"] == name
        numbers = [number for page in value["pages"] for number in page["numbers"]]
        text = (self.outbox / f"{name}.csv").read_bytes().decode("utf-8-sig")
        assert [row["number"] for row in csv.DictReader(io.StringIO(text))] == [number["text"] for number in numbers]
        for page in value["pages"]:
            suffix = "" if page["page"] == 1 else f".p{page['page']}"
            content = (self.outbox / f"{name}{suffix}.annotated.jpg").read_bytes()
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            assert picture.shape == (page["height"], page["width"], 3)
        return value

    def reason(self, name: str) -> str:
        """Why a document stands in failed/."""
        path = self.wait_for(self.failed / f"{name}.reason.json")
        assert (self.failed / name).exists()
        assert not os.path.lexists(self.inbox / name)
        return str(json.loads(path.read_bytes())["reason"])

    def ledger(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """The first row that a query of the ledger gives."""
        with closing(sqlite3.connect(f"file:{self.state}/ledger.sqlite3?mode=ro", uri=True)) as db:
            row: tuple[Any, ...] | None = db.execute(query, values).fetchone()
            return row

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal and gives the exit code."""
        assert self.process is not None
        if number == signal.SIGINT:
            # Ctrl-C on a terminal reaches the workers as well.
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        self.process = None
        self.notices.close()
        return code

    def kill(self) -> None:
        """Ends the daemon, if it still runs, without asking."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(DEADLINE_S)
            self.notices.close()

    def last_lines(self, count: int) -> list[str]:
        """The end of the log."""
        return self.log.read_text(errors="replace").splitlines()[-count:]

    def _last_words(self) -> str:
        return "\n".join([". The daemon's log ends:", *self.last_lines(40)])

    def leftovers(self) -> list[Path]:
        """Files that a clean run leaves nowhere: temporary ones."""
        folders = (self.inbox, self.outbox, self.archive, self.failed)
        return [path for folder in folders for path in folder.rglob("*") if path.name.startswith(".")]


def workers_of(daemon: int) -> list[int]:
    """The processes that a daemon has started.

    Raises:
        OSError: it is gone.
    """
    return [int(pid) for pid in Path(f"/proc/{daemon}/task/{daemon}/children").read_text().split()]
