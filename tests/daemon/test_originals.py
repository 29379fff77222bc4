from __future__ import annotations

import errno
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

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


def replace(source: Path, content: bytes) -> None:
    """Another file takes the place in one step, as scanners and copying programs have it."""
    new = source.with_name("new.part")
    new.write_bytes(content)
    new.replace(source)


@pytest.mark.usefixtures("two_disks")
def test_a_file_that_takes_the_place_while_the_original_is_copied_stays(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copyfileobj

    def copy_then_replace(*arguments: Any) -> None:
        copy(*arguments)
        replace(source, b"another page")

    monkeypatch.setattr("shutil.copyfileobj", copy_then_replace)
    assert move_original(source, target, seen(source), SHA256) is Move.MOVED
    assert files(target.parent) == {"scan.jpg": CONTENT}
    assert files(source.parent) == {"scan.jpg": b"another page"}


def test_a_file_that_takes_the_place_while_the_target_is_hashed_stays(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hashlib.file_digest

    def replace_then_hash(*arguments: Any) -> Any:
        replace(source, b"another page")
        return digest(*arguments)

    target.parent.mkdir(parents=True)
    target.write_bytes(CONTENT)
    monkeypatch.setattr("hashlib.file_digest", replace_then_hash)
    assert move_original(source, target, seen(source), SHA256) is Move.MOVED
    assert files(source.parent) == {"scan.jpg": b"another page"}


@pytest.mark.usefixtures("two_disks")
def test_an_original_that_was_never_read_is_known_on_another_disk_by_its_size_and_time(
    source: Path, target: Path
) -> None:
    identity = seen(source)
    assert move_original(source, target, identity, None) is Move.MOVED
    assert files(target.parent) == {"scan.jpg": CONTENT}
    assert not source.exists()
    assert move_original(source, target, identity, None) is Move.MOVED, "a run killed after the move has it completed"


@pytest.mark.usefixtures("two_disks")
def test_a_file_that_takes_the_place_right_before_the_original_is_copied_is_not_copied_as_it(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = daemon.originals._open_original

    def replace_then_open(path: Path) -> Any:
        replace(source, b"another page")
        return begin(path)

    monkeypatch.setattr(daemon.originals, "_open_original", replace_then_open)
    assert move_original(source, target, seen(source), SHA256) is Move.REPLACED
    assert files(source.parent) == {"scan.jpg": b"another page"}
    assert files(target.parent) == {}


@pytest.mark.usefixtures("two_disks")
def test_an_original_that_is_written_to_while_it_is_copied_is_another_document(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copyfileobj

    def copy_then_write(*arguments: Any) -> None:
        copy(*arguments)
        source.write_bytes(b"another page")

    monkeypatch.setattr("shutil.copyfileobj", copy_then_write)
    assert move_original(source, target, seen(source), SHA256) is Move.REPLACED
    assert files(source.parent) == {"scan.jpg": b"another page"}
    assert files(target.parent) == {}


@pytest.mark.parametrize("back", ["scan.jpg", "scan~2.jpg"])
@pytest.mark.usefixtures("two_disks")
def test_a_file_that_takes_the_place_in_the_moment_of_the_removal_is_put_back(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch, back: str
) -> None:
    rename = daemon.originals._rename_new

    def replace_first(old: Path, new: Path) -> None:
        if old == source and new.parent == source.parent:
            replace(source, b"another page")
        rename(old, new)
        if old == source and back != source.name:
            source.write_bytes(b"a third page")

    identity = seen(source)
    target.parent.mkdir(parents=True)
    target.write_bytes(CONTENT)
    monkeypatch.setattr(daemon.originals, "_rename_new", replace_first)
    assert move_original(source, target, identity, SHA256) is Move.MOVED
    assert files(source.parent) == {"scan.jpg": b"a third page", back: b"another page"}


@pytest.mark.parametrize("content", [CONTENT, b"another page"])
@pytest.mark.usefixtures("two_disks")
def test_what_a_killed_removal_had_put_aside_is_removed_or_put_back(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    rename = daemon.originals._rename_new

    def die_after(old: Path, new: Path) -> None:
        rename(old, new)
        if old == source:
            new.write_bytes(content)
            raise KeyboardInterrupt

    identity = seen(source)
    monkeypatch.setattr(daemon.originals, "_rename_new", die_after)
    with pytest.raises(KeyboardInterrupt):
        move_original(source, target, identity, SHA256)
    assert not source.exists()
    monkeypatch.setattr(daemon.originals, "_rename_new", rename)
    assert move_original(source, target, identity, SHA256) is Move.MOVED
    assert files(target.parent) == {"scan.jpg": CONTENT}
    assert files(source.parent) == ({} if content == CONTENT else {"scan.jpg": content})


@pytest.mark.usefixtures("two_disks")
def test_a_copy_is_on_the_disk_with_its_name_before_the_original_goes(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = daemon.originals.sync_folder
    there: list[bool] = []

    def look(folder: Path) -> None:
        sync(folder)
        if folder == target.parent:
            there.append(source.exists())

    monkeypatch.setattr(daemon.originals, "sync_folder", look)
    assert move_original(source, target, seen(source), SHA256) is Move.MOVED
    assert there == [True]


def test_a_move_to_a_new_name_refuses_one_that_is_taken(source: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        move_new(source, tmp_path / "taken", seen(source), SHA256)
    assert source.exists()
