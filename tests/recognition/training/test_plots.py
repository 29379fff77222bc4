from __future__ import annotations

import resource
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


def test_a_picture_for_which_there_is_no_room_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "curve.png"
    learning_curve({"loss": [1.0, 0.5], "accuracy": [0.1, 0.5]}, "old", path)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            learning_curve({"loss": [1.0, 0.4], "accuracy": [0.1, 0.6]}, "new", path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["curve.png"]
