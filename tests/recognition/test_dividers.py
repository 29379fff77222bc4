from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.dividers import find_dividers
from recognition.fields import Field
from recognition.types import BoundingBox

LEFT, LINE, PITCH = 150, 200, 60
INSIDE = BoundingBox(LEFT + 2, LINE - 88, 357, 87)
"""Of a long box."""


def long_box():
    mask = np.zeros((400, 1000), np.uint8)
    cv2.rectangle(mask, (LEFT, LINE - 90), (LEFT + 6 * PITCH, LINE), 255, 3)
    return mask


def stroke(mask, *points, px=3):
    """A line from each point to the next."""
    cv2.polylines(mask, [np.array(points, np.int32)], False, 255, px)
    return mask


def dashed(mask, x, *, dash=8, gap=8, height=90):
    for y in range(LINE - height + 6, LINE - 6, dash + gap):
        stroke(mask, (x, y), (x, min(y + dash - 1, LINE - 6)))
    return mask


def found(mask, known=()):
    return find_dividers([mask], [INSIDE], known)


def test_dashed_dividers_part_a_long_box():
    mask = long_box()
    for k in range(1, 6):
        dashed(mask, LEFT + k * PITCH)
    combs = found(mask)
    (field,) = combs.fields
    assert [*(cell.x for cell in field.cells), field.cells[-1].right] == pytest.approx(
        [LEFT + k * PITCH for k in range(7)], abs=3
    )
    assert combs.zone[LINE - 40, LEFT + PITCH]
    assert not combs.zone[LINE - 40, LEFT + PITCH // 2]


@pytest.mark.parametrize(
    ("dash", "gap", "height", "why"),
    [
        (8, 8, 50, "it does not reach from side to side"),
        (30, 12, 90, "these are two strokes"),
    ],
)
def test_what_is_no_dashed_divider(dash, gap, height, why):
    mask = long_box()
    for k in range(1, 6):
        dashed(mask, LEFT + k * PITCH, dash=dash, gap=gap, height=height)
    assert not found(mask).fields, why


def test_a_dashed_line_that_parts_a_box_in_two_is_no_divider_of_digits():
    assert not found(dashed(long_box(), LEFT + 180)).fields


def test_dashes_of_uneven_length_are_written():
    mask = long_box()
    for k in range(1, 6):
        for top, bottom in ((84, 62), (52, 48), (40, 22), (14, 8)):
            stroke(mask, (LEFT + k * PITCH, LINE - top), (LEFT + k * PITCH, LINE - bottom))
    assert not found(mask).fields


def test_rows_of_boxes_and_high_boxes_have_no_dividers():
    mask = long_box()
    for k in range(1, 6):
        dashed(mask, LEFT + k * PITCH)
    assert not found(mask, known=[Field(INSIDE, ())]).fields
    high = BoundingBox(INSIDE.x, INSIDE.y, 90, INSIDE.height)
    assert not find_dividers([mask], [high], ()).fields


def test_pale_dividers_are_found_in_all_ink_where_the_dark_has_none():
    mask = long_box()
    blank = np.zeros_like(mask)
    for k in range(1, 6):
        dashed(mask, LEFT + k * PITCH)
    assert len(find_dividers([blank, mask], [INSIDE], ()).fields) == 1
    assert len(find_dividers([mask, mask], [INSIDE], ()).fields) == 1, "what is found in both is one"
