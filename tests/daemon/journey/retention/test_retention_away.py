"""Originals that cannot be removed from the archive, because it is away or cannot be written to, wait."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import DAY_S
from daemon.setbacks import MAX_BACKOFF_S


def test_an_archive_that_is_away_is_waited_for(desk: Any, shelf: Any) -> None:
    shelf.archive("scan.jpg", b"page")
    away = desk.settings.archive.rename(desk.root / "away")
    shelf.look(31)
    assert "scan.jpg cannot be removed" in (shelf.retention.problem or "")
    shutil.move(away, desk.settings.archive)
    shelf.look(0.1)
    assert shelf.retention.problem is None
    assert desk.files("archive") == {}


def test_an_unmounted_archive_as_an_empty_folder_has_lost_nothing(desk: Any, shelf: Any) -> None:
    shelf.archive("scan.jpg", b"page")
    with shelf.unmounted():
        shelf.look(31)
        assert "the archive is empty, is its share mounted?" in (shelf.retention.problem or "")
    shelf.look(0.1)
    assert shelf.retention.problem is None
    assert desk.files("archive") == {}
    assert desk.ledger.archive.oldest() is None


def test_an_archive_that_is_unmounted_between_two_looks_has_lost_nothing(desk: Any, shelf: Any) -> None:
    shelf.archive("first.jpg", b"page")
    shelf.look(10)
    shelf.archive("second.jpg", b"next page")
    shelf.look(21)
    with shelf.unmounted():
        shelf.look(10)
        assert "the archive is empty, is its share mounted?" in (shelf.retention.problem or "")
    assert desk.files("archive") == {"second.jpg": b"next page"}
    shelf.look(0.1)
    assert desk.files("archive") == {}


@pytest.mark.parametrize("told_by", ["fstab", "unit"])
def test_what_an_unmounted_archive_does_not_have_is_not_lost_though_something_stands_in_its_place(
    desk: Any, shelf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told_by: str
) -> None:
    shelf.archive("scan.jpg", b"page")
    fstab, unit = tmp_path / "fstab", tmp_path / "remote-fs.target.wants" / "nas.mount"
    unit.parent.mkdir()
    if told_by == "fstab":
        fstab.write_text(f"/dev/sdb1 {desk.settings.archive} ext4 defaults 0 0\n")
    else:
        unit.write_text(f"[Mount]\nWhat=//nas/scans\nWhere={desk.settings.archive}\n")
    with shelf.unmounted(), monkeypatch.context() as patch:
        patch.setattr("daemon.mounts.FSTAB", fstab)
        for name in ("UNITS", "BOOTED"):
            patch.setattr(f"daemon.mounts.{name}", tmp_path)
        stray = desk.settings.archive / "stray.jpg"
        stray.write_bytes(b"somebody's")
        shelf.look(31)
        source = fstab if told_by == "fstab" else unit
        assert f"{desk.settings.archive} of {source} is not mounted" in (shelf.retention.problem or "")
        stray.unlink()
    shelf.look(0.1)
    assert desk.files("archive") == {}


def test_one_that_was_taken_away_is_forgotten_though_the_removal_of_the_last_empties_the_archive(
    desk: Any, shelf: Any
) -> None:
    shelf.archive("scan.jpg", b"page")
    shelf.archive("taken.jpg", b"another page")
    (desk.settings.archive / "taken.jpg").unlink()
    shelf.look(31)
    assert shelf.retention.problem is None
    assert desk.ledger.archive.oldest() is None


@pytest.mark.parametrize("stuck", [1, 45])
def test_originals_that_can_not_be_removed_do_not_hold_up_the_others(desk: Any, shelf: Any, stuck: int) -> None:
    for number in range(stuck):
        shelf.archive(f"a/{number}.jpg", b"%d" % number)
    for number in range(25):
        shelf.archive(f"b/{number}.jpg", b"b%d" % number)
    away = (desk.settings.archive / "a").rename(desk.root / "away")
    (desk.settings.archive / "a").symlink_to("a")  # every look into it fails
    shelf.look(31)
    assert desk.files("archive") == {}
    assert shelf.retention.problem == "a/0.jpg cannot be removed: Too many levels of symbolic links"
    assert shelf.retention.next_due() == desk.now + MAX_BACKOFF_S
    (desk.settings.archive / "a").unlink()
    away.rename(desk.settings.archive / "a")
    shelf.look(0.1)
    assert shelf.retention.problem is None
    assert desk.files("archive") == {}
    assert desk.ledger.archive.oldest() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_originals_in_a_folder_that_can_not_be_written_to_are_not_read_again_and_again(
    desk: Any, shelf: Any, mounts: Any
) -> None:
    read: list[float] = []
    with mounts.mounted(desk.settings.archive, "-t", "tmpfs", "tmpfs"):
        shelf.archive("scan.jpg", b"page")
        mounts.run("mount", "-o", "remount,ro", desk.settings.archive)
        desk.now += 31 * DAY_S
        assert not shelf.retention.run_once(desk.now, lambda: read.append(desk.now))
        assert shelf.retention.problem == "scan.jpg cannot be removed: its folder cannot be written to"
        assert not read
        mounts.run("mount", "-o", "remount,rw", desk.settings.archive)
        shelf.look(0.1)
        assert desk.files("archive") == {}
