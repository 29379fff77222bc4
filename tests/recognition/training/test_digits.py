from __future__ import annotations

import math

import numpy as np
import pytest

from recognition.classify import CLASSES
from recognition.training import digits as digits_module
from recognition.training.backend import keras
from recognition.training.dataset import Digits as Split
from recognition.training.dataset import Mnist
from recognition.training.digits import DIGITS, PEAK_LEARNING_RATE, _rate, build_digits
from recognition.training.recipe import Session

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

MAX_BYTES = 2 * 1024 * 1024


def test_the_network_is_small_and_tells_eleven_classes_apart() -> None:
    model = build_digits()
    assert model.name == "digits"
    assert model.input_shape == (None, 28, 28, 1)
    assert model.output_shape == (None, CLASSES)
    assert 4 * model.count_params() <= MAX_BYTES
    probabilities = np.asarray(model(np.zeros((2, 28, 28, 1), np.float32), training=False))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_the_learning_rate_rises_over_the_first_epoch_and_falls_along_a_cosine() -> None:
    rate = _rate(range(4)).schedule
    rates = [rate(epoch, 0.5) for epoch in range(4)]
    assert rates == pytest.approx(
        [PEAK_LEARNING_RATE * share for share in (1 / 4, (1 + math.sqrt(0.5)) / 2, 1 / 2, (1 - math.sqrt(0.5)) / 2)]
    )


def test_a_resumed_training_has_a_schedule_of_its_own() -> None:
    fresh, resumed = _rate(range(6)).schedule, _rate(range(30, 36)).schedule
    assert [resumed(epoch, 0.5) for epoch in range(30, 36)] == [fresh(epoch, 0.5) for epoch in range(6)]


def test_one_epoch_alone_is_trained_at_the_full_rate() -> None:
    assert _rate(range(1)).schedule(0, 0.5) == PEAK_LEARNING_RATE


def test_the_rate_never_reaches_zero() -> None:
    rate = _rate(range(1000)).schedule
    assert min(rate(epoch, 0.5) for epoch in range(1000)) > 0


@pytest.mark.slow
def test_a_short_training_learns_and_is_calibrated(mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits_module, "HELD_OUT", 80)
    order = np.random.default_rng(0).permutation(len(mnist[0]))
    images, labels = (np.concatenate([part[order]] * 2) for part in mnist)
    data = Mnist(Split(images, labels), Split(images[:1], labels[:1]))
    keras.utils.set_random_seed(1)
    model = DIGITS.build()
    DIGITS.compile(model)
    session = Session(data, range(3), batch_size=25, seed=1)
    history = DIGITS.fit(model, session)
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert [len(values) for values in history.values()] == [3] * 4
    assert history["loss"][-1] < 0.75 * history["loss"][0]
    assert history["accuracy"][-1] > 0.5  # chance reads one in eleven
    assert DIGITS.calibrate is not None
    assert 0.2 < DIGITS.calibrate(model, session) < 10
