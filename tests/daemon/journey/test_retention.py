"""The archive grows no older than the configuration says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import DAY_S, ClockWatch
from daemon.retention import Retention
from daemon.setbacks import MAX_BACKOFF_S


@pytest.fixture
def desk(make_desk: Callable[..., Any]) -> Any:
    return make_desk(archive_days=30)


@pytest.fixture
def retention(desk: Any) -> Retention:
    return Retention(desk.settings, desk.ledger, watch=desk.watch)


def archive(desk: Any, name: str, content: bytes) -> None:
    desk.arrive(name, content)
    desk.run()


def look(desk: Any, retention: Retention, days: float) -> None:
    desk.now += days * DAY_S
    while retention.run_once(desk.now):
        pass


def test_an_original_is_removed_when_its_time_is_up_and_its_results_stay(desk: Any, retention: Retention) -> None:
    archive(desk, "a/old.jpg", b"old")
    results = desk.files("outbox")
    look(desk, retention, 20)
    archive(desk, "a/new.jpg", b"new")
    look(desk, retention, 11)
    assert desk.files("archive") == {"a/new.jpg": b"new"}
    look(desk, retention, 20)
    assert list(desk.settings.archive.iterdir()) == [], "the folder that became empty went too"
    assert desk.files("outbox").items() >= results.items()


def test_the_age_counts_from_the_archiving_not_from_the_files_own_time(desk: Any, retention: Retention) -> None:
    archive(desk, "ancient.jpg", b"x")  # the file's own time is years before the test's clock
    look(desk, retention, 1)
    assert desk.files("archive") == {"ancient.jpg": b"x"}


def test_each_original_that_is_compared_before_its_removal_is_heard_of(desk: Any, retention: Retention) -> None:
    for number in range(10):
        archive(desk, f"{number}.jpg", b"page %d" % number)
    left: list[int] = []
    desk.now += 31 * DAY_S
    assert not retention.run_once(desk.now, lambda: left.append(len(desk.files("archive"))))
    assert set(left) == set(range(1, 11))


def test_another_file_under_the_name_is_left_alone(desk: Any, retention: Retention) -> None:
    archive(desk, "scan.jpg", b"mine")
    (desk.settings.archive / "scan.jpg").write_bytes(b"not digitdrop's")
    look(desk, retention, 31)
    assert desk.files("archive") == {"scan.jpg": b"not digitdrop's"}
    assert desk.ledger.archive.oldest() is None


def test_an_original_that_was_archived_once_more_counts_from_then(desk: Any, retention: Retention) -> None:
    archive(desk, "other.jpg", b"other")
    archive(desk, "scan.jpg", b"page")
    look(desk, retention, 29)
    shutil.move(desk.settings.archive / "scan.jpg", desk.settings.inbox / "scan.jpg")
    desk.see_all()
    desk.run()
    look(desk, retention, 29)
    assert desk.files("archive") == {"scan.jpg": b"page"}
    look(desk, retention, 2)
    assert desk.files("archive") == {}
    assert desk.ledger.archive.oldest() is None


@pytest.mark.parametrize("replaced", [False, True])
def test_of_an_original_that_did_not_reach_the_archive_nothing_is_removed(
    desk: Any, retention: Retention, replaced: bool
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
    look(desk, retention, 31)
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_the_same_content_is_known_after_its_original_was_removed(desk: Any, retention: Retention) -> None:
    archive(desk, "scan.jpg", b"page")
    look(desk, retention, 31)
    archive(desk, "again.jpg", b"page")
    assert desk.engine.taken == [b"page"]
    archive(desk, "scan.jpg", b"page")
    assert desk.files("inbox") == {}, "the same file under the same name is taken in, not held to be left in place"


def test_a_clock_that_leaps_while_the_service_runs_has_a_day_to_be_set_right(
    desk: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ahead = timedelta()
    retention = Retention(desk.settings, desk.ledger, watch=ClockWatch(desk.ledger, wall=lambda: desk.wall() + ahead))
    archive(desk, "scan.jpg", b"page")
    look(desk, retention, 1)
    ahead = timedelta(days=365 * 20)
    for _ in range(23):
        look(desk, retention, 1 / 24)
    assert desk.files("archive") == {"scan.jpg": b"page"}
    assert [record.getMessage() for record in caplog.records if "clock" in record.getMessage()]
    ahead = timedelta()
    look(desk, retention, 2)
    assert desk.files("archive") == {"scan.jpg": b"page"}
    look(desk, retention, 31)
    assert desk.files("archive") == {}


@pytest.mark.parametrize("ahead_days", [-20, 20])
def test_originals_archived_before_the_clock_was_set_are_as_old_as_they_are(
    desk: Any, monkeypatch: pytest.MonkeyPatch, ahead_days: int
) -> None:
    right, ahead = desk.wall, timedelta(days=ahead_days)
    archive(desk, "before.jpg", b"another run's")
    monkeypatch.setattr(desk, "wall", lambda: right() + ahead)
    desk.restart()
    retention = Retention(desk.settings, desk.ledger, watch=desk.watch)
    look(desk, retention, 0)
    archive(desk, "scan.jpg", b"page")
    look(desk, retention, 1 / 48)
    ahead = timedelta()
    archive(desk, "next.jpg", b"next page")
    for _ in range(29):
        look(desk, retention, 1)
        assert set(desk.files("archive")) == {"before.jpg", "scan.jpg", "next.jpg"}
    look(desk, retention, 1.5)
    assert desk.files("archive") == {}


def test_a_start_long_after_the_last_document_removes_nothing_for_a_day(desk: Any) -> None:
    archive(desk, "scan.jpg", b"page")
    desk.now += 61 * DAY_S
    desk.restart()
    retention = Retention(desk.settings, desk.ledger, watch=desk.watch)
    for _ in range(24):
        look(desk, retention, 0)
        assert desk.files("archive") == {"scan.jpg": b"page"}
        desk.now += DAY_S / 24
    look(desk, retention, 0)
    assert desk.files("archive") == {}


def test_an_archive_that_is_away_is_waited_for(desk: Any, retention: Retention) -> None:
    archive(desk, "scan.jpg", b"page")
    away = desk.settings.archive.rename(desk.root / "away")
    look(desk, retention, 31)
    assert "scan.jpg cannot be removed" in (retention.problem or "")
    shutil.move(away, desk.settings.archive)
    look(desk, retention, 0.1)
    assert retention.problem is None
    assert desk.files("archive") == {}


def test_an_unmounted_archive_as_an_empty_folder_has_lost_nothing(desk: Any, retention: Retention) -> None:
    archive(desk, "scan.jpg", b"page")
    away = desk.settings.archive.rename(desk.root / "away")
    desk.settings.archive.mkdir()
    look(desk, retention, 31)
    assert "the archive is empty, is its share mounted?" in (retention.problem or "")
    desk.settings.archive.rmdir()
    away.rename(desk.settings.archive)
    look(desk, retention, 0.1)
    assert retention.problem is None
    assert desk.files("archive") == {}
    assert desk.ledger.archive.oldest() is None


def test_an_archive_that_is_unmounted_between_two_looks_has_lost_nothing(desk: Any, retention: Retention) -> None:
    archive(desk, "first.jpg", b"page")
    look(desk, retention, 10)
    archive(desk, "second.jpg", b"next page")
    look(desk, retention, 21)
    away = desk.settings.archive.rename(desk.root / "away")
    desk.settings.archive.mkdir()
    look(desk, retention, 10)
    assert "the archive is empty, is its share mounted?" in (retention.problem or "")
    desk.settings.archive.rmdir()
    away.rename(desk.settings.archive)
    assert desk.files("archive") == {"second.jpg": b"next page"}
    look(desk, retention, 0.1)
    assert desk.files("archive") == {}


@pytest.mark.parametrize("told_by", ["fstab", "unit"])
def test_what_an_unmounted_archive_does_not_have_is_not_lost_though_something_stands_in_its_place(
    desk: Any, retention: Retention, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told_by: str
) -> None:
    archive(desk, "scan.jpg", b"page")
    away = desk.settings.archive.rename(desk.root / "away")
    desk.settings.archive.mkdir()
    (desk.settings.archive / "stray.jpg").write_bytes(b"somebody's")
    fstab, unit = tmp_path / "fstab", tmp_path / "remote-fs.target.wants" / "nas.mount"
    unit.parent.mkdir()
    if told_by == "fstab":
        fstab.write_text(f"/dev/sdb1 {desk.settings.archive} ext4 defaults 0 0\n")
    else:
        unit.write_text(f"[Mount]\nWhat=//nas/scans\nWhere={desk.settings.archive}\n")
    with monkeypatch.context() as patch:
        patch.setattr("daemon.mounts.FSTAB", fstab)
        for name in ("UNITS", "BOOTED"):
            patch.setattr(f"daemon.mounts.{name}", tmp_path)
        look(desk, retention, 31)
        source = fstab if told_by == "fstab" else unit
        assert f"{desk.settings.archive} of {source} is not mounted" in (retention.problem or "")
    shutil.rmtree(desk.settings.archive)
    away.rename(desk.settings.archive)
    look(desk, retention, 0.1)
    assert desk.files("archive") == {}


def test_one_that_was_taken_away_is_forgotten_though_the_removal_of_the_last_empties_the_archive(
    desk: Any, retention: Retention
) -> None:
    archive(desk, "scan.jpg", b"page")
    archive(desk, "taken.jpg", b"another page")
    (desk.settings.archive / "taken.jpg").unlink()
    look(desk, retention, 31)
    assert retention.problem is None
    assert desk.ledger.archive.oldest() is None


@pytest.mark.parametrize("stuck", [1, 45])
def test_originals_that_can_not_be_removed_do_not_hold_up_the_others(
    desk: Any, retention: Retention, stuck: int
) -> None:
    for number in range(stuck):
        archive(desk, f"a/{number}.jpg", b"%d" % number)
    for number in range(25):
        archive(desk, f"b/{number}.jpg", b"b%d" % number)
    away = (desk.settings.archive / "a").rename(desk.root / "away")
    (desk.settings.archive / "a").symlink_to("a")  # every look into it fails
    look(desk, retention, 31)
    assert desk.files("archive") == {}
    assert retention.problem == "a/0.jpg cannot be removed: Too many levels of symbolic links"
    assert retention.next_due() == desk.now + MAX_BACKOFF_S
    (desk.settings.archive / "a").unlink()
    away.rename(desk.settings.archive / "a")
    look(desk, retention, 0.1)
    assert retention.problem is None
    assert desk.files("archive") == {}
    assert desk.ledger.archive.oldest() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_originals_in_a_folder_that_can_not_be_written_to_are_not_read_again_and_again(
    desk: Any, retention: Retention, mounts: Any
) -> None:
    read: list[float] = []
    with mounts.mounted(desk.settings.archive, "-t", "tmpfs", "tmpfs"):
        archive(desk, "scan.jpg", b"page")
        mounts.run("mount", "-o", "remount,ro", desk.settings.archive)
        desk.now += 31 * DAY_S
        assert not retention.run_once(desk.now, lambda: read.append(desk.now))
        assert retention.problem == "scan.jpg cannot be removed: its folder cannot be written to"
        assert not read
        mounts.run("mount", "-o", "remount,rw", desk.settings.archive)
        look(desk, retention, 0.1)
        assert desk.files("archive") == {}


def test_by_default_originals_are_kept_for_good(make_desk: Callable[..., Any]) -> None:
    desk = make_desk()
    archive(desk, "scan.jpg", b"page")
    retention = Retention(desk.settings, desk.ledger, watch=desk.watch)
    assert retention.next_due() is None
    look(desk, retention, 4000)
    assert desk.files("archive") == {"scan.jpg": b"page"}


def test_many_are_removed_in_short_steps(desk: Any, retention: Retention) -> None:
    for number in range(45):
        archive(desk, f"{number}.jpg", b"%d" % number)
    desk.now += 31 * DAY_S
    assert retention.run_once(desk.now)
    assert 0 < len(desk.files("archive")) < 45
    look(desk, retention, 0)
    assert desk.files("archive") == {}
