from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition import arrays
from recognition.binarize import binarize
from recognition.boxes import MAX_FRAME_PX, find_frames
from recognition.params import BinarizeParams, RuleParams
from recognition.rules import remove_rules

PARAMS = RuleParams()
SHAPE = (500, 900)


def blank() -> np.ndarray:
    return np.zeros(SHAPE, np.uint8)


def boxes(count: int, *, left: int = 100, side: int = 70, tilt_deg: float = 0.0, thickness: int = 2) -> np.ndarray:
    """A row of boxes that share their sides, 255 on black."""
    mask = blank()
    for k in range(count):
        corner = (left + k * side, 200)
        cv2.rectangle(mask, corner, (corner[0] + side, 200 + 90), 255, thickness)
    turn = cv2.getRotationMatrix2D((SHAPE[1] / 2, SHAPE[0] / 2), tilt_deg, 1)
    turned = cv2.warpAffine(mask, turn, (SHAPE[1], SHAPE[0]))
    return np.where(turned > 100, np.uint8(255), np.uint8(0))


@pytest.mark.parametrize("thickness", [2, 3])
@pytest.mark.parametrize("tilt_deg", [0, 2, -2, 5, -5])
@pytest.mark.parametrize("count", [1, 4, 8])
def test_the_frame_of_a_row_of_boxes_is_found(count, tilt_deg, thickness):
    mask = boxes(count, tilt_deg=tilt_deg, thickness=thickness)
    zone = find_frames(mask, PARAMS).zone
    assert (zone > 0).sum() >= 0.99 * (mask > 0).sum()
    assert not (zone & ~mask).any()


@pytest.mark.parametrize("side", [24, 60, 100])
def test_the_size_of_a_box_does_not_matter(side):
    mask = boxes(5, side=side)
    assert (find_frames(mask, PARAMS).zone > 0).sum() >= 0.99 * (mask > 0).sum()


def test_a_row_of_boxes_is_one_field():
    (row,) = find_frames(boxes(6), PARAMS).fields
    field = row.bbox
    assert len(row.cells) == 6
    assert (field.x, field.y) == (pytest.approx(99, abs=2), pytest.approx(199, abs=2))
    assert (field.right, field.bottom) == (pytest.approx(522, abs=2), pytest.approx(292, abs=2))


@pytest.mark.parametrize(("side", "fields"), [(28, 0), (35, 1), (260, 1), (290, 0)])
def test_cells_more_than_three_times_as_long_as_wide_are_no_boxes_for_digits(side, fields):
    frames = find_frames(boxes(3, left=10, side=side), PARAMS)
    assert len(frames.fields) == fields
    assert len(frames.cells) == 3 * fields
    assert frames.zone is not None, "what they are made of is a frame all the same"


@pytest.mark.parametrize(("rows", "cells"), [(1, 20), (2, 0)])
def test_many_cells_are_boxes_where_all_stand_in_one_row(rows, cells):
    mask = blank()
    for k in range(20 // rows):
        for row in range(rows):
            cv2.rectangle(mask, (100 + 30 * k, 200 + 30 * row), (130 + 30 * k, 230 + 30 * row), 255, 2)
    assert len(find_frames(mask, PARAMS).cells) == cells


def test_every_box_of_a_form_is_a_cell():
    mask = boxes(3) | boxes(1, left=500)
    cells = sorted(find_frames(mask, PARAMS).cells, key=lambda cell: cell.x)
    assert len(cells) == 4
    assert [len(field.cells) for field in find_frames(mask, PARAMS).fields] == [3]
    assert cells[-1].x == pytest.approx(500, abs=3)
    assert find_frames(np.zeros_like(mask), PARAMS).cells == ()


@pytest.mark.parametrize(("scale", "blur_px"), [(1.0, 2.0), (0.5, 0.0), (0.4, 0.0)])
def test_boxes_are_found_one_by_one_where_their_edges_run_together_with_the_digits(note, scale, blur_px):
    """A row of six boxes that digits nearly fill, out of focus or of few dots an inch."""
    page = note(*((digit, 99 + 44 * k, 100) for k, digit in enumerate("374805")))
    for k in range(6):
        cv2.rectangle(page, (94 + 44 * k, 94), (138 + 44 * k, 156), (120, 120, 120), 2)
    page = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(cv2.GaussianBlur(page, (0, 0), blur_px) if blur_px else page, cv2.COLOR_BGR2GRAY)
    ink = binarize(gray, BinarizeParams())
    assert len(find_frames(ink.faint, PARAMS).cells) < 6
    assert len(find_frames(ink.faint, PARAMS, ink.darkness).cells) == 6


@pytest.mark.parametrize("tilt_deg", [5, -5])
def test_a_tilted_row_of_boxes_is_one_field(tilt_deg):
    assert len(find_frames(boxes(8, tilt_deg=tilt_deg), PARAMS).fields) == 1


def test_rows_apart_are_a_field_each():
    mask = boxes(3) | boxes(4, left=500)
    assert sorted((field.bbox.x > 400) for field in find_frames(mask, PARAMS).fields) == [False, True]


def test_a_digit_in_a_box_is_no_frame():
    mask = boxes(3)
    frame = mask.copy()
    cv2.ellipse(mask, (205, 245), (15, 28), 0, 0, 360, 255, 4)
    zone = find_frames(mask, PARAMS).zone
    assert not (zone & ~frame).any()


def test_a_digit_that_touches_its_box_from_inside_keeps_what_is_inside():
    mask = boxes(1, side=90)
    cv2.line(mask, (145, 200), (145, 260), 255, 5)
    zone = find_frames(mask, PARAMS).zone
    assert not zone[220:260, 140:150].any()
    assert zone[200, 110] == 255


def test_a_one_as_high_as_its_box_is_no_side_of_it():
    one = blank()
    cv2.line(one, (135, 207), (135, 284), 255, 8)
    zone = find_frames(boxes(4) | one, PARAMS).zone
    assert not zone[215:276, 130:141].any()


def test_bold_writing_that_opens_a_box_is_no_side_of_it():
    eight = blank()
    cv2.rectangle(eight, (172, 206), (232, 284), 255, -1)
    cv2.rectangle(eight, (192, 222), (212, 234), 0, -1)
    cv2.rectangle(eight, (192, 254), (212, 266), 0, -1)
    eight[240:244, 160:176] = 255
    frame = boxes(3)
    zone = find_frames(frame | eight, PARAMS).zone
    assert (zone & frame > 0).sum() >= 0.97 * (frame > 0).sum()
    assert (zone & eight & ~frame > 0).sum() <= 0.2 * (eight > 0).sum()


@pytest.mark.parametrize("opened", [range(4), range(4, 8)], ids=["left", "right"])
def test_the_end_of_a_row_is_a_side_though_writing_opens_the_boxes_beside_it(opened):
    mask = boxes(8)
    outer = (slice(215, 275), slice(98, 103) if 0 in opened else slice(658, 663))
    for k in opened:
        cv2.line(mask, (120 + 70 * k, 205), (150 + 70 * k, 285), 255, 5)  # a digit in each
        cv2.line(mask, (135 + 70 * k, 245), (190 + 70 * k, 245), 255, 5)  # that reaches into the next
    mask[240:250, 661:] = 0
    zone = find_frames(mask, PARAMS).zone
    assert (zone[outer] > 0).sum() >= 0.95 * (mask[outer] > 0).sum()


@pytest.mark.parametrize("tilt_deg", [0, 3, -4])
@pytest.mark.parametrize("thickness", [2, 4])
@pytest.mark.parametrize("beyond", [0, 12])
def test_the_frame_of_a_box_is_found_that_writing_reaches_across(beyond, tilt_deg, thickness):
    frame = boxes(1, side=80, tilt_deg=tilt_deg, thickness=thickness)
    seven = blank()
    cv2.polylines(seven, [np.array([[103 - beyond, 236], [177 + beyond, 214], [150, 275]])], False, 255, 5)
    turn = cv2.getRotationMatrix2D((SHAPE[1] / 2, SHAPE[0] / 2), tilt_deg, 1)
    seven = np.where(cv2.warpAffine(seven, turn, (SHAPE[1], SHAPE[0])) > 100, np.uint8(255), np.uint8(0))
    zone = find_frames(frame | seven, PARAMS).zone
    assert (zone & frame > 0).sum() >= 0.97 * (frame > 0).sum()
    inside = cv2.fillConvexPoly(blank(), cv2.convexHull(cv2.findNonZero(frame)), 255)
    assert (zone & seven & inside & ~frame > 0).sum() <= 0.1 * (seven > 0).sum()


@pytest.fixture
def opened_px(monkeypatch):
    """How many pixels the pictures have that are opened, and the longer sides of the rectangles."""
    sizes = []

    def opened(mask, width, height):
        sizes.append((mask.size, max(width, height)))
        return arrays.opened(mask, width, height)

    monkeypatch.setattr("recognition.boxes.opened", opened)
    return sizes


def is_little(opened_px) -> bool:
    """Tells whether large rectangles fit into small pictures, and small ones into large pictures."""
    return all(picture <= 500**2 or side <= MAX_FRAME_PX for picture, side in opened_px)


@pytest.mark.parametrize("tilt_deg", [0, 3, -3])
@pytest.mark.parametrize("side", [200, 300, 1200])
def test_the_frame_of_a_large_box_is_found_that_writing_reaches_across_and_little_is_opened_for_it(
    opened_px, side, tilt_deg
):
    frame, seven = (np.zeros((2 * side, 2 * side), np.uint8) for _ in range(2))
    low, high = side // 2, side // 2 + side
    cv2.rectangle(frame, (low, low), (high, high), 255, 3)
    corners = np.array([[0.3, 0.95], [1.7, 0.65], [1.1, 1.3]]) * side
    cv2.polylines(seven, [corners.astype(np.int32)], False, 255, side // 40)
    cv2.line(seven, (low, low), (low - side // 4, low), 255, 3)  # a rule that goes on beyond the corner
    turn = cv2.getRotationMatrix2D((side, side), tilt_deg, 1)
    frame, seven = (
        np.where(cv2.warpAffine(drawn, turn, drawn.shape) > 100, np.uint8(255), np.uint8(0)) for drawn in (frame, seven)
    )
    zone = find_frames(frame | seven, PARAMS).zone
    assert (zone & frame > 0).sum() >= 0.97 * (frame > 0).sum()
    inside = cv2.fillConvexPoly(np.zeros_like(frame), cv2.convexHull(cv2.findNonZero(frame)), 255)
    assert (zone & seven & inside & ~frame > 0).sum() <= 0.1 * (seven > 0).sum()
    assert opened_px
    assert is_little(opened_px)


@pytest.mark.parametrize("radius", [300, 1000])
def test_little_is_opened_to_tell_that_a_large_ring_is_no_box(opened_px, radius):
    mask = np.zeros((2 * radius + 20, 2 * radius + 20), np.uint8)
    cv2.circle(mask, (radius + 10, radius + 10), radius, 255, 3)
    assert find_frames(mask, PARAMS).zone is None
    assert opened_px
    assert is_little(opened_px)


@pytest.mark.parametrize("side", [20, 40, 80])
def test_round_and_slanted_zeros_are_no_boxes(side):
    mask = blank()
    for k, tilt_deg in enumerate((0, 15, 30, -20)):
        cv2.ellipse(mask, (100 + 200 * k, 200), (side * 2 // 3, side), tilt_deg, 0, 360, 255, 4)
    frames = find_frames(mask, PARAMS)
    assert frames.zone is None
    assert frames.fields == ()


def test_a_triangle_is_no_box():
    mask = blank()
    cv2.polylines(mask, [np.array([[100, 100], [200, 110], [140, 250]])], True, 255, 4)
    assert find_frames(mask, PARAMS).zone is None


def test_a_page_without_ink_and_one_full_of_it_have_no_frames():
    for mask in (blank(), blank() + np.uint8(255), np.zeros((1, 1), np.uint8)):
        frames = find_frames(mask, PARAMS)
        assert frames.zone is None
        assert frames.fields == ()


def test_boxes_vanish_from_the_page_and_the_digits_in_them_stay():
    frame = boxes(5)
    digits = blank()
    for k in range(5):
        cv2.ellipse(digits, (135 + 70 * k, 245), (14, 26), 0, 0, 360, 255, 4)
    page = np.where(frame > 0, 120, 240).astype(np.uint8)
    page[digits > 0] = 40
    writing = remove_rules(binarize(page, BinarizeParams()), PARAMS)
    assert len(writing.fields) == 1
    found, expected = writing.mask > 0, digits > 0
    assert (found & expected).sum() >= 0.95 * expected.sum()
    around = cv2.dilate(digits, np.ones((5, 5), np.uint8)) > 0
    assert (found & ~around).sum() <= 0.02 * (frame > 0).sum()
