"""Files that are replaced or taken away while the daemon is at them."""

from __future__ import annotations

import os
from typing import Any

from daemon.documents import State


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
