"""Originals are read as the files that were seen, and as no others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import daemon.originals
from daemon.documents import Identity
from daemon.originals import ChangedError, read_original


def test_a_file_that_is_still_the_same_is_read(original: Any) -> None:
    assert read_original(original.source, original.seen()) == original.content


def test_a_file_that_changed_or_is_gone_is_not_read(original: Any) -> None:
    before = original.seen()
    original.source.write_bytes(b"another page")
    with pytest.raises(ChangedError):
        read_original(original.source, before)
    original.source.unlink()
    with pytest.raises(ChangedError):
        read_original(original.source, before)


def test_a_file_written_to_while_it_is_read_is_not_taken(original: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    check = daemon.originals._require_same

    def write_after_the_first_look(status: os.stat_result, identity: Identity) -> None:
        check(status, identity)
        original.source.write_bytes(original.content + b" and more")

    monkeypatch.setattr(daemon.originals, "_require_same", write_after_the_first_look)
    with pytest.raises(ChangedError):
        read_original(original.source, original.seen())


def test_of_a_file_that_grows_while_it_is_read_no_more_is_read_than_tells_it(original: Any) -> None:
    size, end = 3 << 20, 1 << 40
    original.source.write_bytes(os.urandom(size))
    identity, heard = original.seen(), []

    def grow() -> None:
        os.truncate(original.source, end)
        heard.append(True)
        assert len(heard) < 10, "it is read on and on"

    with pytest.raises(ChangedError):
        read_original(original.source, identity, grow)
    assert heard


def test_links_pipes_and_folders_are_not_read(original: Any, tmp_path: Path) -> None:
    identity = original.seen()
    secret = tmp_path / "secret"
    original.source.rename(secret)
    original.source.symlink_to(secret)
    with pytest.raises(ChangedError):
        read_original(original.source, identity)
    original.source.unlink()
    os.mkfifo(original.source)
    with pytest.raises(ChangedError):
        read_original(original.source, identity)
    original.source.unlink()
    original.source.mkdir()
    with pytest.raises(ChangedError):
        read_original(original.source, identity)
