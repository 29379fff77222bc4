"""Training goes on from a model that was saved, here or elsewhere, or says why it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from recognition.errors import ModelLoadError, ModelMismatchError
from recognition.training import digits as digits_module
from recognition.training.backend import keras
from recognition.training.errors import DatasetError, TrainingError
from recognition.training.recipe import History, Recipe, Session, to_targets
from recognition.training.record import read_record
from recognition.training.saved import load_to_resume, save_model
from recognition.training.train import RECIPES, TrainOptions, train

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

MODELS = Path(__file__).parents[3] / "models"

QUIET = Console(quiet=True)

FORMATS = pytest.mark.parametrize("suffix", [".keras", ".h5"])


def with_momentum() -> keras.Model:
    """A tiny network after a few steps of gradient descent with momentum."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")], name="tiny")
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "categorical_crossentropy", metrics=["accuracy"])
    model.fit(*batch(), batch_size=5, epochs=2, verbose=0)
    return model


def elsewhere(path: Path, loss: Any, classes: int = 10) -> Path:
    """A compiled model as another program might have saved it."""
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(classes, "softmax")])
    model.compile("sgd", loss, metrics=["accuracy"])
    model.save(path)
    return path


def batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    return rng.random((20, 784), np.float32), np.eye(10, dtype=np.float32)[rng.integers(0, 10, 20)]


@FORMATS
def test_a_resumed_training_goes_on_where_the_first_ended(
    suffix: str, trained: Path, drawn_mnist: Path, tmp_path: Path, console: Console
) -> None:
    before = read_record(trained)
    options = TrainOptions(
        resume=trained.with_suffix(suffix), data=drawn_mnist, out=tmp_path / "more.keras", epochs=1, batch_size=10
    )
    after = read_record(train(options, console))
    assert "epoch 3/3" in console.file.getvalue()  # type: ignore[attr-defined]
    assert after["name"] == "dense"
    assert after["metrics"]["epochs"] == 3
    assert after["history"]["loss"][:2] == before["history"]["loss"]
    assert after["history"]["loss"][2] < before["history"]["loss"][1]


def test_a_resumed_training_draws_other_numbers_than_the_first(
    trained: Path, drawn_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def fit(model: keras.Model, session: Session) -> History:
        drawn.append((session.seed, float(keras.random.uniform(())), np.random.rand()))
        return {name: [0.5] * len(session.epochs) for name in ("loss", "accuracy")}

    monkeypatch.setitem(RECIPES, "dense", Recipe(RECIPES["dense"].build, fit=fit))
    for options in ({"architecture": "dense"}, {"resume": trained}, {"resume": trained}):
        train(TrainOptions(**options, data=drawn_mnist, out=tmp_path / "more", epochs=1, seed=2**32 - 1), QUIET)
    fresh, resumed, again = drawn
    assert all(one != other for one, other in zip(fresh, resumed, strict=True))
    assert resumed == again


def test_without_its_record_a_resumed_model_still_knows_its_epochs(
    trained: Path, drawn_mnist: Path, tmp_path: Path, console: Console
) -> None:
    alone = tmp_path / "alone.h5"
    alone.write_bytes(trained.with_suffix(".h5").read_bytes())
    train(TrainOptions(resume=alone, data=drawn_mnist, out=tmp_path / "more", epochs=1, batch_size=10), console)
    assert "epoch 3/3" in console.file.getvalue()  # type: ignore[attr-defined]


@FORMATS
def test_the_optimizer_is_restored_with_its_momentum(suffix: str, tmp_path: Path) -> None:
    model = with_momentum()
    save_model(model, tmp_path / f"tiny{suffix}")
    resumed = load_to_resume(tmp_path / f"tiny{suffix}")
    slots = [np.asarray(variable) for variable in model.optimizer.variables]
    assert len(slots) == 4
    for saved, restored in zip(slots, resumed.optimizer.variables, strict=True):
        np.testing.assert_array_equal(saved, np.asarray(restored))
    for one in (model, resumed):
        one.fit(*batch(), batch_size=20, epochs=1, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], resumed.get_weights()[0], atol=1e-6)


def test_a_model_is_not_resumed_as_another_architecture(trained: Path) -> None:
    with pytest.raises(TrainingError, match=r"must be its own, dense\. Received: cnn"):
        train(TrainOptions(architecture="cnn", resume=trained), Console(quiet=True))


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
@FORMATS
def test_a_model_from_elsewhere_is_gone_on_with_by_its_own_loss(
    loss: str, suffix: str, drawn_mnist: Path, tmp_path: Path
) -> None:
    other = elsewhere(tmp_path / f"other{suffix}", loss)
    options = TrainOptions(resume=other, data=drawn_mnist, out=tmp_path / "more", epochs=1, batch_size=10)
    assert read_record(train(options, Console(quiet=True)))["metrics"]["test_accuracy"] > 0.2


def test_a_loss_is_known_by_its_class_too() -> None:
    for loss, sparse in ((keras.losses.SparseCategoricalCrossentropy(), True), (keras.losses.Poisson(), False)):
        model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
        model.compile("sgd", loss)
        assert to_targets(model, np.array([3], np.uint8)).shape == ((1,) if sparse else (1, 10))


def test_a_model_of_ten_classes_is_not_resumed_as_one_of_eleven(tmp_path: Path) -> None:
    other = elsewhere(tmp_path / "other.keras", "categorical_crossentropy")
    with pytest.raises(TrainingError, match=r"digits goes on from a model that gives 11 classes\. Received: .*with 10"):
        train(TrainOptions(architecture="digits", resume=other), Console(quiet=True))


def test_digits_goes_on_from_a_model_of_eleven_classes_with_its_own_loss(
    drawn_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digits_module, "HELD_OUT", 780)
    other = elsewhere(tmp_path / "other.keras", "categorical_crossentropy", 11)
    options = TrainOptions(architecture="digits", resume=other, data=drawn_mnist, out=tmp_path / "more", epochs=1)
    assert read_record(train(options, Console(quiet=True)))["name"] == "digits"


@pytest.mark.parametrize("name", ["context", "sequence"])
def test_a_companion_is_gone_on_with_as_what_it_is(name: str, tmp_path: Path) -> None:
    options = TrainOptions(resume=MODELS / f"{name}.keras", data=tmp_path / "nowhere", out=tmp_path / "more")
    with pytest.raises(DatasetError, match="no such folder"):
        train(options, Console(quiet=True))


@pytest.mark.parametrize(("name", "other"), [("context", "digits"), ("sequence", "context"), ("digits", "sequence")])
def test_no_network_goes_on_from_one_of_another_kind(name: str, other: str) -> None:
    with pytest.raises(TrainingError, match=rf"must be its own, {other}\. Received: {name}"):
        train(TrainOptions(architecture=name, resume=MODELS / f"{other}.keras"), Console(quiet=True))


@pytest.mark.parametrize("name", ["context", "sequence"])
def test_no_companion_goes_on_from_a_model_of_another_form(name: str, tmp_path: Path) -> None:
    other = elsewhere(tmp_path / "other.keras", "categorical_crossentropy")
    with pytest.raises(TrainingError, match=rf"{name} goes on from a model that takes .*which takes \(None, 28, 28\)"):
        train(TrainOptions(architecture=name, resume=other), Console(quiet=True))


def test_a_model_that_reads_no_digits_is_not_resumed(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((32, 32)), keras.layers.Flatten(), keras.layers.Dense(10)])
    model.compile("sgd", "mse")
    model.save(tmp_path / "other.keras")
    with pytest.raises(ModelMismatchError, match=r"must take \(28, 28\), .* Received: \(None, 32, 32\)"):
        train(TrainOptions(resume=tmp_path / "other.keras"), Console(quiet=True))


@FORMATS
def test_a_model_without_its_optimizer_is_not_resumed(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights{suffix}"
    keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)]).save(path)
    with pytest.raises(ModelLoadError, match="saved without its optimizer"):
        load_to_resume(path)
