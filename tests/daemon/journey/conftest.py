"""Everything between the inbox and the archive, stepped by hand: real folders, ledger and outbox, and a tame engine."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from config.schema import EngineSettings, Settings, TablesSettings, WatchSettings
from daemon.clock import ClockWatch
from daemon.documents import ACTIVE, Candidate, Identity
from daemon.engine.interface import HasFileno, Job, Outcome, OutcomeKind
from daemon.errors import EngineError
from daemon.inbox import Inbox
from daemon.ledger import Ledger
from daemon.ledger.schema import FILE as LEDGER_FILE
from daemon.outbox import Outbox
from daemon.repair import repair
from daemon.worker import Worker
from recognition.formats import is_whole
from recognition.types import BoundingBox, Digit, Document, ModelInfo, Number, Page

CROP = cv2.imencode(".png", np.zeros((20, 30, 3), np.uint8))[1].tobytes()

Answer = Callable[[bytes], OutcomeKind]


def document_of(data: bytes) -> Document:
    """A document whose one number tells which content it was read from."""
    text = str(int(hashlib.sha256(data).hexdigest()[:6], 16))
    box = BoundingBox(1, 2, 30, 40)
    digits = tuple(Digit(int(character), 0.99, box) for character in text)
    number = Number(text, box, 0, 0, 0.99, False, (), digits, crop=CROP)
    return Document((Page(1, 100, 80, 0, (number,), annotated=b"\xff\xd8 annotated \xff\xd9"),))


class TameEngine:
    """Answers what it is told to, at the next poll unless it is held."""

    def __init__(self) -> None:
        self.capacity = 2
        self.model = ModelInfo("tame", "0" * 64)
        self.answer: Answer = lambda data: OutcomeKind.READ if is_whole(data) else OutcomeKind.INCOMPLETE
        self.read = document_of
        self.held = False
        self.refusing = False
        self.problem: str | None = None
        self.restart_helps = True
        self.jobs: list[Job] = []
        self.taken: list[bytes] = []

    def start(self, while_waiting: Callable[[], None] = lambda: None) -> None:
        pass

    def free(self) -> int:
        return self.capacity - len(self.jobs)

    def submit(self, job: Job) -> None:
        if self.refusing:
            raise EngineError("no worker is free")
        self.jobs.append(job)
        self.taken.append(job.data)

    def readable(self) -> Sequence[HasFileno]:
        return ()

    def wait_s(self) -> float | None:
        return 0.0 if self.jobs and not self.held else None

    def poll(self, timeout_s: float = 0.0) -> list[Outcome]:
        if self.held:
            return []
        outcomes = [self._outcome(job) for job in self.jobs]
        self.jobs.clear()
        return outcomes

    def healthy(self) -> str | None:
        return self.problem

    def stop(self, grace_s: float = 5.0) -> None:
        self.jobs.clear()

    def _outcome(self, job: Job) -> Outcome:
        kind = self.answer(job.data)
        if kind is OutcomeKind.READ:
            return Outcome(job.key, kind, self.read(job.data), 0.1)
        return Outcome(job.key, kind, None, 0.1, f"the tame engine says {kind}")


class Desk:
    """A worker with everything it needs, and the means to kill it and to look at what it left."""

    def __init__(self, root: Path, **changes: object) -> None:
        self.settings = Settings(
            inbox=root / "inbox",
            outbox=root / "outbox",
            archive=root / "archive",
            failed=root / "failed",
            state=root / "state",
            model=root / "digits.tflite",
            watch=WatchSettings(stable_seconds=2.0, incomplete_seconds=60.0),
            engine=EngineSettings(workers=2, attempts=3),
            tables=TablesSettings(),
        ).model_copy(update=changes)
        for folder in ("inbox", "outbox", "archive", "failed", "state"):
            (root / folder).mkdir(parents=True)
        self.root = root
        self.now = 1000.0
        self.dropped: list[str] = []
        self.start()

    def wall(self) -> datetime:
        return datetime(2026, 11, 23, 21, 0, tzinfo=UTC) + timedelta(seconds=self.now)

    def start(self) -> None:
        """What a start of the service does: a new process knows only what is on the disk."""
        self.engine = TameEngine()
        self.ledger = Ledger(self.settings.state)
        repair(self.settings, self.ledger)
        self.outbox = Outbox(self.settings.outbox, self.settings.tables)
        self.worker = Worker(
            self.settings, self.ledger, self.engine, self.outbox, drop=self.dropped.append, wall=self.wall
        )
        self.watch = ClockWatch(self.ledger, wall=lambda: self.wall())

    def die(self) -> None:
        """Ends the process without a word."""
        self.ledger.close()

    def damage(self, table: str) -> None:
        """Writes over the first page of a table of the ledger, which nobody has open."""
        ledger = self.settings.state / LEDGER_FILE
        with closing(sqlite3.connect(ledger)) as db:
            (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            (size,) = db.execute("PRAGMA page_size").fetchone()
        with ledger.open("r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)

    def restart(self) -> None:
        self.die()
        self.start()

    def put(self, name: str, content: bytes) -> Path:
        """A file in the inbox that nobody has seen yet."""
        path = self.settings.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def arrive(self, name: str, content: bytes) -> Path:
        """A quiet file in the inbox."""
        path = self.put(name, content)
        self.see_all()
        return path

    def see_all(self) -> None:
        """Tells the ledger of everything in the inbox, as a scan does after a while."""
        inbox = self.settings.inbox
        files = sorted(path for path in inbox.rglob("*") if path.is_file() and not path.is_symlink())
        candidates = [Candidate(path.relative_to(inbox).as_posix(), Identity.of(path.lstat())) for path in files]
        self.ledger.arrive(candidates, wall=self.wall().timestamp())

    def step(self, seconds: float = 0.0) -> bool:
        self.now += seconds
        return self.worker.run_once(self.now)

    def run(self, seconds: float = 0.0) -> None:
        """Steps until nothing more can be done at this time."""
        self.now += seconds
        for _ in range(1000):
            if not self.worker.run_once(self.now):
                return
        pytest.fail("the worker never comes to rest")

    def run_to_the_end(self) -> None:
        """Works until everything in the inbox is finished, whatever was put off."""
        self.see_all()
        for _ in range(8):
            self.run(61)

    def check(self, originals: list[bytes], unreadable: frozenset[bytes] = frozenset()) -> None:
        """Every original in one place, one whole set of outputs for each content, each row once in the table."""
        archived = [content for name, content in self.files("archive").items()]
        failed = {name: content for name, content in self.files("failed").items() if not name.endswith(".reason.json")}
        assert sorted(archived) == sorted(content for content in originals if content not in unreadable)
        assert sorted(failed.values()) == sorted(content for content in originals if content in unreadable)
        assert self.files("failed").keys() == failed.keys() | {f"{name}.reason.json" for name in failed}
        assert self.files("inbox") == {}
        results = [json.loads(value) for name, value in self.files("outbox").items() if name.endswith(".json")]
        contents = {content for content in originals if content not in unreadable}
        assert len(results) == len(contents) == len({result["sha256"] for result in results})
        assert len(self.files("outbox")) == 3 * len(contents)
        days = self.ledger.days.changed()
        rows = [entry.result["sha256"] for day in days for entry in self.ledger.days.entries(day.day)]
        assert sorted(rows) == sorted(result["sha256"] for result in results)
        asides = [aside for day in days for aside in self.ledger.days.asides(day.day)]
        assert len(asides) == len(originals) - len(results)
        assert self.ledger.count(*ACTIVE) == 0
        self.check_names()

    def check_names(self) -> None:
        """The original of the results of any name has that name in the archive."""
        archived = self.files("archive")
        results = {name: value for name, value in self.files("outbox").items() if name.endswith(".json")}
        for name, value in results.items():
            original = archived[name.removesuffix(".json")]
            assert hashlib.sha256(original).hexdigest() == json.loads(value)["sha256"], name

    def files(self, folder: str) -> dict[str, bytes]:
        """Every file below a folder of the tree with its content, day tables apart."""
        root = self.root / folder
        found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        return {name: content for name, content in found.items() if not name.startswith("tables/")}

    def documents(self) -> list[str]:
        """The document of each row of the day's table, which is the only one."""
        (path,) = (self.settings.outbox / "tables").glob("*.csv")
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [row["document"] for row in csv.DictReader(file)]


@pytest.fixture(scope="session")
def truncated_png() -> bytes:
    """The beginning of a PNG, as a copy has it that is not through."""
    return b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x0dIHDR" + bytes(range(1, 30))


@pytest.fixture
def memory_path(tmp_path: Path) -> Iterator[Path]:
    """An empty folder in memory where there is one: hundreds of lives of a daemon wait long for a real disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture
def desk(memory_path: Path) -> Iterator[Desk]:
    desk = Desk(memory_path / "desk")
    yield desk
    desk.die()


@pytest.fixture
def make_desk(memory_path: Path) -> Iterator[Callable[..., Desk]]:
    """Makes desks with other settings."""
    desks: list[Desk] = []

    def make(**changes: object) -> Desk:
        desks.append(Desk(memory_path / f"desk{len(desks)}", **changes))
        return desks[-1]

    yield make
    for desk in desks:
        desk.die()


@pytest.fixture
def rung() -> threading.Event:
    """Is set when the main loop is to look."""
    return threading.Event()


@pytest.fixture
def make_inbox(desk: Desk, rung: threading.Event) -> Iterator[Callable[..., Inbox]]:
    """Makes what finds the documents of the desk's inbox, with a clock that the test moves."""
    made: list[Inbox] = []

    def make(*, once: bool = False, **watch: Any) -> Inbox:
        settings = desk.settings.model_copy(update={"watch": WatchSettings(stable_seconds=2.0, **watch)})
        made.append(Inbox(settings, rung.set, 0.0, once=once, clock=lambda: 0.0))
        return made[-1]

    yield make
    for inbox in made:
        inbox.stop()
