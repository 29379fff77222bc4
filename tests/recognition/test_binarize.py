from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.binarize import binarize, darkness_of, find_ink, flatten, is_light_on_dark, noise_level
from recognition.params import BinarizeParams

PARAMS = BinarizeParams()
NUMBER = "2047"


@pytest.fixture(scope="module")
def writing(sample_pages):
    """Float32 (300, 400), 0 bare to 1 inked."""
    hand = sample_pages.Hand(np.random.default_rng(1), sample_pages.Digits.load(), (300, 400))
    hand.write(NUMBER, 60, 120, 60)
    return hand.ink


def inked(paper: np.ndarray | float, writing: np.ndarray, pen: float = 40) -> np.ndarray:
    return np.rint(paper * (1 - writing) + pen * writing).astype(np.uint8)


def agreement(mask: np.ndarray, writing: np.ndarray) -> float:
    """Intersection over union of the ink found and the ink there is."""
    found, there = mask > 0, writing > 0.5
    return float((found & there).sum() / (found | there).sum())


@settings(max_examples=30)
@given(st.integers(0, 255), st.integers(1, 70), st.integers(1, 70))
def test_a_constant_page_has_no_ink(value, height, width):
    ink = binarize(np.full((height, width), value, np.uint8), PARAMS)
    assert ink.mask.shape == ink.faint.shape == ink.darkness.shape == (height, width)
    assert not ink.mask.any()
    assert not ink.faint.any()


@pytest.mark.parametrize("deviation", [2, 6, 15])
@pytest.mark.parametrize("paper", [120, 225])
@pytest.mark.parametrize("shape", [(300, 400), (900, 1200)])
def test_the_grain_of_empty_paper_is_next_to_no_ink(shape, paper, deviation):
    noise = np.random.default_rng(0).normal(0, deviation, shape)
    ink = binarize(np.clip(paper + noise, 0, 255).astype(np.uint8), PARAMS)
    assert (ink.mask > 0).mean() < 0.01


def test_the_ink_is_where_the_writing_is(writing):
    ink = binarize(inked(230, writing), PARAMS)
    assert agreement(ink.core, writing) > 0.85
    assert set(np.unique(ink.mask)) == {0, 255}
    assert (ink.core <= ink.mask).all()
    assert (ink.mask <= ink.faint).all()


def test_strokes_keep_their_soft_edges(writing):
    ink = binarize(inked(230, writing), PARAMS)
    assert (ink.mask[writing > 0.3] > 0).mean() > 0.98
    assert cv2.countNonZero(ink.core) < cv2.countNonZero(ink.mask) < 1.4 * np.count_nonzero(writing > 0.2)


def test_uneven_light_makes_no_difference(writing):
    rows, columns = np.mgrid[0 : writing.shape[0], 0 : writing.shape[1]]
    light = 0.35 + 0.65 * columns / columns.max() * (0.7 + 0.3 * rows / rows.max())
    ink = binarize((inked(235, writing) * light).astype(np.uint8), PARAMS)
    assert agreement(ink.mask, writing) > 0.8


@pytest.mark.parametrize("deviation", [4, 10])
def test_the_writing_is_found_in_the_grain(writing, deviation):
    noise = np.random.default_rng(0).normal(0, deviation, writing.shape)
    ink = binarize(np.clip(inked(200, writing) + noise, 0, 255).astype(np.uint8), PARAMS)
    assert agreement(ink.mask, writing) > 0.75


def test_the_black_edge_of_a_scan_is_no_ink(writing):
    page = inked(235, writing)
    page = cv2.copyMakeBorder(page, 100, 100, 100, 100, cv2.BORDER_CONSTANT, value=0)
    mask = binarize(page, PARAMS).mask
    assert not mask[:50].any()
    assert not mask[:, -50:].any()
    assert agreement(mask[150:-150, 150:-150], writing[50:-50, 50:-50]) > 0.8


def test_pencil_beside_a_marker_is_found(writing):
    page = np.concatenate([inked(235, writing, 30), inked(235, writing, 165)], axis=1)
    mask = binarize(page, PARAMS).mask
    assert agreement(mask[:, :400], writing) > 0.8
    assert agreement(mask[:, 400:], writing) > 0.8


@settings(max_examples=20)
@given(paper=st.integers(140, 255), pen=st.integers(0, 90), seed=st.integers(0, 1000))
def test_a_page_and_its_negative_have_the_same_ink(paper, pen, seed):
    rng = np.random.default_rng(seed)
    page = np.full((120, 160), paper, np.uint8)
    for _ in range(6):
        start, end = rng.integers(10, 110, (2, 2)).tolist()
        cv2.line(page, start, end, pen, 3, cv2.LINE_AA)
    ink, negative = binarize(page, PARAMS), binarize(255 - page, PARAMS)
    assert (is_light_on_dark(page), is_light_on_dark(255 - page)) == (False, True)
    assert ink.mask.any()
    for name in ("darkness", "mask", "faint"):
        assert np.array_equal(getattr(ink, name), getattr(negative, name)), name


def test_chalk_on_a_board_is_light_on_dark_and_ink_on_a_dark_photo_is_not(writing):
    assert is_light_on_dark(inked(50, writing, 230))
    assert not is_light_on_dark(inked(70, writing, 15))
    assert not is_light_on_dark(inked(230, writing))


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 5)])
def test_the_smallest_pages_are_no_error(shape):
    page = np.full(shape, 200, np.uint8)
    page.flat[0] = 10
    assert binarize(page, PARAMS).mask.shape == shape


@pytest.mark.parametrize("block", [1, 2, 3])
def test_a_raster_as_dark_as_it_is_light_has_no_level_without_those_below(block):
    rows, columns = np.indices((240, 320)) // block
    raster = np.where((rows + columns) % 2, 255, 0).astype(np.uint8)
    ink = find_ink(darkness_of(raster, PARAMS), PARAMS)
    assert not (ink.core & ~ink.mask).any()
    assert not (ink.mask & ~ink.faint).any()


def test_darkness_is_relative_to_the_paper_around():
    page = np.full((200, 400), 240, np.uint8)
    page[:, 200:] = 120
    page[95:105, 98:102] = 120  # half as bright as its paper
    page[95:105, 298:302] = 60
    darkness = flatten(page, PARAMS)
    assert darkness[100, 100] == pytest.approx(127, abs=6)
    assert darkness[100, 300] == pytest.approx(127, abs=6)
    assert darkness[20, 50] <= 2
    assert darkness[20, 350] <= 2


@pytest.mark.parametrize("deviation", [1, 3, 8])
def test_the_grain_is_measured_also_beside_writing(deviation, writing):
    noise = np.random.default_rng(0).normal(0, deviation, writing.shape)
    darkness = np.clip(200 * writing + 40 + noise, 0, 255).astype(np.uint8)
    assert noise_level(darkness) == pytest.approx(deviation, rel=0.25, abs=0.3)


def test_an_even_page_and_a_tiny_one_have_no_grain():
    assert noise_level(np.full((50, 50), 7, np.uint8)) == 0
    assert noise_level(np.array([[0, 255]], np.uint8)) == 0
