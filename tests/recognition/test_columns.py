from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recognition.columns import may_be_rules, part_at_columns
from recognition.fields import Field
from recognition.lines import Rule
from recognition.params import ColumnParams
from recognition.types import BoundingBox

PARAMS = ColumnParams()


def upright(x, y=0, height=400, *, lean=0):
    """A rule 2 pixels wide that reaches `lean` pixels to the right at its lower end."""
    ink = np.zeros((height, 2 + lean), np.uint8)
    for row in range(height):
        start = round(lean * row / height)
        ink[row, start : start + 2] = 255
    return Rule(BoundingBox(x, y, 2 + lean, height), ink)


@pytest.fixture
def line(make_reading):
    """A line with the number 123456 at row 200: digits 20 wide, 30 apart and 40 high, from column 100."""
    return [[make_reading(k + 1, (100 + 30 * k, 200, 20, 40)) for k in range(6)]]


def texts(lines):
    return [["".join(str(digit.digit) for digit in number) for number in line] for line in lines]


def parted(line, *rules):
    return texts(part_at_columns([line], rules, [], PARAMS))


def test_a_rule_between_two_digits_parts_them(line):
    assert parted(line, upright(154)) == [["12", "3456"]]
    assert parted(line, upright(154), upright(244)) == [["12", "345", "6"]]


def test_a_rule_that_leans_stands_where_it_is_level_with_the_digits(line):
    assert parted(line, upright(139, lean=30)) == [["12", "3456"]]
    assert parted(line, upright(169, lean=30)) == [["123", "456"]]


def test_a_double_rule_is_one(line):
    assert parted(line, upright(152), upright(157)) == [["12", "3456"]]


def test_a_rule_found_twice_and_in_two_lengths_is_one(line):
    assert parted(line, upright(154), upright(154, 100, 200)) == [["12", "3456"]]


@pytest.mark.parametrize(
    ("height", "expected"), [(180, [["12", "3456"]]), (290, [["12", "3456"]]), (300, [["123456"]])]
)
def test_rules_are_squared_paper_where_they_stand_beside_each_other_for_half_of_their_length(line, height, expected):
    assert parted(line, upright(85, 0, height), upright(154, 190, 210)) == expected


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ([upright(154, 0, 190)], "it ends above"),
        ([upright(154, 250, 150)], "it begins below"),
        ([upright(154, 60, 160)], "it ends beside them"),
        ([upright(154, 220, 160)], "it begins beside them"),
        ([upright(154, 160, 100)], "it is as short as the side of a box"),
        ([upright(40)], "it stands before the number"),
        ([upright(300)], "it stands behind it"),
        ([upright(94 + 30 * k) for k in range(8)], "they are squared paper"),
    ],
)
def test_other_rules_part_nothing(line, rules, why):
    assert parted(line, *rules) == [["123456"]], why


@pytest.mark.parametrize("rule", [upright(154, 206, 150), upright(154, 100, 144)])
@pytest.mark.parametrize(("left_y", "right_y"), [(200, 210), (210, 200)])
def test_a_rule_need_pass_no_more_than_the_rows_that_both_digits_stand_in(make_reading, rule, left_y, right_y):
    line = [[make_reading(4, (130, left_y, 20, 40)), make_reading(7, (160, right_y, 20, 40))]]
    assert parted(line, rule) == [["4", "7"]]


def test_a_rule_parts_the_rows_that_it_passes(make_reading):
    rows = [[[make_reading(k, (100 + 30 * k, y, 20, 40)) for k in range(4)]] for y in (100, 200, 300)]
    assert texts(part_at_columns(rows, [upright(154, 180, 200)], [], PARAMS)) == [["0123"], ["01", "23"], ["01", "23"]]


def test_pages_without_digits_or_rules_stay_as_they_are(line):
    assert part_at_columns([], [upright(154)], [], PARAMS) == []
    assert parted(line) == [["123456"]]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (430, [["12", "345", "6"], ["7"]]),
        (400, [["12", "345", "6"], ["7"]]),  # along the digit's side
        (403, [["123456"], ["7"]]),
        (409, [["123456"], ["7"]]),
    ],
)
def test_rules_of_which_one_goes_through_a_digit_are_squared_paper(line, make_reading, column, expected):
    lines = [line, [[make_reading(7, (400, 300, 20, 40))]]]
    rules = [upright(154), upright(244), upright(column)]
    assert texts(part_at_columns(lines, rules, [], PARAMS)) == expected
    assert texts(part_at_columns(lines, rules, [], replace(PARAMS, max_through=0.5))) == [["12", "345", "6"], ["7"]]


def test_a_rule_made_of_the_sides_of_boxes_parts_no_row_of_them(line):
    cells = tuple(BoundingBox(95 + 30 * k, 190, 30, 60) for k in range(6))
    row = Field(BoundingBox(95, 190, 180, 60), cells)
    other = Field(BoundingBox(95, 190, 90, 60), cells[:3])
    rules = [upright(154)]
    assert texts(part_at_columns([line], rules, [row], PARAMS)) == [["123456"]]
    assert texts(part_at_columns([line], [upright(184)], [other], PARAMS)) == [["123", "456"]]


@pytest.mark.parametrize(
    ("digit", "rules", "told"),
    [
        (1, [upright(208)], True),
        (1, [upright(212)], True),
        (1, [upright(205)], True),
        (1, [upright(202)], False),
        (1, [upright(193, lean=30)], True),
        (1, [upright(200, lean=30)], False),
        (1, [upright(216)], False),
        (1, [upright(208, 0, 190)], False),
        (1, [upright(208 + 30 * k) for k in range(8)], False),
        (1, [], False),
        (7, [upright(208)], False),
    ],
)
def test_a_one_that_lies_on_a_rule_may_be_a_piece_of_it(make_reading, digit, rules, told):
    number = [make_reading(8, (170, 200, 20, 40)), make_reading(digit, (206, 200, 6, 40))]
    far = [make_reading(1, (306, 200, 6, 40))]
    assert may_be_rules([number, far], rules, PARAMS) == [told, False]
    assert may_be_rules([], rules, PARAMS) == []


@pytest.mark.parametrize(
    ("digit", "column", "darkness", "told"),
    [(1, 208, 110.0, True), (1, 208, 130.0, False), (1, 201, 110.0, False), (7, 208, 110.0, False)],
)
def test_a_pale_one_may_be_a_piece_of_squared_paper(make_reading, digit, column, darkness, told):
    number = [make_reading(8, (170, 200, 20, 40)), make_reading(digit, (206, 200, 6, 40), darkness=darkness)]
    far = [make_reading(4, (306, 200, 20, 40))]
    assert may_be_rules([number, far], [upright(column + 30 * k) for k in range(8)], PARAMS) == [told, False]


@pytest.mark.parametrize("lean", [0, 16])
def test_a_one_in_the_gap_of_a_rule_may_be_a_piece_of_it(make_reading, lean):
    rule = upright(208 - lean // 2, lean=lean)
    rule.ink[200:240] = 0
    number = [make_reading(8, (170, 200, 20, 40)), make_reading(1, (206, 200, 6, 40))]
    assert may_be_rules([number], [rule], PARAMS) == [True]
