from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from daemon.documents import Candidate, Identity
from daemon.ready import QuietFiles


class Files:
    """An inbox whose files are what the test says, without a disk."""

    def __init__(self) -> None:
        self.now: dict[str, tuple[int, int, int]] = {}
        self.mode = stat.S_IFREG

    def __call__(self, path: Path) -> os.stat_result:
        name = path.name
        if name not in self.now:
            raise FileNotFoundError(path)
        inode, size, mtime_ns = self.now[name]
        seconds = mtime_ns / 1e9
        values = (self.mode, inode, 0, 1, 0, 0, size, seconds, seconds, seconds)
        return os.stat_result(values, {"st_mtime_ns": mtime_ns})


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def quiet(files: Files) -> QuietFiles:
    return QuietFiles(Path("/inbox"), 2.0, files)


def paths(candidates: list[Candidate]) -> list[str]:
    return [candidate.path for candidate in candidates]


def test_a_file_is_quiet_exactly_when_the_time_has_gone(files: Files, quiet: QuietFiles) -> None:
    files.now["a.jpg"] = (1, 10, 5)
    quiet.look_at("a.jpg", 100.0)
    assert quiet.next_due() == 102.0
    assert quiet.take_quiet(101.9) == []
    assert paths(quiet.take_quiet(102.0)) == ["a.jpg"]
    assert quiet.take_quiet(200.0) == []


@pytest.mark.parametrize("change", [(1, 11, 5), (1, 10, 6), (2, 10, 5)], ids=["size", "time", "inode"])
def test_any_change_that_no_event_told_of_begins_the_time_anew(
    files: Files, quiet: QuietFiles, change: tuple[int, int, int]
) -> None:
    files.now["a.jpg"] = (1, 10, 5)
    quiet.look_at("a.jpg", 100.0)
    files.now["a.jpg"] = change
    assert quiet.take_quiet(102.0) == []
    assert quiet.next_due() == 104.0
    (candidate,) = quiet.take_quiet(104.0)
    assert candidate.identity.size == change[1]


def test_an_event_begins_the_time_anew_though_nothing_seems_changed(files: Files, quiet: QuietFiles) -> None:
    files.now["a.jpg"] = (1, 10, 5)
    quiet.look_at("a.jpg", 100.0)
    quiet.look_at("a.jpg", 101.0)
    assert quiet.take_quiet(102.0) == []
    assert paths(quiet.take_quiet(103.0)) == ["a.jpg"]


def test_scans_of_an_unchanged_file_do_not_put_it_off(files: Files, quiet: QuietFiles) -> None:
    files.now["a.jpg"] = (1, 10, 5)
    for now in (100.0, 101.0, 101.9):
        quiet.see("a.jpg", Identity.of(files(Path("a.jpg"))), now)
    assert paths(quiet.take_quiet(102.0)) == ["a.jpg"]


def test_ten_chunks_two_seconds_apart_are_one_file(files: Files) -> None:
    quiet = QuietFiles(Path("/inbox"), 3.0, files)
    found = []
    for chunk in range(10):
        now = 100.0 + 2 * chunk
        files.now["a.jpg"] = (1, 100 * (chunk + 1), chunk)
        quiet.look_at("a.jpg", now)
        found += quiet.take_quiet(now + 1.9)
    found += quiet.take_quiet(121.0)
    assert [candidate.identity.size for candidate in found] == [1000]


def test_an_empty_file_waits_without_end_and_is_named_once(
    files: Files, quiet: QuietFiles, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    files.now["a.jpg"] = (1, 0, 5)
    for now in range(100, 200):
        files.now["a.jpg"] = (1, 0, now // 10)
        quiet.see("a.jpg", Identity.of(files(Path("a.jpg"))), float(now))
        assert quiet.take_quiet(float(now)) == []
    assert len(caplog.records) == 1
    assert quiet.pending() == 0
    assert set(quiet.empty()) == {"a.jpg"}
    quiet.keep_only([])
    assert set(quiet.empty()) == set(), "it was taken away"
    quiet.look_at("a.jpg", 250.0)
    assert quiet.take_quiet(252.0) == []
    assert set(quiet.empty()) == {"a.jpg"}
    files.now["a.jpg"] = (1, 10, 6)
    quiet.look_at("a.jpg", 300.0)
    assert quiet.pending() == 1
    assert paths(quiet.take_quiet(302.0)) == ["a.jpg"]
    assert set(quiet.empty()) == set()


def test_a_file_handed_on_comes_again_when_it_changes(files: Files, quiet: QuietFiles) -> None:
    files.now["a.jpg"] = (1, 10, 5)
    quiet.look_at("a.jpg", 100.0)
    quiet.take_quiet(102.0)
    files.now["a.jpg"] = (1, 20, 6)
    quiet.see("a.jpg", Identity.of(files(Path("a.jpg"))), 110.0)
    assert paths(quiet.take_quiet(112.0)) == ["a.jpg"]


def test_an_event_about_a_file_that_was_handed_on_and_is_the_same_changes_nothing(
    files: Files, quiet: QuietFiles
) -> None:
    files.now["a.jpg"] = (1, 10, 5)
    quiet.look_at("a.jpg", 100.0)
    quiet.take_quiet(102.0)
    quiet.look_at("a.jpg", 103.0)
    assert quiet.take_quiet(200.0) == []


def test_a_file_is_not_looked_at_before_its_time(files: Files, quiet: QuietFiles) -> None:
    files.now = {"a.jpg": (1, 10, 5), "b.jpg": (2, 10, 5)}
    quiet.look_at("a.jpg", 100.0)
    quiet.look_at("b.jpg", 101.0)
    away = files.now.pop("b.jpg")
    assert paths(quiet.take_quiet(102.0)) == ["a.jpg"]
    files.now["b.jpg"] = away
    assert paths(quiet.take_quiet(103.0)) == ["b.jpg"]


def test_a_file_that_was_dropped_and_seen_again_is_handed_on_once(files: Files, quiet: QuietFiles) -> None:
    files.now["a.jpg"] = (1, 10, 5)
    quiet.look_at("a.jpg", 100.0)
    quiet.drop("a.jpg")
    quiet.look_at("a.jpg", 103.0)
    assert paths(quiet.take_quiet(105.0)) == ["a.jpg"]


def test_a_file_that_was_dropped_is_followed_anew_though_it_is_the_same(files: Files, quiet: QuietFiles) -> None:
    files.now["a.jpg"] = (1, 10, 5)
    quiet.look_at("a.jpg", 100.0)
    quiet.take_quiet(102.0)
    quiet.drop("a.jpg")
    quiet.see("a.jpg", Identity.of(files(Path("a.jpg"))), 103.0)
    assert paths(quiet.take_quiet(105.0)) == ["a.jpg"]


def test_a_file_that_vanished_or_is_no_file_any_more_is_dropped(files: Files, quiet: QuietFiles) -> None:
    files.now = {"gone.jpg": (1, 10, 5), "pipe.jpg": (2, 10, 5)}
    for name in files.now:
        quiet.look_at(name, 100.0)
    del files.now["gone.jpg"]
    files.mode = stat.S_IFIFO
    assert quiet.take_quiet(102.0) == []
    assert quiet.pending() == 0
    assert quiet.next_due() is None


def test_what_a_complete_scan_did_not_find_is_dropped(files: Files, quiet: QuietFiles) -> None:
    files.now = {"a.jpg": (1, 10, 5), "b.jpg": (2, 10, 5)}
    for name in files.now:
        quiet.look_at(name, 100.0)
    quiet.keep_only({"b.jpg": None}.keys())
    assert paths(quiet.take_quiet(102.0)) == ["b.jpg"]


def test_tens_of_thousands_come_in_portions_and_none_is_missing(files: Files, quiet: QuietFiles) -> None:
    files.now = {f"{number}.jpg": (number, 10, 5) for number in range(40_000)}
    for name in files.now:
        quiet.look_at(name, 100.0)
    found: list[str] = []
    portions = 0
    while portion := quiet.take_quiet(102.0):
        found += paths(portion)
        portions += 1
    assert sorted(found) == sorted(files.now)
    assert portions >= 40


def test_nothing_behind_a_link_is_seen_whenever_that_took_a_folders_place(tmp_path: Path) -> None:
    quiet = QuietFiles(tmp_path, 2.0)
    scan, elsewhere = tmp_path / "a" / "scan.jpg", tmp_path / "elsewhere"
    scan.parent.mkdir()
    scan.write_bytes(b"page")
    quiet.look_at("a/scan.jpg", 100.0)
    scan.parent.rename(elsewhere)
    scan.parent.symlink_to(elsewhere)
    assert quiet.take_quiet(102.0) == []
    quiet.look_at("a/scan.jpg", 103.0)
    assert quiet.pending() == 0
