from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recognition.components import MAX_BOXES, find_components, ink_within, join, largest, make_component, stroke_width
from recognition.params import ComponentParams
from recognition.types import BoundingBox

ALL = ComponentParams(min_side_px=1, min_area_px=1)

masks = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 25), st.integers(1, 25)), elements=st.sampled_from([0, 0, 255])
)

TWO = np.array(
    [
        [255, 0, 0, 0, 0],
        [0, 255, 0, 0, 255],
        [0, 0, 255, 0, 255],
        [0, 0, 0, 0, 255],
        [0, 0, 0, 0, 255],
    ],
    np.uint8,
)
DARKNESS = np.where(TWO > 0, np.array([100, 110, 150, 0, 200], np.uint8), np.uint8(9))


def test_pixels_that_touch_at_a_corner_are_one_piece():
    pieces = sorted(find_components(TWO, DARKNESS, ALL), key=lambda piece: piece.bbox.x)
    assert [piece.bbox for piece in pieces] == [BoundingBox(0, 0, 3, 3), BoundingBox(4, 1, 1, 4)]
    assert [piece.area_px for piece in pieces] == [3, 4]
    assert [piece.darkness for piece in pieces] == [110, 200]
    assert np.array_equal(pieces[0].mask, 255 * np.eye(3, dtype=np.uint8))


@pytest.mark.parametrize(("size", "typical"), [((1, 20), 254), ((1, 1), 0)])
def test_a_stroke_one_pixel_wide_is_as_dark_as_it_is_in_black_and_white_and_a_speck_is_pale(size, typical):
    darkness = np.zeros((9, 30), np.uint8)
    darkness[4 : 4 + size[0], 4 : 4 + size[1]] = 254
    (piece,) = find_components(cv2.dilate(darkness, np.ones((3, 3))), darkness, ALL)  # as with its soft edges
    assert piece.darkness == typical


@given(masks)
def test_boxes_lie_on_the_page_and_the_pieces_are_all_the_ink(mask):
    height, width = mask.shape
    drawn = np.zeros_like(mask)
    for piece in find_components(mask, mask, ALL):
        box = piece.bbox
        assert 0 <= box.x < box.right <= width
        assert 0 <= box.y < box.bottom <= height
        assert piece.mask.shape == (box.height, box.width)
        for edge in (piece.mask[0], piece.mask[-1], piece.mask[:, 0], piece.mask[:, -1]):
            assert edge.any()
        part = drawn[box.y : box.bottom, box.x : box.right]
        assert not (part & piece.mask).any(), "a pixel belongs to two pieces"
        part |= piece.mask
    assert np.array_equal(drawn, mask)


def test_a_blank_page_has_no_pieces():
    blank = np.zeros((5, 5), np.uint8)
    assert find_components(blank, blank, ALL) == []


def test_what_is_too_small_is_left_out():
    assert len(find_components(TWO, DARKNESS, ComponentParams(min_side_px=4, min_area_px=1))) == 1
    assert len(find_components(TWO, DARKNESS, ComponentParams(min_side_px=1, min_area_px=4))) == 1
    assert len(find_components(TWO, DARKNESS, ComponentParams(min_side_px=5, min_area_px=1))) == 0


def test_of_too_many_pieces_the_largest_are_kept():
    pieces = [make_component(np.full((side, 2), 255, np.uint8), 0, 0, DARKNESS) for side in (3, 1, 4, 2, 4)]
    kept, others = largest(pieces, 3)
    assert [[piece.area_px for piece in part] for part in (kept, others)] == [[6, 8, 8], [2, 4]]
    assert largest(pieces, 9) == (pieces, [])


def hatched(side: int, pitch: int) -> np.ndarray:
    """Lines at half a right angle, each of which has a box of its own, and a blot in the corner that they spare."""
    mask = np.zeros((side, side), np.uint8)
    for x in range(-side, side - 60, pitch):
        cv2.line(mask, (x, 0), (x + side, side), 255, 1)
    mask[5:25, -25:-5] = 255
    return mask


def ringed(side: int, pitch: int) -> np.ndarray:
    """Rings around each other, and a blot in the corner."""
    mask = np.zeros((side, side), np.uint8)
    for radius in range(pitch, side // 2, pitch):
        cv2.circle(mask, (side // 2, side // 2), radius, 255, 1)
    mask[5:25, -25:-5] = 255
    return mask


@pytest.mark.parametrize("drawn", [hatched, ringed])
def test_pieces_whose_boxes_lie_over_each_other_keep_few_masks_and_the_small_ones_stay(drawn):
    mask = drawn(1200, 8)
    pieces = find_components(mask, mask, ComponentParams())
    assert sum(piece.mask.nbytes for piece in pieces) <= MAX_BOXES * mask.size
    assert BoundingBox(1175, 5, 20, 20) in [piece.bbox for piece in pieces]
    longest = max(piece.bbox.width for piece in pieces)
    assert len(pieces) > 30
    assert 100 < longest < 1000


def test_pieces_whose_masks_are_small_together_all_stay_though_their_boxes_lie_over_each_other():
    mask = hatched(160, 4)
    pieces = find_components(mask, mask, ALL)
    assert sum(piece.mask.nbytes for piece in pieces) > MAX_BOXES * mask.size
    assert sum(piece.area_px for piece in pieces) == np.count_nonzero(mask)


def test_a_mask_becomes_a_piece_at_its_place_on_the_page():
    piece = make_component(TWO[:, 3:], 3, 0, DARKNESS)
    assert piece is not None
    assert (piece.bbox, piece.area_px, piece.darkness) == (BoundingBox(4, 1, 1, 4), 4, 200)
    assert make_component(np.zeros((3, 3), np.uint8), 0, 0, DARKNESS) is None


def test_joined_pieces_keep_their_ink_and_leave_the_gap_empty():
    first, second = find_components(TWO, DARKNESS, ALL)
    whole = join(first, second, DARKNESS)
    assert whole.bbox == BoundingBox(0, 0, 5, 5)
    assert np.array_equal(whole.mask, TWO)
    assert whole.area_px == 7


@given(masks)
def test_the_order_of_joining_does_not_matter(mask):
    pieces = find_components(mask, mask, ALL)[:2]
    if len(pieces) == 2:
        one, other = (join(*pair, mask) for pair in (pieces, pieces[::-1]))
        assert one.bbox == other.bbox
        assert np.array_equal(one.mask, other.mask)


def test_ink_is_full_at_its_typical_darkness_and_empty_outside_of_the_piece():
    first, second = sorted(find_components(TWO, DARKNESS, ALL), key=lambda piece: piece.bbox.x)
    ink = first.ink(DARKNESS)
    assert np.diag(ink).tolist() == [pytest.approx(100 * 255 / 110, abs=1), 255, 255]
    assert np.count_nonzero(ink) == first.area_px
    assert (second.ink(DARKNESS) == 255).all()


@pytest.mark.parametrize("width", [1, 2, 3, 8, 15])
def test_the_stroke_of_a_bar_is_as_wide_as_the_bar(width):
    bar = np.zeros((200, 40), np.uint8)
    bar[:, 10 : 10 + width] = 255
    assert stroke_width(bar) == pytest.approx(width, rel=0.15, abs=0.5)


@pytest.mark.parametrize("width", [3, 6, 10])
def test_the_stroke_of_a_ring_is_as_wide_as_the_pen(width):
    ring = np.zeros((120, 120), np.uint8)
    cv2.circle(ring, (60, 60), 40, 255, width)
    measured = np.count_nonzero(ring) / (2 * np.pi * 40)
    assert stroke_width(ring) == pytest.approx(measured, rel=0.1)


def test_no_ink_has_no_stroke():
    assert stroke_width(np.zeros((5, 5), np.uint8)) == 0


def test_ink_within_a_part_of_the_page_is_that_of_the_pieces_alone():
    page = np.zeros((30, 40), np.uint8)
    page[5:15, 5:10], page[5:15, 20:25], page[20:25, 5:30] = 100, 50, 200
    left, right, lower = sorted(find_components(page, page, ALL), key=lambda piece: (piece.bbox.y, piece.bbox.x))
    shown = ink_within(BoundingBox(8, 3, 15, 20), [left, right], page)
    expected = np.zeros((20, 15), np.uint8)
    expected[2:12, 0:2] = expected[2:12, 12:15] = 255  # each as strong as the other
    assert np.array_equal(shown, expected)
    assert not ink_within(lower.bbox, [], page).any()
