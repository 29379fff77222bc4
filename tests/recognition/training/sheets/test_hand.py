from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.training.dataset import Digits
from recognition.training.sheets.fonts import Fonts
from recognition.training.sheets.hand import Scribe, bent, cursive, mirrored_digits, scribble
from recognition.training.sheets.writer import Writer

seeds = st.integers(0, 2**32 - 1)


def is_coverage(drawn: np.ndarray) -> bool:
    return drawn.dtype == np.float32 and drawn.ndim == 2 and 0 <= drawn.min() <= drawn.max() <= 1 and drawn.max() > 0.4


@settings(max_examples=40)
@given(seeds, st.integers(9, 110))
def test_joined_up_writing_and_scribbles_have_ink_and_keep_off_the_edge(seed: int, height_px: int) -> None:
    for make in (cursive, scribble):
        drawn = make(np.random.default_rng(seed), height_px)
        assert is_coverage(drawn)
        for edge in (drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]):
            assert not edge.any(), "ink was cut off"


@settings(max_examples=30)
@given(seeds, st.integers(12, 110))
def test_mirrored_digits_stand_side_by_side(digits: Digits, seed: int, height_px: int) -> None:
    rng = np.random.default_rng(seed)
    writer = Writer.anyone(rng, digits)
    drawn = mirrored_digits(rng, lambda: writer.digit(rng, height_px), height_px)
    assert is_coverage(drawn)
    assert drawn.shape[0] == 2 * height_px


@settings(max_examples=30)
@given(seeds, st.integers(12, 110), st.integers(0, 3))
def test_every_way_of_writing_gives_ink_also_without_a_face(
    digits: Digits, seed: int, height_px: int, kind: int
) -> None:
    rng = np.random.default_rng(seed)
    writer = Writer.anyone(rng, digits)
    shares = tuple(float(k == kind) for k in range(4))
    scribe = Scribe(lambda: writer.digit(rng, height_px), None, shares, level=0.5, shear=0.1)
    drawn = scribe.word(rng, height_px)
    assert is_coverage(drawn)
    assert np.median(drawn) < 0.1, "most of it is paper"


def test_a_scribe_has_a_face_only_where_there_is_one(fonts: Fonts) -> None:
    def pick() -> tuple[np.ndarray, int]:
        raise AssertionError("nothing is written yet")

    path = fonts.printed[0]
    with_face, without = (
        Scribe.anyone(np.random.default_rng(1), Fonts((path,), faces), pick) for faces in ((path,), ())
    )
    assert with_face.font == path
    assert without.font is None
    for scribe in (with_face, without):
        assert sum(scribe.shares) == pytest.approx(1)


def test_a_lower_level_is_a_broader_pen() -> None:
    line = np.zeros((60, 120), np.float32)
    line[28:32, 10:110] = 1
    areas = [(bent(np.random.default_rng(0), line, level, 0.0) > 0.5).sum() for level in (0.25, 0.5, 0.75)]
    assert areas == sorted(areas, reverse=True)
    assert areas[0] > areas[-1] > 0


@settings(max_examples=30)
@given(seeds, st.integers(12, 110))
def test_a_block_letter_is_ink_with_and_without_a_face(fonts: Fonts, seed: int, height_px: int) -> None:
    for face in (None, fonts.printed[0]):
        scribe = Scribe(lambda: (np.zeros((4, 4), np.float32), 0), face, (1, 0, 0, 0), level=0.5, shear=0.1)
        assert is_coverage(scribe.block_letter(np.random.default_rng(seed), height_px))
