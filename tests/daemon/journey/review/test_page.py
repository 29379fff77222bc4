"""The page on which doubtful numbers are looked over: what it shows, and what it saves."""

from __future__ import annotations

import html
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemon.ledger import Ledger
from recognition.types import Document, Page

DAY = "/day/2026-11-23"


def texts(page: bytes) -> list[str]:
    """The numbers on a page, as they were read."""
    return re.findall(r'name="seen\.[^"]*" value="([^"]*)"', page.decode())


def message(page: bytes) -> str:
    (found,) = re.findall(r'role="status">.*?<span>(.*?)</span>', page.decode(), re.DOTALL)
    return html.unescape(found)


def recorded(desk: Any) -> list[tuple[str, bool]]:
    """The numbers of the first document, as the ledger has them by now."""
    with Ledger(desk.settings.state, create=False) as ledger:
        document = ledger.reviews.document(1)
    return [(number["text"], number["needs_review"]) for number in document.result["pages"][0]["numbers"]]


def test_the_address_leads_to_the_doubtful_numbers_of_the_last_day(visitor: Any) -> None:
    status, path, page = visitor.open()
    assert (status, path) == (200, DAY)
    assert texts(page) == ["7", "3?"]
    assert "scan.jpg" in page.decode()


def test_saving_a_screen_settles_its_numbers(visitor: Any, read: Any) -> None:
    _, _, page = visitor.open()
    _, path, page = visitor.save(page, text_1_2="39")
    assert path == f"{DAY}?saved=1"
    assert message(page) == "2 numbers saved."
    assert "were looked over" in page.decode()
    assert recorded(read) == [("12", False), ("7", False), ("39", False)]


@pytest.mark.parametrize(
    ("changes", "said", "after"),
    [
        ({}, "1 number saved. 1 left for later.", [("7", False), ("3?", True)]),
        ({"later_1_1": "1"}, "0 numbers saved. 2 left for later.", [("7", True), ("3?", True)]),
        ({"none_1_1": "1", "none_1_2": "1"}, "2 numbers saved.", [("", False), ("", False)]),
        ({"text_1_1": " 1 2\u00a03 "}, "1 number saved. 1 left for later.", [("123", False), ("3?", True)]),
    ],
)
def test_only_what_was_said_of_a_number_is_saved(
    visitor: Any, read: Any, changes: dict[str, str], said: str, after: list[tuple[str, bool]]
) -> None:
    _, _, page = visitor.open()
    _, _, page = visitor.save(page, **changes)
    assert message(page) == said
    assert recorded(read)[1:] == after


@pytest.mark.parametrize("text", ["1O", "\u0661", "", "-1", "1,5", "1" * 41])
def test_a_text_that_is_no_number_is_not_saved(visitor: Any, read: Any, text: str) -> None:
    _, _, page = visitor.open()
    _, _, page = visitor.save(page, text_1_1=text, text_1_2="39")
    assert message(page) == f"1 number saved. Only the digits 0 to 9 can be saved, not {text!r}."
    assert recorded(read)[1:] == [("7", True), ("39", False)]
    assert texts(visitor.open(DAY)[2]) == ["7"]


def test_what_was_saved_can_be_taken_back_once(visitor: Any, read: Any) -> None:
    before = recorded(read)
    _, _, page = visitor.open()
    _, _, page = visitor.save(page, text_1_1="1", none_1_2="1")
    (token,) = re.findall(r'action="/undo/1".*?name="_xsrf" value="([^"]*)"', page.decode(), re.DOTALL)
    _, path, page = visitor.post("/undo/1", _xsrf=token)
    assert path == f"{DAY}?saved=1"
    assert message(page) == "2 numbers as before."
    assert "/undo/" not in page.decode().partition("numbers as before")[2]
    assert recorded(read) == before
    _, _, page = visitor.post("/undo/1", _xsrf=token)
    assert message(page) == "2 numbers as before."
    _, path, _ = visitor.post("/undo/77", _xsrf=token)
    assert path == DAY


def test_numbers_that_somebody_else_has_looked_over_stay_as_he_has_left_them(
    serve: Callable[..., Any], read: Any
) -> None:
    one, other = serve(), serve()
    _, _, page = one.open()
    _, _, his = other.open()
    other.save(his, text_1_1="1")
    _, _, page = one.save(page, text_1_1="4", text_1_2="38")
    assert message(page) == "1 number saved. 1 was looked over by somebody else meanwhile."
    assert recorded(read)[1:] == [("1", False), ("38", False)]


def test_the_numbers_with_a_doubtful_digit_can_be_looked_at_together(visitor: Any) -> None:
    _, _, page = visitor.open()
    chips = re.findall(r'href="/day/[^"]*digit=(\d)"[^>]*>\d <b>(\d+)</b>', page.decode())
    assert chips == [("7", "1"), ("9", "1")], "the 3 of 3? is sure"
    assert texts(visitor.open(f"{DAY}?digit=9")[2]) == ["3?"]
    assert texts(visitor.open(f"{DAY}?digit=3")[2]) == []
    for nonsense in ("x", "12", "-1", "\u0663".encode().hex()):
        assert texts(visitor.open(f"{DAY}?digit={nonsense}")[2]) == ["7", "3?"]
    _, path, page = visitor.save(visitor.open(f"{DAY}?digit=9")[2], text_1_2="34")
    assert path == f"{DAY}?digit=9&saved=1"
    assert texts(visitor.open(DAY)[2]) == ["7"]


def test_which_digits_are_doubtful_and_what_else_they_may_be_is_shown(
    desk: Any, serve: Callable[..., Any], three_numbers: Callable[[bytes], Document]
) -> None:
    def read(data: bytes) -> Document:
        (page,) = three_numbers(data).pages
        number = page.numbers[2]
        digits = (number.digits[0], replace(number.digits[1], alternatives=((4, 0.3), (7, 0.05), (1, 0.01))))
        return Document((replace(page, numbers=(replace(number, digits=digits),)),))

    desk.engine.read = read
    desk.arrive("scan.jpg", b"page")
    desk.run()
    page = serve().open()[2].decode()
    assert '<span class="digits">3<mark>?</mark></span> not sure: 9 or 4<br>' in page


def test_a_long_day_comes_a_screen_at_a_time_and_what_is_left_comes_again_at_the_end(
    read: Any, serve: Callable[..., Any]
) -> None:
    for number in range(12):
        read.arrive(f"more{number}.jpg", b"page %d" % number)
        read.run()
    visitor = serve()
    _, _, page = visitor.open()
    assert len(texts(page)) == 24
    assert "1 to 24 of 26" in page.decode()
    _, path, page = visitor.save(page)  # the twelve that have a ? stay
    assert path == f"{DAY}?from=12&saved=1"
    assert texts(page) == ["7", "3?"]
    _, path, page = visitor.save(page, text_13_2="39")
    assert "These were the last ones" in page.decode()
    assert "12 were left for later" in page.decode()
    assert texts(visitor.open(DAY)[2]) == ["3?"] * 12
    assert texts(visitor.open(f"{DAY}?from=999999999")[2]) == []


def test_the_days_tell_how_much_is_left_and_the_last_one_with_any_comes_first(
    read: Any, serve: Callable[..., Any]
) -> None:
    read.arrive("another.jpg", b"another page")
    read.run()
    read.engine.read = lambda data: Document((Page(1, 200, 80, 0, ()),))
    read.now += 86_400
    read.arrive("blank.jpg", b"blank")
    read.run()
    visitor = serve()
    _, path, page = visitor.open()
    assert path == DAY
    found = re.findall(r'href="/day/(\S+)"[^>]*>([^<]*)(?: <b>(\d+)</b>)?</a>', page.decode().partition("doubtful")[0])
    assert found == [("2026-11-24", "2026-11-24", ""), ("2026-11-23", "2026-11-23", "4")]
    visitor.save(page, text_1_2="39", text_2_2="39")
    _, path, page = visitor.open("/")
    assert path == "/day/2026-11-24"
    assert "<b>4</b>" not in page.decode()


def test_documents_that_an_earlier_digitdrop_has_read_are_shown(visitor: Any, read: Any) -> None:
    with closing(sqlite3.connect(read.settings.state / "ledger.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM doubts")
    _, _, page = visitor.open()
    assert texts(page) == ["7", "3?"]
    visitor.save(page, text_1_2="39")
    assert read.ledger.reviews.doubtful("2026-11-23") == []


def test_documents_that_are_read_meanwhile_are_shown(visitor: Any, read: Any) -> None:
    visitor.open()
    read.arrive("later.jpg", b"another page")
    read.run()
    assert texts(visitor.open(DAY)[2]) == ["7", "3?"] * 2


def test_a_document_that_comes_after_later_ones_is_shown(
    desk: Any, serve: Callable[..., Any], three_numbers: Callable[[bytes], Document]
) -> None:
    desk.engine.read = lambda data: Document((Page(1, 200, 80, 0, ()),))
    desk.engine.held = True
    desk.arrive("slow.jpg", b"slow")
    desk.run()
    (slow,) = desk.engine.jobs
    desk.engine.jobs.clear()
    desk.engine.held = False
    desk.arrive("quick.jpg", b"quick")
    desk.run()
    visitor = serve()
    assert "Nothing to look at" in visitor.open()[2].decode()
    desk.engine.read = three_numbers
    desk.engine.jobs.append(slow)
    desk.run()
    assert texts(visitor.open(DAY)[2]) == ["7", "3?"]


def test_the_pictures_are_those_of_ledger_and_outbox(visitor: Any, read: Any, crops: Sequence[bytes]) -> None:
    _, _, page = visitor.open()
    assert re.findall(r'src="(/crop/[^"]*)"', page.decode()) == ["/crop/1/1.png", "/crop/1/2.png"]
    assert visitor.open("/crop/1/2.png")[2] == crops[2]
    assert visitor.open("/picture/1/1.jpg")[2] == b"\xff\xd8 annotated \xff\xd9"
    status, _, look = visitor.open("/look/2026-11-23/1/2")
    assert status == 200
    assert '<image href="/picture/1/1.jpg" width="200" height="80"/>' in look.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/crop/1/9.png",
        "/crop/9/0.png",
        "/picture/1/2.jpg",
        "/picture/1/0.jpg",
        "/picture/9/1.jpg",
        "/look/2026-11-23/1/0",
        "/look/2026-11-22/1/1",
        "/static/command.py",
        "/elsewhere",
    ],
)
def test_what_is_not_there_is_told(visitor: Any, path: str) -> None:
    visitor.open()
    assert visitor.open(path)[0] == 404


@pytest.mark.parametrize("put", [os.mkfifo, lambda path: path.symlink_to("/etc/passwd"), lambda path: path.mkdir()])
def test_what_somebody_puts_in_the_place_of_a_picture_is_not_handed_out(
    visitor: Any, read: Any, put: Callable[[Path], object]
) -> None:
    picture = read.settings.outbox / "scan.jpg.annotated.jpg"
    picture.unlink()
    put(picture)
    visitor.open()
    assert visitor.open("/picture/1/1.jpg")[0] == 404


def test_without_its_crop_a_number_is_shown_on_its_page(visitor: Any, read: Any) -> None:
    with closing(sqlite3.connect(read.settings.state / "ledger.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM crops")
    _, _, page = visitor.open()
    assert "/crop/" not in page.decode()
    assert page.decode().count('<image href="/picture/1/1.jpg"') == 2


def test_a_name_is_shown_as_it_is_and_not_as_markup(read: Any, serve: Callable[..., Any]) -> None:
    read.arrive("<b>\udcff.jpg", b"another page")
    read.run()
    _, _, page = serve().open()
    assert "&lt;b&gt;\\xff.jpg" in page.decode()
    assert "<b>\\xff" not in page.decode()


def test_a_ledger_that_refuses_is_told_with_its_remedy(visitor: Any, read: Any) -> None:
    _, _, page = visitor.open()
    with closing(sqlite3.connect(read.settings.state / "ledger.sqlite3")) as connection:
        connection.execute("CREATE TRIGGER full BEFORE UPDATE ON results BEGIN SELECT RAISE(ABORT, 'full'); END")
    status, _, page = visitor.save(page)
    assert status == 503
    assert "the ledger must be writable. Received: full" in page.decode()
    assert recorded(read)[1] == ("7", True)


def test_a_damaged_ledger_is_told_with_its_remedy(read: Any, serve: Callable[..., Any]) -> None:
    read.die()
    read.damage("days")
    status, _, page = serve().open()
    assert status == 503
    assert "database disk image is malformed" in page.decode()
    assert "stop digitdrop and move it away" in page.decode()


def test_before_anything_was_read_the_page_says_so(desk: Any, serve: Callable[..., Any]) -> None:
    status, _, page = serve().open()
    assert status == 200
    assert "Nothing to look at yet" in page.decode()
