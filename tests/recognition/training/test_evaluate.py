from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from recognition.errors import ModelLoadError
from recognition.training.convert import convert
from recognition.training.dataset import TEST_FILES, Digits
from recognition.training.errors import DatasetError
from recognition.training.evaluate import evaluate, measure
from recognition.training.record import read_record
from recognition.training.train import TrainOptions, train

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def trained(drawn_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .keras file of a dense network that reads most drawn digits."""
    out = tmp_path_factory.mktemp("trained") / "dense"
    options = TrainOptions(architecture="dense", data=drawn_mnist, out=out, epochs=1, batch_size=10)
    return train(options, Console(quiet=True))


def test_the_figures_follow_from_the_probabilities() -> None:
    probabilities = np.zeros((4, 11), np.float32)
    probabilities[[0, 1, 2, 3], [3, 3, 3, 1]] = 1.0, 0.75, 0.5, 0.25
    probabilities[3, 10] = 0.75
    digits = Digits(np.zeros((4, 28, 28), np.uint8), np.array([3, 3, 5, 1], np.uint8))
    evaluation = measure("sample", "abc", probabilities, digits)
    assert (evaluation.digits, evaluation.errors, evaluation.accuracy) == (4, 1, 0.75)
    assert evaluation.rejected == 1
    assert evaluation.calibration_error == pytest.approx((0 + 0.25 + 0.5 + 0.75) / 4)
    assert evaluation.counts[5, 3] == 1
    assert (evaluation.risks[0].coverage, evaluation.risks[0].risk) == (1.0, 0.25)
    assert (evaluation.risks[-1].coverage, evaluation.risks[-1].risk) == (0.5, 0.0)
    assert evaluation.classes[3].precision == pytest.approx(2 / 3)


def test_the_text_holds_a_line_a_digit_and_a_line_a_coverage() -> None:
    digits = Digits(np.zeros((2, 28, 28), np.uint8), np.array([0, 7], np.uint8))
    evaluation = measure("sample", "abc", np.eye(11, dtype=np.float32)[[0, 1]], digits)
    lines = list(evaluation.lines())
    assert lines[0] == "sample: 50.00% of 2 digits right, 1 wrong"
    assert "    7      1          -    0.00%  1" in lines
    assert " 100.00%           1.0000      1                50.000%" in lines


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".tflite"])
def test_every_kind_of_model_is_measured_alike(suffix: str, trained: Path, drawn_mnist: Path, tmp_path: Path) -> None:
    model = trained.with_suffix(suffix)
    if suffix == ".tflite":
        model = tmp_path / "converted.tflite"
        convert(trained, model)
    expected = read_record(trained)["metrics"]
    evaluation = evaluate(model, data=drawn_mnist)
    assert evaluation.model == "dense"
    assert evaluation.digits == 200
    assert evaluation.errors == expected["test_errors"]
    assert 0 < evaluation.calibration_error < 1


def test_the_figures_and_the_picture_are_written_where_asked_for(
    trained: Path, drawn_mnist: Path, tmp_path: Path
) -> None:
    evaluation = evaluate(trained, data=drawn_mnist, out=tmp_path / "new" / "report")
    written = json.loads((tmp_path / "new" / "report" / "evaluation.json").read_text("utf-8"))
    assert written == evaluation.to_json()
    assert np.array(written["confusion"]).sum() == 200
    assert (tmp_path / "new" / "report" / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_missing_is_named(trained: Path, drawn_mnist: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=TEST_FILES[0]):
        evaluate(trained, data=tmp_path)
    with pytest.raises(ModelLoadError, match=r"nothing\.keras"):
        evaluate(tmp_path / "nothing.keras", data=drawn_mnist)
