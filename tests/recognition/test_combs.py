from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.combs import find_combs
from recognition.fields import Field
from recognition.lines import thin_runs
from recognition.params import RuleParams
from recognition.types import BoundingBox

PARAMS = RuleParams()
SHAPE = (400, 1000)
LEFT, LINE, PITCH = 150, 200, 60


def blank():
    return np.zeros(SHAPE, np.uint8)


def stroke(mask, *points, px=3):
    """A line from each point to the next."""
    cv2.polylines(mask, [np.array(points, np.int32)], False, 255, px)
    return mask


def comb(count=4, *, tooth=20, pitch=PITCH, px=3, without=(), ends=True):
    """A line with teeth at even distances."""
    mask = stroke(blank(), (LEFT, LINE), (LEFT + count * pitch, LINE), px=px)
    for k in range(count + 1):
        if k not in without and (ends or 0 < k < count):
            stroke(mask, (LEFT + k * pitch, LINE), (LEFT + k * pitch, LINE - tooth), px=px)
    return mask


def long_box(width=360, height=90):
    mask = blank()
    cv2.rectangle(mask, (LEFT, LINE - height), (LEFT + width, LINE), 255, 3)
    return mask


def found(mask, known=()):
    return find_combs([(mask, thin_runs(mask, PARAMS))], known, PARAMS)


def sides(field):
    return [cell.x for cell in field.cells] + [field.cells[-1].right]


@pytest.mark.parametrize("px", [1, 3, 4])
@pytest.mark.parametrize("tooth", [12, 30, 80])
@pytest.mark.parametrize("count", [2, 3, 8])
def test_a_comb_is_one_field_with_a_cell_between_each_two_teeth(count, tooth, px):
    mask = comb(count, tooth=tooth, px=px)
    combs = found(mask)
    (field,) = combs.fields
    assert sides(field) == pytest.approx([LEFT + k * PITCH for k in range(count + 1)], abs=2)
    assert field.bbox.y <= LINE - tooth + 2, "what is written into it is at least as high as its teeth"
    assert field.bbox.bottom >= LINE
    left = np.count_nonzero(mask & ~combs.zone)
    assert left <= 0.02 * np.count_nonzero(mask), "all but round corners is erased"


def test_a_digit_stands_in_a_cell_though_the_teeth_are_low():
    (field,) = found(comb(tooth=12)).fields
    assert field.cells[1].holds(BoundingBox(LEFT + PITCH + 10, LINE - 60, 40, 50))


def test_a_comb_needs_no_teeth_at_its_ends():
    (field,) = found(comb(5, ends=False)).fields
    assert len(field.cells) == 5


def test_a_line_that_falls_a_little_is_one():
    turn = cv2.getRotationMatrix2D((LEFT, LINE), -1.0, 1)
    turned = cv2.warpAffine(comb(6, px=4), turn, SHAPE[::-1])
    (field,) = found(np.where(turned > 127, np.uint8(255), np.uint8(0))).fields
    assert len(field.cells) == 6


def test_writing_over_a_tooth_does_not_hide_the_others():
    mask = comb(6)
    cv2.ellipse(mask, (LEFT + 2 * PITCH, LINE - 18), (16, 16), 0, 0, 360, 255, 6)
    (field,) = found(mask).fields
    assert len(field.cells) == 6


def test_pale_combs_are_found_in_all_ink_where_the_dark_has_none():
    mask = comb()
    layers = [(layer, thin_runs(layer, PARAMS)) for layer in (blank(), mask)]
    assert len(find_combs(layers, (), PARAMS).fields) == 1
    again = [(mask, thin_runs(mask, PARAMS))] * 2
    assert len(find_combs(again, (), PARAMS).fields) == 1, "what is found in both is one"


def nothing(mask):
    return mask


def uneven(mask):
    for x, tooth in ((190, 20), (270, 20), (300, 20), (380, 20)):
        stroke(mask, (x, LINE), (x, LINE - tooth))
    return mask


def unlike(mask):
    for x, tooth in ((210, 20), (270, 45), (330, 12)):
        stroke(mask, (x, LINE), (x, LINE - tooth))
    return mask


def slanted(mask):
    for x in (210, 270, 330):
        stroke(mask, (x, LINE), (x + 12, LINE - 40))
    return mask


def crossing(mask):
    for x in (150, 210, 270, 330, 390):
        stroke(mask, (x, LINE + 20), (x, LINE - 20))
    return mask


def closed(mask):
    for x in (150, 210, 270, 330, 390):
        stroke(mask, (x, LINE), (x, LINE - 30))
    return stroke(mask, (150, LINE - 30), (390, LINE - 30))


def stout(mask):
    for x in (210, 270, 330):
        stroke(mask, (x, LINE), (x, LINE - 30), px=14)
    return mask


def alone(mask):
    return stroke(mask, (270, LINE), (270, LINE - 40))


def too_close(mask):
    for x in range(150, 391, 12):
        stroke(mask, (x, LINE), (x, LINE - 10), px=1)
    return mask


def hanging(mask):
    for x in (150, 210, 270, 330, 390):
        stroke(mask, (x, LINE), (x, LINE + 20))
    return mask


@pytest.mark.parametrize(
    ("draw", "why"),
    [
        (nothing, "a line to write on"),
        (uneven, "ones are at uneven distances"),
        (unlike, "ones are of uneven lengths"),
        (slanted, "ones lean"),
        (crossing, "the lines of squared paper cross"),
        (closed, "these are boxes"),
        (stout, "what is stouter than the line was written"),
        (alone, "a single stroke may be a digit"),
        (too_close, "no digit is as narrow"),
        (hanging, "what hangs from a line belongs to something below it"),
    ],
)
def test_what_is_no_comb(draw, why):
    combs = found(draw(stroke(blank(), (LEFT, LINE), (LEFT + 4 * PITCH, LINE))))
    assert (combs.zone, combs.fields) == (None, ()), why


@pytest.mark.parametrize(("tooth", "count"), [(20, 1), (45, 0)])
def test_a_single_tooth_of_a_box_is_much_lower_than_the_box(tooth, count):
    mask = stroke(long_box(240), (LEFT + 120, LINE), (LEFT + 120, LINE - tooth))
    assert [len(field.cells) for field in found(mask).fields] == [2] * count


def test_the_feet_of_printed_letters_are_no_line():
    mask = comb(4)
    mask[:, LEFT + 20 : LEFT + 45] = 0
    assert not found(mask).fields


def test_teeth_that_hang_above_a_comb_are_the_upper_ends_of_its_own():
    mask = long_box()
    for x in range(LEFT + PITCH, LEFT + 6 * PITCH, PITCH):
        stroke(mask, (x, LINE), (x, LINE - 20))
        stroke(mask, (x, LINE - 90), (x, LINE - 70))
    combs = found(mask)
    assert [len(field.cells) for field in combs.fields] == [6]
    assert combs.zone[LINE - 72, LEFT + 2 * PITCH], "the upper teeth are erased"
    assert not combs.zone[LINE - 45, LEFT + 2 * PITCH], "and nothing between them"


def test_rows_of_boxes_are_known_already():
    mask = comb(tooth=60)
    row = Field(BoundingBox(LEFT, LINE - 62, 4 * PITCH, 64), ())
    assert not found(mask, known=[row]).fields


def test_a_comb_at_the_upper_end_of_the_page_is_found():
    mask = np.ascontiguousarray(comb(tooth=20)[LINE - 20 :])
    assert len(found(mask).fields) == 1
