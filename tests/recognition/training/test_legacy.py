from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recognition.training.convert import convert, run_litert
from recognition.training.legacy import readable_by_keras, update
from recognition.training.saved import load_model, load_to_resume

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

OLD = pytest.mark.parametrize(
    "how",
    [
        {"version": "2.4.0"},
        {"version": "2.2.4-tf"},
        {"version": "2.1.6-tf", "wrap": False},
        {"version": "2.4.0", "batch": 32},
    ],
    ids=["tf2", "tf1", "bare-list", "fixed-batch"],
)


@OLD
def test_models_of_old_keras_are_converted(
    how: dict[str, Any], write_old_model: Callable[..., Any], tmp_path: Path
) -> None:
    write_old_model(tmp_path / "MNIST.h5", **how)
    before = (tmp_path / "MNIST.h5").read_bytes()
    convert(tmp_path / "MNIST.h5", tmp_path / "out.tflite")
    images = np.random.default_rng(1).random((32, 28, 28, 1), np.float32)
    expected = np.asarray(load_model(tmp_path / "MNIST.h5")(images.reshape(32, 784), training=False))
    np.testing.assert_allclose(run_litert((tmp_path / "out.tflite").read_bytes(), images), expected, atol=1e-4)
    assert (tmp_path / "MNIST.h5").read_bytes() == before


def test_the_weights_of_an_old_model_are_those_in_its_file(write_old_model: Callable[..., Any], tmp_path: Path) -> None:
    weights = write_old_model(tmp_path / "MNIST.h5", "2.4.0")
    for loaded, written in zip(load_model(tmp_path / "MNIST.h5").get_weights(), weights, strict=True):
        np.testing.assert_array_equal(loaded, written)


@OLD
def test_models_of_old_keras_are_resumed_with_their_count_of_steps(
    how: dict[str, Any], write_old_model: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_old_model(tmp_path / "MNIST.h5", **how)
    model = load_to_resume(tmp_path / "MNIST.h5")
    assert int(model.optimizer.iterations) == 2700
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)
    assert not [record for record in caplog.records if record.name.startswith("recognition")]


def test_an_old_optimizers_slots_are_not_guessed_at(
    write_old_model: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_old_model(tmp_path / "MNIST.h5", "2.4.0", momentum=0.9)
    with caplog.at_level(logging.WARNING):
        model = load_to_resume(tmp_path / "MNIST.h5")
    assert "training goes on with a fresh one" in caplog.text
    assert int(model.optimizer.iterations) == 2700
    assert not any(np.asarray(slot).any() for slot in model.optimizer.variables[2:])


def test_a_model_of_today_is_read_where_it_is(tmp_path: Path) -> None:
    from recognition.training.architectures import dense

    path = tmp_path / "dense.h5"
    dense().save(path)
    with readable_by_keras(path) as readable:
        assert readable == path


def test_a_decay_that_is_lost_is_told(caplog: pytest.LogCaptureFixture) -> None:
    old = {"optimizer_config": {"class_name": "SGD", "config": {"lr": 0.1, "decay": 0.5}}}
    with caplog.at_level(logging.WARNING):
        assert update(old) == {"optimizer_config": {"class_name": "SGD", "config": {"learning_rate": 0.1}}}
    assert "no longer decays" in caplog.text
