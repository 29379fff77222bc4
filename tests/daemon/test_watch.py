from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from watchdog.events import DirMovedEvent, FileCreatedEvent, FileMovedEvent
from watchdog.observers.inotify import InotifyObserver

from daemon.watch import MAX_HINTS, Hints, Watch

TIMEOUT_S = 20.0


class Bell:
    """Waits until hints have come."""

    def __init__(self) -> None:
        self.rung = threading.Event()

    def ring(self) -> None:
        self.rung.set()

    def hint(self, watch: Watch, wanted: str) -> None:
        """Returns when the watch has told of a path; fails when it never does."""
        while True:
            assert self.rung.wait(TIMEOUT_S), f"no hint of {wanted} came"
            self.rung.clear()
            if wanted in watch.take()[0]:
                return


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    return inbox


@pytest.fixture
def watch(inbox: Path, bell: Bell) -> Iterator[Watch]:
    watch = Watch(inbox, recursive=True, wake=bell.ring)
    yield watch
    watch.stop()
    assert not watch.is_alive()


def test_a_new_file_is_hinted_at(watch: Watch, inbox: Path, bell: Bell) -> None:
    assert watch.tend()
    assert watch.problem is None
    (inbox / "scan.jpg").write_bytes(b"x")
    bell.hint(watch, "scan.jpg")


def test_an_inbox_that_is_away_is_told_once(watch: Watch, inbox: Path, caplog: pytest.LogCaptureFixture) -> None:
    inbox.rmdir()
    assert [watch.tend() for _ in range(3)] == [False] * 3
    told = f"{inbox} cannot be watched: No such file or directory; the inbox is scanned instead"
    assert [record.getMessage() for record in caplog.records] == [told]


def test_a_file_renamed_to_its_final_name_is_hinted_at_under_that(watch: Watch, inbox: Path, bell: Bell) -> None:
    (inbox / "scan.jpg.part").write_bytes(b"x")
    watch.tend()
    (inbox / "scan.jpg.part").rename(inbox / "scan.jpg")
    bell.hint(watch, "scan.jpg")


def test_a_file_in_the_inboxs_place_is_no_hint_at_a_document(bell: Bell, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.write_bytes(b"no folder")
    watch = Watch(inbox, recursive=True, wake=bell.ring)
    watch.tend()
    inbox.write_bytes(b"still none")
    assert bell.rung.wait(TIMEOUT_S)
    assert watch.take()[0] == []
    watch.stop()


def test_hints_come_through_a_link_to_the_inbox(tmp_path: Path, inbox: Path, bell: Bell) -> None:
    (tmp_path / "link").symlink_to(inbox)
    watch = Watch(tmp_path / "link", recursive=True, wake=bell.ring)
    watch.tend()
    (inbox / "scan.jpg").write_bytes(b"x")
    bell.hint(watch, "scan.jpg")
    watch.stop()


def test_a_healthy_watch_is_left_alone(watch: Watch) -> None:
    assert watch.tend()
    assert not watch.tend()


def test_while_more_and_more_folders_are_found_it_is_said_that_that_goes_on(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, go_on, count = threading.Event(), threading.Event(), itertools.count(1)
    start = InotifyObserver.start

    def start_slowly(self: InotifyObserver) -> None:
        go_on.wait(TIMEOUT_S)
        start(self)

    def beat() -> None:
        if heard.is_set():
            go_on.set()
        heard.set()

    monkeypatch.setattr(InotifyObserver, "start", start_slowly)
    monkeypatch.setattr("daemon.watch._LOOK_S", 0.01)
    monkeypatch.setattr("daemon.watch._watched", lambda: next(count))
    assert watch.tend(beat)
    assert go_on.is_set()
    assert watch.is_alive()


def test_while_no_more_folders_are_found_nothing_is_said(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, go_on = itertools.count(), threading.Event()
    start = InotifyObserver.start

    def start_slowly(self: InotifyObserver) -> None:
        go_on.wait(TIMEOUT_S)
        start(self)

    def watched() -> int:
        if next(looks) == 20:
            go_on.set()
        return 7

    monkeypatch.setattr(InotifyObserver, "start", start_slowly)
    monkeypatch.setattr("daemon.watch._LOOK_S", 0.01)
    monkeypatch.setattr("daemon.watch._watched", watched)
    beats: list[None] = []
    assert watch.tend(lambda: beats.append(None))
    assert len(beats) == 1


def test_a_missing_inbox_is_a_problem_until_it_is_there(watch: Watch, inbox: Path, bell: Bell) -> None:
    inbox.rmdir()
    assert not watch.tend()
    assert watch.problem is not None
    assert "No such file" in watch.problem
    inbox.mkdir()
    assert watch.tend()
    assert watch.problem is None
    (inbox / "scan.jpg").write_bytes(b"x")
    bell.hint(watch, "scan.jpg")


def test_an_inbox_that_was_removed_and_made_again_is_watched_again(watch: Watch, inbox: Path, bell: Bell) -> None:
    watch.tend()
    inbox.rmdir()
    inbox.mkdir()
    # Some file systems give the new folder the old one's number; then it is the end of the old watch that tells.
    deadline = time.monotonic() + TIMEOUT_S
    while not watch.tend():
        assert time.monotonic() < deadline, "the new folder is not watched"
        time.sleep(0.01)
    (inbox / "scan.jpg").write_bytes(b"x")
    bell.hint(watch, "scan.jpg")


def test_an_inbox_that_was_moved_away_and_replaced_is_watched_again(
    watch: Watch, inbox: Path, tmp_path: Path, bell: Bell
) -> None:
    watch.tend()
    inbox.rename(tmp_path / "old")
    inbox.mkdir()
    assert watch.tend()
    (inbox / "scan.jpg").write_bytes(b"x")
    bell.hint(watch, "scan.jpg")


def test_every_thread_of_the_watch_that_dies_is_noticed(watch: Watch, inbox: Path, bell: Bell) -> None:
    watch.tend()
    threads = sorted(watch._threads, key=lambda thread: type(thread).__name__)
    assert len(threads) == 3, "the kernel's reader, the emitter and the dispatcher"
    for index in range(3):
        thread: Any = sorted(watch._threads, key=lambda thread: type(thread).__name__)[index]
        thread.stop()
        thread.join(TIMEOUT_S)
        assert watch.tend(), f"{type(thread).__name__} died unnoticed"
        (inbox / f"{index}.jpg").write_bytes(b"x")
        bell.hint(watch, f"{index}.jpg")


def test_a_handler_never_raises_whatever_event_comes(bell: Bell, caplog: pytest.LogCaptureFixture) -> None:
    hints = Hints(bell.ring)
    hints.root = "/inbox"
    hints.on_any_event(FileCreatedEvent(src_path=object()))  # type: ignore[arg-type]
    assert hints.take() == ([], True), "what could not be noted is left to a scan"
    assert "could not be noted" in caplog.text


def test_a_moved_folder_and_a_flood_of_files_ask_for_a_scan(bell: Bell) -> None:
    hints = Hints(bell.ring)
    hints.root = "/inbox"
    hints.on_any_event(DirMovedEvent("/elsewhere/a", "/inbox/a"))
    assert hints.take() == ([], True)
    for number in range(MAX_HINTS + 10):
        hints.on_any_event(FileCreatedEvent(f"/inbox/{number}.jpg"))
    paths, scan = hints.take()
    assert len(paths) == MAX_HINTS
    assert scan


def test_a_file_moved_out_of_the_inbox_is_no_hint(bell: Bell) -> None:
    hints = Hints(bell.ring)
    hints.root = "/inbox"
    hints.on_any_event(FileMovedEvent("/inbox/a.jpg", "/archive/a.jpg"))
    assert hints.take() == ([], False)


LIMITED = """
import pathlib, shutil, sys
from config.schema import WatchSettings
from daemon.scan import NameFilter, scan
from daemon.watch import Watch

inbox, limit = pathlib.Path(sys.argv[1]), pathlib.Path("/proc/sys/user/max_inotify_watches")
limit.write_text("5")
watch = Watch(inbox, recursive=True, wake=lambda: None)


def look():
    watch.tend()
    watch.compare(scan(inbox, NameFilter(WatchSettings()), recursive=True).folders)


for _ in range(4):
    look()
    print(watch.problem)
for folder in inbox.iterdir():
    shutil.rmtree(folder)
look()
look()
print(watch.problem)
watch.stop()
"""


def test_folders_that_cannot_be_watched_for_want_of_watches_are_told(inbox: Path) -> None:
    own_limits = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*own_limits, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs user namespaces, in which the limit can be set for a process alone")
    for path in ("1/2", "3/4", "5"):
        (inbox / path).mkdir(parents=True)
    done = subprocess.run(
        [*own_limits, sys.executable, "-c", LIMITED, str(inbox)], capture_output=True, text=True, check=True
    )
    *suspected, told, afterwards = done.stdout.splitlines()
    assert suspected == 3 * ["None"], "folders may come and go during a scan, and a watch may be begun anew"
    assert told == (
        f"{inbox} has more folders than can be watched; raise fs.inotify.max_user_watches, then restart digitdrop"
    )
    assert afterwards == "None"
