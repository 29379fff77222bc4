from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.errors import ModelLoadError
from recognition.litert import BATCHES, Network


@pytest.fixture
def network(write_model):
    """softmax(weights @ pixels) of 11 classes, whose rows differ from one another."""
    weights = np.random.default_rng(3).normal(0, 0.1, (11, 784)).astype(np.float32)
    return Network(write_model(weights=weights).read_bytes(), "tiny")


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28, 1), np.uint8)


def test_shapes_are_told_for_one_sample(network):
    network.run({0: images(20)})  # which prepares another batch size
    assert network.inputs == [(1, 28, 28, 1)]
    assert network.output == (1, 11)


def test_a_sample_gets_the_same_output_however_many_it_comes_with(network):
    shown = images(BATCHES[-1] + BATCHES[-2] + 1)
    alone = np.concatenate([network.run({0: shown[k : k + 1]}) for k in range(len(shown))])
    for count in (0, 1, 2, *(batch + step for batch in BATCHES[1:] for step in (-1, 0, 1)), len(shown)):
        got = network.run({0: shown[:count]})
        assert (got.dtype, got.shape) == (np.float32, (count, 11))
        np.testing.assert_allclose(got, alone[:count], atol=1e-5)


def test_no_more_shapes_are_prepared_than_there_are_batch_sizes(network):
    for count in range(1, 40):
        assert len(network.run({0: images(count)})) == count
    assert {shapes[0][0] for shapes in network._interpreters} <= set(BATCHES)
    assert len(network._interpreters) <= len(BATCHES)


def test_nothing_of_one_call_is_left_in_the_next(network):
    few = images(3, seed=1)
    before = network.run({0: few})
    network.run({0: np.full((8, 28, 28, 1), 255, np.uint8)})
    np.testing.assert_array_equal(network.run({0: few}), before)


def test_pixels_reach_the_network_as_zero_to_one(write_model):
    weights = np.zeros((11, 784), np.float32)
    weights[4, 0] = 1
    network = Network(write_model(weights=weights).read_bytes(), "tiny")
    corner = np.zeros((3, 28, 28, 1), np.uint8)
    corner[:, 0, 0, 0] = [0, 51, 255]
    probabilities = network.run({0: corner})
    np.testing.assert_allclose(np.log(probabilities[:, 4] / probabilities[:, 0]), [0, 0.2, 1], atol=1e-5)


def test_what_is_given_is_not_changed(network):
    shown = images(5)
    kept = shown.copy()
    network.run({0: shown})
    np.testing.assert_array_equal(shown, kept)


@settings(max_examples=20)
@given(st.binary(max_size=200))
def test_noise_is_no_model(content):
    with pytest.raises(ModelLoadError, match="the model noise cannot be run by LiteRT"):
        Network(content, "noise")
