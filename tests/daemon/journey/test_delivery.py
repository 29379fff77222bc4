"""Results and originals that cannot be put where they belong: they are kept, and go there when they can."""

from __future__ import annotations

import gc
import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemon.documents import Candidate, Identity, State
from daemon.engine.interface import OutcomeKind
from daemon.errors import LedgerError
from daemon.ledger.reports import faulty
from daemon.result import Result
from recognition.types import Document


def test_a_missing_outbox_keeps_everything_until_it_is_back(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    desk.settings.outbox.rmdir()
    desk.arrive("scan.jpg", b"page")
    for _ in range(20):
        desk.run(30)
    assert desk.files("inbox") == {"scan.jpg": b"page"}
    assert desk.ledger.count(State.RECOGNIZED) == 1
    assert sum(record.levelno == logging.WARNING for record in caplog.records) == 1
    desk.settings.outbox.mkdir()
    desk.run(61)
    assert desk.files("archive") == {"scan.jpg": b"page"}
    assert desk.engine.taken == [b"page"], "it is not read again"
    assert desk.files("outbox")["scan.jpg.annotated.jpg"].startswith(b"\xff\xd8")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_what_stands_in_the_way_in_the_outbox_is_told_once(
    desk: Any, mounts: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*arguments: object) -> None:
        raise LedgerError("the ledger's disk is full")

    desk.arrive("scan.jpg", b"page")
    monkeypatch.setattr(desk.ledger, "publish", full)
    with pytest.raises(LedgerError):
        desk.run()
    desk.restart()
    held = desk.settings.outbox / "scan.jpg.csv"  # its own, which is to be written once more
    caplog.clear()
    with mounts.mounted(held, "--bind", held):  # as a lock: nothing can be put in its place
        for _ in range(5):
            desk.run(61)
    (told,) = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    assert str(held) in told
    assert told.count("again") == 1


def test_a_reason_that_can_not_be_written_is_told_once(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    (desk.settings.failed / "scan.jpg.reason.json").mkdir()
    desk.ledger.arrive([Candidate("scan.jpg", Identity.of(desk.put("scan.jpg", b"page").lstat()))], wall=1.0)
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.worker.delivery.failed_place = lambda path: path
    for _ in range(5):
        desk.run(61)
    (told,) = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    assert str(desk.settings.failed / "scan.jpg.reason.json") in told


def test_results_wait_for_the_outbox_across_a_restart(desk: Any) -> None:
    desk.settings.outbox.rmdir()
    desk.arrive("scan.jpg", b"page")
    desk.run()
    desk.settings.outbox.mkdir()
    desk.restart()
    desk.run()
    assert desk.engine.taken == []
    assert desk.files("outbox").keys() == {"scan.jpg.json", "scan.jpg.csv", "scan.jpg.annotated.jpg"}


@pytest.mark.parametrize("folder", ["failed", "outbox"])
def test_no_result_stays_in_memory_published_or_not(desk: Any, folder: str) -> None:
    (desk.root / folder).rename(desk.root / "away")  # without the outbox results wait for it, in the ledger
    desk.arrive(f"in memory/{folder}.jpg", b"page")
    desk.run()
    assert desk.ledger.count(State.RECOGNIZED if folder == "outbox" else State.DONE) == 1
    gc.collect()
    held = [thing.document for thing in gc.get_objects() if isinstance(thing, Result)]
    assert f"in memory/{folder}.jpg" not in held


def test_after_a_restart_each_page_has_its_own_picture(desk: Any) -> None:
    read = desk.engine.read

    def read_two(data: bytes) -> Document:
        (page,) = read(data).pages
        return Document((page, replace(page, page=2, annotated=b"\xff\xd8 the second \xff\xd9")))

    desk.engine.read = read_two
    desk.settings.outbox.rmdir()
    desk.arrive("fax.tif", b"page")
    desk.run()
    desk.restart()
    desk.settings.outbox.mkdir()
    desk.run()
    published = desk.files("outbox")
    assert published["fax.tif.annotated.jpg"] == b"\xff\xd8 annotated \xff\xd9"
    assert published["fax.tif.p2.annotated.jpg"] == b"\xff\xd8 the second \xff\xd9"


@pytest.mark.parametrize("stands", [False, True])
def test_a_missing_archive_keeps_the_original_in_the_inbox_until_it_is_back(desk: Any, stands: bool) -> None:
    desk.settings.archive.rmdir()
    if stands:
        desk.settings.archive.write_bytes(b"a file in its place")
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert (desk.settings.inbox / "scan.jpg").read_bytes() == b"page"
    assert "scan.jpg.json" in desk.files("outbox")
    desk.settings.archive.unlink(missing_ok=True)
    desk.settings.archive.mkdir()
    desk.run(61)
    assert desk.files("archive") == {"scan.jpg": b"page"}


@pytest.mark.parametrize(
    ("folder", "left"), [("outbox", "recognized"), ("archive", "published"), ("failed", "condemned")]
)
def test_a_folder_that_is_away_is_tried_once_for_all_documents_that_wait_for_it(
    desk: Any, caplog: pytest.LogCaptureFixture, folder: str, left: str
) -> None:
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE if folder == "failed" else OutcomeKind.READ
    (desk.root / folder).rmdir()
    for number in range(9):
        desk.arrive(f"{number}.jpg", b"page %d" % number)
    desk.run()
    for _ in range(10):
        desk.run(61)
    with caplog.at_level(logging.DEBUG, "daemon.setbacks"):
        caplog.clear()
        desk.run(61)
    assert len([record for record in caplog.records if "is put off" in record.getMessage()]) == 1
    held = desk.ledger.due(State(left), desk.now + 61, 100)
    assert len(held) == 9
    assert all(entry.faults > 10 and "the folder is missing" in entry.fault for entry in held)
    (desk.root / folder).mkdir()
    desk.run(61)
    assert desk.files("inbox") == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_nothing_is_written_in_the_place_of_a_share_or_disk_that_is_not_mounted(
    desk: Any, mounts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox, archive = desk.settings.outbox, desk.settings.archive
    (tmp_path / "fstab").write_text(f"nas:/o {outbox} nfs nofail 0 0\n/dev/sdb1 {archive} ext4 defaults 0 0\n")
    monkeypatch.setattr("daemon.mounts.FSTAB", tmp_path / "fstab")
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert desk.files("outbox") == {}
    with mounts.mounted(outbox, "-t", "tmpfs", "none"):
        desk.run(61)
        assert "scan.jpg.json" in desk.files("outbox")
        assert desk.files("archive") == {}
        with mounts.mounted(archive, "-t", "tmpfs", "none"):
            desk.run(61)
            assert desk.files("archive") == {"scan.jpg": b"page"}
    assert desk.files("outbox") == desk.files("archive") == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_an_original_of_any_name_that_can_not_be_moved_holds_up_itself_alone(
    desk: Any, mounts: Any, caplog: pytest.LogCaptureFixture
) -> None:
    name = os.fsdecode(b"caf\xff\nERROR forged/scan.jpg")
    path = desk.arrive(name, b"page")
    desk.arrive("other.jpg", b"other page")
    with mounts.mounted(path, "--bind", path):
        desk.run()
        assert desk.files("archive") == {"other.jpg": b"other page"}
        (held,) = faulty(desk.ledger.connection, 2)
        folder = f"{desk.settings.inbox}/caf\\xff\\nERROR forged"
        move = f"the original must be movable from {folder} to {desk.settings.archive}"
        assert held.fault.startswith(f"{move}. Received: Device or resource busy: {folder}/scan.jpg -> ")
        assert held.fault.isprintable()
    assert not any("\n" in record.getMessage() for record in caplog.records)
    desk.run(61)
    assert desk.files("archive")[name] == b"page"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few results as a test can make are too many."""
    monkeypatch.setattr("daemon.deliver.MAX_UNPUBLISHED", 3)


@pytest.mark.usefixtures("few")
def test_what_can_not_be_published_stops_new_claims_before_it_fills_the_disk(desk: Any) -> None:
    desk.settings.outbox.rmdir()
    for number in range(10):
        desk.arrive(f"{number}.jpg", b"page %d" % number)
    desk.run()
    assert desk.ledger.count(State.RECOGNIZED) <= 3 + desk.engine.capacity
    assert desk.ledger.count(State.WAITING) >= 5
    assert desk.worker.delivery.problem.endswith("no more documents are read of the inbox itself")
    desk.settings.outbox.mkdir()
    desk.run(61)
    assert len(desk.files("archive")) == 10
    assert desk.worker.delivery.problem is None


def test_results_are_not_counted_while_none_is_held_up(desk: Any) -> None:
    asked: list[str] = []
    desk.engine.held = True
    for number in range(3):
        desk.arrive(f"{number}.jpg", b"page %d" % number)
    desk.run()
    desk.ledger.connection.set_trace_callback(asked.append)
    for _ in range(5):
        desk.step(1)
    desk.ledger.connection.set_trace_callback(None)
    assert desk.engine.free() == 0
    assert asked
    assert not [query for query in asked if "COUNT" in query or "SUM" in query]


@pytest.mark.usefixtures("few")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_folder_of_the_outbox_that_can_not_be_written_holds_up_its_own_documents_alone(
    desk: Any, mounts: Any
) -> None:
    anna = desk.settings.outbox / "anna"
    with mounts.mounted(anna, "-t", "tmpfs", "-o", "ro", "none"):
        for number in range(10):
            desk.arrive(f"anna/{number}.jpg", b"page %d" % number)
        desk.run()
        assert desk.ledger.count(State.RECOGNIZED) <= 3 + desk.engine.capacity
        for name in ("scan.jpg", "bert/scan.jpg", "anna.jpg/scan.jpg"):
            desk.arrive(name, name.encode())
        desk.restart()
        desk.run()
        assert desk.files("archive").keys() == {"scan.jpg", "bert/scan.jpg", "anna.jpg/scan.jpg"}
        assert desk.ledger.count(State.RECOGNIZED) <= 3 + desk.engine.capacity
        assert desk.worker.delivery.problem.endswith("no more documents are read of anna")
    desk.run(61)
    assert len(desk.files("archive")) == 13
    assert desk.worker.delivery.problem is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_of_many_folders_that_hold_results_up_some_are_named(
    desk: Any, mounts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.deliver.MAX_UNPUBLISHED", 5)
    with mounts.mounted(desk.settings.outbox, "-t", "tmpfs", "-o", "ro", "none"):
        for number in range(7):
            desk.arrive(f"{number}/scan.jpg", b"page %d" % number)
            desk.run()
            told = desk.worker.delivery.problem or ""
            rest = {4: "0, 1, 2, 3, 4", 5: "0, 1, 2, 3, 4, 1 more", 6: "0, 1, 2, 3, 4, 2 more"}.get(number, "")
            assert told.partition(" are read of ")[2] == rest


@pytest.mark.usefixtures("few")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_pictures_that_can_not_be_published_stop_all_claims_before_they_fill_the_disk(
    desk: Any, mounts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.deliver.MAX_UNPUBLISHED_BYTES", 1)
    with mounts.mounted(desk.settings.outbox / "anna", "-t", "tmpfs", "-o", "ro", "none"):
        for number in range(10):
            desk.arrive(f"anna/{number}.jpg", b"page %d" % number)
        desk.run()
        desk.arrive("scan.jpg", b"page")
        desk.run()
        assert desk.files("archive") == {}
        assert desk.worker.delivery.problem.endswith("no more documents are read")
