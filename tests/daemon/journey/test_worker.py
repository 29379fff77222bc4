"""Documents from the inbox to the outbox and the archive, in every way it can go."""

from __future__ import annotations

import gc
import json
import logging
import os
import sqlite3
from typing import Any

import pytest

from daemon.documents import Candidate, Identity, State
from daemon.engine.interface import OutcomeKind
from daemon.errors import LedgerError
from daemon.result import Result
from daemon.setbacks import MAX_BACKOFF_S
from daemon.worker import MAX_DOCUMENT_BYTES

TRUNCATED_PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\x0dIHDR" + bytes(range(1, 30))


def test_a_document_ends_in_the_outbox_and_the_archive(desk: Any) -> None:
    desk.arrive("a/b/scan0001.jpg", b"page")
    desk.run()
    assert desk.files("inbox") == {}
    assert desk.files("archive") == {"a/b/scan0001.jpg": b"page"}
    names = {f"a/b/scan0001.jpg{suffix}" for suffix in (".json", ".csv", ".annotated.jpg")}
    assert desk.files("outbox").keys() == names
    assert json.loads(desk.files("outbox")["a/b/scan0001.jpg.json"])["document"] == "a/b/scan0001.jpg"
    assert desk.ledger.count(State.DONE) == 1


def test_a_finished_document_is_one_line_of_the_log(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    desk.arrive("scan.jpg", b"page")
    desk.run()
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("document=scan.jpg done: 1 numbers on 1 page, 0 to review")


def test_results_are_recorded_before_they_are_published_and_published_before_the_original_moves(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    for name in ("record", "publish", "finish"):
        original = getattr(desk.ledger, name)
        monkeypatch.setattr(desk.ledger, name, lambda *a, _n=name, _f=original, **k: (order.append(_n), _f(*a, **k))[1])
    publish = desk.outbox.publish
    monkeypatch.setattr(desk.outbox, "publish", lambda *a: (order.append("outbox"), publish(*a))[1])
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert order == ["record", "outbox", "publish", "finish"]


def test_no_more_documents_are_claimed_than_the_engine_takes(desk: Any) -> None:
    desk.engine.held = True
    for number in range(5):
        desk.arrive(f"{number}.jpg", b"page %d" % number)
    desk.run()
    assert desk.ledger.count(State.WORKING) == desk.engine.capacity
    assert desk.ledger.count(State.WAITING) == 3
    desk.engine.held = False
    desk.run()
    assert desk.ledger.count(State.DONE) == 5


def test_the_same_content_under_another_name_is_read_once(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    desk.arrive("first.jpg", b"page")
    desk.run()
    desk.arrive("second.jpg", b"page")
    desk.run()
    assert desk.engine.taken == [b"page"]
    assert not any(name.startswith("second") for name in desk.files("outbox"))
    assert desk.files("archive") == {"first.jpg": b"page", "second.jpg": b"page"}
    assert "document=second.jpg has the same content as first.jpg" in caplog.text


def test_the_same_file_dropped_twice_leaves_both_originals_and_one_result(desk: Any) -> None:
    for _ in range(2):
        desk.arrive("scan.jpg", b"page")
        desk.run()
    assert desk.files("archive") == {"scan.jpg": b"page", "scan~2.jpg": b"page"}
    assert len(desk.files("outbox")) == 3
    assert desk.engine.taken == [b"page"]


def test_twins_that_arrive_together_are_read_once(desk: Any) -> None:
    desk.engine.held = True
    desk.arrive("first.jpg", b"page")
    desk.arrive("second.jpg", b"page")
    desk.run()
    assert len(desk.engine.jobs) == 1
    desk.engine.held = False
    desk.run()
    assert desk.engine.taken == [b"page"]
    assert desk.files("archive") == {"first.jpg": b"page", "second.jpg": b"page"}


def test_a_twin_of_a_document_that_fails_is_tried_itself(desk: Any) -> None:
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive("first.jpg", b"page")
    desk.arrive("second.jpg", b"page")
    desk.run()
    assert {"first.jpg", "second.jpg"} < desk.files("failed").keys()


def test_the_same_name_with_other_content_gets_a_number(desk: Any) -> None:
    for content in (b"monday", b"tuesday", b"wednesday"):
        desk.arrive("scan0001.jpg", content)
        desk.run()
    assert desk.files("archive") == {
        "scan0001.jpg": b"monday",
        "scan0001~2.jpg": b"tuesday",
        "scan0001~3.jpg": b"wednesday",
    }
    results = {name for name in desk.files("outbox") if name.endswith(".json")}
    assert results == {"scan0001.jpg.json", "scan0001~2.jpg.json", "scan0001~3.jpg.json"}


def test_nothing_in_the_outbox_or_the_archive_is_overwritten(desk: Any) -> None:
    (desk.settings.outbox / "scan.jpg.json").write_bytes(b"someone else's")
    (desk.settings.archive / "scan~2.jpg").write_bytes(b"someone else's")
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert desk.files("outbox")["scan.jpg.json"] == b"someone else's"
    assert "scan~2.jpg.json" in desk.files("outbox")
    assert desk.files("archive") == {"scan~2.jpg": b"someone else's", "scan~2~2.jpg": b"page"}


@pytest.mark.parametrize(("folder", "kind"), [("archive", OutcomeKind.READ), ("failed", OutcomeKind.UNREADABLE)])
def test_a_folder_under_whose_name_a_file_stands_gets_a_number(desk: Any, folder: str, kind: OutcomeKind) -> None:
    desk.engine.answer = lambda data: kind
    (desk.root / folder / "a").mkdir()
    (desk.root / folder / "a" / "november").write_bytes(b"a file")
    desk.arrive("a/november/b/scan.jpg", b"page")
    desk.run()
    desk.arrive("a/november/b/scan.jpg", b"another page")
    desk.run()
    assert desk.files("inbox") == {}
    files = {name: content for name, content in desk.files(folder).items() if not name.endswith(".reason.json")}
    assert files == {
        "a/november": b"a file",
        "a/november~2/b/scan.jpg": b"page",
        "a/november~2/b/scan~2.jpg": b"another page",
    }


@pytest.mark.parametrize("name", ["november", "november/b"])
def test_a_file_that_takes_the_name_of_a_folder_in_the_last_moment_is_gone_round(desk: Any, name: str) -> None:
    publish = desk.ledger.publish

    def publish_then_take(*arguments: Any) -> None:
        publish(*arguments)
        (desk.settings.archive / name).parent.mkdir(exist_ok=True)
        (desk.settings.archive / name).write_bytes(b"a file")

    desk.ledger.publish = publish_then_take
    desk.arrive("november/b/scan.jpg", b"page")
    desk.run()
    assert desk.files("inbox") == {}
    assert desk.files("archive") == {name: b"a file", f"{name}~2{'/b' if name == 'november' else ''}/scan.jpg": b"page"}


def test_an_unreadable_document_goes_to_failed_with_its_reason(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive("a/note.jpg", b"hello")
    desk.run()
    failed = desk.files("failed")
    assert failed["a/note.jpg"] == b"hello"
    reason = json.loads(failed["a/note.jpg.reason.json"])
    assert reason.keys() == {"document", "reason", "remedy", "attempts", "time", "sha256"}
    assert reason["document"] == "a/note.jpg"
    assert reason["reason"] == "the tame engine says unreadable"
    assert desk.files("inbox") == {}
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize("kind", [OutcomeKind.CRASHED, OutcomeKind.TIMED_OUT, OutcomeKind.FAILED])
def test_poison_is_quarantined_after_its_attempts_counted_across_restarts(desk: Any, kind: OutcomeKind) -> None:
    desk.arrive("poison.jpg", b"poison")
    for _ in range(3):
        desk.engine.answer = lambda data: kind
        desk.run(60)
        desk.restart()
    assert desk.files("failed") == {}, "it has had its attempts, but was not judged yet"
    desk.run(60)
    reason = json.loads(desk.files("failed")["poison.jpg.reason.json"])
    assert reason["attempts"] == 3
    assert str(kind) in reason["reason"]
    assert desk.engine.taken == []


def test_others_do_not_wait_for_poison(desk: Any) -> None:
    desk.engine.answer = lambda data: OutcomeKind.CRASHED if data == b"poison" else OutcomeKind.READ
    desk.arrive("0-poison.jpg", b"poison")
    desk.arrive("1-good.jpg", b"good")
    desk.run()
    assert desk.files("archive") == {"1-good.jpg": b"good"}
    assert desk.files("inbox") == {"0-poison.jpg": b"poison"}


def test_a_daemon_that_dies_is_no_attempt_of_the_documents_in_work(desk: Any) -> None:
    desk.arrive("scan.jpg", b"page")
    for _ in range(desk.settings.engine.attempts):
        desk.engine.held = True
        desk.run()
        assert desk.ledger.count(State.WORKING) == 1
        desk.restart()
    desk.run()
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_a_document_that_takes_the_daemon_with_it_every_time_is_quarantined_in_the_end(desk: Any) -> None:
    desk.arrive("poison.jpg", b"poison")
    deaths = 0
    while desk.files("inbox"):
        desk.engine.held = True
        desk.run()
        desk.restart()
        deaths += 1
        assert deaths < 20
    assert deaths == 3 * desk.settings.engine.attempts + 1
    assert "the service ended" in json.loads(desk.files("failed")["poison.jpg.reason.json"])["reason"]


def test_content_that_ends_too_early_is_waited_for_and_then_fails(desk: Any) -> None:
    desk.arrive("scan.png", TRUNCATED_PNG)
    desk.run()
    desk.run(59)
    assert desk.files("inbox").keys() == {"scan.png"}
    desk.run(2)
    reason = json.loads(desk.files("failed")["scan.png.reason.json"])
    assert "ends too early" in reason["reason"]
    assert desk.engine.taken == []


def test_content_that_the_engine_finds_incomplete_is_waited_for_too(desk: Any) -> None:
    desk.engine.answer = lambda data: OutcomeKind.INCOMPLETE
    desk.arrive("scan.dat", b"half")
    desk.run()
    assert desk.files("inbox").keys() == {"scan.dat"}
    desk.run(61)
    assert "scan.dat.reason.json" in desk.files("failed")


def test_the_rest_of_a_file_that_arrives_while_it_is_waited_for_makes_it_whole(desk: Any) -> None:
    desk.arrive("scan.png", TRUNCATED_PNG)
    desk.run()
    desk.arrive("scan.png", b"now it is whole")
    desk.run(1)
    assert desk.files("archive") == {"scan.png": b"now it is whole"}
    desk.run(61)
    assert desk.files("failed") == {}


def test_a_file_replaced_before_it_was_read_is_left_for_later(desk: Any) -> None:
    desk.arrive("scan.jpg", b"first")
    desk.put("scan.jpg", b"second")
    desk.run()
    assert desk.engine.taken == []
    assert desk.dropped == ["scan.jpg"]
    desk.see_all()
    desk.run()
    assert desk.files("archive") == {"scan.jpg": b"second"}


def test_a_file_replaced_in_the_middle_is_never_archived_as_the_old_one(desk: Any) -> None:
    desk.engine.held = True
    desk.arrive("scan.jpg", b"first")
    desk.run()
    new = desk.settings.inbox / "new"
    new.write_bytes(b"second")
    new.replace(desk.settings.inbox / "scan.jpg")
    desk.engine.held = False
    desk.run()
    assert desk.files("inbox") == {"scan.jpg": b"second"}
    assert desk.files("archive") == {}
    desk.see_all()
    desk.run()
    assert desk.files("archive") == {"scan~2.jpg": b"second"}
    assert {"scan.jpg.json", "scan~2.jpg.json"} < desk.files("outbox").keys()


def test_new_content_that_arrives_while_the_old_is_in_work_is_a_document_of_its_own(desk: Any) -> None:
    desk.engine.held = True
    desk.arrive("scan.jpg", b"first")
    desk.run()
    desk.put("scan.jpg", b"the second content")
    desk.see_all()
    desk.engine.held = False
    desk.run()
    assert {"scan.jpg.json", "scan~2.jpg.json"} < desk.files("outbox").keys()
    assert desk.files("archive") == {"scan~2.jpg": b"the second content"}


def test_a_file_taken_away_before_it_was_read_is_forgotten(desk: Any) -> None:
    desk.arrive("scan.jpg", b"page").unlink()
    desk.run()
    assert desk.ledger.count(*State) == 0


def test_a_file_taken_away_in_the_middle_still_has_its_results(desk: Any) -> None:
    desk.engine.held = True
    path = desk.arrive("scan.jpg", b"page")
    desk.run()
    path.unlink()
    desk.engine.held = False
    desk.run()
    assert "scan.jpg.json" in desk.files("outbox")
    assert desk.ledger.count(State.DONE) == 1


def test_a_symbolic_link_that_takes_a_files_place_is_not_followed(desk: Any) -> None:
    secret = desk.root / "secret"
    secret.write_bytes(b"secret")
    path = desk.arrive("scan.jpg", b"page")
    path.unlink()
    path.symlink_to(secret)
    desk.run()
    assert desk.engine.taken == []


def test_a_pipe_that_takes_a_files_place_does_not_hold_up_the_service(desk: Any) -> None:
    path = desk.arrive("scan.jpg", b"page")
    path.unlink()
    os.mkfifo(path)
    desk.run()
    assert desk.engine.taken == []


def test_an_enormous_file_is_refused_without_being_read(desk: Any) -> None:
    path = desk.put("film.mov", b"")
    os.truncate(path, MAX_DOCUMENT_BYTES + 1)
    desk.see_all()
    desk.run()
    reason = json.loads((desk.settings.failed / "film.mov.reason.json").read_bytes())
    assert "512 MiB" in reason["reason"]
    assert reason["sha256"] is None


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


def test_what_stands_in_the_way_in_the_outbox_is_told_once(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    desk.settings.outbox.rmdir()
    desk.arrive("scan.jpg", b"page")
    desk.run()
    (desk.settings.outbox / "scan.jpg.csv").mkdir(parents=True)
    caplog.clear()
    for _ in range(5):
        desk.run(61)
    (told,) = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    assert str(desk.settings.outbox / "scan.jpg.csv") in told
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


def test_a_missing_archive_keeps_the_original_in_the_inbox_until_it_is_back(desk: Any) -> None:
    desk.settings.archive.rmdir()
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert desk.files("inbox") == {"scan.jpg": b"page"}
    assert "scan.jpg.json" in desk.files("outbox")
    desk.settings.archive.mkdir()
    desk.run(61)
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_what_can_not_be_published_stops_new_claims_before_it_fills_the_disk(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.worker.MAX_UNPUBLISHED", 3)
    desk.settings.outbox.rmdir()
    for number in range(10):
        desk.arrive(f"{number}.jpg", b"page %d" % number)
    desk.run()
    assert desk.ledger.count(State.RECOGNIZED) <= 3 + desk.engine.capacity
    assert desk.ledger.count(State.WAITING) >= 5
    desk.settings.outbox.mkdir()
    desk.run(61)
    assert len(desk.files("archive")) == 10


def test_an_engine_that_takes_nothing_loses_nothing(desk: Any) -> None:
    desk.engine.refusing = True
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert desk.ledger.count(State.WAITING) == 1
    desk.engine.refusing = False
    desk.run(2)
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_a_ledger_that_refuses_a_result_gets_it_again(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.step()
    with monkeypatch.context() as patch:
        patch.setattr(desk.ledger, "record", _full_disk)
        with pytest.raises(LedgerError):
            desk.step()
    desk.run()
    assert desk.engine.taken == [b"page"]
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_a_ledger_that_refuses_right_after_a_claim_leaves_nothing_behind(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.arrive("scan.jpg", b"page")
    with monkeypatch.context() as patch:
        patch.setattr(desk.ledger, "identify", _full_disk)
        with pytest.raises(LedgerError):
            desk.step()
    desk.run()
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_a_mistake_of_ours_over_one_document_does_not_hold_up_the_others(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_whole(data: bytes) -> bool:
        if data == b"strange":
            raise ValueError("a mistake")
        return True

    monkeypatch.setattr("daemon.worker.is_whole", is_whole)
    desk.arrive("0.jpg", b"strange")
    desk.arrive("1.jpg", b"good")
    for _ in range(4):
        desk.run(60)
    assert desk.files("archive") == {"1.jpg": b"good"}
    assert "ValueError" in json.loads(desk.files("failed")["0.jpg.reason.json"])["reason"]


def test_without_an_archive_the_original_stays_and_is_not_read_again(make_desk: Any) -> None:
    desk = make_desk(archive=None)
    path = desk.arrive("scan.jpg", b"page")
    desk.run()
    assert desk.files("inbox") == {"scan.jpg": b"page"}
    assert desk.dropped == []
    desk.restart()
    desk.see_all()
    desk.run()
    assert desk.ledger.count(*State) == 1
    path.write_bytes(b"another page")
    desk.see_all()
    desk.run()
    assert {"scan.jpg.json", "scan~2.jpg.json"} < desk.files("outbox").keys()


def test_work_that_is_given_back_is_no_attempt(desk: Any) -> None:
    desk.engine.held = True
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert desk.worker.give_back() == 1
    assert desk.worker.in_work == 0
    entry = desk.ledger.claim(desk.now, "another")
    assert (entry.attempts, entry.losses) == (0, 0)


def test_a_document_that_is_lost_on_the_way_is_tried_again_and_not_blamed(desk: Any) -> None:
    desk.engine.answer = lambda data: OutcomeKind.LOST
    desk.arrive("scan.jpg", b"page")
    for _ in range(desk.settings.engine.attempts + 1):
        desk.run()
        desk.now += MAX_BACKOFF_S
    (held,) = desk.ledger.due(State.WAITING, desk.now, 2)
    assert (held.attempts, held.losses) == (0, 0)
    assert "tame engine says lost" in held.fault
    desk.engine.answer = lambda data: OutcomeKind.READ
    desk.run()
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_a_lost_ledger_finds_its_own_results_again(desk: Any) -> None:
    desk.arrive("scan.jpg", b"page")
    desk.run()
    desk.die()
    for path in desk.settings.state.iterdir():
        path.unlink()
    desk.start()
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert len(desk.files("outbox")) == 3
    assert desk.files("archive") == {"scan.jpg": b"page", "scan~2.jpg": b"page"}


@pytest.mark.parametrize("name", ["byte\udcff.jpg", "line\nbreak.jpg", "=cmd|x.jpg", "x" * 251 + ".jpg", "ü" * 125])
def test_any_name_makes_the_whole_journey(desk: Any, name: str) -> None:
    desk.arrive(name, b"page")
    desk.run()
    assert list(desk.files("archive").values()) == [b"page"]
    assert len(desk.files("outbox")) == 3
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive(name, b"unreadable")
    desk.run()
    assert len(desk.files("failed")) == 2


def _full_disk(*arguments: object, **keywords: object) -> None:
    raise LedgerError("the ledger must be writable") from sqlite3.OperationalError("database or disk is full")
