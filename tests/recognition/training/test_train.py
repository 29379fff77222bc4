"""A training leaves a model, and a record of how it was made; what it cannot be told is refused."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from recognition.classify import load_classifier
from recognition.context import Windows
from recognition.errors import ModelLoadError
from recognition.training import convert as convert_module
from recognition.training import digits as digits_module
from recognition.training import train as train_module
from recognition.training.backend import keras
from recognition.training.errors import DatasetError, OutputError, TrainingError
from recognition.training.export import prepared
from recognition.training.record import read_record, sha256_of
from recognition.training.saved import save_model
from recognition.training.sheets.pieces import Pieces
from recognition.training.train import TrainOptions, train

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

NO_PIECES = Pieces(
    np.zeros((0, 28, 28), np.uint8),
    Windows(np.zeros((0, 32, 32, 2), np.uint8), np.zeros((0, 32, 64, 2), np.uint8)),
    np.zeros(0, np.uint8),
)


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


@pytest.mark.parametrize(("epochs", "said"), [(1, "1 epoch"), (2, "2 epochs")])
def test_what_a_training_has_reached_is_said_at_its_end(
    drawn_mnist: Path, tmp_path: Path, console: Any, epochs: int, said: str
) -> None:
    train(TrainOptions(architecture="dense", data=drawn_mnist, out=tmp_path / "new", epochs=epochs), console)
    last = console.file.getvalue().splitlines()[-1]
    assert last.startswith(f"{tmp_path}/new.keras: ")
    assert last.endswith(f" wrong, after {said}")


@pytest.mark.parametrize(("out", "model"), [("there", "there/dense"), (".", "dense"), ("made/new.keras", "made/new")])
def test_a_model_has_the_name_that_was_asked_for_or_its_architectures_in_a_folder(
    out: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    assert prepared(Path(out), "dense") == Path(model)
    assert (tmp_path / model).parent.is_dir()


def test_a_folder_that_takes_no_files_is_told_before_the_training() -> None:
    with pytest.raises(OutputError, match=r"Received: /proc/self: "):  # which takes none from root either
        prepared(Path("/proc/self/dense"), "dense")


def test_a_failed_save_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tiny.keras"
    path.write_bytes(b"the old model")
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])

    def fill_the_disk(part: Path) -> None:
        part.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(model, "save", fill_the_disk)
    with pytest.raises(OSError, match="no space"):
        save_model(model, path)
    assert [one.name for one in tmp_path.iterdir()] == ["tiny.keras"]
    assert path.read_bytes() == b"the old model"


def test_a_model_for_which_there_is_no_room_is_named_and_the_old_one_stays(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
    model.compile("sgd", "mse")
    path = tmp_path / "model.keras"
    save_model(model, path)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match=rf"File too large: '{path}'$"):
            save_model(model, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("problem", [KeyboardInterrupt(), ModelLoadError("it cannot be converted")])
def test_a_conversion_that_fails_or_is_interrupted_leaves_what_can_be_used(
    problem: BaseException, trained: Path, drawn_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in trained.parent.iterdir():
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(convert_module, "to_litert", raising(problem))
    out = tmp_path / trained.stem
    options = TrainOptions(resume=trained, data=drawn_mnist, out=out, epochs=1, batch_size=10)
    with pytest.raises(type(problem)):
        train(options, Console(quiet=True))
    kept = tmp_path / trained.name
    assert sha256_of(kept) != sha256_of(trained)
    if isinstance(problem, ModelLoadError):  # whose message says to train the Keras model on
        assert read_record(kept)["metrics"]["epochs"] == 3
    else:
        assert load_classifier(kept.with_suffix(".tflite")).info.classes == 10


def raising(problem: BaseException) -> Callable[..., bytes]:
    """A conversion that ends by a problem."""

    def convert(*_: Any) -> bytes:
        raise problem

    return convert


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
