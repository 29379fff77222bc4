"""Killed at every step: nothing is lost, nothing is twice, nothing is half."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import daemon.originals
from config.schema import EngineSettings
from daemon.documents import MILD_LOSSES_PER_ATTEMPT, State
from daemon.engine.interface import OutcomeKind
from daemon.ledger import Ledger
from daemon.worker import LEASE_SPARE_S

STEPS = (
    *(f"daemon.ledger.Ledger.{name}" for name in ("claim", "identify", "record", "publish", "duplicate", "condemn")),
    *(f"daemon.ledger.Ledger.{name}" for name in ("aim", "finish", "quarantine", "forget")),
    *(f"daemon.ledger.delays.Delays.{name}" for name in ("blame", "lose", "postpone")),
    "daemon.ledger.renewals.Renewals.renew",
    "daemon.outbox.replacing",
    "daemon.outbox.sync_folder",
    "daemon.quarantine.write_reason",
    "daemon.originals.rename_new",
    "daemon.originals.sync_folder",
)
"""Before and after each of these the process may be killed."""


class Killed(BaseException):
    """SIGKILL, as far as a test can have it: nothing in the program may catch it."""


class Fuse:
    """Kills at the n-th step."""

    def __init__(self) -> None:
        self.left: int | None = None

    def burn(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise Killed

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **keywords: Any) -> Any:
            self.burn()
            value = function(*arguments, **keywords)
            self.burn()
            return value

        return wrapped

    def install(self, stack: ExitStack) -> None:
        for name in STEPS:
            patcher = patch(name)
            original, _ = patcher.get_original()
            stack.enter_context(patch(name, self.around(original)))


@pytest.fixture
def fuse() -> Iterator[Fuse]:
    with ExitStack() as stack:
        fuse = Fuse()
        fuse.install(stack)
        yield fuse


@pytest.fixture(params=["one file system", "another file system for the archive"])
def file_systems(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moves by renaming, and by copying as between two disks."""
    rename = daemon.originals.rename_new

    def rename_on_one_disk(source: Path, target: Path) -> None:
        if ("inbox" in source.parts) != ("inbox" in target.parts):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    if request.param != "one file system":
        monkeypatch.setattr(daemon.originals, "rename_new", rename_on_one_disk)


@pytest.mark.usefixtures("file_systems")
def test_killed_at_any_step_the_next_start_repairs_it(
    make_desk: Any, fuse: Fuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.worker.MAX_DOCUMENT_BYTES", 3)
    contents = [b"one", b"one", b"two", b"bad", b"too large"]
    names = ["scan.jpg", "twin.jpg", "scan.jpg", "bad.jpg", "large.jpg"]
    unreadable = frozenset({b"bad", b"too large"})
    for step in range(1000):
        desk = make_desk()
        for name, content in zip(names, contents, strict=True):
            desk.arrive(name, content)
            if content not in unreadable and name != "twin.jpg" and desk.files("archive") == {}:
                desk.run()  # the first is done before: the others meet its name and its content
        answer = desk.engine.answer = lambda data: OutcomeKind.UNREADABLE if data == b"bad" else OutcomeKind.READ
        fuse.left = step
        try:
            desk.run_to_the_end()
        except Killed:
            fuse.left = None
            desk.restart()
            desk.engine.answer = answer
            desk.run_to_the_end()
            desk.check(contents, unreadable)
        else:
            fuse.left = None
            desk.check(contents, unreadable)
            assert step > 60, "the steps were not counted"
            return
    pytest.fail("it never came to an end")


@pytest.mark.usefixtures("file_systems")
def test_killed_at_any_step_results_that_were_taken_away_are_published_again(make_desk: Any, fuse: Fuse) -> None:
    for step in range(1000):
        desk = make_desk()
        desk.arrive("scan.jpg", b"one")
        desk.run()
        for name in desk.files("outbox"):
            (desk.settings.outbox / name).unlink()
        desk.arrive("again.jpg", b"one")
        fuse.left = step
        try:
            desk.run_to_the_end()
        except Killed:
            fuse.left = None
            desk.restart()
            desk.run_to_the_end()
            desk.check([b"one", b"one"])
        else:
            fuse.left = None
            desk.check([b"one", b"one"])
            assert step > 20, "the steps were not counted"
            return
    pytest.fail("it never came to an end")


@pytest.mark.usefixtures("file_systems")
def test_killed_over_and_over_it_still_comes_to_an_end(desk: Any, fuse: Fuse) -> None:
    contents = [b"first", b"second", b"third", b"fourth"]
    for content in contents:
        desk.arrive(f"{content.decode()}.jpg", content)
    for number in range(200):
        fuse.left = 3 * number
        try:
            desk.run_to_the_end()
        except Killed:
            desk.restart()
        else:
            break
    fuse.left = None
    desk.check(contents)


NAMES = ("a.jpg", "b.jpg", "c/a.jpg")
CONTENTS = (b"1", b"2", b"bad", b"poison")
MOST_DEATHS = MILD_LOSSES_PER_ATTEMPT * EngineSettings().attempts - 1
"""With one more, a document that was in work each time would rightly be held to be what kills the service."""
LEASE_S = EngineSettings().timeout_seconds + LEASE_SPARE_S


class JourneyMachine(RuleBasedStateMachine):
    """Files arrive, the daemon works, dies and starts again in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._fuse = Fuse()
        self._originals: list[bytes] = []
        self._done_before: set[int] = set()
        self._deaths = 0

    @initialize(
        names=st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
        contents=st.lists(st.sampled_from(CONTENTS), min_size=3, max_size=3),
    )
    def begin(self, names: list[str], contents: list[bytes]) -> None:
        self._fuse.install(self._stack)
        root = Path(self._stack.enter_context(tempfile.TemporaryDirectory(dir=self.folder)))
        self._desk = self.make_desk(root / "desk")
        for name, content in zip(names, contents, strict=False):
            self.drop(name, content)

    make_desk: Callable[[Path], Any]
    folder: Path

    @rule(name=st.sampled_from(NAMES), content=st.sampled_from(CONTENTS))
    def drop(self, name: str, content: bytes) -> None:
        if not (self._desk.settings.inbox / name).exists():
            self._originals.append(content)
            self._desk.arrive(name, content)

    @rule(seconds=st.sampled_from([0, 1, 61]))
    def work(self, seconds: int) -> None:
        self._desk.step(seconds)

    @precondition(lambda self: self._deaths < MOST_DEATHS)
    @rule(steps=st.integers(0, 12), seconds=st.sampled_from([0, 61]))
    def die(self, steps: int, seconds: int) -> None:
        self._deaths += 1
        self._fuse.left = steps
        try:
            for _ in range(4):
                self._desk.step(seconds)
        except Killed:
            pass
        self._fuse.left = None
        self._desk.restart()
        self._answer()

    @precondition(lambda self: self._deaths < MOST_DEATHS)
    @rule(by_engine=st.booleans())
    def lose_sight(self, by_engine: bool) -> None:
        """The engine never tells how its documents ended, or the worker does not hear that a claim came through."""
        self._deaths += 1
        if by_engine:
            self._desk.engine.jobs.clear()
        else:
            self._desk.ledger.claim(self._desk.now, LEASE_S)

    @precondition(lambda self: hasattr(self, "_desk"))
    @rule()
    def stop(self) -> None:
        self._desk.worker.give_back()
        self._desk.restart()
        self._answer()

    @invariant()
    def what_is_done_stays_done(self) -> None:
        if not hasattr(self, "_desk"):
            return
        self._answer()
        query = "SELECT key FROM documents WHERE state IN ('done', 'failed')"
        done = {row["key"] for row in self._desk.ledger.connection.execute(query)}
        assert self._done_before <= done
        self._done_before = done

    def teardown(self) -> None:
        with self._stack:
            if hasattr(self, "_desk"):
                self._fuse.left = None
                self._answer()
                self._desk.step(LEASE_S)
                self._desk.run_to_the_end()
                self._desk.check(self._originals, frozenset({b"bad", b"poison"}))
                self._desk.die()

    def _answer(self) -> None:
        kinds = {b"bad": OutcomeKind.UNREADABLE, b"poison": OutcomeKind.CRASHED}
        self._desk.engine.answer = lambda data: kinds.get(data, OutcomeKind.READ)


def test_no_document_is_lost_or_acknowledged_twice_whatever_happens(desk: Any, memory_path: Path) -> None:
    JourneyMachine.make_desk = staticmethod(type(desk))
    JourneyMachine.folder = memory_path
    run = settings(max_examples=60, stateful_step_count=20, suppress_health_check=list(HealthCheck), database=None)
    machine = JourneyMachine.TestCase
    machine.settings = run
    machine("runTest").runTest()


def test_what_a_dead_daemon_had_claimed_waits_again(desk: Any) -> None:
    desk.engine.held = True
    desk.arrive("scan.jpg", b"page")
    desk.run()
    desk.die()
    with Ledger(desk.settings.state) as ledger:
        assert ledger.recover() == 1
        assert ledger.count(State.WAITING) == 1
    desk.start()
