from __future__ import annotations

import logging
import os
import stat
import tracemalloc
from pathlib import Path

import pytest

from config.schema import WatchSettings
from daemon.scan import Found, NameFilter, Refusals, scan

LEFT_ALONE = (
    "x.jpg.part", "x.filepart", "x.crdownload", "x~", "x.tmp", ".syncthing.x.jpg.tmp", "x.jpg.ocTransferId1.part",
    ".DS_Store", "._x.jpg", "Thumbs.db", "thumbs.DB", "desktop.ini", "~$x", ".~lock.x#", ".digitdrop-1234.tmp",
)  # fmt: skip


@pytest.fixture
def names() -> NameFilter:
    return NameFilter(WatchSettings())


def found(inbox: Path, names: NameFilter, *, recursive: bool = True) -> list[str]:
    return sorted(scan(inbox, names, recursive=recursive).files)


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_what_is_not_finished_or_not_a_document_is_left_alone(tmp_path: Path, names: NameFilter, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    (tmp_path / "x.jpg").write_bytes(b"x")
    assert found(tmp_path, names) == ["x.jpg"]
    assert not names.takes(name)


@pytest.mark.parametrize("folder", ["@eaDir", ".@__thumb", ".stversions", "#recycle"])
def test_ignored_folders_are_not_entered(tmp_path: Path, names: NameFilter, folder: str) -> None:
    (tmp_path / folder / "deep").mkdir(parents=True)
    (tmp_path / folder / "deep" / "x.jpg").write_bytes(b"x")
    assert found(tmp_path, names) == []
    assert not names.takes(f"{folder}/deep/x.jpg")


def test_own_temporary_files_are_left_alone_whatever_the_configuration_says() -> None:
    assert not NameFilter(WatchSettings(ignore=())).takes(".digitdrop-00ff.tmp")


def test_patterns_choose_what_is_taken_in_either_case() -> None:
    names = NameFilter(WatchSettings(include=("*.jpg", "form-*"), ignore=("*draft*", "old/")))
    taken = [name for name in ("A.JPG", "form-1.pdf", "x.png", "a Draft.jpg", "old/a.jpg") if names.takes(name)]
    assert taken == ["A.JPG", "form-1.pdf"]


def test_subfolders_count_only_when_asked_for(tmp_path: Path, names: NameFilter) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for path in ("1.jpg", "a/2.jpg", "a/b/3.jpg"):
        (tmp_path / path).write_bytes(b"x")
    assert found(tmp_path, names) == ["1.jpg", "a/2.jpg", "a/b/3.jpg"]
    assert found(tmp_path, names, recursive=False) == ["1.jpg"]


def test_links_pipes_and_folders_named_like_pictures_are_refused_and_named_once(
    tmp_path: Path, names: NameFilter, caplog: pytest.LogCaptureFixture
) -> None:
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "x.jpg").write_bytes(b"x")
    inbox = tmp_path / "inbox"
    (inbox / "folder.jpg").mkdir(parents=True)
    (inbox / "folder.jpg" / "x.jpg").write_bytes(b"x")
    (inbox / "Folder.PDF").mkdir()
    (inbox / "link.jpg").symlink_to(outside / "deep" / "x.jpg")
    (inbox / "linked").symlink_to(outside / "deep")
    os.mkfifo(inbox / "pipe.jpg")
    os.mknod(inbox / "socket.jpg", stat.S_IFSOCK | 0o600)
    refusals = Refusals()
    for _ in range(3):
        result = scan(inbox, names, recursive=True)
        refusals.report(result)
    assert result.files == {}
    assert result.refused == {
        "Folder.PDF": "a folder",
        "folder.jpg": "a folder",
        "link.jpg": "a symbolic link",
        "linked": "a symbolic link",
        "pipe.jpg": "a named pipe",
        "socket.jpg": "a socket",
    }
    assert len(caplog.records) == 6
    assert all(record.levelno == logging.WARNING for record in caplog.records)


def test_what_cannot_be_looked_at_is_named_again_when_it_is_for_another_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refusals = Refusals()
    for problem in ("Permission denied", "Permission denied", "Stale file handle"):
        refusals.report(Found(problems={"locked": problem}))
    assert [record.getMessage() for record in caplog.records] == [
        f"document=locked cannot be looked at: {problem}; it is tried again"
        for problem in ("Permission denied", "Stale file handle")
    ]


def test_a_scan_says_at_each_folder_and_each_name_that_it_goes_on(tmp_path: Path, names: NameFilter) -> None:
    (tmp_path / "a").mkdir()
    for path in ("1.jpg", "a/2.jpg", "a/Thumbs.db"):
        (tmp_path / path).write_bytes(b"x")
    beats: list[int] = []
    scan(tmp_path, names, recursive=True, beat=lambda: beats.append(1))
    assert len(beats) == 2 + 4


def test_what_goes_while_it_is_looked_at_is_no_problem(tmp_path: Path, names: NameFilter) -> None:
    (tmp_path / "gone").mkdir()
    (tmp_path / "became a file").mkdir()
    (tmp_path / "scan.jpg").write_bytes(b"x")
    beats = iter(range(9))

    def change() -> None:
        match next(beats):
            case 1:
                (tmp_path / "scan.jpg").unlink()
            case 4:
                (tmp_path / "gone").rmdir()
                (tmp_path / "became a file").rmdir()
                (tmp_path / "became a file").write_bytes(b"x")

    result = scan(tmp_path, names, recursive=True, beat=change)
    assert (result.files, result.problems, result.folders) == ({}, {}, 1)


def test_names_of_any_bytes_are_found(tmp_path: Path, names: NameFilter) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.jpg")).write_bytes(b"x")
    assert found(tmp_path, names) == ["\udcff\n.jpg"]


def test_of_each_of_many_files_little_is_kept(tmp_path: Path, names: NameFilter) -> None:
    for number in range(1000):
        (tmp_path / f"scan{number:04}.jpg").write_bytes(b"x" * 1000)
    tracemalloc.start()
    try:
        found(tmp_path, names)
        assert tracemalloc.get_traced_memory()[1] < 1000 * 400
    finally:
        tracemalloc.stop()


def test_a_missing_inbox_is_an_error(tmp_path: Path, names: NameFilter) -> None:
    with pytest.raises(FileNotFoundError):
        scan(tmp_path / "inbox", names, recursive=True)


def test_a_folder_that_can_not_be_read_hides_only_itself(
    tmp_path: Path, names: NameFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locked").mkdir()
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "x.jpg").write_bytes(b"x")
    scandir = os.scandir

    def refuse(path: Path) -> os.ScandirIterator[str]:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)  # type: ignore[return-value]

    monkeypatch.setattr(os, "scandir", refuse)
    result = scan(tmp_path, names, recursive=True)
    assert list(result.files) == ["open/x.jpg"]
    assert result.problems == {"locked": "Permission denied"}
