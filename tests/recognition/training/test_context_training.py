from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from recognition.classify import NOT_A_DIGIT
from recognition.components import Component, make_component
from recognition.context import ContextNetwork, Windows, windows
from recognition.model_file import load_network
from recognition.training import context as context_module
from recognition.training import digits as digits_module
from recognition.training.backend import keras
from recognition.training.companion import train_companion
from recognition.training.context import (
    build_context,
    compile_context,
    fit_context,
    is_whole,
    to_windows,
)
from recognition.training.errors import DatasetError
from recognition.training.options import TrainOptions
from recognition.training.record import sha256_of
from recognition.training.saved import load_model
from recognition.training.sheets.pieces import LOOKALIKE, Pieces
from recognition.training.train_context import CONTEXT, _figures

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning"),
]

MAX_BYTES = 2 * 1024 * 1024

BATCH_PIECES = 64  # so that a few pieces make several steps


def drawn(count: int, seed: int) -> tuple[np.ndarray, list[Component], list[int]]:
    """A page of rings with nothing near, which count as digits, and of blots with a stroke beside them."""
    rng, labels = np.random.default_rng(seed), []
    page = np.zeros((60 * (count // 10 + 1), 600), np.uint8)
    pieces = []
    for k in range(count):
        x, y, side = 60 * (k % 10) + 14, 60 * (k // 10) + 14, int(rng.integers(14, 26))
        mask = np.full((side, side), 255, np.uint8)
        label = int(rng.choice([int(rng.integers(10)), NOT_A_DIGIT, LOOKALIKE], p=[0.5, 0.25, 0.25]))
        if label < NOT_A_DIGIT:
            mask[4:-4, 4:-4] = 0
        else:
            page[y : y + side, x - 6 : x - 3] = 230
        page[y : y + side, x : x + side] = mask // 255 * 200
        piece = make_component(mask, x, y, page)
        assert piece is not None
        pieces.append(piece)
        labels.append(label)
    return page, pieces, labels


def harvested(count: int, seed: int) -> Pieces:
    page, pieces, labels = drawn(count, seed)
    return Pieces(np.zeros((count, 28, 28), np.uint8), windows(pieces, page), np.array(labels, np.uint8))


@pytest.fixture(scope="module")
def trained(drawn_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .keras file of a context network after one epoch of two batches."""
    folder = tmp_path_factory.mktemp("context")
    harvested(2 * BATCH_PIECES, seed=1).save(folder / "sheets.npz")
    harvested(40, seed=2).save(folder / "sheets-held-out.npz")
    options = TrainOptions(
        data=drawn_mnist,
        out=folder / "out" / "context.keras",
        pieces=folder / "sheets.npz",
        epochs=1,
        command="digitdrop train …",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context_module, "BATCH_SIZE", BATCH_PIECES)
        patch.setattr(digits_module, "HELD_OUT", 20)  # the drawn MNIST is small
        return train_companion(CONTEXT, options, Console(quiet=True))


def test_the_network_is_small_and_takes_both_windows() -> None:
    model = build_context()
    assert model.name == "context"
    assert model.input_shape == [(None, 32, 32, 2), (None, 32, 64, 2)]
    assert model.output_shape == (None, 1)
    assert 4 * model.count_params() <= MAX_BYTES
    whole = np.asarray(model(to_windows(harvested(3, seed=0)), training=False))
    assert ((whole > 0) & (whole < 1)).all()


def test_windows_become_numbers_from_zero_to_one() -> None:
    near, far = np.zeros((1, 32, 32, 2), np.uint8), np.full((1, 32, 64, 2), 255, np.uint8)
    near[0, 0, 0, 0] = 51
    pieces = Pieces(np.zeros((1, 28, 28), np.uint8), Windows(near, far), np.array([3], np.uint8))
    shown = to_windows(pieces)
    assert [part.dtype for part in shown] == [np.float32, np.float32]
    assert shown[0][0, 0, 0, 0] == pytest.approx(0.2)
    assert shown[0].sum() == pytest.approx(0.2)
    np.testing.assert_array_equal(shown[1], 1)


def test_only_digits_are_whole() -> None:
    nothing = Windows(np.zeros((4, 32, 32, 2), np.uint8), np.zeros((4, 32, 64, 2), np.uint8))
    labels = np.array([0, 9, NOT_A_DIGIT, LOOKALIKE], np.uint8)
    whole = is_whole(Pieces(np.zeros((4, 28, 28), np.uint8), nothing, labels))
    assert whole.dtype == np.float32
    assert whole.tolist() == [1, 1, 0, 0]


@pytest.mark.slow
def test_a_short_training_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context_module, "BATCH_SIZE", BATCH_PIECES)
    keras.utils.set_random_seed(1)
    model = build_context()
    compile_context(model)
    history = fit_context(model, harvested(4 * BATCH_PIECES, seed=3), harvested(60, seed=4), epochs=3)
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert [len(values) for values in history.values()] == [3] * 4
    assert history["loss"][-1] < 0.75 * history["loss"][0]
    assert history["accuracy"][-1] > 0.8


def test_fewer_pieces_than_a_batch_are_fitted_to_as_well() -> None:
    model = build_context()
    compile_context(model)
    history = fit_context(model, harvested(20, seed=5), harvested(10, seed=6), epochs=1)
    assert len(history["loss"]) == 1


def test_a_training_leaves_the_network_in_two_formats_and_its_record(trained: Path) -> None:
    assert sorted(path.name for path in trained.parent.iterdir()) == ["context.json", "context.keras", "context.tflite"]


def test_the_record_tells_how_the_network_was_made_and_what_it_reaches(trained: Path) -> None:
    record = json.loads(trained.with_suffix(".json").read_text("utf-8"))
    assert (record["name"], record["classes"], record["command"]) == ("context", 2, "digitdrop train …")
    assert record["sha256"] == sha256_of(trained.with_suffix(".tflite"))
    assert 0.2 <= record["temperature"] <= 10
    assert {name: len(values) for name, values in record["history"].items()} == {
        "loss": 1, "accuracy": 1, "val_loss": 1, "val_accuracy": 1,
    }  # fmt: skip
    shares = {name: value for name, value in record["metrics"].items() if name != "parameters"}
    assert set(shares) == {f"taken_for_digits_of_{kind}" for kind in ("digits", "lookalikes", "others")}
    assert all(0 <= value <= 1 for value in shares.values())
    assert record["metrics"]["parameters"] == build_context().count_params()


def test_what_was_trained_is_loaded_and_agrees_with_keras(trained: Path) -> None:
    page, pieces, labels = drawn(50, seed=7)
    temperature = json.loads(trained.with_suffix(".json").read_text("utf-8"))["temperature"]
    seen = Pieces(np.zeros((50, 28, 28), np.uint8), windows(pieces, page), np.array(labels, np.uint8))
    expected = load_model(trained).predict(to_windows(seen), verbose=0)[:, 0]
    odds = (expected / (1 - expected)) ** (1 / temperature)
    whole = load_network(ContextNetwork, trained.with_suffix(".tflite")).whole(pieces, page)
    assert (whole.dtype, whole.shape) == (np.float32, (50,))
    assert np.abs(whole - odds / (1 + odds)).mean() < 0.05


def test_figures_are_shares_of_each_kind_that_was_taken_for_digits() -> None:
    nothing = Windows(np.zeros((5, 32, 32, 2), np.uint8), np.zeros((5, 32, 64, 2), np.uint8))
    labels = np.array([1, 2, LOOKALIKE, LOOKALIKE, NOT_A_DIGIT], np.uint8)
    pieces = Pieces(np.zeros((5, 28, 28), np.uint8), nothing, labels)
    assert _figures(np.array([0.9, 0.2, 0.7, 0.1, 0.4], np.float32), pieces) == {
        "taken_for_digits_of_digits": 0.5,
        "taken_for_digits_of_lookalikes": 0.5,
        "taken_for_digits_of_others": 0.0,
    }


def test_a_kind_that_was_not_held_out_has_no_figure_that_json_does_not_know() -> None:
    nothing = Windows(np.zeros((1, 32, 32, 2), np.uint8), np.zeros((1, 32, 64, 2), np.uint8))
    pieces = Pieces(np.zeros((1, 28, 28), np.uint8), nothing, np.array([1], np.uint8))
    json.dumps(_figures(np.array([0.9], np.float32), pieces), allow_nan=False)


def test_a_damaged_harvest_is_told_before_anything_is_trained(
    drawn_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digits_module, "HELD_OUT", 20)
    (tmp_path / "pieces.npz").write_bytes(b"no pieces at all")
    options = TrainOptions(data=drawn_mnist, out=tmp_path / "out" / "context", pieces=tmp_path / "pieces.npz")
    with pytest.raises(DatasetError, match=r"pieces\.npz holds no pieces .*; name another file"):
        train_companion(CONTEXT, options, Console(quiet=True))
    assert not list((tmp_path / "out").iterdir())


def test_missing_data_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        train_companion(CONTEXT, TrainOptions(data=tmp_path / "nowhere", out=tmp_path / "context"), Console(quiet=True))
