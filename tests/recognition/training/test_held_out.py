"""Which digits each training fits to and which it measures and calibrates on, told by their pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from recognition.classify import NOT_A_DIGIT
from recognition.context import Windows
from recognition.sequence import STRIP_HEIGHT_PX
from recognition.training import digits as digits_module
from recognition.training import train as train_module
from recognition.training import train_context as context_module
from recognition.training import train_sequence as sequence_module
from recognition.training.backend import keras
from recognition.training.context import build_context, compile_context, is_whole, to_windows
from recognition.training.dataset import Digits
from recognition.training.options import TrainOptions
from recognition.training.record import read_record
from recognition.training.saved import load_model, save_model
from recognition.training.sheets.pieces import Pieces
from recognition.training.strings import String
from recognition.training.train import train

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning"),
]

COUNT, HELD_OUT = 200, 50
FITTED_TO = list(range(COUNT - HELD_OUT))
KEPT = list(range(COUNT - HELD_OUT, COUNT))


@pytest.fixture
def numbered_mnist(write_mnist: Callable[[Digits, Digits], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with MNIST's files in which each pixel of the k-th training digit is k; the last 50 are held out."""
    monkeypatch.setattr(digits_module, "HELD_OUT", HELD_OUT)
    return write_mnist(numbered(np.arange(COUNT)), numbered(np.full(10, 255)))


def numbered(values: NDArray[Any]) -> Digits:
    images = np.zeros((len(values), 28, 28), np.uint8) + values.astype(np.uint8)[:, None, None]
    return Digits(images, (values % 10).astype(np.uint8))


def values(images: NDArray[np.uint8]) -> list[int]:
    return [int(image.max()) for image in images]


def some_pieces(seed: int) -> Pieces:
    rng = np.random.default_rng(seed)
    near, far = (rng.integers(0, 256, (30, 32, width, 2), np.uint8) for width in (32, 64))
    labels = np.array([3, NOT_A_DIGIT] * 15, np.uint8)
    return Pieces(rng.integers(0, 256, (30, 28, 28), np.uint8), Windows(near, far), labels)


class Spy:
    """Stands for what draws pictures, and notes of which digits and by which seed."""

    def __init__(self) -> None:
        self.drawn: list[tuple[list[int], int]] = []

    def epochs(
        self, images: NDArray[np.uint8], labels: NDArray[np.uint8], *, seed: int, count: int, **_: Any
    ) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
        self.drawn.append((values(images), seed))
        return iter([(images, labels)] * count)


def test_digits_fits_to_other_digits_than_it_measures_and_calibrates_on(
    numbered_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy, shown, mixed_in, pieces_of = Spy(), [], [], []
    to_inputs = digits_module.to_inputs

    def obtain(_: Path, digits: Digits, **__: Any) -> Pieces:
        pieces_of.append(values(digits.images))
        return some_pieces(1)

    def mixed(made: Any, pieces: Pieces, _: int) -> Any:
        mixed_in.append(pieces.labels.tolist())
        return made

    def noted(model: keras.Model, images: NDArray[np.uint8]) -> Any:
        shown.append(values(images))
        return to_inputs(model, images)

    monkeypatch.setattr(digits_module, "epochs", spy.epochs)
    monkeypatch.setattr(digits_module, "mixed", mixed)
    monkeypatch.setattr(digits_module, "to_inputs", noted)
    monkeypatch.setattr(digits_module, "fit_temperature", lambda *_: 1.25)
    monkeypatch.setattr(train_module, "obtain_pieces", obtain)
    resumed = small_network(tmp_path / "small.keras")
    runs = []
    for _ in range(2):
        options = TrainOptions(
            architecture="digits", data=numbered_mnist, out=tmp_path / "digits", resume=resumed, epochs=1,
            pieces=tmp_path / "pieces.npz",
        )  # fmt: skip
        resumed = train(options, Console(quiet=True))
        runs.append(list(spy.drawn))
        spy.drawn.clear()
    for (fitted, _), (calibrated, _), (typical, _) in runs:
        assert (fitted, calibrated, typical) == (FITTED_TO, KEPT, KEPT)
    assert shown[0] == KEPT, "each epoch is measured on what is held out"
    assert pieces_of == [FITTED_TO] * 2
    assert mixed_in == [some_pieces(1).labels.tolist()] * 2
    assert runs[0][0][1] != runs[1][0][1], "a resumed run draws anew"
    assert read_record(resumed)["temperature"] == 1.25


def small_network(path: Path) -> Path:
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(11, "softmax")], name="small"
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    save_model(model, path)
    return path


def test_context_fits_to_other_digits_than_it_measures_and_calibrates_on(
    numbered_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Pieces] = {}
    of: dict[str, tuple[list[int], int]] = {}
    fitted: list[tuple[Pieces, Pieces]] = []
    calibrated: list[tuple[NDArray[Any], NDArray[Any]]] = []

    def obtain(path: Path, digits: Digits, *, seed: int, **_: Any) -> Pieces:
        of[path.name] = values(digits.images), seed
        return made.setdefault(path.name, some_pieces(len(made)))

    def fit(_: keras.Model, pieces: Pieces, held_out: Pieces, **__: Any) -> dict[str, list[float]]:
        fitted.append((pieces, held_out))
        return {"loss": [0.5]}

    def temperature(probabilities: NDArray[Any], truth: NDArray[Any]) -> float:
        calibrated.append((probabilities, truth))
        return 1.25

    monkeypatch.setattr(context_module, "obtain_pieces", obtain)
    monkeypatch.setattr(context_module, "fit_context", fit)
    monkeypatch.setattr(context_module, "fit_temperature", temperature)
    before = build_context()
    compile_context(before)
    before.optimizer.build(before.trainable_variables)
    save_model(before, tmp_path / "before.keras")
    options = TrainOptions(
        architecture="context", data=numbered_mnist, out=tmp_path / "context", resume=tmp_path / "before.keras",
        pieces=tmp_path / "some.npz",
    )  # fmt: skip
    after = train(options, Console(quiet=True))
    assert of == {"some.npz": (FITTED_TO, 1), "some-held-out.npz": (KEPT, 2)}
    held_out = made["some-held-out.npz"]
    assert fitted == [(made["some.npz"], held_out)]
    [(probabilities, truth)] = calibrated
    whole = before.predict(to_windows(held_out), verbose=0)[:, 0]
    np.testing.assert_allclose(probabilities, np.stack([1 - whole, whole], axis=1), atol=1e-5)
    np.testing.assert_array_equal(truth, is_whole(held_out))
    assert read_record(after)["temperature"] == 1.25
    for old, new in zip(before.get_weights(), load_model(after).get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_sequence_fits_to_other_digits_than_it_measures_and_calibrates_on(
    numbered_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of: dict[str, tuple[list[int], int]] = {}
    calibrated: list[Any] = []
    drawn, kept = iter([numbers("47")]), numbers("1")

    def epochs(digits: Digits, *, seed: int, **_: Any) -> Iterator[list[String]]:
        of["fitted"] = values(digits.images), seed
        return drawn

    def held_out(digits: Digits, *, seed: int, **_: Any) -> list[String]:
        of["held out"] = values(digits.images), seed
        return kept

    def fit(_: keras.Model, made: Iterator[list[String]], **__: Any) -> dict[str, list[float]]:
        assert made is drawn
        return {"loss": [0.5]}

    def temperature(_: Any, strings: list[String]) -> float:
        calibrated.append(strings)
        return 1.25

    monkeypatch.setattr(sequence_module, "string_epochs", epochs)
    monkeypatch.setattr(sequence_module, "draw_strings", held_out)
    monkeypatch.setattr(sequence_module, "fit_sequence", fit)
    monkeypatch.setattr(sequence_module, "_temperature", temperature)
    options = TrainOptions(architecture="sequence", data=numbered_mnist, out=tmp_path / "sequence")
    record = read_record(train(options, Console(quiet=True)))
    assert of == {"fitted": (FITTED_TO, 1), "held out": (KEPT, 2)}
    assert calibrated == [kept]
    assert set(record["metrics"]) == {"exact", "exact_of_1", "parameters"}, "it is measured on what is held out"
    assert record["temperature"] == 1.25


def numbers(text: str) -> list[String]:
    """Four numbers of these digits."""
    image, targets = np.zeros((STRIP_HEIGHT_PX, 48), np.uint8), np.full(24, NOT_A_DIGIT, np.uint8)
    for at, digit in enumerate(text):
        image[4:20, 10 + 20 * at : 14 + 20 * at] = 255
        targets[6 + 10 * at] = int(digit)
    return [String(image, targets, text, True)] * 4
