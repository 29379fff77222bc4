from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.training.augment import ink_at_level
from recognition.training.forms import FORMS, form_field

seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("label", sorted(FORMS))
@settings(max_examples=30)
@given(seed=seeds, height_px=st.integers(10, 60))
def test_a_form_has_ink_about_as_high_as_asked_for(label: int, seed: int, height_px: int) -> None:
    field = form_field(np.random.default_rng(seed), label, height_px)
    assert field.dtype == np.float32
    assert 0 <= field.min() <= field.max() <= 1 + 1e-3
    ink = ink_at_level(field, 0.6)
    *_, height = cv2.boundingRect((ink > 100).view(np.uint8))
    assert height == pytest.approx(height_px, rel=0.4, abs=3)


@pytest.mark.parametrize("label", sorted(FORMS))
def test_forms_differ_and_are_the_same_for_the_same_seed(label: int) -> None:
    one, again, other = (form_field(np.random.default_rng(seed), label, 40) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert one.shape != other.shape or not np.array_equal(one, other)


def test_a_one_has_its_hook_on_the_left() -> None:
    for seed in range(20):
        rows, columns = np.nonzero(form_field(np.random.default_rng(seed), 1, 40) > 0.6)
        assert columns.min() < columns[rows <= rows.min() + 1].mean()
