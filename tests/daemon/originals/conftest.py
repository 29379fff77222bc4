"""An original in the inbox, and what moves it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from daemon.documents import Identity
from daemon.originals import Move, move_original


class Original:
    """A file in the inbox, and the place in the archive where it is to go."""

    content = b"a page"
    sha256 = hashlib.sha256(content).hexdigest()

    def __init__(self, root: Path) -> None:
        self.source = root / "inbox" / "scan.jpg"
        self.target = root / "archive" / "a" / "scan.jpg"
        self.source.parent.mkdir()
        self.source.write_bytes(self.content)

    def seen(self) -> Identity:
        """What stands in the inbox now."""
        return Identity.of(self.source.lstat())

    def move(self, identity: Identity | None = None, sha256: str | None = sha256) -> Move:
        """Moves what was seen, or else what stands there now."""
        return move_original(self.source, self.target, identity or self.seen(), sha256)

    def replace(self, content: bytes) -> None:
        """Another file takes the place in one step, as scanners and copying programs have it."""
        new = self.source.with_name("new.part")
        new.write_bytes(content)
        new.replace(self.source)

    def inbox(self) -> dict[str, bytes]:
        """The original, while it is there, and every file beside it, with their contents."""
        return _files(self.source.parent)

    def archive(self) -> dict[str, bytes]:
        """Every file where the original is to go, with its content."""
        return _files(self.target.parent)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def original(tmp_path: Path) -> Original:
    return Original(tmp_path)
