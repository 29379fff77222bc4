from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.training.sheets.camera import lit, on_table, photograph, texture
from recognition.training.sheets.sheet import CLUTTER, Sheet, shade

seeds = st.integers(0, 2**32 - 1)

COUNT = 12


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    """Twelve rings, written as digits, well apart."""
    sheet = Sheet.blank(220, 300)
    ring = np.zeros((40, 24), np.float32)
    cv2.ellipse(ring, (12, 20), (8, 16), 0, 0, 360, 1.0, 4)
    for k in range(COUNT):
        assert sheet.digit(ring, k % 10, 20 + 70 * (k % 4), 15 + 70 * (k // 4))
    return sheet


def contrast(page: np.ndarray, owner: np.ndarray, digit: int) -> float:
    """Brightness around a digit, less that of its ink."""
    ink = (owner == digit).astype(np.uint8)
    around = cv2.dilate(ink, np.ones((9, 9), np.uint8)) - cv2.dilate(ink, np.ones((3, 3), np.uint8))
    return float(np.median(page[around > 0])) - float(np.median(page[ink > 0]))


@settings(max_examples=40)
@given(seed=seeds)
def test_owners_are_moved_along_whole(sheet: Sheet, seed: int) -> None:
    page, owner = photograph(np.random.default_rng(seed), shade(sheet, 220, 0.8, 0.5), sheet.owner)
    assert page.shape == owner.shape
    assert (page.dtype, owner.dtype) == (np.uint8, np.int16)
    assert set(range(1, COUNT + 1)) <= set(np.unique(owner)) <= {CLUTTER, *range(COUNT + 1)}


def test_owners_stay_with_their_ink_in_most_pictures(sheet: Sheet) -> None:
    aligned = 0
    for seed in range(40):
        page, owner = photograph(np.random.default_rng(seed), shade(sheet, 220, 0.8, 0.5), sheet.owner)
        contrasts = np.array([contrast(page, owner, digit) for digit in range(1, COUNT + 1)])
        # Darker than the paper, or brighter throughout; an app's black and white may lose what lies in a shadow.
        aligned += bool(max((contrasts > 10).mean(), (contrasts < -10).mean()) >= 0.7)
    assert aligned >= 36


def test_the_same_seed_takes_the_same_picture(sheet: Sheet) -> None:
    page = shade(sheet, 220, 0.8, 0.5)
    one, again = (photograph(np.random.default_rng(8), page, sheet.owner) for _ in range(2))
    for left, right in zip(one, again, strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_sheet_itself_is_left_as_it_was(sheet: Sheet) -> None:
    page, owner = shade(sheet, 220, 0.8, 0.5), sheet.owner.copy()
    kept = page.copy()
    for seed in range(4):
        photograph(np.random.default_rng(seed), page, sheet.owner)
    np.testing.assert_array_equal(page, kept)
    np.testing.assert_array_equal(sheet.owner, owner)


@settings(max_examples=25)
@given(seeds)
def test_light_makes_nothing_much_brighter_and_nothing_black(seed: int) -> None:
    page = np.full((60, 90), 200, np.uint8)
    shown = lit(np.random.default_rng(seed), page)
    assert (shown.dtype, shown.shape) == (np.uint8, page.shape)
    assert 10 < shown.min() <= shown.max() <= 1.1 * 200


@settings(max_examples=15)
@given(seed=seeds)
def test_a_table_around_the_page_is_clutter(sheet: Sheet, seed: int) -> None:
    page, owner = on_table(np.random.default_rng(seed), shade(sheet, 220, 0.8, 0.5), sheet.owner)
    assert page.shape == owner.shape
    assert page.shape[0] >= 220
    assert page.shape[1] >= 300
    for digit in range(1, COUNT + 1):
        before, after = (np.count_nonzero(part == digit) for part in (sheet.owner, owner))
        assert after == pytest.approx(before, rel=0.3), "the page lies at its own size on the table"
    beyond = page.size - 220 * 300
    assert np.count_nonzero(owner == CLUTTER) >= 0.95 * beyond


@settings(max_examples=15)
@given(seeds, st.tuples(st.integers(1, 80), st.integers(1, 80)))
def test_a_table_has_the_size_asked_for(seed: int, shape: tuple[int, int]) -> None:
    table = texture(np.random.default_rng(seed), shape)
    assert (table.dtype, table.shape) == (np.uint8, shape)
