"""What a machine and its shares do to a running daemon: it says what is wrong, and goes on when it can."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount, and limit the rights of a process"),
]
needs_bindfs = pytest.mark.skipif(
    shutil.which("bindfs") is None or not Path("/dev/fuse").exists(),
    reason="needs bindfs: apt-get install bindfs fuse3",
)


def status(station: Any) -> dict[str, Any]:
    done = station.run("status", "--json", "--config", station.config)
    assert done.returncode == 0, done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def told(station: Any, *words: str) -> dict[str, Any]:
    """What `digitdrop status` says is wrong, once it says all the words; it has to say since when."""

    def find() -> dict[str, Any] | None:
        said = status(station)
        wrongs = [{"text": held["fault"], **held} for held in said["held_up"]] + said["problems"]
        return next((wrong for wrong in wrongs if all(word in wrong["text"] for word in words)), None)

    wrong: dict[str, Any] = station.wait_until(find, f"a problem with {words}")
    assert time.time() - 60 < wrong["since"] <= time.time()
    return wrong


def all_is_well(station: Any) -> None:
    station.wait_until(
        lambda: (said := status(station)) and not (said["problems"] or said["held_up"]), "that all is well"
    )


# Shares


@needs_bindfs
def test_a_share_that_sends_no_events_is_searched_every_few_seconds(station, mounts, draw_page):
    backing = station.root / "server"
    backing.mkdir()
    with mounts.mirrored(backing, station.inbox):
        station.start()
        (backing / "scan.jpg").write_bytes(draw_page(501))
        station.result("scan.jpg")
        assert status(station)["daemon"]["watched"] == {str(station.inbox): False}
        station.wait_until(lambda: not any(backing.iterdir()), "the original's move")
        assert station.stop() == 0


@needs_bindfs
def test_a_share_mounted_inside_the_inbox_is_searched_too(station, mounts, draw_page):
    backing, share = station.root / "server", station.inbox / "scanner"
    backing.mkdir()
    share.mkdir()
    with mounts.mirrored(backing, share):
        station.start()
        watched = status(station)["daemon"]["watched"]
        assert watched == {str(station.inbox): True, str(share): False}
        (backing / "scan.jpg").write_bytes(draw_page(502))
        station.result("scanner/scan.jpg")
        assert station.stop() == 0


@needs_bindfs
def test_a_server_that_goes_down_is_told_and_waited_for(station, mounts, draw_page):
    backing = station.root / "server"
    backing.mkdir()
    (backing / "before.jpg").write_bytes(draw_page(503))
    with ExitStack() as down:
        server = down.enter_context(mounts.mirrored(backing, station.inbox))
        station.start()
        station.result("before.jpg")
        server.kill()
        told(station, "cannot be read", os.strerror(errno.ENOTCONN))
    (backing / "meanwhile.jpg").write_bytes(draw_page(504))
    with mounts.mirrored(backing, station.inbox):
        station.result("meanwhile.jpg")
        all_is_well(station)
        assert station.stop() == 0
    assert sorted(path.name for path in station.archive.iterdir()) == ["before.jpg", "meanwhile.jpg"]


def test_an_inbox_that_is_unmounted_and_mounted_again_is_not_read_twice(make_station, mounts, draw_page, tmp_path):
    station = make_station(archive=None, watch={"stable_seconds": 0.5, "rescan_seconds": 0.5})
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "scan.jpg").write_bytes(draw_page(505))
    names = {"scan.jpg"}
    for turn in (1, 2):
        names |= {f"mounted {turn}.jpg", f"beneath {turn}.jpg"}
        with mounts.mounted(station.inbox, "--bind", disk):
            (disk / f"mounted {turn}.jpg").write_bytes(draw_page(505 + 10 * turn))
            for name in ("scan.jpg", f"mounted {turn}.jpg"):
                station.result(name)
        (station.inbox / f"beneath {turn}.jpg").write_bytes(draw_page(506 + 10 * turn))
        station.result(f"beneath {turn}.jpg")
    assert {path.name.removesuffix(".json") for path in station.outbox.glob("*.json")} == names
    station.wait_until(lambda: (said := status(station)) and not (said["waiting"] or said["in_work"]), "the end")
    assert status(station)["done"] == len(names)


# Disks


def test_a_full_outbox_holds_results_until_there_is_space(station, mounts, draw_page):
    with mounts.mounted(station.outbox, "-t", "tmpfs", "-o", "size=400k", "tmpfs"):
        station.start()
        with (station.outbox / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="space"):
            while True:
                filler.write(bytes(4096))
        (station.inbox / "scan.jpg").write_bytes(draw_page(508))
        told(station, "No space left")
        assert (station.inbox / "scan.jpg").exists()
        assert {path.name for path in station.outbox.iterdir()} == {"filler"}, "nothing half stands there"
        (station.outbox / "filler").unlink()
        station.result("scan.jpg")
        station.wait_for(station.archive / "scan.jpg")
        all_is_well(station)
        assert station.stop() == 0


def test_a_read_only_outbox_is_told_and_waited_for(station, mounts, draw_page):
    with mounts.mounted(station.outbox, "-t", "tmpfs", "tmpfs"):
        station.start()
        mounts.run("mount", "-o", "remount,ro", station.outbox)
        (station.inbox / "scan.jpg").write_bytes(draw_page(509))
        told(station, "Read-only file system")
        mounts.run("mount", "-o", "remount,rw", station.outbox)
        station.result("scan.jpg")
        all_is_well(station)
        assert station.stop() == 0


def test_a_full_disk_under_the_ledger_is_told_and_nothing_is_lost(station, mounts, draw_page):
    with mounts.mounted(station.state, "-t", "tmpfs", "-o", "size=2m", "tmpfs"):
        station.start()
        (station.inbox / "first.jpg").write_bytes(draw_page(510))
        station.result("first.jpg")
        with (station.state / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="space"):
            while True:
                filler.write(bytes(4096))
        (station.inbox / "second.jpg").write_bytes(draw_page(511))
        station.wait_for_log("ledger", "full")
        (station.state / "filler").unlink()
        station.result("second.jpg")
        station.wait_for(station.archive / "second.jpg")
        assert station.stop() == 0


def test_a_table_that_a_spreadsheet_holds_is_published_later(station, mounts, draw_page):
    station.start()
    (station.inbox / "first.jpg").write_bytes(draw_page(512))
    station.wait_until(lambda: list(station.outbox.glob("tables/*.csv")), "the day's table")
    (table,) = station.outbox.glob("tables/*.csv")
    station.wait_until(lambda: "first.jpg" in table.read_text(), "its row")
    with mounts.mounted(table, "--bind", table):  # as a lock: nothing can be put in its place
        (station.inbox / "second.jpg").write_bytes(draw_page(513))
        results = [station.result(name) for name in ("first.jpg", "second.jpg")]
        told(station, "busy")
        assert "second.jpg" not in table.read_text()
    station.wait_until(lambda: "second.jpg" in table.read_text(), "the row that had waited")
    rows = [line.split(",")[0] for line in table.read_text().splitlines()[1:]]
    assert rows == sorted(rows), "each row once, in the order of the documents"
    assert len(rows) == sum(len(result["pages"][0]["numbers"]) for result in results)
    all_is_well(station)
    assert station.stop() == 0


# Originals


def test_an_original_that_cannot_be_moved_is_told_once_and_kept(station, mounts, draw_page):
    scan = station.inbox / "held.jpg"
    outside = station.root / "held.jpg"
    outside.write_bytes(draw_page(514))
    scan.touch()
    with mounts.mounted(scan, "--bind", outside):
        station.start()
        station.result("held.jpg")
        told(station, "must be movable", "held.jpg")
        assert scan.read_bytes() == outside.read_bytes()
        (station.inbox / "other.jpg").write_bytes(draw_page(515))
        station.result("other.jpg")
        lines = [line for line in station.log.read_text().splitlines() if "held.jpg is put off" in line]
        assert len(lines) == 1
        assert station.stop() == 0


def test_an_original_that_may_not_be_read_is_told_and_read_when_it_may(station, draw_page, monkeypatch):
    # Root may read everything, unless that right is taken away.
    without = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    command = station.command
    monkeypatch.setattr(station, "command", lambda *words: [*without, *command(*words)])
    station.start()
    scan = station.inbox / "secret.jpg"
    scan.write_bytes(draw_page(516))
    scan.chmod(0)
    told(station, "must be readable", "Permission denied")
    assert not (station.failed / "secret.jpg").exists()
    scan.chmod(0o644)
    station.result("secret.jpg")
    all_is_well(station)
    assert station.stop() == 0


# Poison


def worker_of(station: Any) -> int:
    found = subprocess.run(
        ["pgrep", "--parent", str(station.process.pid), "-f", "daemon.engine.process"],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(found.stdout.split()[0])


def harm(station: Any, name: str, number: int) -> None:
    """Sends a signal to the worker as soon as it has the document in work."""
    query = "SELECT 1 FROM documents WHERE path = ? AND state = 'working'"

    station.wait_until(lambda: station.ledger(query, name.encode()), f"{name} in work")
    os.kill(worker_of(station), number)


@pytest.fixture
def slow_page(draw_page: Callable[[int], bytes]) -> bytes:
    """A document that takes a worker some time: many pages."""
    pages = [Image.open(io.BytesIO(draw_page(seed))).resize((1600, 1200)) for seed in range(520, 526)]
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:], resolution=200)
    return file.getvalue()


def test_a_file_that_crashes_its_worker_is_quarantined_and_the_others_go_on(station, slow_page, draw_page):
    (station.inbox / "poison.pdf").write_bytes(slow_page)
    station.start()
    harm(station, "poison.pdf", signal.SIGSEGV)
    station.wait_for_log("poison.pdf", "attempt 1 of 3")
    harm(station, "poison.pdf", signal.SIGSEGV)
    station.wait_for_log("poison.pdf", "attempt 2 of 3")
    station.kill()
    station.start()  # the attempts are counted across restarts
    (station.inbox / "good.jpg").write_bytes(draw_page(540))
    harm(station, "poison.pdf", signal.SIGSEGV)
    reason = station.reason("poison.pdf")
    assert "3 attempts failed" in reason
    assert "SIGSEGV" in reason
    station.result("good.jpg")
    assert station.stop() == 0


def test_a_file_that_hangs_its_worker_is_ended_in_time_and_tried_again(make_station, slow_page):
    station = make_station(engine={"workers": 1, "timeout_seconds": 12, "attempts": 3})
    (station.inbox / "slow.pdf").write_bytes(slow_page)
    harm(station, "slow.pdf", signal.SIGSTOP)
    station.wait_for_log("slow.pdf", "attempt 1 of 3", "longer than 12 seconds")
    station.result("slow.pdf")
