from __future__ import annotations

from dataclasses import replace

import pytest

from recognition.alignment import may_span_columns
from recognition.params import AlignmentParams

PARAMS = AlignmentParams()


@pytest.fixture
def number(make_reading):
    """A number of digits 20 wide and 40 high, from these columns on, in a row of the page."""

    def make(row, *columns):
        return [make_reading(5, (x, 100 + 60 * row, 20, 40)) for x in columns]

    return make


@pytest.fixture
def beginning(number):
    """Five numbers that begin in one column, and each end in another."""
    return [number(row, *range(200, 230 + 10 * row, 24 + row)) for row in range(5)]


@pytest.fixture
def ending(number):
    """Five numbers that end in one column, and each begin in another."""
    return [number(row, 260 - 5 * row, 285 - 2 * row, 310) for row in range(5)]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ((112, 136, 160, 200, 224), True),
        ((116, 140, 164, 205, 229), True),
        ((122, 146, 170, 210, 234), False),  # it begins elsewhere
        ((128, 152, 176, 200, 224), False),  # the gap is as wide as others
        ((200, 224, 248), False),  # it is one of them
        ((200,), False),
    ],
)
def test_a_number_in_which_others_begin_may_be_two(number, beginning, columns, told):
    assert may_span_columns([*beginning, number(6, *columns)], PARAMS) == [False] * 5 + [told]


@pytest.mark.parametrize(("columns", "told"), [((286, 310, 350, 374), True), ((300, 324, 364, 388), False)])
def test_a_number_in_which_others_end_may_be_two(number, ending, columns, told):
    assert may_span_columns([*ending, number(6, *columns)], PARAMS)[-1] is told


def test_a_few_numbers_make_no_column(number, beginning):
    numbers = [*beginning[:3], number(6, 112, 136, 160, 200, 224)]
    assert may_span_columns(numbers, PARAMS) == [False] * 4
    assert may_span_columns(numbers, replace(PARAMS, min_count=3)) == [False] * 3 + [True]


def in_rows(number, *rows):
    return [number(row, *columns) for row, numbers in enumerate(rows) for columns in numbers]


LEFT = [[(100, 124), (200, 224)], [(102,), (203, 227, 251)], [(98, 122, 146), (200,)]]
"""Three rows of two columns whose numbers begin in line."""
RIGHT = [[(110, 134), (210, 234)], [(134,), (186, 210, 234)], [(86, 110, 134), (232,)]]
"""Likewise, whose numbers end in line."""


@pytest.mark.parametrize(
    ("rows", "last", "told"),
    [
        (LEFT, (100, 125, 150, 175, 200, 225), True),  # with gaps like all others
        (LEFT, (130, 155, 180, 205, 230), False),  # it begins elsewhere
        (LEFT, (100, 124, 148, 172, 214, 238), False),  # none of its digits begins where others do
        (LEFT, (100, 124, 148, 172), False),  # it ends before the second column
        (LEFT[:2], (100, 125, 150, 175, 200, 225), False),  # two rows tell nothing
        ([*LEFT, [(100,)], [(101, 125)], [(99,)]], (100, 125, 150, 175, 200, 225), False),  # most rows have one number
        (RIGHT, (86, 110, 134, 160, 185, 210, 234), True),
        (RIGHT, (88, 112, 138, 162, 186, 207), False),  # it ends elsewhere
    ],
)
def test_a_number_that_most_rows_part_may_be_two_however_narrow_the_gap(number, rows, last, told):
    numbers = in_rows(number, *rows, [last])
    assert may_span_columns(numbers, PARAMS) == [False] * (len(numbers) - 1) + [told]


def test_numbers_of_one_column_that_end_in_line_are_one_each(number):
    numbers = in_rows(number, *[[(200 - 24 * k, *range(224 - 24 * k, 225, 24))] for k in (0, 1, 2, 0, 3, 1, 0, 2)])
    assert may_span_columns(numbers, PARAMS) == [False] * 8


def test_no_numbers_give_no_answers(make_reading):
    assert may_span_columns([], PARAMS) == []
    assert may_span_columns([[make_reading(1, (0, 0, 5, 40))]], PARAMS) == [False]
