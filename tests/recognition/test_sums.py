"""Columns and rows whose last number is the sum of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType

import cv2
import numpy as np
import pytest

from recognition.checks import checked
from recognition.page import read_document
from recognition.params import CheckParams, RecognitionParams, Sums
from recognition.reader import Reader
from recognition.types import BoundingBox, Digit, Number, Reason

COLUMNS, ROWS = (Sums.COLUMNS,), (Sums.ROWS,)
BOTH = (Sums.COLUMNS, Sums.ROWS)
TALLY = (("12", "7", "19"), ("3", "140", "143"), ("15", "147", "162"))
"""Adds up both ways."""


def table(rows: Sequence[Sequence[str]], slant: float = 0.0) -> list[Number]:
    """Numbers 30 pixels high whose digits are 20 wide, each column ending at the same place; `""` is an empty cell.

    Args:
        rows: from the top.
        slant: so many pixels a row the columns go to the right.
    """
    result = []
    for line, row in enumerate(rows):
        position = 0
        for column, text in enumerate(row):
            if text:
                width = 20 * len(text)
                box = BoundingBox(150 * (column + 1) - width + round(slant * line), 50 * line, width, 30)
                digits = tuple(Digit(0 if digit == "?" else int(digit), 0.99, box) for digit in text)
                result.append(Number(text, box, line, position, 0.99, False, (), digits))
                position += 1
    return result


def wrong(numbers: Sequence[Number], where: tuple[Sums, ...]) -> list[str]:
    """Those that are to be looked at."""
    return [one.text for one in checked(numbers, CheckParams(sums=where)) if one.needs_review]


def test_what_adds_up_stays_as_it_is() -> None:
    numbers = table(TALLY)
    for where in (COLUMNS, ROWS, BOTH):
        assert checked(numbers, CheckParams(sums=where)) == numbers


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("column", range(3))
def test_any_other_number_marks_all_of_its_column_and_of_its_row(row: int, column: int) -> None:
    rows = [list(of_row) for of_row in TALLY]
    rows[row][column] = "6" + rows[row][column][1:]
    assert wrong(table(rows), COLUMNS) == [of_row[column] for of_row in rows]
    assert wrong(table(rows), ROWS) == rows[row]
    both = checked(table(rows), CheckParams(sums=BOTH))
    assert [one.reasons for one in both].count((Reason.RULE_FAILED,)) == 5


@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 1), (2, 0), (0, 2)])
def test_a_number_that_was_not_found_is_missed(row: int, column: int) -> None:
    rows = [list(of_row) for of_row in TALLY]
    rows[row][column] = ""
    assert wrong(table(rows), COLUMNS) == [of_row[column] for of_row in rows if of_row[column]]
    if column < 2:  # one line of a table that has lost its sum may be a line of less
        assert wrong(table(rows), ROWS) == [text for text in rows[row] if text]


def test_an_empty_cell_counts_as_nothing() -> None:
    assert wrong(table([("12", ""), ("", "7"), ("3", "8"), ("15", "15")]), COLUMNS) == []
    assert wrong(table([("12", "", "12"), ("", "7", "7")]), ROWS) == []


def test_what_cannot_be_known_is_not_doubted() -> None:
    assert wrong(table([("12", "7"), ("3", "1?"), ("15", "20")]), COLUMNS) == []
    assert wrong(table([("12",), ("7",)]), ROWS) == [], "a lone number is no sum"
    assert wrong(table([("12", "7", "19")]), COLUMNS) == []
    assert wrong([], BOTH) == []


@pytest.mark.parametrize("slant", [-12.0, 12.0])
def test_columns_may_slant(slant: float) -> None:
    rows = [[str(k), "7"] for k in range(1, 21)] + [["210", "140"]]
    assert wrong(table(rows, slant), COLUMNS) == []
    rows[3][0] = "9"
    assert wrong(table(rows, slant), COLUMNS) == [row[0] for row in rows]


def test_a_narrow_one_stands_below_a_digit_that_is_beside_it() -> None:
    numbers = table([("7", "8"), ("1", "1"), ("8", "9")])
    aside = [
        replace(one, bbox=BoundingBox(one.bbox.x - 20, one.bbox.y, 6, 30)) if one.text == "1" else one
        for one in numbers
    ]
    assert wrong(aside, COLUMNS) == []


def test_a_number_stands_in_the_column_of_the_nearest_above_it() -> None:
    """A wide number takes part in one column, and does not join two."""
    numbers = table([("5", "6"), ("7", "8"), ("12", "14")])
    wide = Number("9", BoundingBox(0, -60, 400, 30), 0, 0, 0.99, False, (), numbers[0].digits)
    assert wrong([wide, *numbers], COLUMNS) == ["9", "5", "7", "12"]


def test_a_line_of_thousands_of_digits_adds_up_to_nothing() -> None:
    assert wrong(table([("7" * 5000, "3")]), ROWS) == ["7" * 5000, "3"]


def test_leading_zeros_count_nothing() -> None:
    assert wrong(table([("012",), ("007",), ("19",)]), COLUMNS) == []


@pytest.mark.parametrize(("total", "marked"), [("162", 0), ("152", 3)])
def test_on_a_page_the_numbers_of_a_wrong_sum_are_marked(
    sample_pages: ModuleType, reader: Reader, total: str, marked: int
) -> None:
    digits = sample_pages.Digits.load()
    hand = sample_pages.Hand(np.random.default_rng(3), digits, (340, 640))
    rows = [*TALLY[:2], (*TALLY[2][:2], total)]
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            hand.write(text, 40 + 200 * column, 30 + 100 * row, 45)
    pixels = sample_pages.inked(np.full((340, 640, 3), 240, np.uint8), hand.ink, (60, 40, 40))
    data = cv2.imencode(".png", np.rint(pixels).astype(np.uint8))[1].tobytes()
    params = replace(RecognitionParams(), checks=CheckParams(sums=COLUMNS))
    numbers = read_document(data, reader, params).pages[0].numbers
    assert [one.text for one in numbers] == [text for texts in rows for text in texts]
    assert [Reason.RULE_FAILED in one.reasons for one in numbers].count(True) == marked
