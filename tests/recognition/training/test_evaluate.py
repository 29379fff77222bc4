from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from rich.console import Console

from config.shipped import shipped_companions, shipped_model
from recognition.errors import ModelLoadError
from recognition.params import RecognitionParams, Thresholds
from recognition.reader import load_reader
from recognition.training.convert import convert
from recognition.training.dataset import TEST_FILES
from recognition.training.digit_sets import load_sets
from recognition.training.errors import DatasetError, OutputError
from recognition.training.evaluate import EvaluateOptions, evaluate
from recognition.training.metrics import decide
from recognition.training.record import read_record, sha256_of
from recognition.training.train import TrainOptions, train
from recognition.views import closely_classified

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def trained(drawn_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .keras file of a dense network that reads most drawn digits."""
    out = tmp_path_factory.mktemp("trained") / "dense"
    options = TrainOptions(architecture="dense", data=drawn_mnist, out=out, epochs=1, batch_size=10)
    return train(options, Console(quiet=True))


@pytest.fixture
def notes(sample_pages: ModuleType, tmp_path: Path) -> Path:
    """A folder with a page of 28 and 614 whose truth is right, and one with the number 9 too much in its truth."""
    folder = tmp_path / "notes"
    folder.mkdir()
    hand = sample_pages.Hand(np.random.default_rng(4), sample_pages.Digits.load(), (300, 600))
    hand.write("28", 60, 100, 50)
    hand.write("614", 320, 100, 50)
    picture = sample_pages.inked(np.full((300, 600, 3), 240, np.uint8), hand.ink, (60, 40, 40))
    for name, line in (("plain", "28 614"), ("other", "28 9 614")):
        cv2.imwrite(str(folder / f"{name}.png"), picture)
        (folder / f"{name}.truth.json").write_text(json.dumps({"lines": [line], "group": name}))
    return folder


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".tflite"])
def test_every_kind_of_model_is_measured_alike(suffix: str, trained: Path, drawn_mnist: Path, tmp_path: Path) -> None:
    model = trained.with_suffix(suffix)
    if suffix == ".tflite":
        model = tmp_path / "converted.tflite"
        convert(trained, model)
    expected = read_record(trained)["metrics"]
    evaluation = evaluate(model, EvaluateOptions(data=(drawn_mnist,)))
    [figures] = evaluation.sets
    assert evaluation.model.name == "dense"
    assert evaluation.pages is None
    assert figures.digits == 200
    assert figures.form == "MNIST's test split, as it is"  # ten classes are read once
    assert figures.errors == expected["test_errors"]
    assert 0 < figures.calibration_error < 1


def test_several_sets_and_pages_are_measured_in_one_call(drawn_mnist: Path, notes: Path, tmp_path: Path) -> None:
    sample = Path(__file__).parents[2] / "data" / "mnist_sample.npz"
    told: list[str] = []
    options = EvaluateOptions(data=(sample, drawn_mnist), pages=notes, out=tmp_path / "new" / "report", processes=1)
    evaluation = evaluate(shipped_model(), options, lambda total: keeping(total, told))
    assert [one.name for one in evaluation.sets] == ["mnist_sample.npz", drawn_mnist.name]
    assert evaluation.sets[0].accuracy > 0.97
    assert evaluation.pages is not None
    assert evaluation.pages.by == "group"
    assert evaluation.pages.groups["plain"].figures()["exact"] == 1.0
    assert evaluation.pages.total.figures()["exact"] == pytest.approx(4 / 5)
    assert told[:2] == ["2", "other.png: 2 of 3 numbers right, 0 false alarms"]
    written = json.loads((options.out / "evaluation.json").read_text("utf-8")) if options.out else {}
    assert written == evaluation.to_json()
    assert np.array(written["sets"][0]["confusion"]).sum() == 400
    assert written["pages"]["groups"]["other"]["DER"] == pytest.approx(1 / 6)
    assert sorted(path.name for path in (tmp_path / "new" / "report").iterdir()) == ["evaluation.json", "report.html"]


def test_digits_are_read_as_closely_as_those_of_a_page() -> None:
    sample = Path(__file__).parents[2] / "data" / "mnist_sample.npz"
    options = EvaluateOptions(data=(sample,), companions=shipped_companions())
    [figures] = evaluate(shipped_model(), options).sets
    [images] = [one.digits.images for one in load_sets((sample,))]
    reader = load_reader(shipped_model(), *shipped_companions())
    _, confidence = decide(closely_classified(images, reader, RecognitionParams().views))
    assert figures.form.endswith("; those in doubt read from several sides, also by digits-b")
    assert (figures.confidence != decide(reader.classifier.probabilities(images))[1]).any()
    np.testing.assert_allclose(figures.confidence, confidence)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_pages_are_read_with_the_networks_that_help(missing: int, notes: Path) -> None:
    companions = list(shipped_companions())
    companions[missing] = notes / companions[missing].name
    options = EvaluateOptions(pages=notes, companions=tuple(companions), processes=1)
    with pytest.raises(ModelLoadError, match=companions[missing].name):
        evaluate(shipped_model(), options)


def test_the_record_and_the_report_name_the_networks_that_helped(notes: Path, tmp_path: Path) -> None:
    options = EvaluateOptions(pages=notes, companions=shipped_companions(), out=tmp_path / "report", processes=1)
    evaluate(shipped_model(), options)
    written = json.loads((tmp_path / "report" / "evaluation.json").read_text("utf-8"))
    hashes = [sha256_of(path) for path in shipped_companions()]
    names = ["context", "sequence", "digits-b"]
    assert written["companions"] == [
        {"name": name, "sha256": sha256} for name, sha256 in zip(names, hashes, strict=True)
    ]
    report = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert all(f"{name} (SHA-256 {sha256[:12]}" in report for name, sha256 in zip(names, hashes, strict=True))


@contextmanager
def keeping(total: int, told: list[str]) -> Iterator[Callable[[str, str], object]]:
    """Keeps what is told of the progress, the number of pages first."""
    told.append(str(total))
    yield lambda name, said: told.append(f"{name}: {said}")


def test_pages_alone_need_no_digits_and_are_read_with_the_thresholds_that_are_given(notes: Path) -> None:
    strict = RecognitionParams(thresholds=Thresholds(accept=1.0, digit=0.25))
    evaluation = evaluate(shipped_model(), EvaluateOptions(pages=notes, params=strict, processes=1))
    assert evaluation.sets == ()
    assert evaluation.pages is not None
    assert evaluation.pages.total.accepted_right == 0
    assert evaluation.pages.thresholds[-1].accept == 1.0
    assert evaluation.pages.thresholds[-1].accepted == 0
    assert "pages in notes: 2, numbers accepted from confidence 1" in list(evaluation.lines())


def test_pages_can_be_grouped_by_any_key_and_one_by_one(notes: Path) -> None:
    with pytest.raises(DatasetError, match=r"which are page, group\. Received: writer"):
        evaluate(shipped_model(), EvaluateOptions(pages=notes, by="writer"))
    evaluation = evaluate(shipped_model(), EvaluateOptions(pages=notes, by="page", processes=1))
    assert evaluation.pages is not None
    assert list(evaluation.pages.groups) == ["other.png", "plain.png"]


def test_what_is_missing_is_named(trained: Path, drawn_mnist: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=TEST_FILES[0]):
        evaluate(trained, EvaluateOptions(data=(tmp_path,)))
    with pytest.raises(DatasetError, match=r"truth\.json beside"):
        evaluate(trained, EvaluateOptions(pages=tmp_path))
    with pytest.raises(ModelLoadError, match=r"nothing\.keras"):
        evaluate(tmp_path / "nothing.keras", EvaluateOptions(data=(drawn_mnist,)))


def test_a_folder_that_takes_no_report_is_told_before_the_reading(notes: Path, tmp_path: Path) -> None:
    (tmp_path / "report").touch()
    for out, reason in (
        (Path("/proc/self"), "No such file"),  # which takes no file from root either
        (tmp_path / "report", "a file stands there"),
        (tmp_path / "report" / "below", "Not a directory"),
    ):
        with pytest.raises(OutputError, match=f"^--out must .* Received: {out}: {reason}"):
            evaluate(Path("no-model.tflite"), EvaluateOptions(pages=notes, out=out))
