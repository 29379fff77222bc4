from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recognition.training.architectures import ARCHITECTURES
from recognition.training.backend import keras
from recognition.training.dataset import load_mnist
from recognition.training.recipe import Session, to_inputs
from recognition.training.train import RECIPES

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

PARAMETERS = {
    "dense": 784 * 512 + 512 + 5130,
    "conv": 320 + (26 * 26 * 32) * 784 + 784 + 7850,
    "conv-pool": 320 + (13 * 13 * 32) * 784 + 784 + 7850,
    "conv-pool-dropout": 320 + (13 * 13 * 32) * 784 + 784 + 7850,
    "cnn": 320 + 9248 + 4624 + (5 * 5 * 16) * 784 + 784 + 7850,
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_each_architecture_has_the_weights_of_its_layers(name: str) -> None:
    model = ARCHITECTURES[name]()
    assert model.name == name
    assert model.count_params() == PARAMETERS[name]


def test_probabilities_come_out_whatever_shape_goes_in(drawn_mnist: Path) -> None:
    images = load_mnist(drawn_mnist).test.images[:3]
    for name in ("dense", "cnn"):
        model = ARCHITECTURES[name]()
        probabilities = np.asarray(model(to_inputs(model, images), training=False))
        assert probabilities.shape == (3, 10)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_inputs_reach_the_network_from_0_to_1() -> None:
    images = np.array([[[0, 51, 255, *[0] * 25]] + [[0] * 28] * 27], np.uint8)
    inputs = to_inputs(ARCHITECTURES["dense"](), images)
    assert inputs.dtype == np.float32
    assert inputs[0, :3].tolist() == pytest.approx([0.0, 0.2, 1.0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "epochs"), [("dense", 3), ("conv", 1), ("conv-pool", 2), ("conv-pool-dropout", 3), ("cnn", 8)]
)
def test_a_short_training_learns(name: str, epochs: int, drawn_mnist: Path) -> None:
    keras.utils.set_random_seed(1)
    recipe, data = RECIPES[name], load_mnist(drawn_mnist)
    model = recipe.build()
    recipe.compile(model)
    recipe.fit(model, Session(data, range(epochs), batch_size=10, seed=1))
    probabilities = np.asarray(model(to_inputs(model, data.test.images), training=False))
    accuracy = (probabilities.argmax(axis=1) == data.test.labels).mean()
    assert accuracy > 0.6  # chance reads one in ten
