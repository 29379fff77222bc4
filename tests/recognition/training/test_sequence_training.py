from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from recognition.classify import NOT_A_DIGIT
from recognition.model_file import load_network
from recognition.sequence import FRAME_PX, STRIP_HEIGHT_PX, SequenceNetwork
from recognition.training import digits as digits_module
from recognition.training import train_sequence as module
from recognition.training.backend import keras
from recognition.training.companion import train_companion
from recognition.training.dataset import Digits
from recognition.training.errors import DatasetError
from recognition.training.options import TrainOptions
from recognition.training.record import sha256_of
from recognition.training.rubbish import glyph_fields
from recognition.training.saved import load_model
from recognition.training.sequence import build_sequence, compile_sequence, fit_sequence
from recognition.training.strings import IGNORED, MAX_WIDTH_PX, String, draw_string, draw_strings, string_epochs
from recognition.training.train_sequence import SEQUENCE, _figures, read_frames

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected:UserWarning"),
]

MAX_BYTES = 2 * 1024 * 1024


@pytest.fixture(scope="module")
def digits() -> Digits:
    with np.load(Path(__file__).parents[2] / "data" / "mnist_sample.npz") as arrays:
        return Digits(arrays["images"], arrays["labels"])


@pytest.fixture(scope="module")
def strings(digits: Digits) -> list[String]:
    rng, signs = np.random.default_rng(3), glyph_fields()
    return [draw_string(rng, digits, signs) for _ in range(150)]


def test_strings_are_strips_with_a_target_for_each_frame(strings):
    for string in strings:
        assert string.image.dtype == np.uint8
        assert string.image.shape[0] == STRIP_HEIGHT_PX
        assert string.image.shape[1] <= MAX_WIDTH_PX
        assert string.image.max() == 255
        assert string.targets.shape == (string.image.shape[1] // FRAME_PX,)
        assert set(string.targets.tolist()) <= {*range(10), NOT_A_DIGIT, IGNORED}


def test_the_targets_of_a_whole_string_spell_its_digits(strings):
    spelled = 0
    for string in strings:
        shown = [int(k) for k in string.targets if k < NOT_A_DIGIT]
        text = "".join(str(a) for a, b in zip(shown, [-1, *shown], strict=False) if a != b)
        merged = "".join(a for a, b in zip(string.text, " " + string.text, strict=False) if a != b)
        spelled += text == merged
    assert spelled >= 0.97 * len(strings)  # of two that lie upon each other, one hides the other


def test_strings_are_long_and_short_whole_and_cut(strings):
    lengths = {len(string.text) for string in strings}
    assert {1, 2, 3, 4, 5} <= lengths
    assert 0.5 < np.mean([string.whole for string in strings]) < 1


def test_the_same_seed_draws_the_same_strings_whatever_the_processes(digits):
    one, two = (draw_strings(digits, seed=5, count=6, processes=processes) for processes in (1, 2))
    for a, b in zip(one, two, strict=True):
        assert a.text == b.text
        np.testing.assert_array_equal(a.image, b.image)
    assert len(one) == 6


def test_each_epoch_has_numbers_of_its_own(digits):
    first, second = string_epochs(digits, seed=5, count=6, epochs=2, processes=1)
    assert len(first) == len(second) == 6
    for a, b in zip(first, draw_strings(digits, seed=5, count=6, processes=1), strict=True):
        np.testing.assert_array_equal(a.image, b.image)
    assert not any(np.array_equal(a.image, b.image) for a in first for b in second)


def test_the_network_is_small_and_takes_strips_of_any_width():
    model = build_sequence()
    assert model.name == "sequence"
    assert 4 * model.count_params() <= MAX_BYTES
    for width in (48, 96, 384):
        frames = np.asarray(model(np.zeros((2, STRIP_HEIGHT_PX, width, 1), np.float32), training=False))
        assert frames.shape == (2, 1, width // FRAME_PX, 11)
        np.testing.assert_allclose(frames.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.slow
def test_a_short_training_learns(strings):
    keras.utils.set_random_seed(1)
    model = build_sequence()
    compile_sequence(model)
    history = fit_sequence(model, iter([strings] * 3), epochs=3)
    assert set(history) == {"loss", "accuracy"}
    assert history["loss"][-1] < 0.8 * history["loss"][0]


@pytest.fixture(scope="module")
def trained(drawn_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .keras file of a sequence network after one epoch of a few numbers."""
    folder = tmp_path_factory.mktemp("sequence")
    options = TrainOptions(
        data=drawn_mnist, out=folder / "out" / "sequence.h5", epochs=1, sheets=1, command="digitdrop …"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digits_module, "HELD_OUT", 20)  # the drawn MNIST is small
        return train_companion(SEQUENCE, options, Console(quiet=True))


def test_a_training_leaves_the_network_in_two_formats_and_its_record(trained):
    names = sorted(path.name for path in trained.parent.iterdir())
    assert names == ["sequence.json", "sequence.keras", "sequence.tflite"]
    record = json.loads(trained.with_suffix(".json").read_text("utf-8"))
    assert (record["name"], record["classes"], record["command"]) == ("sequence", 11, "digitdrop …")
    assert record["sha256"] == sha256_of(trained.with_suffix(".tflite"))
    assert 0.2 <= record["temperature"] <= 10
    assert 0 <= record["metrics"]["exact"] <= 1
    assert record["metrics"]["parameters"] == build_sequence().count_params()


def test_a_network_that_is_gone_on_with_is_the_mean_of_before_and_after(trained, drawn_mnist, tmp_path, monkeypatch):
    def fit(model, *_, **__):
        model.set_weights([1.1 * weight for weight in model.get_weights()])
        return {"loss": [0.5], "accuracy": [0.9]}

    seeds = []

    def draw(digits, *, seed, **_):
        seeds.append(seed)
        return draw_strings(digits, seed=seed, count=1, processes=1)

    monkeypatch.setattr(digits_module, "HELD_OUT", 20)
    monkeypatch.setattr(module, "fit_sequence", fit)
    monkeypatch.setattr(module, "string_epochs", draw)
    options = TrainOptions(data=drawn_mnist, out=tmp_path / "sequence", epochs=1, sheets=1, resume=trained)
    resumed = load_model(train_companion(SEQUENCE, options, Console(quiet=True)))
    for old, new in zip(load_model(trained).get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(new, 1.05 * old, rtol=1e-5)
    assert seeds == [options.seed + 1], "one epoch later than those before"
    before = json.loads(trained.with_suffix(".json").read_text("utf-8"))["history"]["loss"]
    assert json.loads((tmp_path / "sequence.json").read_text("utf-8"))["history"]["loss"] == [*before, 0.5]


def test_the_8_bit_network_agrees_with_keras_at_widths_it_was_not_converted_at(trained, strings):
    network = load_network(SequenceNetwork, trained.with_suffix(".tflite"))
    model = load_model(trained)
    for width in (48, 384):
        images = np.zeros((4, STRIP_HEIGHT_PX, width, 1), np.uint8)
        for image, string in zip(images, strings, strict=False):
            part = string.image[:, :width]
            image[:, : part.shape[1], 0] = part
        expected = model.predict(images / np.float32(255), verbose=0)
        assert np.abs(network._network.run({0: images}) - expected).mean() < 0.02


def test_figures_are_the_share_of_whole_numbers_that_are_read() -> None:
    image, certain = np.zeros((STRIP_HEIGHT_PX, 12), np.uint8), np.eye(11, dtype=np.float32)
    shown = np.array([10, 4, 4, 10, 7, 10], np.uint8)
    strings = [String(image, shown, "47", True), String(image, shown, "4", True), String(image, shown, "1", False)]
    figures = _figures([certain[shown]] * 3, strings)
    assert figures == {"exact": 0.5, "exact_of_1": 0.0, "exact_of_2": 1.0}


def test_frames_are_as_many_as_targets(trained, strings):
    frames = read_frames(load_model(trained), strings[:5])
    assert [len(row) for row in frames] == [len(string.targets) for string in strings[:5]]


def test_missing_data_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        train_companion(
            SEQUENCE, TrainOptions(data=tmp_path / "nowhere", out=tmp_path / "sequence"), Console(quiet=True)
        )
    assert SEQUENCE.name == "sequence"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_most_numbers_may_be_of_one_width(strings, seed):
    short = min(strings, key=lambda string: string.image.shape[1])
    long = max(strings, key=lambda string: string.image.shape[1])
    model = build_sequence()
    compile_sequence(model)
    history = fit_sequence(model, iter([[short] * 640 + [long]]), epochs=1, seed=seed)
    assert len(history["loss"]) == 1
