from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from daemon.atomic import ASIDE, NewFile, remove_leftovers, replacing, sync_folder


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    with replacing(target) as file:
        file.write(b"half")
        assert not target.exists()
        file.write(b" and half")
    assert target.read_bytes() == b"half and half"
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="in the middle"), replacing(target) as file:
        file.write(b"new")
        raise RuntimeError("in the middle")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_finished_file_is_whole_and_hidden_until_it_is_placed(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_bytes(b"old")
    with NewFile(target) as new:
        new.file.write(b"whole")
        new.finish()
        (hidden,) = [path for path in tmp_path.iterdir() if path != target]
        assert hidden.read_bytes() == b"whole"
        assert target.read_bytes() == b"old"
        assert new.place() == target
    new.discard()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"whole"]


def test_a_file_that_is_not_placed_is_removed_and_may_be_removed_again(tmp_path: Path) -> None:
    with NewFile(tmp_path / "table.csv") as new:
        new.file.write(b"whole")
        new.finish()
    assert list(tmp_path.iterdir()) == []
    assert new.file.closed
    new.discard()


def test_the_content_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, sync = tmp_path / "table.csv", os.fsync
    synced: list[tuple[int, bool]] = []

    def look(descriptor: int) -> None:
        sync(descriptor)
        synced.append((os.fstat(descriptor).st_size, target.exists()))

    monkeypatch.setattr(os, "fsync", look)
    with replacing(target) as file:
        file.write(b"whole")
    assert synced == [(5, False)]


def test_a_folder_is_put_on_the_disk_where_its_file_system_can_do_that(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    sync_folder(tmp_path)
    sync_folder(Path("/proc"))  # answers EINVAL, as some network mounts do
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    (tmp_path / "file").write_bytes(b"")
    for path, error in [("missing", FileNotFoundError), ("file", NotADirectoryError)]:
        with pytest.raises(error):
            sync_folder(tmp_path / path)


def test_a_folder_that_the_disk_did_not_take_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        sync_folder(tmp_path)


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_a_file_has_the_mode_that_the_umask_gives(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with replacing(tmp_path / "x") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o666 & ~umask


def test_an_unfinished_file_is_hidden_and_removed_later(tmp_path: Path) -> None:
    others = [".digitdrop-notes", ".hidden", "swap.tmp"]
    for name in others:
        (tmp_path / name).write_bytes(b"someone else's")
    with replacing(tmp_path / "x") as file:
        (path,) = [path for path in tmp_path.iterdir() if path.name not in others]
        assert path.name.startswith(".")
        file.write(b"x")
    path.write_bytes(b"as a killed process leaves it")
    assert remove_leftovers(tmp_path) == 1
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [*others, "x"]


def test_what_was_put_aside_to_be_removed_is_no_unfinished_file(tmp_path: Path) -> None:
    (tmp_path / f".digitdrop-0123456789abcdef-{ASIDE}.tmp").write_bytes(b"a scan")
    (tmp_path / ".digitdrop-0123456789abcdef-copy.tmp").write_bytes(b"half a sc")
    assert remove_leftovers(tmp_path) == 1
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"a scan"]


def test_an_error_names_the_file_and_is_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "missing" / "x", tmp_path / "folder"):
        texts = []
        for _ in range(2):
            with pytest.raises(OSError, match=str(path)) as caught, replacing(path) as file:
                file.write(b"x")
            texts.append(str(caught.value))
        assert texts[0] == texts[1]
        assert ".tmp" not in texts[0]


def test_an_error_without_a_name_gets_that_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device") as caught, replacing(tmp_path / "x"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(tmp_path / "x")


def test_an_error_about_another_file_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    with pytest.raises(IsADirectoryError) as caught, replacing(tmp_path / "table"), replacing(tmp_path / "book"):
        pass
    assert caught.value.filename == str(tmp_path / "book")
