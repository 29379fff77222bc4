from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

import daemon.originals
from daemon.documents import Identity
from daemon.originals import ChangedError, Move, move_new, move_original, read_original

CONTENT = b"a page"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    path = tmp_path / "inbox" / "scan.jpg"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "archive" / "a" / "scan.jpg"


def seen(path: Path) -> Identity:
    return Identity.of(path.lstat())


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def two_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    rename = daemon.originals._rename_new

    def refuse(source: Path, target: Path) -> None:
        if source.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    monkeypatch.setattr(daemon.originals, "_rename_new", refuse)


def test_a_file_that_is_still_the_same_is_read(source: Path) -> None:
    assert read_original(source, seen(source)) == CONTENT


def test_a_file_that_changed_or_is_gone_is_not_read(source: Path) -> None:
    before = seen(source)
    source.write_bytes(b"another page")
    with pytest.raises(ChangedError):
        read_original(source, before)
    source.unlink()
    with pytest.raises(ChangedError):
        read_original(source, before)


def test_a_file_written_to_while_it_is_read_is_not_taken(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = daemon.originals._require_same

    def write_after_the_first_look(status: os.stat_result, identity: Identity) -> None:
        check(status, identity)
        source.write_bytes(CONTENT + b" and more")

    monkeypatch.setattr(daemon.originals, "_require_same", write_after_the_first_look)
    with pytest.raises(ChangedError):
        read_original(source, seen(source))


def test_links_pipes_and_folders_are_not_read(source: Path, tmp_path: Path) -> None:
    identity = seen(source)
    secret = tmp_path / "secret"
    source.rename(secret)
    source.symlink_to(secret)
    with pytest.raises(ChangedError):
        read_original(source, identity)
    source.unlink()
    os.mkfifo(source)
    with pytest.raises(ChangedError):
        read_original(source, identity)
    source.unlink()
    source.mkdir()
    with pytest.raises(ChangedError):
        read_original(source, identity)


def test_an_original_is_moved_and_keeps_its_time(source: Path, target: Path) -> None:
    identity = seen(source)
    assert move_original(source, target, identity, SHA256) is Move.MOVED
    assert seen(target) == identity
    assert not source.exists()


def test_nothing_at_the_target_is_overwritten(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(b"another's")
    assert move_original(source, target, seen(source), SHA256) is Move.TAKEN
    assert target.read_bytes() == b"another's"
    assert source.read_bytes() == CONTENT


def test_nothing_is_overwritten_where_the_file_system_can_not_promise_it(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Old:
        def renameat2(self, *arguments: object) -> int:
            daemon.originals.ctypes.set_errno(errno.EINVAL)
            return -1

    monkeypatch.setattr(daemon.originals, "_libc", Old())
    target.parent.mkdir(parents=True)
    target.write_bytes(b"another's")
    assert move_original(source, target, seen(source), SHA256) is Move.TAKEN
    target.unlink()
    assert move_original(source, target, seen(source), SHA256) is Move.MOVED


def test_a_file_that_took_the_originals_place_is_left_alone(source: Path, target: Path) -> None:
    identity = seen(source)
    source.write_bytes(b"another page")
    assert move_original(source, target, identity, SHA256) is Move.REPLACED
    assert source.read_bytes() == b"another page"
    assert not target.exists()


def test_a_file_that_takes_the_place_in_the_very_moment_is_put_back(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = seen(source)
    rename = daemon.originals._rename_new

    def replace_first(old: Path, new: Path) -> None:
        if old == source and not new.exists() and new == target:
            source.write_bytes(b"another page")
        rename(old, new)

    monkeypatch.setattr(daemon.originals, "_rename_new", replace_first)
    assert move_original(source, target, identity, SHA256) is Move.REPLACED
    assert files(source.parent) == {"scan.jpg": b"another page"}
    assert files(target.parent) == {}


def test_an_original_that_is_gone_is_told_from_one_that_was_moved_before(source: Path, target: Path) -> None:
    identity = seen(source)
    source.unlink()
    assert move_original(source, target, identity, SHA256) is Move.GONE
    target.parent.mkdir(parents=True)
    target.write_bytes(CONTENT)
    assert move_original(source, target, identity, SHA256) is Move.MOVED


@pytest.mark.usefixtures("two_disks")
def test_an_original_is_copied_to_another_disk_and_removed_then(source: Path, target: Path) -> None:
    os.utime(source, ns=(1_000, 2_000_000_000))
    assert move_original(source, target, seen(source), SHA256) is Move.MOVED
    assert files(target.parent) == {"scan.jpg": CONTENT}
    assert target.lstat().st_mtime_ns == 2_000_000_000
    assert not source.exists()


@pytest.mark.usefixtures("two_disks")
def test_a_copy_that_a_crash_left_behind_completes_the_move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(CONTENT)
    assert move_original(source, target, seen(source), SHA256) is Move.MOVED
    assert not source.exists()


@pytest.mark.usefixtures("two_disks")
def test_a_copy_that_fails_leaves_the_original_and_nothing_else(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(reader: object, writer: object, length: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", no_space)
    with pytest.raises(OSError, match="No space"):
        move_original(source, target, seen(source), SHA256)
    assert files(source.parent) == {"scan.jpg": CONTENT}
    assert files(target.parent) == {}


def test_a_move_to_a_new_name_refuses_one_that_is_taken(source: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        move_new(source, tmp_path / "taken")
    assert source.exists()
