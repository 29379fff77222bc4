from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recognition.calibrate import fit_temperature, scale

logits = arrays.arrays(np.float32, st.tuples(st.integers(1, 5), st.just(11)), elements=st.floats(-8, 8, width=32))


def softmax(values):
    weights = np.exp(values - values.max(axis=1, keepdims=True))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


@given(logits, st.floats(0.2, 10))
def test_scaling_keeps_the_order_of_the_classes_and_their_sum(values, temperature):
    probabilities = softmax(values)
    scaled = scale(probabilities, temperature)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.sum(axis=1), 1, rtol=1e-5)
    ordered = np.take_along_axis(scaled, np.argsort(probabilities, axis=1), axis=1)
    assert (np.diff(ordered, axis=1) >= -1e-6).all()


@given(logits, st.floats(1, 5))
def test_a_higher_temperature_is_less_sure(values, temperature):
    probabilities = softmax(values)
    assert (scale(probabilities, temperature).max(axis=1) <= probabilities.max(axis=1) + 1e-6).all()


def test_scaling_divides_the_logits():
    probabilities = softmax(np.array([[1.0, 2.0, 4.0]]))
    np.testing.assert_allclose(scale(probabilities, 2.0), softmax(np.array([[0.5, 1.0, 2.0]])), rtol=1e-5)
    np.testing.assert_allclose(scale(probabilities, 1.0), probabilities, rtol=1e-6)


def test_certainty_and_impossibility_stay_finite():
    scaled = scale(np.array([[1, 0, 0]], np.float32), 3.0)
    assert np.isfinite(scaled).all()
    assert scaled.argmax() == 0


def test_no_rows_give_no_rows():
    assert scale(np.zeros((0, 11), np.float32), 2.0).shape == (0, 11)


@pytest.mark.parametrize("temperature", [0.0, -1.0])
def test_a_temperature_must_be_positive(temperature):
    with pytest.raises(ValueError, match=f"must be positive. Received: {temperature}"):
        scale(np.ones((1, 1), np.float32), temperature)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_probabilities_wrong_is_found(temperature):
    rng = np.random.default_rng(0)
    true = rng.normal(0, 2, (4000, 11))
    labels = np.array([rng.choice(11, p=row / row.sum()) for row in softmax(true).astype(np.float64)])
    assert fit_temperature(softmax(true * temperature), labels) == pytest.approx(temperature, rel=0.1)


def test_fitting_needs_a_sample():
    with pytest.raises(ValueError, match="at least one sample"):
        fit_temperature(np.zeros((0, 11), np.float32), np.zeros(0, np.int64))
