from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from recognition.context import Windows
from recognition.errors import ModelLoadError, ModelMismatchError
from recognition.training import digits as digits_module
from recognition.training import train as train_module
from recognition.training.backend import keras
from recognition.training.errors import DatasetError, TrainingError
from recognition.training.recipe import to_targets
from recognition.training.record import read_record, sha256_of
from recognition.training.saved import load_to_resume, save_model
from recognition.training.sheets.pieces import Pieces
from recognition.training.train import TrainOptions, train

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

MODELS = Path(__file__).parents[3] / "models"

NO_PIECES = Pieces(
    np.zeros((0, 28, 28), np.uint8),
    Windows(np.zeros((0, 32, 32, 2), np.uint8), np.zeros((0, 32, 64, 2), np.uint8)),
    np.zeros(0, np.uint8),
)

FORMATS = pytest.mark.parametrize("suffix", [".keras", ".h5"])


@pytest.fixture(scope="module")
def trained(drawn_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .keras file of a dense network that was trained for two epochs on drawn digits."""
    out = tmp_path_factory.mktemp("trained") / "first"
    options = TrainOptions(
        architecture="dense", data=drawn_mnist, out=out, epochs=2, batch_size=10, command="digitdrop train …"
    )
    return train(options, Console(quiet=True))


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


def test_a_training_leaves_the_model_in_three_formats_its_record_and_its_pictures(trained: Path) -> None:
    names = sorted(path.name for path in trained.parent.iterdir())
    kinds = ("confusion.png", "curve.png", "h5", "json", "keras", "tflite")
    assert names == [f"first.{kind}" for kind in kinds]


def test_the_record_tells_how_the_model_was_made_and_what_it_reaches(trained: Path) -> None:
    record = json.loads(trained.with_suffix(".json").read_text("utf-8"))
    assert record["command"] == "digitdrop train …"
    assert record["options"]["epochs"] == 2
    assert record["options"]["batch_size"] == 10
    assert record["metrics"]["test_accuracy"] == 1 - record["metrics"]["test_errors"] / 200
    assert record["metrics"]["test_accuracy"] > 0.6
    assert {name: len(values) for name, values in record["history"].items()} == {
        "loss": 2, "accuracy": 2, "val_loss": 2, "val_accuracy": 2,
    }  # fmt: skip
    assert record["files"] == {name: sha256_of(trained.with_name(name)) for name in ("first.keras", "first.h5")}


def test_the_same_seed_gives_the_same_model(trained: Path, drawn_mnist: Path, tmp_path: Path) -> None:
    options = TrainOptions(architecture="dense", data=drawn_mnist, out=tmp_path / "again", epochs=2, batch_size=10)
    again = train(options, Console(quiet=True))
    assert read_record(again)["history"]["loss"] == pytest.approx(read_record(trained)["history"]["loss"], rel=1e-4)


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


def test_a_failed_save_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tiny.keras"
    path.write_bytes(b"the old model")
    model = with_momentum()

    def fill_the_disk(part: Path) -> None:
        part.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(model, "save", fill_the_disk)
    with pytest.raises(OSError, match="no space"):
        save_model(model, path)
    assert [one.name for one in tmp_path.iterdir()] == ["tiny.keras"]
    assert path.read_bytes() == b"the old model"


def test_a_record_of_another_file_is_not_believed(trained: Path, tmp_path: Path) -> None:
    other = tmp_path / "first.keras"
    other.write_bytes(b"another model")
    (tmp_path / "first.json").write_bytes(trained.with_suffix(".json").read_bytes())
    assert read_record(other) == {}


@pytest.mark.parametrize("content", ["no JSON", "[1, 2]", '{"files": [1]}'])
def test_a_damaged_record_counts_as_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "some.keras").write_bytes(b"")
    (tmp_path / "some.json").write_text(content)
    assert read_record(tmp_path / "some.keras") == {}


def test_an_unknown_architecture_is_refused_with_those_there_are() -> None:
    with pytest.raises(TrainingError, match=r"must be one of dense, conv, .*cnn.*context, sequence\. Received: resnet"):
        train(TrainOptions(architecture="resnet"), Console(quiet=True))


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


@pytest.mark.parametrize("name", ["digits", "context", "sequence"])
def test_a_training_split_of_which_nothing_is_left_to_fit_to_is_refused(
    name: str, drawn_mnist: Path, tmp_path: Path
) -> None:
    pieces = None if name == "sequence" else tmp_path / "pieces.npz"
    options = TrainOptions(architecture=name, data=drawn_mnist, out=tmp_path / "out" / name, pieces=pieces)
    with pytest.raises(DatasetError, match=r"must have more than 3000 digits, .* Received: 800"):
        train(options, Console(quiet=True))


@pytest.mark.parametrize(
    ("name", "option"),
    [("cnn", "pieces"), ("cnn", "sheets"), ("digits", "sheets"), ("sequence", "pieces")]
    + [(name, "batch_size") for name in ("context", "sequence")],
)
def test_an_option_that_a_network_has_no_use_for_is_refused(name: str, option: str, tmp_path: Path) -> None:
    given = {"pieces": tmp_path / "pieces.npz", "sheets": 2, "batch_size": 5}[option]
    options = TrainOptions(architecture=name, data=tmp_path, out=tmp_path / "out" / name, **{option: given})
    shown = option.replace("_", "-")
    with pytest.raises(
        TrainingError, match=rf"{name} is trained without --{shown}; leave it out\. Received: .*{given}"
    ):
        train(options, Console(quiet=True))
    assert not list(tmp_path.iterdir())


def test_the_record_tells_of_pieces_and_its_seconds_are_without_their_drawing(
    drawn_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*_: Any, **__: Any) -> Pieces:
        hours.append(3600.0)
        return NO_PIECES

    hours = [0.0]
    monkeypatch.setattr(digits_module, "HELD_OUT", 780)
    monkeypatch.setattr(train_module, "obtain_pieces", slowly)
    monkeypatch.setattr(train_module, "time", SimpleNamespace(monotonic=lambda: sum(hours)))
    options = TrainOptions(
        architecture="digits", data=drawn_mnist, out=tmp_path / "digits", epochs=1,
        pieces=tmp_path / "some.npz", sheets=7,
    )  # fmt: skip
    record = read_record(train(options, Console(quiet=True)))
    assert (record["options"]["pieces"], record["options"]["sheets"]) == ("some.npz", 7)
    assert record["metrics"]["seconds_per_epoch"] == 0


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


def test_missing_data_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        train(TrainOptions(data=tmp_path / "nowhere", out=tmp_path / "out" / "cnn"), Console(quiet=True))
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_keras_does_not_take_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match=f"seed must be 0 to 4294967295. Received: {seed}"):
        TrainOptions(seed=seed)


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
def test_options_below_one_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 1. Received: 0"):
        TrainOptions(**{name: 0})
