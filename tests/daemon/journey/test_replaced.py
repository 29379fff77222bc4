"""Files that are replaced or taken away while the daemon is at them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import daemon.originals
from daemon.documents import ACTIVE, State
from daemon.engine.interface import OutcomeKind


def test_a_file_replaced_before_it_was_read_is_left_for_later(desk: Any) -> None:
    desk.arrive("scan.jpg", b"first")
    desk.put("scan.jpg", b"second")
    desk.run()
    assert desk.engine.taken == []
    assert desk.dropped == ["scan.jpg"]
    desk.see_all()
    desk.run()
    assert desk.files("archive") == {"scan.jpg": b"second"}


def test_a_file_replaced_in_the_middle_is_never_archived_as_the_old_one(desk: Any) -> None:
    desk.engine.held = True
    desk.arrive("scan.jpg", b"first")
    desk.run()
    new = desk.settings.inbox / "new"
    new.write_bytes(b"second")
    new.replace(desk.settings.inbox / "scan.jpg")
    desk.engine.held = False
    desk.run()
    assert desk.files("inbox") == {"scan.jpg": b"second"}
    assert desk.files("archive") == {}
    desk.see_all()
    desk.run()
    assert desk.files("archive") == {"scan~2.jpg": b"second"}
    assert {"scan.jpg.json", "scan~2.jpg.json"} < desk.files("outbox").keys()


def test_new_content_that_arrives_while_the_old_is_in_work_is_a_document_of_its_own(desk: Any) -> None:
    desk.engine.held = True
    desk.arrive("scan.jpg", b"first")
    desk.run()
    desk.put("scan.jpg", b"the second content")
    desk.see_all()
    desk.engine.held = False
    desk.run()
    assert {"scan.jpg.json", "scan~2.jpg.json"} < desk.files("outbox").keys()
    assert desk.files("archive") == {"scan~2.jpg": b"the second content"}


def test_a_file_taken_away_before_it_was_read_is_forgotten(desk: Any) -> None:
    desk.arrive("scan.jpg", b"page").unlink()
    desk.run()
    assert desk.ledger.count(*State) == 0


def test_a_file_taken_away_in_the_middle_still_has_its_results(desk: Any) -> None:
    desk.engine.held = True
    path = desk.arrive("scan.jpg", b"page")
    desk.run()
    path.unlink()
    desk.engine.held = False
    desk.run()
    assert "scan.jpg.json" in desk.files("outbox")
    assert desk.ledger.count(State.DONE) == 1


def test_a_symbolic_link_that_takes_a_files_place_is_not_followed(desk: Any) -> None:
    secret = desk.root / "secret"
    secret.write_bytes(b"secret")
    path = desk.arrive("scan.jpg", b"page")
    path.unlink()
    path.symlink_to(secret)
    desk.run()
    assert desk.engine.taken == []


def test_a_pipe_that_takes_a_files_place_does_not_hold_up_the_service(desk: Any) -> None:
    path = desk.arrive("scan.jpg", b"page")
    path.unlink()
    os.mkfifo(path)
    desk.run()
    assert desk.engine.taken == []


def replace_by_link(desk: Any, folder: str, elsewhere: Path) -> None:
    """Moves a folder of the inbox out of it, with what is in it, and puts a link in its place."""
    (desk.settings.inbox / folder).rename(elsewhere)
    (desk.settings.inbox / folder).symlink_to(elsewhere)


def test_behind_a_link_that_took_a_folders_place_nothing_is_read(desk: Any) -> None:
    elsewhere = desk.root / "elsewhere"
    desk.arrive("a/b/scan.jpg", b"page")
    replace_by_link(desk, "a", elsewhere)
    desk.run()
    assert desk.engine.taken == []
    assert (elsewhere / "b" / "scan.jpg").read_bytes() == b"page"
    assert desk.ledger.count(*State) == 0


@pytest.mark.parametrize("kind", [OutcomeKind.READ, OutcomeKind.UNREADABLE])
def test_from_behind_a_link_that_took_a_folders_place_no_original_is_moved(desk: Any, kind: OutcomeKind) -> None:
    elsewhere = desk.root / "elsewhere"
    desk.engine.answer = lambda data: kind
    desk.engine.held = True
    desk.arrive("a/scan.jpg", b"page")
    desk.run()
    replace_by_link(desk, "a", elsewhere)
    desk.engine.held = False
    desk.run()
    assert (elsewhere / "scan.jpg").read_bytes() == b"page"
    assert desk.files("archive") == desk.files("failed") == {}
    assert desk.ledger.count(*ACTIVE) == 0
    assert ("a/scan.jpg.json" in desk.files("outbox")) == (kind is OutcomeKind.READ)


def test_a_move_that_a_crash_interrupted_is_completed_though_a_link_took_the_folders_place(desk: Any) -> None:
    desk.settings.archive.rmdir()
    desk.arrive("a/scan.jpg", b"page")
    desk.run()
    (desk.settings.archive / "a").mkdir(parents=True)
    os.link(desk.settings.inbox / "a" / "scan.jpg", desk.settings.archive / "a" / "scan.jpg")
    replace_by_link(desk, "a", desk.root / "elsewhere")
    desk.run(61)
    assert desk.ledger.archive.oldest() is not None
    assert (desk.root / "elsewhere" / "scan.jpg").exists()


def test_an_inbox_that_is_itself_a_link_is_one(desk: Any) -> None:
    replace_by_link(desk, "", desk.root / "real")
    desk.arrive("a/scan.jpg", b"page")
    desk.run()
    assert desk.files("archive") == {"a/scan.jpg": b"page"}


class Killed(BaseException):
    pass


@pytest.fixture(params=[OutcomeKind.READ, OutcomeKind.UNREADABLE])
def killed(desk: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    """A desk whose life ended when a file that was put in the original's place had just been moved as that."""
    rename = daemon.originals.rename_new

    def replace_and_die(source: Path, target: Path) -> None:
        new = desk.root / "new"
        new.write_bytes(b"second")
        new.replace(source)
        rename(source, target)
        raise Killed

    desk.engine.answer = lambda data: request.param if data == b"first" else OutcomeKind.READ
    desk.arrive("scan.jpg", b"first")
    with monkeypatch.context() as patch:
        patch.setattr("daemon.originals.rename_new", replace_and_die)
        with pytest.raises(Killed):
            desk.run()
    desk.restart()
    desk.engine.answer = lambda data: OutcomeKind.READ
    return desk


def test_a_file_that_was_moved_in_the_originals_place_before_a_kill_comes_back_and_is_read(killed: Any) -> None:
    killed.run()
    assert killed.files("inbox") == {"scan.jpg": b"second"}
    assert killed.files("archive") == killed.files("failed") == {}
    killed.run_to_the_end()
    assert killed.engine.taken == [b"second"]
    assert b"second" in killed.files("archive").values()


def test_what_was_moved_before_a_kill_stays_where_its_folder_of_the_inbox_is_gone(killed: Any) -> None:
    killed.settings.inbox.rmdir()
    killed.run()
    assert killed.ledger.count(*ACTIVE) == 0
    assert [*killed.files("archive").values(), *killed.files("failed").values()] == [b"second"]


def test_anothers_original_under_the_name_of_one_that_is_gone_stays_in_the_archive(desk: Any) -> None:
    desk.arrive("scan.jpg", b"first")
    desk.arrive("other.jpg", b"second")
    desk.run()
    away = desk.settings.archive.rename(desk.root / "away")
    path = desk.arrive("scan.jpg", b"second")
    desk.run()
    path.unlink()
    away.rename(desk.settings.archive)
    desk.run(61)
    assert desk.files("archive") == {"scan.jpg": b"first", "other.jpg": b"second"}
    assert desk.files("inbox") == {}
