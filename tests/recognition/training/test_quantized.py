"""Conversions to 8-bit integers, whose ranges typical samples set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from recognition.classify import load_classifier
from recognition.errors import ModelLoadError
from recognition.litert import Network
from recognition.training.backend import keras
from recognition.training.convert import convert, run_litert, to_litert
from recognition.training.dataset import load_test
from recognition.training.export import export
from recognition.training.record import sha256_of

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning"),
]

layers = keras.layers


@pytest.fixture(scope="module")
def samples(drawn_mnist: Path) -> np.ndarray:
    """200 drawn digits as a network's input."""
    return load_test(drawn_mnist).images[..., np.newaxis].astype(np.float32) / np.float32(255)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """An untrained network of a convolution and a dense layer, whose probabilities differ."""
    keras.utils.set_random_seed(6)
    wide = keras.initializers.RandomNormal(stddev=0.3)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(11, "softmax", kernel_initializer=wide),
        ],
        name="sample",
    )


def test_eight_bits_agree_with_keras_on_most_digits_and_take_a_quarter_of_the_space(
    model: keras.Model, samples: np.ndarray, tmp_path: Path
) -> None:
    model.save(tmp_path / "sample.keras")
    target = tmp_path / "sample.tflite"
    convert(tmp_path / "sample.keras", target, samples[:60])
    expected = np.asarray(model(samples))
    got = run_litert(target.read_bytes(), samples)
    assert expected.std() > 0.1
    assert got.dtype == np.float32
    assert (got.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.95
    assert np.abs(got - expected).max(axis=1).mean() < 0.02
    assert target.stat().st_size < 0.4 * 4 * model.count_params()
    assert json.loads(target.with_suffix(".json").read_text("utf-8"))["sha256"] == sha256_of(target)


def test_the_daemon_runs_a_network_of_eight_bits_in_any_batch(
    model: keras.Model, samples: np.ndarray, tmp_path: Path
) -> None:
    model.save(tmp_path / "sample.keras")
    convert(tmp_path / "sample.keras", tmp_path / "sample.tflite", samples[:20])
    classifier = load_classifier(tmp_path / "sample.tflite")
    images = np.rint(samples[..., 0] * 255).astype(np.uint8)
    together = classifier.probabilities(images)
    np.testing.assert_allclose(classifier.probabilities(images[:3]), together[:3], atol=0.02)
    assert (together.argmax(axis=1) == np.asarray(model(samples)).argmax(axis=1)).mean() >= 0.95


def test_samples_that_are_not_typical_are_noticed(model: keras.Model, samples: np.ndarray) -> None:
    content = to_litert(model, [samples[:10] / 50])
    expected, got = np.asarray(model(samples)), run_litert(content, samples)
    assert np.abs(got - expected).max(axis=1).mean() > 0.02


def test_a_network_of_two_inputs_takes_samples_of_both() -> None:
    rng = np.random.default_rng(0)
    near, far = keras.Input((8, 8, 2), name="near"), keras.Input((8, 16, 2), name="far")
    means = layers.Concatenate()([layers.GlobalAveragePooling2D()(window) for window in (near, far)])
    model = keras.Model([near, far], layers.Dense(1, "sigmoid")(means))
    seen = [rng.integers(0, 256, (30, *shape), np.uint8) for shape in ((8, 8, 2), (8, 16, 2))]
    values = [part.astype(np.float32) / np.float32(255) for part in seen]
    network = Network(to_litert(model, [part[:10] for part in values]), "two")
    places = {shape: place for place, shape in enumerate(network.inputs)}
    got = network.run({places[1, 8, 8, 2]: seen[0], places[1, 8, 16, 2]: seen[1]})
    np.testing.assert_allclose(got, np.asarray(model(values)), atol=0.02)


def two_towers(*, steep: bool) -> keras.Model:
    """A network of two inputs; when steep, its probability is a small difference of two large numbers."""
    keras.utils.set_random_seed(4)
    near, far = keras.Input((8,), name="near"), keras.Input((16,), name="far")
    both = layers.Concatenate()([far, near])
    scores = layers.Dense(2)(both)
    whole = layers.Dense(1, "sigmoid")(scores)
    model = keras.Model([near, far], whole, name="two-towers")
    model.compile("sgd", "binary_crossentropy")
    if steep:
        kernel = np.zeros((24, 2), np.float32)
        kernel[0] = 1000
        kernel[1, 1] = 6
        bias, difference = np.array([0, -3], np.float32), np.array([[-1], [1]], np.float32)
        model.set_weights([kernel, bias, difference, np.zeros(1, np.float32)])
    return model


def test_a_companion_is_exported_when_its_8_bit_integers_agree_with_keras(tmp_path: Path) -> None:
    samples = [np.random.default_rng(1).random((50, width), np.float32) for width in (8, 16)]
    kept = export(two_towers(steep=False), tmp_path / "two", samples, {})
    assert np.abs(run_litert((tmp_path / "two.tflite").read_bytes(), *samples) - 0.5).max() > 0.05
    assert sorted(path.name for path in tmp_path.iterdir()) == ["two.json", kept.name, "two.tflite"]


def test_a_companion_whose_8_bit_integers_say_something_else_is_told_and_its_weights_kept(tmp_path: Path) -> None:
    samples = [np.random.default_rng(1).random((50, width), np.float32) for width in (8, 16)]
    with pytest.raises(ModelLoadError, match=r"8-bit integers of two-towers must .*0\.02 in the mean.*--resume"):
        export(two_towers(steep=True), tmp_path / "two", samples, {})
    assert [path.name for path in tmp_path.iterdir()] == ["two.keras"]


def test_what_litert_does_not_have_is_told_by_the_models_name(samples: np.ndarray) -> None:
    odd = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten()], name="odd")
    with pytest.raises(ModelLoadError, match="odd cannot be converted to LiteRT"):
        to_litert(odd, [samples[:5, :14]])
