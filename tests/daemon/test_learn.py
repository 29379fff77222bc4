"""What people say of doubtful numbers, from the drop of the scans to a network that reads them better."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml
from typer import BadParameter

from config.loader import load_settings
from config.schema import Settings
from daemon.learn import LearnOptions, NothingLearnedError, _require_better, learn_and_show
from daemon.ledger import Ledger
from daemon.result import numbers_of
from recognition.errors import ModelLoadError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
PAGES = 14
HARD = [2, 3, 5, 8]
"""The digits that the network of these tests is bad at."""


def command(*words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "daemon", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)


def weakened(folder: Path) -> Path:
    """The shipped network, with hardly a sense of some digits."""
    from recognition.training.saved import load_model, save_model

    model = load_model(MODELS / "digits.keras")
    weights, bias = model.layers[-1].get_weights()
    weights[:, HARD] *= 0.2
    model.layers[-1].set_weights([weights, bias])
    model.compile(loss="sparse_categorical_crossentropy")
    path = folder / "weak.keras"
    save_model(model, path)
    return path


def sample_as_mnist(folder: Path) -> Path:
    """The sample of MNIST as MNIST's four files."""
    folder.mkdir()
    with np.load(ROOT / "tests" / "data" / "mnist_sample.npz") as arrays:
        order = np.random.default_rng(0).permutation(400)
        images, labels = arrays["images"][order], arrays["labels"][order]
    for split in ("train", "t10k"):
        for name, values in ((f"{split}-images-idx3-ubyte", images), (f"{split}-labels-idx1-ubyte", labels)):
            shape = np.array(values.shape, ">u4").tobytes()
            (folder / name).write_bytes(bytes((0, 0, 8, values.ndim)) + shape + values.tobytes())
    return folder


@pytest.fixture(scope="module")
def office(sample_pages: ModuleType, reviewer: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A service with a weak network that has read some log sheets, whose doubtful numbers were looked over."""
    folder = tmp_path_factory.mktemp("office")
    names = ("inbox", "outbox", "archive", "failed", "state")
    keys = {name: name for name in names} | {"model": str(weakened(folder)), "watch": {"stable_seconds": 0.1}}
    (folder / "digitdrop.yaml").write_text(yaml.safe_dump(keys))
    (folder / "inbox").mkdir()
    digits, rng = sample_pages.Digits.load(), np.random.default_rng(4)
    pages = {f"{k}.png": sample_pages.log_sheet(rng, digits) for k in range(PAGES)}
    for name, page in pages.items():
        (folder / "inbox" / name).write_bytes(sample_pages.encode(name, page))
    done = command("once", "--config", folder / "digitdrop.yaml")
    assert done.returncode == 0, done.stderr
    settings = load_settings(folder / "digitdrop.yaml")
    with Ledger(settings.state, create=False) as ledger:
        assert reviewer.look_over(ledger, pages) > 100
    return settings


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a few hundred digits do in the place of MNIST's 60,000."""
    from recognition.training import digits

    monkeypatch.setattr(digits, "HELD_OUT", 100)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_network_learns_from_what_people_say(
    office: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "own"
    learn_and_show(office, LearnOptions(out=out, data=sample_as_mnist(tmp_path / "mnist"), epochs=120, command="learn"))
    said = capsys.readouterr().out
    assert f"set `model: {out}.tflite`" in said
    assert sorted(path.name for path in out.parent.iterdir()) == ["own.json", "own.keras", "own.tflite"]
    record = json.loads((out.parent / "own.json").read_text())
    assert record["command"] == "learn"
    assert record["metrics"]["held_back_errors"] < record["metrics"]["held_back_errors_before"]
    before, after = (
        json.loads(command("read", office.archive / "0.png", "--json", "--model", model).stdout)
        for model in (office.model, f"{out}.tflite")
    )
    assert after["model"]["name"] == "own"
    doubtful = [sum(number["needs_review"] for _, number in numbers_of(result)) for result in (before, after)]
    assert doubtful[1] < doubtful[0] / 2


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_what_makes_nothing_better_is_not_kept(office: Settings, tmp_path: Path) -> None:
    # The shipped network reads the numbers already, and one step of training teaches it nothing.
    settings = office.model_copy(update={"model": MODELS / "digits.keras"})
    options = LearnOptions(out=tmp_path / "own", data=sample_as_mnist(tmp_path / "mnist"), epochs=1)
    with pytest.raises(NothingLearnedError, match="is not the better for it, and was not written: more of the digits"):
        learn_and_show(settings, options)
    assert [path.name for path in tmp_path.iterdir()] == ["mnist"]


def test_with_too_few_numbers_nothing_is_learned(office: Settings, tmp_path: Path) -> None:
    elsewhere = office.model_copy(update={"archive": tmp_path / "empty"})  # the originals were taken away
    rule = "there must be 150 digits to learn from and 50 to judge by. Received: 0 and 0; look over more"
    with pytest.raises(NothingLearnedError, match=rule):
        learn_and_show(elsewhere, LearnOptions(out=tmp_path / "own"))


def test_an_original_that_is_another_by_now_teaches_nothing(
    office: Settings, tmp_path: Path, sample_pages: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    page = sample_pages.log_sheet(np.random.default_rng(99), sample_pages.Digits.load())
    (archive / "0.png").write_bytes(sample_pages.encode("0.png", page))
    with pytest.raises(NothingLearnedError):
        learn_and_show(office.model_copy(update={"archive": archive}), LearnOptions(out=tmp_path / "own"))
    assert "0 numbers of 0 documents" in capsys.readouterr().out


def test_without_an_archive_the_originals_stand_in_the_inbox(
    office: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert office.archive is not None
    left = office.model_copy(update={"archive": None, "inbox": office.archive})
    with pytest.raises(NothingLearnedError), pytest.MonkeyPatch.context() as patch:
        patch.setattr("daemon.learn.MIN_LESSONS", 100_000)
        learn_and_show(left, LearnOptions(out=tmp_path / "own"))
    assert f"of {PAGES} documents whose originals are there" in capsys.readouterr().out


def test_a_network_that_stands_there_is_not_replaced(office: Settings, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text("{}")
    with pytest.raises(BadParameter, match=r"must have a name of its own; give another\. Received: .*where own\.json"):
        learn_and_show(office, LearnOptions(out=tmp_path / "own"))


def test_the_folder_of_the_new_network_must_be_one(office: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadParameter, match="must be one that can be made"):
        learn_and_show(office, LearnOptions(out=tmp_path / "file" / "own"))


def test_a_network_without_its_keras_model_cannot_be_taught(office: Settings, tmp_path: Path) -> None:
    alone = office.model_copy(update={"model": tmp_path / "digits.tflite"})
    with pytest.raises(ModelLoadError, match=r"name one with --set model=FILE\.keras"):
        learn_and_show(alone, LearnOptions(out=tmp_path / "own"))


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_network_of_another_form_cannot_be_taught(office: Settings, tmp_path: Path) -> None:
    from recognition.training.architectures import cnn
    from recognition.training.errors import TrainingError
    from recognition.training.recipe import compile_for_digits
    from recognition.training.saved import save_model

    model = cnn()
    compile_for_digits(model)
    save_model(model, tmp_path / "cnn.keras")
    other = office.model_copy(update={"model": tmp_path / "cnn.keras"})
    rule = r"must take \(28, 28, 1\) and give 11 classes, .* which takes \(28, 28\) and gives \(10,\)"
    with pytest.raises(TrainingError, match=rule):
        learn_and_show(other, LearnOptions(out=tmp_path / "own"))


@pytest.mark.parametrize(
    ("digits", "others", "numbers", "missed"),
    [
        ((5, 0), (20, 30), (5, 5), ""),
        ((4, 0), (0, 0), (5, 9), "more of the digits held back must be right than chance would bring about"),
        ((7, 2), (0, 0), (5, 9), "more of the digits held back must be right than chance would bring about"),
        ((0, 0), (0, 0), (5, 5), "more of the digits held back must be right than chance would bring about"),
        ((8, 1), (0, 11), (5, 9), "must not be wrong more than 1.1 times as often"),
        ((8, 1), (0, 0), (5, 4), "no fewer of the numbers held back may be right"),
    ],
)
def test_a_network_must_be_better_at_what_it_learned_and_no_worse_at_the_rest(
    digits: tuple[int, int], others: tuple[int, int], numbers: tuple[int, int], missed: str
) -> None:
    from recognition.training.learn import Learned, Score

    learned = Learned(Score(50, 10, *digits), Score(1000, 100, *others))
    if missed:
        with pytest.raises(NothingLearnedError, match=missed):
            _require_better(learned, *numbers)
    else:
        _require_better(learned, *numbers)


def test_the_command_says_in_a_line_what_is_missing(office: Settings, tmp_path: Path) -> None:
    done = command("learn", tmp_path / "own", "--config", tmp_path / "missing.yaml")
    assert done.returncode == 78
    config = office.state.parent / "digitdrop.yaml"
    done = command("learn", tmp_path / "own", "--config", config, "--set", f"archive={tmp_path / 'empty'}")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("digitdrop: there must be 150 digits to learn from")
    assert "Traceback" not in done.stderr


def test_tensorflow_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    from daemon.logs import setup_logging

    setup_logging("info")
    assert not logging.getLogger("tensorflow").isEnabledFor(logging.INFO)
