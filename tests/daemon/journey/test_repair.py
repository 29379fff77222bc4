"""What a start finds of a run that was killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.engine.interface import OutcomeKind

HALF = ".digitdrop-0011223344556677.tmp"


def test_unfinished_files_are_removed_wherever_documents_were_on_their_way(
    make_desk: Callable[..., Any], tmp_path: Path
) -> None:
    desk = make_desk(metrics_file=tmp_path / "digitdrop.prom")
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE if data == b"bad" else OutcomeKind.READ
    for folder in ("archive", "failed"):
        (desk.root / folder).rename(desk.root / f"no {folder}")
    desk.arrive("a/scan.jpg", b"page")
    desk.arrive("b/bad.jpg", b"bad")
    desk.run()
    (desk.root / "outbox").rename(desk.root / "no outbox")
    desk.arrive("c/late.jpg", b"late")
    desk.run()
    for folder in ("archive", "failed", "outbox"):
        (desk.root / f"no {folder}").rename(desk.root / folder)
    places = [desk.root / place for place in ("outbox/c", "outbox/tables", "archive/a", "failed/b", "state")]
    places.append(tmp_path)
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
        (place / HALF).write_bytes(b"half")
    desk.restart()
    assert not [place for place in places if (place / HALF).exists()]


def test_where_nothing_was_on_its_way_nothing_is_looked_for(desk: Any) -> None:
    desk.arrive("a/scan.jpg", b"page")
    desk.run()
    (other := desk.root / "archive" / "a" / HALF).write_bytes(b"somebody's")
    desk.restart()
    assert other.exists()


def test_a_folder_that_cannot_be_cleared_does_not_keep_the_service_from_starting(
    desk: Any, monkeypatch: Any, caplog: Any
) -> None:
    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    (desk.root / "state" / HALF).write_bytes(b"half")
    monkeypatch.setattr(Path, "unlink", refuse)
    desk.restart()
    assert "cannot be removed" in caplog.text
