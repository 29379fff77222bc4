from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recognition.fields import Field, Spot, may_share_boxes, rows_of, spots
from recognition.types import BoundingBox

ROW = Field(BoundingBox(100, 50, 300, 60), tuple(BoundingBox(100 + 100 * k, 50, 100, 60) for k in range(3)))


def digits(*middles):
    """Digits of 20 x 40 pixels with their middles at these columns."""
    return [BoundingBox(x - 10, 60, 20, 40) for x in middles]


def test_digits_one_a_box_stand_in_the_row():
    assert spots(digits(150, 250, 350), [ROW]) == [Spot(0, None)] * 3


def test_digits_several_a_box_stand_in_the_boxes():
    assert spots(digits(120, 150, 230, 270, 350), [ROW]) == [Spot(0, 0), Spot(0, 0), Spot(0, 1), Spot(0, 1), Spot(0, 2)]


def test_a_digit_outside_the_boxes_stands_nowhere():
    assert spots(digits(50, 150, 450), [ROW]) == [None, Spot(0, None), None]
    assert spots([BoundingBox(140, y, 20, 40) for y in (5, 115)], [ROW]) == [None, None]
    assert spots(digits(150), []) == [None]
    assert spots([], [ROW]) == []


def test_a_digit_on_a_divider_that_was_left_out_stands_in_the_nearer_box():
    apart = Field(ROW.bbox, (BoundingBox(100, 50, 80, 60), BoundingBox(220, 50, 180, 60)))
    assert spots(digits(120, 150, 190, 300, 340), [apart])[2] == Spot(0, 0)


def test_digits_whose_boxes_were_not_found_do_not_make_a_row_one_of_several():
    lost = Field(ROW.bbox, ROW.cells[:1])
    assert spots(digits(150, 250, 350), [lost]) == [Spot(0, None)] * 3


def test_the_row_of_a_number_is_that_which_holds_it_and_no_other():
    assert rows_of([digits(150, 250), digits(450)], [ROW]) == [ROW.bbox, None]
    assert rows_of([digits(150), digits(250, 350)], [ROW]) == [None, None]
    assert rows_of([digits(250, 350, 450)], [ROW]) == [None]
    assert rows_of([digits(120, 150, 230, 270)], [ROW]) == [None], "each box holds several"
    assert rows_of([digits(120, 150)], [ROW]) == [None], "likewise"
    below = Field(BoundingBox(100, 110, 300, 60), tuple(BoundingBox(100 + 100 * k, 110, 100, 60) for k in range(3)))
    upper, lower = digits(150, 250), [BoundingBox(340, 120, 20, 40)]
    assert rows_of([upper, lower], [ROW, below]) == [ROW.bbox, below.bbox]
    assert rows_of([upper + lower], [ROW, below]) == [None]
    assert rows_of([digits(150)], []) == [None]
    assert rows_of([], [ROW]) == []


def test_a_number_may_be_wrong_of_which_one_box_holds_two_digits():
    assert may_share_boxes([digits(120, 150, 250, 350)], [ROW]) == [True]
    assert may_share_boxes([digits(50), digits(250, 350, 450), digits(120, 150)], [ROW]) == [False, False, True]
    assert may_share_boxes([digits(150, 250, 350)], [ROW]) == [False]
    assert may_share_boxes([digits(120, 150, 230, 270)], [ROW]) == [False], "each box holds several"
    assert may_share_boxes([digits(20, 40)], [ROW]) == [False], "they stand in no box"
    lost = Field(ROW.bbox, ROW.cells[:1])
    assert may_share_boxes([digits(150, 250, 350)], [lost]) == [False], "their boxes were not found"
    assert may_share_boxes([], [ROW]) == []


@given(st.lists(st.integers(20, 480), max_size=12))
def test_whether_boxes_hold_several_digits_is_one_answer_for_the_row(middles):
    found = [spot for spot in spots(digits(*middles), [ROW]) if spot is not None]
    assert len({spot.cell is None for spot in found}) <= 1
