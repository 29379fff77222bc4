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


def test_no_numbers_give_no_answers(make_reading):
    assert may_span_columns([], PARAMS) == []
    assert may_span_columns([[make_reading(1, (0, 0, 5, 40))]], PARAMS) == [False]
