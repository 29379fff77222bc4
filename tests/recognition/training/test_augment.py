from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recognition.normalize import normalize
from recognition.training.augment import (
    barred,
    damage,
    height_field,
    ink_at_level,
    slashed,
    slight,
    stretched,
    variant,
    warp,
    with_sliver,
)

Sample = tuple[NDArray[np.uint8], NDArray[np.uint8]]

seeds = st.integers(0, 2**32 - 1)


def of(sample: Sample, digit: int) -> NDArray[np.uint8]:
    images, labels = sample
    return images[labels == digit][0]


@settings(max_examples=150)
@given(seed=seeds, index=st.integers(0, 399))
@example(seed=420439, index=265)  # pale all over, and then black and white
def test_a_variant_has_ink(mnist: Sample, seed: int, index: int) -> None:
    images, labels = mnist
    ink = variant(np.random.default_rng(seed), images[index], int(labels[index]), images[index - 1])
    assert ink.dtype == np.uint8
    assert ink.ndim == 2
    assert normalize(ink).any()


def test_variants_keep_their_ink_inside(mnist: Sample) -> None:
    rng = np.random.default_rng(0)
    cut = []
    images, labels = mnist
    for digit, label, neighbor in zip(images, labels.tolist(), np.roll(images, 1, axis=0), strict=True):
        ink = variant(rng, digit, label, neighbor)
        on_edge = sum(int(np.count_nonzero(edge)) for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1]))
        cut.append(on_edge / np.count_nonzero(ink))
    assert np.mean(cut) < 0.01
    assert np.mean(np.array(cut) > 0.1) < 0.01


def test_variants_of_one_digit_differ_and_are_the_same_for_the_same_seed(mnist: Sample) -> None:
    five, two = of(mnist, 5), of(mnist, 2)
    one, again, other = (normalize(variant(np.random.default_rng(seed), five, 5, two)) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_variants_can_still_be_read(mnist: Sample, classifier) -> None:
    images, labels = mnist
    rng = np.random.default_rng(0)
    written = zip(images, labels.tolist(), np.roll(images, 1, axis=0), strict=True)
    variants = np.array([normalize(variant(rng, *digit)) for digit in written])
    assert (classifier.probabilities(variants).argmax(axis=1) == labels).mean() >= 0.9


def test_a_digit_is_enlarged_to_the_height_asked_for(mnist: Sample) -> None:
    for height_px in (12, 40):
        field = height_field(of(mnist, 3), height_px)
        assert field.dtype == np.float32
        assert field.shape[0] == height_px + 2 * (height_px // 4)
        assert 0.6 <= field.max() <= 1.3
        rows = np.flatnonzero(field.max(axis=1) > 0.4)
        assert rows[-1] - rows[0] + 1 == pytest.approx(height_px, rel=0.2)


def test_a_lower_level_is_a_broader_pen(mnist: Sample) -> None:
    field = height_field(of(mnist, 8), 40)
    areas = [np.count_nonzero(ink_at_level(field, level) > 127) for level in (0.2, 0.35, 0.5)]
    assert areas == sorted(areas, reverse=True)
    assert areas[-1] > 0
    ink = ink_at_level(field, 0.35)
    assert (ink.dtype, ink.shape, ink.max()) == (np.uint8, field.shape, 255)


@settings(max_examples=30)
@given(seeds)
def test_warping_moves_the_ink_and_loses_little_of_it(mnist: Sample, seed: int) -> None:
    field = height_field(of(mnist, 2), 40)
    warped = warp(np.random.default_rng(seed), field)
    assert warped.shape == field.shape
    assert not np.array_equal(warped, field)
    assert 0.4 <= warped.sum() / field.sum() <= 2.5


def test_without_strength_nothing_is_warped(mnist: Sample) -> None:
    field = height_field(of(mnist, 2), 40)
    np.testing.assert_allclose(warp(np.random.default_rng(0), field, 0.0), field, atol=1e-3)


@settings(max_examples=100)
@given(seeds)
def test_damage_leaves_the_picture_its_size_and_most_of_its_ink(seed: int) -> None:
    ink = np.zeros((48, 40), np.uint8)
    cv2.circle(ink, (20, 24), 14, 255, 5)
    before = ink.copy()
    damaged = damage(np.random.default_rng(seed), ink)
    assert np.array_equal(ink, before), "the picture handed in was changed"
    assert (damaged.dtype, damaged.shape) == (np.uint8, ink.shape)
    assert (damaged[ink > 0] > 0).mean() > 0.5


def test_a_bar_goes_through_the_stem_of_a_seven(mnist: Sample) -> None:
    field = height_field(of(mnist, 7), 40)
    changed = barred(np.random.default_rng(0), field)
    assert (changed >= field - 1e-6).all()
    rows = np.flatnonzero((changed > field + 0.2).any(axis=1))
    height = field.shape[0]
    assert rows.size
    assert 0.35 * height <= rows.mean() <= 0.75 * height


def test_where_there_is_no_stem_there_is_no_bar() -> None:
    empty = np.zeros((60, 40), np.float32)
    assert barred(np.random.default_rng(0), empty) is empty


@settings(max_examples=100)
@given(seeds, st.integers(0, 399), st.integers(0, 399), st.integers(10, 55))
def test_a_sliver_is_the_near_edge_of_the_neighbor_and_changes_nothing_of_the_digit(
    mnist: Sample, seed: int, index: int, other: int, height_px: int
) -> None:
    images, _ = mnist
    ink, neighbor = (ink_at_level(height_field(images[k], height_px), 0.35) for k in (index, other))
    kept = ink.copy()
    both = with_sliver(np.random.default_rng(seed), ink, neighbor)
    assert np.array_equal(ink, kept), "the picture handed in was changed"
    assert both.dtype == np.uint8
    margin = (both.shape[0] - ink.shape[0]) // 2
    inner = both[margin : margin + ink.shape[0], margin : margin + ink.shape[1]]
    assert (inner >= ink).all()
    x, _, width, _ = cv2.boundingRect(ink)
    left, _, total, _ = cv2.boundingRect(both)
    reach = max(1, round(0.22 * cv2.boundingRect(neighbor)[2]))
    beyond = (margin + x - left, left + total - (margin + x + width))
    assert min(beyond) == 0, "a sliver is on one side"
    assert max(beyond) <= reach - 1, "it touches the digit and is no wider than a cut is wrong"


def test_slivers_come_on_either_side(mnist: Sample) -> None:
    ink, neighbor = (ink_at_level(height_field(of(mnist, digit), 40), 0.35) for digit in (3, 8))
    sides = set()
    for seed in range(20):
        both = with_sliver(np.random.default_rng(seed), ink, neighbor)
        margin = (both.shape[1] - ink.shape[1]) // 2
        sides.add(cv2.boundingRect(both)[0] < margin + cv2.boundingRect(ink)[0])
    assert sides == {False, True}


@settings(max_examples=60)
@given(seeds, st.integers(0, 399), st.integers(10, 55))
def test_stretched_ink_is_about_as_wide_as_high(mnist: Sample, seed: int, index: int, height_px: int) -> None:
    ink = ink_at_level(height_field(mnist[0][index], height_px), 0.35)
    kept = ink.copy()
    wide = stretched(np.random.default_rng(seed), ink)
    assert np.array_equal(ink, kept), "the picture handed in was changed"
    assert (wide.dtype, wide.ndim) == (np.uint8, 2)
    *_, before = cv2.boundingRect(ink)
    *_, width, height = cv2.boundingRect(wide)
    assert height == pytest.approx(before, abs=2)
    assert 0.6 * height - 2 <= width <= 1.2 * height + 2


def test_nothing_stretched_is_nothing() -> None:
    assert not stretched(np.random.default_rng(0), np.zeros((20, 30), np.uint8)).any()


@pytest.mark.parametrize("seed", range(5))
def test_a_slash_goes_through_a_zero_from_the_lower_left_to_the_upper_right(mnist: Sample, seed: int) -> None:
    field = height_field(of(mnist, 0), 40)
    changed = slashed(np.random.default_rng(seed), field)
    assert (changed.dtype, changed.shape) == (np.float32, field.shape)
    assert (changed >= field - 1e-6).all()
    rows, columns = np.nonzero(changed > field + 0.2)
    assert rows.size
    assert np.corrcoef(rows, columns)[0, 1] < -0.8
    height, width = field.shape
    assert rows.mean() == pytest.approx(height / 2, abs=0.15 * height)
    assert columns.mean() == pytest.approx(width / 2, abs=0.2 * width)


def test_where_there_is_no_zero_there_is_no_slash() -> None:
    empty = np.zeros((60, 40), np.float32)
    assert slashed(np.random.default_rng(0), empty) is empty


def test_a_slight_variant_is_the_same_digit_another_time(mnist) -> None:
    images, _ = mnist
    rng = np.random.default_rng(5)
    for image in images[:20]:
        varied = normalize(slight(rng, image))
        assert not np.array_equal(varied, image)
        apart = np.abs(varied.astype(int) - image).sum() / np.maximum(varied, image).sum(dtype=int)
        assert apart < 0.85
