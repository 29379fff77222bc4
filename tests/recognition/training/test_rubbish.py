from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recognition.arrays import Field
from recognition.training.rubbish import (
    GLYPHS,
    Pick,
    fragment,
    glyph_fields,
    half,
    is_stroke,
    pair,
    rubbish,
    rule,
    smudge,
)

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def glyphs() -> list[Field]:
    return glyph_fields()


@pytest.fixture(scope="module")
def pick_from(mnist: tuple[NDArray[np.uint8], NDArray[np.uint8]]):
    images, labels = mnist

    def picker(rng: np.random.Generator) -> Pick:
        def pick() -> tuple[NDArray[np.uint8], int]:
            index = int(rng.integers(len(images)))
            return images[index], int(labels[index])

        return pick

    return picker


def line(start: tuple[int, int], end: tuple[int, int], thickness: int = 4) -> NDArray[np.uint8]:
    ink = np.zeros((60, 60), np.uint8)
    cv2.line(ink, start, end, 255, thickness, cv2.LINE_AA)
    return ink


@pytest.mark.parametrize("lean", [-20, -8, 0, 8, 20])
@pytest.mark.parametrize("thickness", [1, 3, 6])
def test_an_upright_or_slanted_stroke_has_the_form_of_a_one(lean: int, thickness: int) -> None:
    assert is_stroke(line((30 + lean, 5), (30 - lean, 55), thickness))


def test_nothing_counts_as_a_stroke_because_nothing_is_in_it() -> None:
    assert is_stroke(np.zeros((20, 20), np.uint8))


def test_lying_strokes_crossings_rings_and_blots_are_no_strokes() -> None:
    lying = line((5, 30), (55, 32))
    corner = line((10, 10), (10, 50)) | line((10, 50), (45, 50))
    crossing = line((10, 30), (50, 30)) | line((30, 10), (30, 50))
    ring, blot = np.zeros((60, 60), np.uint8), np.zeros((60, 60), np.uint8)
    cv2.ellipse(ring, (30, 30), (14, 22), 0, 0, 360, 255, 4)
    cv2.circle(blot, (30, 30), 10, 255, cv2.FILLED)
    for ink in (lying, corner, crossing, ring, blot):
        assert not is_stroke(ink)


@settings(max_examples=60)
@given(seeds)
def test_halves_and_fragments_are_never_a_lone_straight_stroke(pick_from, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for make in (half, fragment):
        ink = make(rng, pick_from(rng))
        assert ink.dtype == np.uint8
        assert np.count_nonzero(ink) > 0
        assert not is_stroke(ink)


@settings(max_examples=100)
@given(seeds)
def test_pieces_of_rules_are_never_a_lone_straight_stroke(seed: int) -> None:
    ink = rule(np.random.default_rng(seed))
    assert np.count_nonzero(ink) > 0
    assert not is_stroke(ink)


@settings(max_examples=50)
@given(seeds)
def test_a_smudge_has_ink(seed: int) -> None:
    assert np.count_nonzero(smudge(np.random.default_rng(seed))) > 0


@settings(max_examples=60)
@given(seeds)
def test_digits_that_touch_are_wider_than_one_and_stay_on_the_picture(pick_from, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ink = pair(rng, pick_from(rng))
    _, y, width, height = cv2.boundingRect(ink)
    assert width >= 0.4 * height
    assert y > 0
    for edge in (ink[0], ink[-1], ink[:, 0], ink[:, -1]):
        assert not edge.any()


def test_half_of_a_digit_with_a_loop_is_cut_upright_only(pick_from) -> None:
    rng = np.random.default_rng(0)
    pick = pick_from(rng)

    def eight() -> tuple[NDArray[np.uint8], int]:
        while True:
            image, label = pick()
            if label == 8:
                return image, label

    heights = [half(rng, eight).shape[0] for _ in range(40)]
    assert len(set(heights)) == 1  # an upper half would be a zero


def test_letters_come_in_several_typefaces_without_those_of_a_digits_form(glyphs: list[Field]) -> None:
    assert len(glyphs) > 5 * len(GLYPHS)
    assert not set("OoIlSsZzBbgGqQD0123456789") & set(GLYPHS)
    for field in glyphs:
        assert field.dtype == np.float32
        assert 0.4 < field.max() <= 1
        assert not field[0].any() or field[0].max() < 0.05


@settings(max_examples=150)
@given(seed=seeds)
def test_rubbish_has_ink_and_is_the_same_for_the_same_seed(pick_from, glyphs: list[Field], seed: int) -> None:
    one, again = (rubbish(rng, pick_from(rng), glyphs) for rng in (np.random.default_rng(seed) for _ in range(2)))
    assert one.dtype == np.uint8
    assert np.count_nonzero(one) > 0
    assert np.array_equal(one, again)


def test_rubbish_is_never_a_lone_straight_stroke(pick_from) -> None:
    rng = np.random.default_rng(0)
    ring = np.zeros((60, 60), np.float32)
    cv2.ellipse(ring, (30, 30), (14, 22), 0, 0, 360, 1.0, 4)  # in place of letters, of which some are slender
    pieces = [rubbish(rng, pick_from(rng), [ring]) for _ in range(1500)]
    assert not any(is_stroke(ink) for ink in pieces if ink.shape != ring.shape)
