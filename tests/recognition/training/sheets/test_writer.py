from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.training.dataset import Digits
from recognition.training.sheets.writer import Writer

seeds = st.integers(0, 2**32 - 1)

PLAIN = {"fine": False, "level": 0.35, "shear": 0.0, "unsteadiness": 0.0, "skips": 0.0}
FORMS = {"barred": False, "own_forms": False, "slashed": False}


def plain(digits: Digits, label: int, **changes: object) -> Writer:
    """Writes one class without slant, warp or skips."""
    chosen = digits.labels == label
    return Writer(Digits(digits.images[chosen], digits.labels[chosen]), **{**FORMS, **PLAIN, **changes})


@settings(max_examples=60)
@given(seeds, st.integers(8, 120))
def test_a_digit_is_coverage_cropped_to_its_ink(digits: Digits, seed: int, height_px: int) -> None:
    rng = np.random.default_rng(seed)
    coverage, label = Writer.anyone(rng, digits).digit(rng, height_px)
    assert 0 <= label <= 9
    assert coverage.dtype == np.float32
    assert 0 <= coverage.min() <= coverage.max() <= 1
    assert coverage.shape[0] <= 1.6 * height_px + 2
    for edge in (coverage[0], coverage[-1], coverage[:, 0], coverage[:, -1]):
        assert edge.max() > 0.2


@settings(max_examples=10)
@given(seeds)
def test_the_same_seed_gives_the_same_writer_and_digit(digits: Digits, seed: int) -> None:
    pairs = [(rng, Writer.anyone(rng, digits)) for rng in (np.random.default_rng(seed) for _ in range(2))]
    (one, label), (again, same) = (writer.digit(rng, 40) for rng, writer in pairs)
    assert label == same
    np.testing.assert_array_equal(one, again)


@pytest.mark.parametrize("height_px", [10, 40, 100])
def test_a_steady_digit_is_as_high_as_asked_for(digits: Digits, height_px: int) -> None:
    coverage, label = plain(digits, 3).digit(np.random.default_rng(0), height_px)
    assert label == 3
    assert coverage.shape[0] == pytest.approx(height_px, rel=0.2, abs=2)


@pytest.mark.parametrize(("label", "form"), [(7, "barred"), (0, "slashed")])
def test_a_form_of_ones_own_adds_ink_to_that_digit_alone(digits: Digits, label: int, form: str) -> None:
    writer = plain(digits, label)
    without, with_form = (
        one.digit(np.random.default_rng(5), 60)[0] for one in (writer, replace(writer, **{form: True}))
    )
    assert with_form.sum() > without.sum() + 1
    other = plain(digits, 4)
    same = [one.digit(np.random.default_rng(5), 60)[0] for one in (other, replace(other, **{form: True}))]
    np.testing.assert_array_equal(*same)


def test_a_pen_that_skips_leaves_gaps(digits: Digits) -> None:
    whole, skipped = (plain(digits, 0, skips=skips).digit(np.random.default_rng(2), 80)[0] for skips in (0.0, 0.2))
    assert 0 < skipped.sum() < whole.sum()


def test_a_pen_too_fine_for_most_digits_still_writes(digits: Digits) -> None:
    coverage, _ = plain(digits, 1, skips=0.5).digit(np.random.default_rng(0), 8)
    assert coverage.max() > 0.2


def test_a_fine_pen_has_the_same_width_whatever_the_digit(digits: Digits) -> None:
    def ink(height_px: int, seed: int, **pen: object) -> float:
        coverage, _ = plain(digits, 0, **pen).digit(np.random.default_rng(seed), height_px)
        return float((coverage > 0.5).sum())

    fine, broad = ({"fine": True, "level": level} for level in (0.9, 0.65))
    for seed in range(5):
        assert 0 < ink(60, seed, **fine) < ink(60, seed, **broad)
