"""Documents whose paths fit below the inbox, and below no other folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from daemon.engine.interface import OutcomeKind
from daemon.ledger.rows import update
from daemon.ledger.schema import transaction
from daemon.names import fitting
from daemon.quarantine import retry


@pytest.fixture
def deepest(desk: Any) -> Path:
    """A folder of the inbox in which a name of eight letters makes a path as long as Linux takes one."""
    folder = desk.settings.inbox
    left = 4095 - len(os.fsencode(folder)) - len("/scan.jpg")
    while left > 400:
        folder /= "d" * 199
        left -= 200
    folder = folder / ("e" * 199) / ("f" * (left - 201))
    folder.mkdir(parents=True)
    assert len(os.fsencode(folder / "scan.jpg")) == 4095
    return Path(folder)


def drop(desk: Any, folder: Path, content: bytes) -> str:
    return str(desk.arrive(str((folder / "scan.jpg").relative_to(desk.settings.inbox)), content))


def test_a_document_in_the_deepest_folder_makes_the_whole_journey(desk: Any, deepest: Path) -> None:
    for content in (b"page", b"another page"):
        drop(desk, deepest, content)
        desk.run()
    desk.check([b"page", b"another page"])
    beside = {Path(name).parent for name in desk.files("outbox")}
    assert len(beside) == 1, "what came from one folder stands in one"


def test_a_document_in_the_deepest_folder_fails_as_every_other_and_is_put_back(desk: Any, deepest: Path) -> None:
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    path = drop(desk, deepest, b"bad")
    desk.run()
    desk.check([b"bad"], frozenset([b"bad"]))
    retry(desk.settings)
    assert Path(path).read_bytes() == b"bad"


@pytest.mark.parametrize(("folder", "state"), [("archive", OutcomeKind.READ), ("failed", OutcomeKind.UNREADABLE)])
def test_an_original_goes_where_it_fits_though_it_was_to_go_where_it_does_not(
    desk: Any, deepest: Path, folder: str, state: OutcomeKind
) -> None:
    desk.engine.answer = lambda data: state
    place = getattr(desk.settings, folder)
    place.rmdir()
    drop(desk, deepest, b"page")
    desk.run()
    (entry,) = (desk.ledger.entry(1),)
    with transaction(desk.ledger.connection) as db:
        update(db, 1, (entry.state,), target=os.fsencode(entry.path))
    place.mkdir()
    desk.run(61)
    assert desk.files("inbox") == {}
    assert desk.files(folder)[fitting(entry.path)] == b"page"
