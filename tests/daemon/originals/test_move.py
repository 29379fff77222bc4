"""Originals are moved, also to another disk, and nothing is overwritten on the way."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import daemon.atomic
import daemon.originals
from daemon.documents import Identity
from daemon.originals import Move, holds, move_new, move_original, put_back_taken, read_original

needs_bindfs = pytest.mark.skipif(
    shutil.which("bindfs") is None or not Path("/dev/fuse").exists() or os.geteuid() != 0,
    reason="needs root and bindfs: apt-get install bindfs fuse3",
)


def test_an_original_is_moved_and_keeps_its_time(original: Any) -> None:
    identity = original.seen()
    assert original.move(identity) is Move.MOVED
    assert Identity.of(original.target.lstat()) == identity
    assert not original.source.exists()


def test_nothing_at_the_target_is_overwritten(original: Any) -> None:
    original.target.parent.mkdir(parents=True)
    original.target.write_bytes(b"another's")
    assert original.move() is Move.TAKEN
    assert original.target.read_bytes() == b"another's"
    assert original.source.read_bytes() == original.content


def test_nothing_is_overwritten_where_the_file_system_can_not_promise_it(
    original: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Old:
        def renameat2(self, *arguments: object) -> int:
            daemon.atomic.ctypes.set_errno(errno.EINVAL)
            return -1

    monkeypatch.setattr(daemon.atomic, "_libc", Old())
    original.target.parent.mkdir(parents=True)
    original.target.write_bytes(b"another's")
    assert original.move() is Move.TAKEN
    original.target.unlink()
    assert original.move() is Move.MOVED


@pytest.fixture
def shared(original: Any, mounts: Any, tmp_path: Path) -> Iterator[Any]:
    """An original on a share whose file system cannot refuse to replace a file."""
    backing, share = tmp_path / "backing", tmp_path / "share"
    backing.mkdir()
    share.mkdir()
    with mounts.mirrored(backing, share):
        yield type(original)(share)


@needs_bindfs
def test_a_file_that_appears_at_the_target_in_the_very_moment_is_not_overwritten_on_a_share(
    shared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, made = Path.rename, []

    def make_first(source: Path, target: Path) -> None:
        try:
            made.append(target.open("xb").close())
        except FileExistsError:
            rename(source, target)

    monkeypatch.setattr(Path, "rename", make_first)
    assert shared.move() is Move.MOVED
    assert made == [], "whoever refuses to overwrite finds the name taken"
    assert shared.archive() == {"scan.jpg": shared.content}
    assert shared.inbox() == {}


@needs_bindfs
@pytest.mark.parametrize("done", [False, True])
def test_a_rename_that_fails_on_a_share_leaves_nothing_at_the_target_but_what_it_did(
    shared: Any, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    identity, rename = shared.seen(), Path.rename

    def fail(source: Path, target: Path) -> None:
        if done:
            rename(source, target)
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(OSError, match="Input/output"):
            shared.move(identity)
    assert shared.archive() == ({"scan.jpg": shared.content} if done else {})
    assert shared.move(identity) is Move.MOVED
    assert shared.archive() == {"scan.jpg": shared.content}


def test_an_original_that_is_gone_is_told_from_one_that_was_moved_before(original: Any) -> None:
    identity = original.seen()
    original.source.unlink()
    assert original.move(identity) is Move.GONE
    original.target.parent.mkdir(parents=True)
    original.target.write_bytes(original.content)
    assert original.move(identity) is Move.MOVED


@pytest.mark.usefixtures("two_disks")
def test_an_original_is_copied_to_another_disk_and_removed_then(original: Any) -> None:
    os.utime(original.source, ns=(1_000, 2_000_000_000))
    assert original.move() is Move.MOVED
    assert original.archive() == {"scan.jpg": original.content}
    assert original.target.lstat().st_mtime_ns == 2_000_000_000
    assert not original.source.exists()


@pytest.mark.usefixtures("two_disks")
def test_each_piece_of_a_huge_original_is_heard_of_when_it_is_read_copied_and_compared(original: Any) -> None:
    source, target = original.source, original.target
    heard: list[bool] = []
    content = os.urandom(5 << 20)
    source.write_bytes(content)
    assert read_original(source, original.seen(), lambda: heard.append(target.exists())) == content
    assert len(heard) >= 5
    heard.clear()
    sha256 = hashlib.sha256(content).hexdigest()
    assert move_original(source, target, original.seen(), sha256, lambda: heard.append(target.exists())) is Move.MOVED
    assert heard.count(False) >= 5
    heard.clear()
    assert holds(target, Identity.of(target.lstat()), sha256, lambda: heard.append(True))
    assert len(heard) >= 5


def test_what_of_a_copy_is_not_on_the_disk_yet_stays_little(original: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon.originals, "_UNSYNCED_BYTES", 2 << 20)
    original.source.write_bytes(os.urandom(9 << 20))
    written: list[int] = []
    sync = os.fdatasync

    def look(descriptor: int) -> None:
        sync(descriptor)
        written.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr("os.fdatasync", look)
    with original.source.open("rb") as reader, original.source.with_name("copy").open("wb") as writer:
        daemon.originals._copy(reader, writer)
    assert written == [2 << 20, 4 << 20, 6 << 20, 8 << 20]


@pytest.mark.usefixtures("two_disks")
def test_a_copy_that_a_crash_left_behind_completes_the_move(original: Any) -> None:
    original.target.parent.mkdir(parents=True)
    original.target.write_bytes(original.content)
    assert original.move() is Move.MOVED
    assert not original.source.exists()


def test_an_original_that_was_never_read_is_not_taken_for_another_of_its_size(original: Any) -> None:
    original.target.parent.mkdir(parents=True)
    original.target.write_bytes(b"A PAGE")
    os.utime(original.target, (1, 1))
    assert original.move(sha256=None) is Move.TAKEN
    assert original.inbox() == {"scan.jpg": original.content}


def test_where_a_file_stands_in_a_folders_place_nothing_is_to_be_returned(original: Any) -> None:
    original.target.parent.parent.mkdir()
    original.target.parent.write_bytes(b"a file where a folder is needed")
    original.source.unlink()
    assert not put_back_taken(original.target, original.source)


def test_a_folder_that_stands_where_an_original_was_to_go_stays_there(original: Any) -> None:
    original.target.mkdir(parents=True)
    original.source.unlink()
    assert not put_back_taken(original.target, original.source)
    assert original.target.is_dir()
    assert not original.source.exists()


@pytest.mark.usefixtures("two_disks")
def test_from_another_disk_nothing_is_returned_that_took_the_place_of_an_original(original: Any) -> None:
    original.target.parent.mkdir(parents=True)
    original.target.write_bytes(b"somebody's, for it would have been copied")
    original.source.unlink()
    assert not put_back_taken(original.target, original.source)
    assert original.archive() == {"scan.jpg": b"somebody's, for it would have been copied"}
    assert original.inbox() == {}


@pytest.mark.usefixtures("two_disks")
@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_link_in_the_place_of_the_copy_leads_nowhere(original: Any, tmp_path: Path, link: str) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    ledger.write_bytes(b"what is known")
    original.target.parent.mkdir(parents=True)
    getattr(daemon.originals._hidden(original.target, "copy"), link)(ledger)
    assert original.move() is Move.MOVED
    assert ledger.read_bytes() == b"what is known"
    assert not original.target.is_symlink()
    assert original.archive() == {"scan.jpg": original.content}


@pytest.mark.usefixtures("two_disks")
def test_a_copy_that_fails_leaves_the_original_and_nothing_else(original: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(reader: object, writer: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(daemon.originals, "_copy", no_space)
    with pytest.raises(OSError, match="No space"):
        original.move()
    assert original.inbox() == {"scan.jpg": original.content}
    assert original.archive() == {}


@pytest.mark.usefixtures("two_disks")
def test_an_original_that_was_never_read_is_known_on_another_disk_by_its_size_and_time(original: Any) -> None:
    identity = original.seen()
    assert original.move(identity, None) is Move.MOVED
    assert original.archive() == {"scan.jpg": original.content}
    assert not original.source.exists()
    assert original.move(identity, None) is Move.MOVED, "a run killed after the move has it completed"


@pytest.mark.usefixtures("two_disks")
def test_the_content_of_a_copy_is_on_the_disk_before_the_original_goes(
    original: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync
    synced: list[tuple[int, bool]] = []

    def look(descriptor: int) -> None:
        sync(descriptor)
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            synced.append((status.st_size, original.source.exists()))

    monkeypatch.setattr(os, "fsync", look)
    assert original.move() is Move.MOVED
    assert synced == [(len(original.content), True)]


@pytest.mark.usefixtures("two_disks")
def test_a_copy_is_on_the_disk_with_its_name_before_the_original_goes(
    original: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = daemon.originals.sync_folder
    there: list[bool] = []

    def look(folder: Path) -> None:
        sync(folder)
        if folder == original.target.parent:
            there.append(original.source.exists())

    monkeypatch.setattr(daemon.originals, "sync_folder", look)
    assert original.move() is Move.MOVED
    assert there == [True]


@needs_bindfs
@pytest.mark.parametrize("read", [True, False])
def test_an_original_is_moved_to_a_share_whose_files_are_another_users(
    original: Any, mounts: Any, tmp_path: Path, read: bool
) -> None:
    backing, archive = tmp_path / "backing", original.target.parent
    backing.mkdir()
    archive.mkdir(parents=True)
    with mounts.mirrored(backing, archive, "--chmod-deny"):
        assert original.move(sha256=original.sha256 if read else None) is Move.MOVED
    assert original.inbox() == {}
    assert (backing / "scan.jpg").read_bytes() == original.content


def test_a_move_to_a_new_name_refuses_one_that_is_taken(original: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        move_new(original.source, tmp_path / "taken", original.seen(), original.sha256)
    assert original.source.exists()
