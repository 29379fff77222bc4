"""The archive grows no older than the configuration says."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from daemon.clock import DAY_S, ClockWatch
from daemon.retention import Retention


def test_an_original_is_removed_when_its_time_is_up_and_its_results_stay(desk: Any, shelf: Any) -> None:
    shelf.archive("a/old.jpg", b"old")
    results = desk.files("outbox")
    shelf.look(20)
    shelf.archive("a/new.jpg", b"new")
    shelf.look(11)
    assert desk.files("archive") == {"a/new.jpg": b"new"}
    shelf.look(20)
    assert list(desk.settings.archive.iterdir()) == [], "the folder that became empty went too"
    assert desk.files("outbox").items() >= results.items()


def test_the_age_counts_from_the_archiving_not_from_the_files_own_time(desk: Any, shelf: Any) -> None:
    shelf.archive("ancient.jpg", b"x")  # the file's own time is years before the test's clock
    shelf.look(1)
    assert desk.files("archive") == {"ancient.jpg": b"x"}


def test_each_original_that_is_compared_before_its_removal_is_heard_of(desk: Any, shelf: Any) -> None:
    for number in range(10):
        shelf.archive(f"{number}.jpg", b"page %d" % number)
    left: list[int] = []
    desk.now += 31 * DAY_S
    assert not shelf.retention.run_once(desk.now, lambda: left.append(len(desk.files("archive"))))
    assert set(left) == set(range(1, 11))


def test_another_file_under_the_name_is_left_alone(desk: Any, shelf: Any) -> None:
    shelf.archive("scan.jpg", b"mine")
    (desk.settings.archive / "scan.jpg").write_bytes(b"not digitdrop's")
    shelf.look(31)
    assert desk.files("archive") == {"scan.jpg": b"not digitdrop's"}
    assert desk.ledger.archive.oldest() is None


def test_an_original_that_was_archived_once_more_counts_from_then(desk: Any, shelf: Any) -> None:
    shelf.archive("other.jpg", b"other")
    shelf.archive("scan.jpg", b"page")
    shelf.look(29)
    shutil.move(desk.settings.archive / "scan.jpg", desk.settings.inbox / "scan.jpg")
    desk.see_all()
    desk.run()
    shelf.look(29)
    assert desk.files("archive") == {"scan.jpg": b"page"}
    shelf.look(2)
    assert desk.files("archive") == {}
    assert desk.ledger.archive.oldest() is None


@pytest.mark.parametrize("replaced", [False, True])
def test_of_an_original_that_did_not_reach_the_archive_nothing_is_removed(
    desk: Any, shelf: Any, replaced: bool
) -> None:
    desk.settings.archive.rmdir()
    path = desk.arrive("scan.jpg", b"page")
    desk.run()
    path.unlink()
    if replaced:
        path.write_bytes(b"another page")
    desk.settings.archive.mkdir()
    desk.run(61)
    (desk.settings.archive / "scan.jpg").write_bytes(b"page")  # which somebody puts there
    shelf.look(31)
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_the_same_content_is_known_after_its_original_was_removed(desk: Any, shelf: Any) -> None:
    shelf.archive("scan.jpg", b"page")
    shelf.look(31)
    shelf.archive("again.jpg", b"page")
    assert desk.engine.taken == [b"page"]
    shelf.archive("scan.jpg", b"page")
    assert desk.files("inbox") == {}, "the same file under the same name is taken in, not held to be left in place"


def test_a_clock_that_leaps_while_the_service_runs_has_a_day_to_be_set_right(
    desk: Any, shelf: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ahead = timedelta()
    watch = ClockWatch(desk.ledger, wall=lambda: desk.wall() + ahead)
    shelf.retention = Retention(desk.settings, desk.ledger, watch=watch)
    shelf.archive("scan.jpg", b"page")
    shelf.look(1)
    ahead = timedelta(days=365 * 20)
    for _ in range(23):
        shelf.look(1 / 24)
    assert desk.files("archive") == {"scan.jpg": b"page"}
    assert [record.getMessage() for record in caplog.records if "clock" in record.getMessage()]
    ahead = timedelta()
    shelf.look(2)
    assert desk.files("archive") == {"scan.jpg": b"page"}
    shelf.look(31)
    assert desk.files("archive") == {}


@pytest.mark.parametrize("ahead_days", [-20, 20])
def test_originals_archived_before_the_clock_was_set_are_as_old_as_they_are(
    desk: Any, shelf: Any, monkeypatch: pytest.MonkeyPatch, ahead_days: int
) -> None:
    right, ahead = desk.wall, timedelta(days=ahead_days)
    shelf.archive("before.jpg", b"another run's")
    monkeypatch.setattr(desk, "wall", lambda: right() + ahead)
    shelf.restart()
    shelf.look(0)
    shelf.archive("scan.jpg", b"page")
    shelf.look(1 / 48)
    ahead = timedelta()
    shelf.archive("next.jpg", b"next page")
    for _ in range(29):
        shelf.look(1)
        assert set(desk.files("archive")) == {"before.jpg", "scan.jpg", "next.jpg"}
    shelf.look(1.5)
    assert desk.files("archive") == {}


def test_a_start_long_after_the_last_document_removes_nothing_for_a_day(desk: Any, shelf: Any) -> None:
    shelf.archive("scan.jpg", b"page")
    desk.now += 61 * DAY_S
    shelf.restart()
    for _ in range(24):
        shelf.look(0)
        assert desk.files("archive") == {"scan.jpg": b"page"}
        desk.now += DAY_S / 24
    shelf.look(0)
    assert desk.files("archive") == {}


def test_by_default_originals_are_kept_for_good(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    desk.arrive("scan.jpg", b"page")
    desk.run()
    retention = Retention(desk.settings, desk.ledger, watch=desk.watch)
    assert retention.next_due() is None
    desk.now += 4000 * DAY_S
    assert not retention.run_once(desk.now)
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_many_are_removed_in_short_steps(desk: Any, shelf: Any) -> None:
    for number in range(45):
        shelf.archive(f"{number}.jpg", b"%d" % number)
    desk.now += 31 * DAY_S
    assert shelf.retention.run_once(desk.now)
    assert 0 < len(desk.files("archive")) < 45
    shelf.look(0)
    assert desk.files("archive") == {}
