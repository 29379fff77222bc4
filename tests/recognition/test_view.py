from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.arrays import as_mask
from recognition.binarize import binarize
from recognition.components import find_components
from recognition.params import BinarizeParams, ComponentParams, PaperParams, SizeParams
from recognition.view import View, only_inside, parted_at_edge, turned_view, view_of, working_scale

SIZE = SizeParams(min_side_px=1)
PAPER = PaperParams()


@pytest.fixture
def note_on_table() -> np.ndarray:
    """A photo uint8 (400, 500, 3): a sheet from (150, 100) to (400, 300), brighter on the left, on a dark table."""
    photo = np.full((400, 500, 3), 30, np.uint8)
    photo[:, ::7] = 45
    photo[100:300, 150:400] = np.linspace(230, 180, 250)[None, :, None]
    cv2.rectangle(photo, (250, 180), (260, 220), (60, 60, 60), -1)
    return photo


@pytest.mark.parametrize("side", [1, 50, 999, 4000, 12345])
def test_a_page_is_read_at_a_size_within_the_limits(side):
    size = SizeParams(max_side_px=3000, min_side_px=1000, max_enlargement=2)
    scale = working_scale((side, side // 2 + 1), size)
    assert side * scale <= 3000 + 1e-6
    assert side * scale >= 1000 - 1e-6 or scale == 2
    assert scale == 1 or not 1000 <= side <= 3000


@pytest.mark.parametrize(("length", "least"), [(5000, 0.99), (12_345, 0.7), (60_000, 0.3)])
def test_a_roll_of_paper_is_reduced_by_its_area(length, least):
    scale = working_scale((length, 640), SizeParams())
    assert least <= scale <= 1
    assert scale * length <= 32_000
    assert 2 * scale**2 * length * 640 <= 3000**2 or scale == 1
    assert working_scale((640, length), SizeParams()) == scale


def test_a_page_without_surroundings_is_seen_whole():
    view = view_of(np.full((300, 400, 3), 220, np.uint8), SIZE, PAPER)
    assert view.inside is None
    assert view.gray.shape == (300, 400)
    assert view.to_page.tolist() == [[1, 0, 0], [0, 1, 0]]


def test_of_a_photo_only_the_sheet_is_seen(note_on_table):
    view = view_of(note_on_table, SIZE, PAPER)
    assert view.inside is not None
    assert view.inside.shape == view.gray.shape
    assert view.gray.shape == pytest.approx((200, 250), abs=8)
    assert view.to_page == pytest.approx(np.array([[1, 0, 150], [0, 1, 100]]), abs=6)
    assert view.gray.min() == 60  # of the table nothing is left, of the ink all


def test_a_place_in_an_enlarged_sheet_finds_back_to_its_photo(note_on_table):
    view = view_of(note_on_table, SizeParams(min_side_px=1000, max_enlargement=2), PAPER)
    rows, columns = np.nonzero(view.gray < 80)
    corner = view.to_page @ (columns.min(), rows.min(), 1)
    assert corner == pytest.approx([250, 180], abs=1)


def test_ink_outside_the_sheet_is_none():
    ink = binarize(np.full((40, 60), 220, np.uint8), BinarizeParams())
    ink.levels[:] = 3
    inside = np.zeros((40, 60), np.uint8)
    inside[:, 30:] = 255
    seen = only_inside(ink, inside)
    assert np.array_equal(seen.mask, inside)
    assert np.array_equal(seen.core, inside)
    assert np.array_equal(seen.faint, inside)
    assert only_inside(ink, None) is ink


def test_what_reaches_the_sheets_edge_is_no_writing():
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 5:15] = mask[10:30, 20:25] = mask[10:30, 50:60] = 255
    inside = np.full((40, 60), 255, np.uint8)
    inside[:, :5] = 0
    pieces = find_components(mask, mask, ComponentParams())
    page = (np.array([[1.0, 0, 100], [0, 1, 0]]), (40, 160))  # the sheet runs out of it on the right
    off, at = parted_at_edge(pieces, inside, *page)
    assert sorted(piece.bbox.x for piece in off) == [20, 50]
    assert [piece.bbox.x for piece in at] == [5]
    assert parted_at_edge(pieces, None, *page) == (pieces, [])


@pytest.mark.parametrize("angle_deg", [-50, -7, 3, 12, 90])
@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_what_reaches_the_frame_of_a_turned_page_stays(angle_deg, scale):
    page = np.full((200, 300), 230, np.uint8)
    for x, y in ((0, 80), (150, 0), (285, 90), (140, 182), (150, 100)):
        cv2.rectangle(page, (x, y), (x + 14, y + 17), 20, cv2.FILLED)
    back = np.array([[1 / scale, 0, 0], [0, 1 / scale, 0]])
    gray = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    view = turned_view(View(gray, None, back), angle_deg)
    ink = as_mask((view.gray < 120) & (view.inside > 0))
    pieces = find_components(ink, ink, ComponentParams())
    assert len(pieces) == 5
    assert parted_at_edge(pieces, view.inside, view.to_page, page.shape) == (pieces, [])


@settings(max_examples=30)
@given(st.floats(-180, 180), st.integers(20, 120), st.integers(20, 120))
def test_a_place_in_a_turned_view_finds_back(angle_deg, x, y):
    page = np.full((150, 150, 3), 230, np.uint8)
    page[y - 3 : y + 3, x - 3 : x + 3] = 20
    turned = turned_view(view_of(page, SIZE, PAPER), angle_deg)
    rows, columns = np.nonzero(turned.gray < 120)
    middle = turned.to_page @ (columns.mean() + 0.5, rows.mean() + 0.5, 1)
    assert middle == pytest.approx([x, y], abs=0.7)
    assert turned.inside is not None
    assert turned.gray[turned.inside == 0].min(initial=255) > 180  # paper in the corners


def test_a_view_is_turned_counter_clockwise():
    page = np.full((40, 60, 3), 230, np.uint8)
    page[18:22, 50:58] = 20  # at the right
    turned = turned_view(view_of(page, SIZE, PAPER), 90)
    assert turned.gray.shape == (60, 40)
    assert np.nonzero(turned.gray < 120)[0].max() < 15  # at the top


def test_a_sheet_that_lies_aslant_is_laid_level(note_on_table):
    matrix = cv2.getRotationMatrix2D((275, 200), 10, 1)
    photo = cv2.warpAffine(note_on_table, matrix, (500, 400), borderValue=(30, 30, 30))
    view = view_of(photo, SIZE, PAPER)
    assert view.sheet is None
    rows, columns = np.nonzero(view.gray < 90)
    assert (np.ptp(columns), np.ptp(rows)) == pytest.approx((10, 40), abs=4)
    middle = view.to_page @ (columns.mean() + 0.5, rows.mean() + 0.5, 1)
    assert middle == pytest.approx(matrix @ (255.5, 200.5, 1), abs=1.5)
