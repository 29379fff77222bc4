"""What becomes of documents that cannot be read, or not yet: how often they are tried, and with what they fail."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from daemon.documents import MAX_DOCUMENT_BYTES, State
from daemon.engine.interface import Job, OutcomeKind
from daemon.setbacks import MAX_BACKOFF_S
from daemon.worker import LEASE_SPARE_S


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
    lost = "the service, or the process that read it, ended each time it was in work"
    reason = json.loads(desk.files("failed")["poison.jpg.reason.json"])["reason"]
    assert reason == f"{lost}, the last time: the service ended"


def test_a_document_whose_workers_are_killed_for_minutes_is_read_afterwards(desk: Any) -> None:
    desk.engine.answer = lambda data: OutcomeKind.KILLED
    desk.arrive("scan.jpg", b"page")
    for _ in range(180):
        desk.run(1)
    assert desk.files("failed") == {}
    desk.engine.answer = lambda data: OutcomeKind.READ
    desk.run(MAX_BACKOFF_S)
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_a_document_whose_workers_are_killed_each_time_is_quarantined_in_the_end(desk: Any) -> None:
    desk.engine.answer = lambda data: OutcomeKind.KILLED
    desk.arrive("poison.jpg", b"poison")
    for _ in range(3 * desk.settings.engine.attempts):
        desk.run(MAX_BACKOFF_S)
    desk.run(MAX_BACKOFF_S)
    assert "tame engine says killed" in json.loads(desk.files("failed")["poison.jpg.reason.json"])["reason"]
    assert len(desk.engine.taken) == 3 * desk.settings.engine.attempts


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


def test_a_document_of_whose_end_nobody_tells_is_read_again_once_its_lease_has_run_out(
    desk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    lease_s = desk.settings.engine.timeout_seconds + LEASE_SPARE_S
    desk.engine.held = True
    desk.arrive("forgotten by the engine.jpg", b"one")
    desk.run()
    desk.arrive("forgotten by the worker.jpg", b"two")
    assert desk.ledger.claim(desk.now, lease_s) is not None
    desk.engine.jobs.clear()
    desk.engine.held = False
    desk.run(lease_s - 1)
    assert desk.ledger.count(State.WORKING) == 2
    desk.run(1)
    assert desk.worker.in_work == 0
    assert "document=forgotten by the engine.jpg is put off: nothing was heard of it" in caplog.text
    assert [entry.losses for entry in desk.ledger.due(State.WAITING, desk.now + 60, 9)] == [1, 1]
    desk.run(60)
    desk.check([b"one", b"two"])


def test_an_answer_that_comes_after_its_lease_has_run_out_is_not_heeded(desk: Any) -> None:
    desk.engine.held = True
    desk.arrive("scan.jpg", b"page")
    desk.run()
    desk.run(desk.settings.engine.timeout_seconds + LEASE_SPARE_S)
    desk.engine.held = False
    desk.run()
    (entry,) = desk.ledger.due(State.WAITING, desk.now + 60, 9)
    assert (entry.attempts, entry.losses) == (0, 1)
    desk.run(60)
    desk.check([b"page"])


def test_work_that_is_given_back_is_no_attempt(desk: Any) -> None:
    desk.engine.held = True
    desk.arrive("scan.jpg", b"page")
    desk.run()
    assert desk.worker.give_back() == 1
    assert desk.worker.in_work == 0
    entry = desk.ledger.claim(desk.now, 60.0)
    assert (entry.attempts, entry.losses) == (0, 0)


def test_a_mistake_of_ours_over_one_document_does_not_hold_up_the_others(desk: Any) -> None:
    submit = desk.engine.submit

    def submit_mistaken(job: Job) -> None:
        if job.data == b"strange":
            raise ValueError("a mistake")
        submit(job)

    desk.engine.submit = submit_mistaken
    desk.arrive("0.jpg", b"strange")
    desk.arrive("1.jpg", b"good")
    for _ in range(4):
        desk.run(60)
    assert desk.files("archive") == {"1.jpg": b"good"}
    assert "ValueError" in json.loads(desk.files("failed")["0.jpg.reason.json"])["reason"]


def test_content_that_ends_too_early_is_waited_for_and_then_fails(desk: Any, truncated_png: bytes) -> None:
    desk.arrive("scan.png", truncated_png)
    desk.run()
    desk.run(59)
    assert desk.files("inbox").keys() == {"scan.png"}
    desk.run(2)
    reason = json.loads(desk.files("failed")["scan.png.reason.json"])
    assert reason["reason"] == "the tame engine says incomplete; nothing was added for 60 s"
    assert reason["attempts"] == 0


def test_the_rest_of_a_file_that_arrives_while_it_is_waited_for_makes_it_whole(desk: Any, truncated_png: bytes) -> None:
    desk.arrive("scan.png", truncated_png)
    desk.run()
    desk.arrive("scan.png", b"now it is whole")
    desk.run(1)
    assert desk.files("archive") == {"scan.png": b"now it is whole"}
    desk.run(61)
    assert desk.files("failed") == {}


def test_an_enormous_file_is_refused_without_being_read(desk: Any) -> None:
    path = desk.put("film.mov", b"")
    os.truncate(path, MAX_DOCUMENT_BYTES + 1)
    desk.see_all()
    desk.run()
    reason = json.loads((desk.settings.failed / "film.mov.reason.json").read_bytes())
    assert "512 MiB" in reason["reason"]
    assert reason["sha256"] is None
