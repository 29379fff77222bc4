from __future__ import annotations

from pathlib import Path

import pytest

from daemon.lessons import Lesson, LookedOver, Vouched, lessons_of, right
from recognition.types import BoundingBox, Digit, Document, Number, Page

BOX = BoundingBox(10, 20, 60, 40)


def number(text: str, box: BoundingBox = BOX) -> Number:
    digits = tuple(Digit(int(character), 0.5, box) for character in text)
    return Number(text, box, 0, 0, 0.5, True, (), digits, pictures=text.encode())


def document(*pages: tuple[Number, ...]) -> Document:
    return Document(tuple(Page(k, 200, 100, 0, numbers) for k, numbers in enumerate(pages, start=1)))


def test_a_number_that_was_looked_at_is_a_lesson_with_what_it_is() -> None:
    read = document((number("99", BoundingBox(100, 20, 60, 40)), number("17")))
    assert list(lessons_of([Vouched(1, BOX, "71")], read)) == [Lesson(b"17", "71")]


def test_the_numbers_of_each_page_are_told_apart() -> None:
    read = document((number("11"),), (number("22"),))
    assert list(lessons_of([Vouched(2, BOX, "27")], read)) == [Lesson(b"22", "27")]


@pytest.mark.parametrize(
    "vouched",
    [
        pytest.param(Vouched(1, BOX, "171"), id="a digit was not found"),
        pytest.param(Vouched(1, BOX, ""), id="it is none"),
        pytest.param(Vouched(1, BoundingBox(10, 20, 60, 60), "17"), id="another place"),
        pytest.param(Vouched(3, BOX, "17"), id="another page"),
    ],
)
def test_what_does_not_say_which_digit_is_which_is_no_lesson(vouched: Vouched) -> None:
    assert list(lessons_of([vouched], document((number("17"),)))) == []


def test_a_page_on_which_nothing_was_read_teaches_nothing() -> None:
    assert list(lessons_of([Vouched(1, BOX, "17")], document(()))) == []


def test_numbers_are_right_as_people_say_and_what_is_none_when_it_is_not_found() -> None:
    read = document((number("17"),))
    elsewhere = BoundingBox(100, 20, 60, 40)
    assert right([Vouched(1, BOX, "17"), Vouched(1, elsewhere, "")], read) == 2
    assert right([Vouched(1, BOX, "71"), Vouched(1, elsewhere, "5"), Vouched(1, BOX, "")], read) == 0


def test_one_document_in_four_is_always_held_back() -> None:
    held = [LookedOver(Path("scan.jpg"), f"{k:08x}{'0' * 56}", ()).is_held_back for k in range(8)]
    assert held == [True, False, False, False] * 2
