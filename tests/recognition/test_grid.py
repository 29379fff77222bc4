from __future__ import annotations

from dataclasses import replace

import pytest

from recognition.grid import filled
from recognition.params import GridParams

HEIGHT = 40.0
PARAMS = GridParams()
COLUMN, ROW = 150, 80
GAP = (1, 1)


@pytest.fixture
def table(make_reading):
    """Digits of a table by row and column, one of them in doubt by its surroundings; the ink alone is sure of each."""

    def make(rows=3, columns=3, *, digit=3, at=GAP, ink=0.99, doubt=0.3, width=20):
        readings = []
        for row in range(rows):
            for column in range(columns):
                odd = (row, column) == at
                box = (column * COLUMN, row * ROW, width if odd else 20, 40)
                value, confidence = (digit, doubt) if odd else (7, 0.97)
                reading = make_reading(value, box, confidence, rubbish=0.99 * (1 - confidence))
                alone = make_reading(value, box, ink if odd else 0.99).probabilities
                readings.append(replace(reading, by_ink=alone))
        return readings

    return make


def told(before, after):
    """Which readings changed, by index."""
    return [k for k, (old, new) in enumerate(zip(before, after, strict=True)) if old is not new]


def test_a_digit_in_doubt_is_believed_where_it_fills_a_gap_in_a_table(table):
    before = table()
    after = filled(before, HEIGHT, PARAMS)
    assert told(before, after) == [4]
    assert after[4].confidence > 0.7


def test_a_one_with_a_flag_or_a_foot_is_told_like_other_digits(table):
    before = table(digit=1)
    assert told(before, filled(before, HEIGHT, PARAMS)) == [4]


@pytest.mark.parametrize("size", [(1, 9), (9, 1)], ids=["row", "column"])
def test_what_stands_in_line_with_digits_one_way_only_is_told_nothing(table, size):
    before = table(*size, at=(size[0] // 2, size[1] // 2))
    assert told(before, filled(before, HEIGHT, PARAMS)) == []


@pytest.mark.parametrize("odd", [{"digit": 1, "width": 15}, {"ink": 0.8}], ids=["perhaps a rule", "no clear form"])
def test_what_may_as_well_be_something_else_is_told_nothing(table, odd):
    before = table(**odd)
    assert told(before, filled(before, HEIGHT, PARAMS)) == []


def test_the_larger_the_table_the_more_it_tells(table):
    small, large = (filled(table(*size), HEIGHT, PARAMS)[size[1] + 1] for size in ((2, 2), (5, 5)))
    assert 0.3 < small.confidence < large.confidence


def test_digits_that_are_all_in_doubt_tell_each_other_nothing(table):
    before = [replace(reading, probabilities=table()[4].probabilities) for reading in table()]
    assert told(before, filled(before, HEIGHT, PARAMS)) == []
    assert filled([], HEIGHT, PARAMS) == []
