from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.box_rows import with_rows_of_boxes
from recognition.boxes import find_frames
from recognition.fields import Field
from recognition.params import RuleParams
from recognition.types import BoundingBox

BLANK = np.zeros((400, 1000), np.uint8)


def box(x, *, y=100, width=40, height=60):
    return BoundingBox(x, y, width, height)


def row(*boxes):
    return Field(BoundingBox.around(boxes), boxes)


def drawn(*boxes, px=2):
    mask = BLANK.copy()
    for one in boxes:
        cv2.rectangle(mask, (one.x, one.y), (one.right, one.bottom), 255, px)
    return mask


def test_boxes_close_to_each_other_in_a_row_are_one_field():
    boxes = [box(100), box(150), box(201)]
    (field,) = with_rows_of_boxes([], boxes[::-1], BLANK)
    assert field.cells == tuple(boxes)
    assert field.bbox == BoundingBox(100, 100, 141, 60)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (box(165), "they are too far apart"),
        (box(130), "they overlap"),
        (box(150, y=115), "it stands lower"),
        (box(150, width=60), "it is wider"),
        (box(150, height=90, y=85), "it is higher"),
    ],
)
def test_boxes_that_are_not_one_field(other, why):
    assert with_rows_of_boxes([], [box(100), other], BLANK) == (), why


def test_boxes_for_whole_numbers_are_not_put_together():
    assert with_rows_of_boxes([], [box(100, width=90), box(200, width=90)], BLANK) == ()


def test_groups_of_boxes_stay_apart_that_are_farther_from_each_other_than_their_boxes():
    days, months = [box(100), box(145)], [box(204), box(249)]
    assert with_rows_of_boxes([], [*days, *months], BLANK) == (row(*days), row(*months))


def test_rows_that_share_sides_stay_as_they_are():
    rows = [row(box(100), box(142)), row(box(200), box(242))]
    assert with_rows_of_boxes(rows, [], BLANK) == tuple(rows)
    assert with_rows_of_boxes(rows, [box(500), box(700)], BLANK) == tuple(rows)
    wide = Field(BoundingBox(60, 98, 130, 64), rows[0].cells)
    assert with_rows_of_boxes([wide], [box(500), box(700)], BLANK) == (wide,), "with boxes that were not found"


def test_boxes_that_writing_joined_are_two_of_their_row():
    joined = row(box(150), box(200, y=120, height=40))
    (field,) = with_rows_of_boxes([joined], [box(100), box(250)], BLANK)
    assert [cell.x for cell in field.cells] == [100, 150, 200, 250]
    assert {cell.height for cell in field.cells} == {60}, "of one of which it crossed out a part"


def test_a_row_goes_on_behind_a_box_that_was_not_found():
    boxes = [box(100), box(150), box(200), box(250)]
    found = [one for one in boxes if one.x != 200]
    (field,) = with_rows_of_boxes([], found, drawn(*boxes))
    assert field.bbox.x == 100
    assert field.bbox.right == 290
    assert len(with_rows_of_boxes([], [*found, box(300)], drawn(*found, box(300)))) == 2, "nothing stands there"


@pytest.mark.parametrize("lost", [100, 300])
def test_a_box_at_the_end_of_a_row_that_was_not_found_belongs_to_it(lost):
    boxes = [box(x) for x in range(100, 301, 50)]
    found = [one for one in boxes if one.x != lost]
    (field,) = with_rows_of_boxes([], found, drawn(*boxes))
    assert field.bbox.x <= 102
    assert field.bbox.right >= 338
    (field,) = with_rows_of_boxes([], found, drawn(*found))
    assert (field.bbox.x, field.bbox.right) == (found[0].x, found[-1].right), "nothing stands there"


@pytest.mark.parametrize("apart", [6, 12])
def test_frames_put_boxes_that_stand_apart_in_one_field(apart):
    boxes = [box(100 + (40 + apart) * k) for k in range(5)]
    frames = find_frames(drawn(*boxes), RuleParams())
    (field,) = frames.fields
    assert len(field.cells) == len(frames.cells) == 5
