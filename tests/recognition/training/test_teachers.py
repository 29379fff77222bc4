"""Networks from which another one learns what else a digit may be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from recognition.classify import CLASSES, NOT_A_DIGIT
from recognition.errors import ModelLoadError
from recognition.training import digits as digits_module
from recognition.training.backend import keras
from recognition.training.errors import TrainingError
from recognition.training.record import read_record
from recognition.training.saved import load_to_resume
from recognition.training.teachers import BY_LABEL, TEMPERATURE, Teachers, accuracy, learned_loss
from recognition.training.train import TrainOptions, train

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

MODELS = Path(__file__).parents[3] / "models"
SHIPPED = (MODELS / "digits.tflite", MODELS / "digits-b.tflite")

Digits = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def targets(label: int, said: dict[int, float]) -> NDArray[np.float32]:
    row = np.zeros((1, 2 * CLASSES), np.float32)
    for digit, share in said.items():
        row[0, digit] = share
    row[0, CLASSES + label] = 1
    return row


def given(shares: dict[int, float]) -> NDArray[np.float32]:
    row = np.full((1, CLASSES), 1e-6, np.float32)
    for digit, share in shares.items():
        row[0, digit] = share
    return row / row.sum()


def loss(*of: NDArray[np.float32]) -> float:
    return float(keras.ops.convert_to_numpy(learned_loss(*of))[0])


def test_what_teachers_say_stands_beside_the_label(mnist: Digits) -> None:
    images, labels = mnist
    rows = Teachers(SHIPPED).targets(images, labels)
    assert rows.shape == (len(labels), 2 * CLASSES)
    np.testing.assert_allclose(rows[:, :CLASSES].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(rows[:, CLASSES:].argmax(axis=1), labels)
    np.testing.assert_array_equal(rows[:, CLASSES:].sum(axis=1), 1)
    assert (rows[:, :CLASSES].argmax(axis=1) == labels).mean() > 0.98


def test_teachers_are_heard_alike(mnist: Digits) -> None:
    images, labels = mnist[0][:40], mnist[1][:40]
    one, other, both = (
        np.log(Teachers(paths).targets(images, labels)[:, :CLASSES]) for paths in (SHIPPED[:1], SHIPPED[1:], SHIPPED)
    )
    together = (one + other) / 2
    together -= np.log(np.exp(together).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(both, together, atol=1e-3)


def test_the_loss_is_by_teachers_and_label_and_least_where_both_are_met() -> None:
    sure, torn = {7: 1.0}, {7: 0.6, 1: 0.4}
    assert (
        loss(targets(7, sure), given(sure))
        < loss(targets(7, sure), given(torn))
        < loss(targets(7, sure), given({1: 1}))
    )
    # What the teachers leave open, it may leave open; at TEMPERATURE the shares of 0.6 and 0.4 are of roots.
    roots = np.array([0.6, 0.4]) ** TEMPERATURE
    met = dict(zip((7, 1), roots / roots.sum(), strict=True))
    others = [given({7: share, 1: 1 - share}) for share in (0.5, 0.99)]
    assert loss(targets(7, {7: 1.0}), given({7: 1.0})) == pytest.approx(0, abs=0.05)
    by_teachers = [loss(targets(1, torn), row) - BY_LABEL * -np.log(row[0, 1]) for row in (given(met), *others)]
    assert by_teachers[0] == min(by_teachers) == pytest.approx(0, abs=0.05)


def test_what_is_no_digit_is_learned_by_its_label_alone() -> None:
    row = given({NOT_A_DIGIT: 0.25, 3: 0.75})
    assert loss(targets(NOT_A_DIGIT, {3: 1.0}), row) == pytest.approx(-np.log(row[0, NOT_A_DIGIT]), rel=1e-4)


def test_accuracy_is_by_the_labels() -> None:
    rows = np.concatenate([targets(7, {1: 1.0}), targets(1, {1: 1.0})])
    got = keras.ops.convert_to_numpy(accuracy(rows, np.concatenate([given({7: 1.0})] * 2)))
    assert got.tolist() == [1, 0]


@pytest.mark.slow
def test_a_network_learns_from_teachers_and_can_be_trained_on_without_them(
    mnist: Digits, drawn_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digits_module, "HELD_OUT", 100)
    options = TrainOptions(
        resume=MODELS / "digits-b.keras", data=drawn_mnist, out=tmp_path / "own", epochs=2, teachers=SHIPPED
    )
    path = train(options, Console(quiet=True))
    record = read_record(path)
    assert record["options"]["teachers"] == ["digits.tflite", "digits-b.tflite"]
    before = read_record(options.resume)["history"]["loss"]  # type: ignore[arg-type]
    assert len(record["history"]["loss"]) == len(before) + 2
    model = load_to_resume(path)
    assert model.loss == "sparse_categorical_crossentropy"
    # It is shown typefaces; what the teachers make of these keeps it at handwriting.
    images, labels = mnist
    read = model.predict(images[..., None] / np.float32(255), verbose=0).argmax(axis=1)
    assert (read == labels).mean() > 0.95


def test_a_teacher_must_know_what_is_no_digit(trained: Path) -> None:
    with pytest.raises(TrainingError, match=r"must tell 11 classes apart\. Received: .*first\.tflite with 10"):
        Teachers([trained.with_suffix(".tflite")])


def test_a_teacher_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"none\.tflite"):
        Teachers([tmp_path / "none.tflite"])


def test_a_network_of_the_tutorial_has_no_use_for_teachers(drawn_mnist: Path, tmp_path: Path) -> None:
    options = TrainOptions(architecture="dense", data=drawn_mnist, out=tmp_path / "own", teachers=SHIPPED)
    with pytest.raises(TrainingError, match=r"dense is trained without --teacher; leave it out\. Received: .*digits-b"):
        train(options, Console(quiet=True))
