"""The same content again, under whatever name: it is read once, and every original is kept."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from daemon.engine.interface import OutcomeKind


def test_the_same_content_under_another_name_is_read_once(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    desk.arrive("first.jpg", b"page")
    desk.run()
    desk.arrive("second.jpg", b"page")
    desk.run()
    assert desk.engine.taken == [b"page"]
    assert not any(name.startswith("second") for name in desk.files("outbox"))
    assert desk.files("archive") == {"first.jpg": b"page", "second.jpg": b"page"}
    assert "document=second.jpg has the same content as first.jpg" in caplog.text


def test_the_same_file_dropped_twice_leaves_both_originals_and_one_result(desk: Any) -> None:
    for _ in range(2):
        desk.arrive("scan.jpg", b"page")
        desk.run()
    assert desk.files("archive") == {"scan.jpg": b"page", "scan~2.jpg": b"page"}
    assert len(desk.files("outbox")) == 3
    assert desk.engine.taken == [b"page"]


def test_twins_that_arrive_together_are_read_once(desk: Any) -> None:
    desk.engine.held = True
    desk.arrive("first.jpg", b"page")
    desk.arrive("second.jpg", b"page")
    desk.run()
    assert len(desk.engine.jobs) == 1
    desk.engine.held = False
    desk.run()
    assert desk.engine.taken == [b"page"]
    assert desk.files("archive") == {"first.jpg": b"page", "second.jpg": b"page"}


def test_a_twin_of_a_document_that_fails_is_tried_itself(desk: Any) -> None:
    desk.engine.answer = lambda data: OutcomeKind.UNREADABLE
    desk.arrive("first.jpg", b"page")
    desk.arrive("second.jpg", b"page")
    desk.run()
    assert {"first.jpg", "second.jpg"} < desk.files("failed").keys()
