from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recognition.errors import EXIT_MISMATCH, EXIT_UNREADABLE
from recognition.training.backend import keras
from recognition.training.convert import EXIT_FAILED, canonical, convert, main, run_litert
from recognition.training.dataset import load_test
from recognition.training.recipe import to_inputs
from recognition.training.record import sha256_of, write_record
from recognition.training.saved import load_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

layers = keras.layers


def network(
    *, shape: tuple[int, ...] = (28, 28), batch: int | None = None, classes: int = 10, activation: Any = "softmax"
) -> keras.Model:
    """An untrained network whose weights are large enough to make its probabilities differ."""
    keras.utils.set_random_seed(6)
    last = layers.Dense(classes, activation, kernel_initializer=keras.initializers.RandomNormal(stddev=0.3))
    return keras.Sequential([keras.Input(batch_shape=(batch, *shape)), layers.Flatten(), last], name="sample")


@pytest.fixture
def digits(drawn_mnist: Path) -> np.ndarray:
    """100 drawn digits as a network's canonical input."""
    return load_test(drawn_mnist).images[:100, :, :, np.newaxis].astype(np.float32) / 255


@pytest.mark.parametrize(
    ("shape", "batch", "classes"),
    [((28, 28), None, 10), ((28, 28, 1), None, 11), ((784,), None, 10), ((784,), 1, 11), ((28, 28), 32, 10)],
)
def test_every_shape_of_a_digit_network_becomes_the_same_one(
    shape: tuple[int, ...], batch: int | None, classes: int, digits: np.ndarray, tmp_path: Path
) -> None:
    model = network(shape=shape, batch=batch, classes=classes)
    model.save(tmp_path / "sample.keras")
    convert(tmp_path / "sample.keras", tmp_path / "sample.tflite")
    content = (tmp_path / "sample.tflite").read_bytes()
    expected = np.asarray(model(digits.reshape(-1, *shape)))
    assert expected.shape == (100, classes)
    assert expected.std() > 0.1
    for count in (1, 7, 100):  # the batch dimension can be resized
        np.testing.assert_allclose(run_litert(content, digits[:count]), expected[:count], atol=1e-4)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_trained_cnn_gives_the_same_probabilities_under_litert(
    suffix: str, drawn_mnist: Path, digits: np.ndarray, tmp_path: Path
) -> None:
    from recognition.training.architectures import cnn

    model = cnn()
    model.compile("sgd", "categorical_crossentropy")
    model.save(tmp_path / f"cnn{suffix}")
    convert(tmp_path / f"cnn{suffix}", tmp_path / "cnn.tflite")
    expected = np.asarray(model(to_inputs(model, load_test(drawn_mnist).images[:100]), training=False))
    np.testing.assert_allclose(run_litert((tmp_path / "cnn.tflite").read_bytes(), digits), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("activation", "of_scores"),
    [
        (None, lambda scores: np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)),
        ("log_softmax", np.exp),
        ("sigmoid", lambda scores: scores / scores.sum(axis=1, keepdims=True)),
        ("softmax", lambda scores: scores),
    ],
)
def test_what_the_network_ends_in_decides_how_probabilities_are_made(
    activation: str | None, of_scores: Any, digits: np.ndarray
) -> None:
    model = network(activation=activation)
    scores = np.asarray(model(digits[..., 0]))
    np.testing.assert_allclose(np.asarray(canonical(model)(digits)), of_scores(scores), atol=1e-5)


@pytest.mark.parametrize(
    "end",
    [
        [layers.Dense(10), layers.Softmax()],
        [layers.Dense(10), layers.Activation("softmax")],
        [layers.Dense(10, "softmax"), layers.Dropout(0.5)],
        [layers.Dense(10, "softmax"), layers.Reshape((10,))],
    ],
    ids=["Softmax", "Activation", "Dropout", "Reshape"],
)
def test_a_softmax_is_found_where_it_is_no_dense_layers_own(end: list[Any], digits: np.ndarray) -> None:
    inner = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), *end])
    outer = keras.Sequential([keras.Input((28, 28)), inner])
    for model in (inner, outer):
        expected = np.asarray(model(digits[..., 0], training=False))
        np.testing.assert_allclose(np.asarray(canonical(model)(digits)), expected, atol=1e-6)


@pytest.mark.parametrize(
    "end",
    [
        lambda scores: keras.ops.softmax(scores[0]),
        lambda scores: keras.activations.softmax(scores[0]),
        lambda scores: layers.Average()([layers.Softmax()(one) for one in scores]),
        lambda scores: layers.Softmax()(scores[0]) * 1.0,
        lambda scores: layers.Activation("linear")(layers.Softmax()(scores[0])),
    ],
    ids=["operation", "function", "average of two", "times 1", "linear activation"],
)
def test_a_softmax_is_found_by_what_the_network_gives_where_no_layer_has_its_name(end: Any, digits: np.ndarray) -> None:
    image = keras.Input((28, 28))
    wide = keras.initializers.RandomNormal(stddev=0.3, seed=1)
    scores = [layers.Dense(10, kernel_initializer=wide)(layers.Flatten()(image)) for _ in range(2)]
    model = keras.Model(image, end(scores))
    expected = np.asarray(model(digits[..., 0], training=False))
    assert expected.max() > 0.9
    np.testing.assert_allclose(np.asarray(canonical(model)(digits)), expected, atol=1e-6)


def test_the_sidecar_describes_the_conversion(tmp_path: Path) -> None:
    source, target = tmp_path / "MNIST.h5", tmp_path / "cached.tflite"
    network(classes=11).save(source)
    convert(source, target)
    assert json.loads((tmp_path / "cached.json").read_text("utf-8")) == {
        "name": "MNIST",
        "sha256": sha256_of(target),
        "source_sha256": sha256_of(source),
        "input": [28, 28, 1],
        "classes": 11,
        "temperature": 1.0,
        "metrics": {},
        "command": "",
    }


def test_a_conversion_beside_its_source_adds_to_the_record_of_its_training(tmp_path: Path) -> None:
    source = tmp_path / "digits.keras"
    network().save(source)
    record = {"name": "digits", "temperature": 1.5, "metrics": {"test_accuracy": 0.5}, "history": {"loss": [1.0]}}
    write_record(tmp_path / "digits.json", {**record, "files": {"digits.keras": sha256_of(source)}})
    convert(source, tmp_path / "digits.tflite")
    sidecar = json.loads((tmp_path / "digits.json").read_text("utf-8"))
    assert {key: sidecar[key] for key in record} == record
    assert sidecar["sha256"] == sha256_of(tmp_path / "digits.tflite")


def several_inputs() -> keras.Model:
    one, other = keras.Input((784,)), keras.Input((784,))
    return keras.Model([one, other], layers.Dense(10)(layers.Add()([one, other])))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: network(shape=(32, 32)), "must take (28, 28), (28, 28, 1) or (784,), after the batch dimension."),
        (lambda: network(shape=(32, 32)), "Received: (None, 32, 32)"),
        (lambda: network(shape=(28, 28, 3)), "Received: (None, 28, 28, 3)"),
        (lambda: network(classes=26), "must give 10 classes, or 11 with the last for what is no digit"),
        (lambda: network(classes=26), "Received: (None, 26)"),
        (several_inputs, "Received: [(None, 784), (None, 784)]"),
        (lambda: network(activation="relu"), "must end in softmax, log_softmax, sigmoid, or logits"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_with_the_shapes(
    model: Any, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model().save(tmp_path / "other.keras")
    assert main([str(tmp_path / "other.keras"), str(tmp_path / "other.tflite")]) == EXIT_MISMATCH
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
    assert [path.name for path in tmp_path.iterdir()] == ["other.keras"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.keras", None, "there is no model file"),
        ("text.keras", b"no model at all", "cannot be loaded as a Keras model"),
        ("text.h5", b"no model at all", "cannot be loaded as a Keras model"),
        ("model.onnx", b"", "must be a .keras, .h5 or .hdf5 file"),
    ],
)
def test_a_file_that_is_no_model_is_refused_in_one_line(
    name: str, content: bytes | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert main([str(tmp_path / name), str(tmp_path / "out.tflite")]) == EXIT_UNREADABLE
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
    assert name in line


def test_a_model_that_would_run_code_is_not_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = keras.Sequential([keras.Input((784,)), layers.Lambda(lambda images: images * 2), layers.Dense(10)])
    for suffix in (".keras", ".h5"):
        path = tmp_path / f"lambda{suffix}"
        model.save(path)
        assert main([str(path), str(tmp_path / "out.tflite")]) == EXIT_UNREADABLE
        assert "Lambda" in capsys.readouterr().err


def test_a_target_that_cannot_be_written_is_told_and_not_blamed_on_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network().save(tmp_path / "sample.keras")
    assert main([str(tmp_path / "sample.keras"), str(tmp_path / "nowhere" / "out.tflite")]) == EXIT_FAILED
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_is_silent_when_all_is_well(tmp_path: Path) -> None:
    network().save(tmp_path / "sample.h5")
    command = [
        sys.executable,
        "-m",
        "recognition.training.convert",
        str(tmp_path / "sample.h5"),
        str(tmp_path / "s.tflite"),
    ]
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == ""
    assert done.stderr == ""
    assert load_model(tmp_path / "sample.h5").output_shape == (None, 10)


def test_the_command_tells_its_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["only-one"]) == 2
    assert "SRC DST" in capsys.readouterr().err
