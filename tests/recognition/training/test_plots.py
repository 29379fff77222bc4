from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from recognition.training.plots import confusion_matrix, learning_curve

ORANGE_BGR = (10, 89, 200)
BLUE_BGR = (168, 95, 31)


def share_of(color_bgr: tuple[int, int, int], path: Path) -> float:
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    return float((np.abs(picture.astype(int) - color_bgr).max(axis=2) < 8).mean())


@pytest.mark.parametrize("epochs", [1, 2, 40])
def test_a_learning_curve_shows_both_sets_of_digits(epochs: int, tmp_path: Path) -> None:
    falling = np.linspace(1, 0.1, epochs).tolist()
    history = {"loss": falling, "val_loss": falling[::-1], "accuracy": falling, "val_accuracy": falling[::-1]}
    learning_curve(history, "dense: 90 % right", tmp_path / "curve.png")
    assert share_of(BLUE_BGR, tmp_path / "curve.png") > 2e-4
    assert share_of(ORANGE_BGR, tmp_path / "curve.png") > 2e-4


def test_a_history_without_validation_has_one_curve(tmp_path: Path) -> None:
    learning_curve({"loss": [2.0, 1.0], "accuracy": [0.1, 0.5]}, "no validation", tmp_path / "curve.png")
    assert share_of(BLUE_BGR, tmp_path / "curve.png") > 2e-4
    assert share_of(ORANGE_BGR, tmp_path / "curve.png") == 0


def test_the_most_frequent_mistake_stands_out_in_a_confusion_matrix(tmp_path: Path) -> None:
    counts = np.diag(np.full(10, 1000))
    confusion_matrix(counts, "all right", tmp_path / "right.png")
    counts[4, 9] = 7
    confusion_matrix(counts, "one mistake", tmp_path / "mistake.png")
    assert share_of(ORANGE_BGR, tmp_path / "right.png") == 0
    assert share_of(ORANGE_BGR, tmp_path / "mistake.png") > 3e-3
