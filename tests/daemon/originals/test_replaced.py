"""Another file takes the place of an original in any moment of its move: it stays, or is put back."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

import daemon.originals
from daemon.originals import Move


def test_a_file_that_took_the_originals_place_is_left_alone(original: Any) -> None:
    identity = original.seen()
    original.source.write_bytes(b"another page")
    assert original.move(identity) is Move.REPLACED
    assert original.source.read_bytes() == b"another page"
    assert not original.target.exists()


def test_a_file_that_takes_the_place_in_the_very_moment_is_put_back(
    original: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = original.seen()
    rename = daemon.originals.rename_new

    def replace_first(old: Path, new: Path) -> None:
        if old == original.source and not new.exists() and new == original.target:
            original.source.write_bytes(b"another page")
        rename(old, new)

    monkeypatch.setattr(daemon.originals, "rename_new", replace_first)
    assert original.move(identity) is Move.REPLACED
    assert original.inbox() == {"scan.jpg": b"another page"}
    assert original.archive() == {}


@pytest.mark.usefixtures("two_disks")
def test_a_file_that_takes_the_place_while_the_original_is_copied_stays(
    original: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = daemon.originals._copy

    def copy_then_replace(*arguments: Any) -> None:
        copy(*arguments)
        original.replace(b"another page")

    monkeypatch.setattr(daemon.originals, "_copy", copy_then_replace)
    assert original.move() is Move.MOVED
    assert original.archive() == {"scan.jpg": original.content}
    assert original.inbox() == {"scan.jpg": b"another page"}


def test_a_file_that_takes_the_place_while_the_target_is_hashed_stays(
    original: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hashlib.file_digest

    def replace_then_hash(*arguments: Any) -> Any:
        original.replace(b"another page")
        return digest(*arguments)

    original.target.parent.mkdir(parents=True)
    original.target.write_bytes(original.content)
    monkeypatch.setattr("hashlib.file_digest", replace_then_hash)
    assert original.move() is Move.MOVED
    assert original.inbox() == {"scan.jpg": b"another page"}


@pytest.mark.usefixtures("two_disks")
def test_a_file_that_takes_the_place_right_before_the_original_is_copied_is_not_copied_as_it(
    original: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = daemon.originals._open_original

    def replace_then_open(*arguments: Any) -> Any:
        original.replace(b"another page")
        return begin(*arguments)

    monkeypatch.setattr(daemon.originals, "_open_original", replace_then_open)
    assert original.move() is Move.REPLACED
    assert original.inbox() == {"scan.jpg": b"another page"}
    assert original.archive() == {}


@pytest.mark.usefixtures("two_disks")
def test_an_original_that_is_written_to_while_it_is_copied_is_another_document(
    original: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = daemon.originals._copy

    def copy_then_write(*arguments: Any) -> None:
        copy(*arguments)
        original.source.write_bytes(b"another page")

    monkeypatch.setattr(daemon.originals, "_copy", copy_then_write)
    assert original.move() is Move.REPLACED
    assert original.inbox() == {"scan.jpg": b"another page"}
    assert original.archive() == {}


@pytest.mark.parametrize("back", ["scan.jpg", "scan~2.jpg"])
@pytest.mark.usefixtures("two_disks")
def test_a_file_that_takes_the_place_in_the_moment_of_the_removal_is_put_back(
    original: Any, monkeypatch: pytest.MonkeyPatch, back: str
) -> None:
    rename = daemon.originals.rename_new

    def replace_first(old: Path, new: Path) -> None:
        if old == original.source and new.parent == original.source.parent:
            original.replace(b"another page")
        rename(old, new)
        if old == original.source and back != original.source.name:
            original.source.write_bytes(b"a third page")

    identity = original.seen()
    original.target.parent.mkdir(parents=True)
    original.target.write_bytes(original.content)
    monkeypatch.setattr(daemon.originals, "rename_new", replace_first)
    assert original.move(identity) is Move.MOVED
    assert original.inbox() == {"scan.jpg": b"a third page", back: b"another page"}


def put_aside(original: Any, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Moves an original, and is killed when it has put it aside to remove it; by then it may have another content."""
    rename = daemon.originals.rename_new

    def die_after(old: Path, new: Path) -> None:
        rename(old, new)
        if old == original.source:
            if content != original.content:
                new.write_bytes(content)
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(daemon.originals, "rename_new", die_after)
        with pytest.raises(KeyboardInterrupt):
            original.move()
    assert not original.source.exists()


@pytest.mark.parametrize("content", [b"a page", b"another page"])
@pytest.mark.usefixtures("two_disks")
def test_what_a_killed_removal_had_put_aside_is_removed_or_put_back(
    original: Any, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    identity = original.seen()
    put_aside(original, monkeypatch, content)
    assert original.move(identity) is Move.MOVED
    assert original.archive() == {"scan.jpg": original.content}
    assert original.inbox() == ({} if content == original.content else {"scan.jpg": content})


@pytest.mark.parametrize(("content", "moved"), [(b"a page", Move.MOVED), (b"another page", Move.REPLACED)])
@pytest.mark.parametrize("copy", [None, b"somebody's"])
@pytest.mark.usefixtures("two_disks")
def test_what_was_put_aside_comes_to_light_though_the_copy_is_no_longer_there(
    original: Any, monkeypatch: pytest.MonkeyPatch, content: bytes, moved: Move, copy: bytes | None
) -> None:
    identity = original.seen()
    put_aside(original, monkeypatch, content)
    original.target.unlink()
    if copy is not None:
        original.target.write_bytes(copy)
    outcome = original.move(identity)
    taken = copy is not None and moved is Move.MOVED
    assert outcome is (Move.TAKEN if taken else moved)
    assert original.inbox() == ({} if outcome is Move.MOVED else {"scan.jpg": content})
    if outcome is Move.MOVED:
        assert original.archive() == {"scan.jpg": original.content}
