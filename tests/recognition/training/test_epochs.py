"""What the networks are fitted to in each epoch, seen from within Keras' own `fit`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from recognition.sequence import FRAME_PX, STRIP_HEIGHT_PX
from recognition.training import digits as digits_module
from recognition.training.ahead import made_ahead
from recognition.training.backend import keras
from recognition.training.dataset import Digits, Mnist
from recognition.training.digits import DIGITS
from recognition.training.recipe import Session, fit_digits_of_mnist
from recognition.training.schedule import NewEachEpoch, falling_rate, fit_batches
from recognition.training.sequence import BATCH_SIZE, fit_sequence
from recognition.training.strings import String

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

layers = keras.layers


class Watched(keras.Model):  # type: ignore[misc]  # Keras has no type stubs
    """A network that fits nothing, and notes which class each of its batches is of."""

    seen: list[int]

    def train_step(self, data: tuple[Any, ...]) -> dict[str, Any]:
        self.seen.append(int(np.max(data[1])))
        return {"loss": keras.ops.zeros(())}


def watched(image: keras.KerasTensor, scores: keras.KerasTensor) -> Watched:
    model = Watched(image, scores)
    model.seen = []
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    return model


@pytest.fixture
def network_of_images() -> Watched:
    """Takes digits."""
    image = keras.Input((28, 28, 1))
    return watched(image, layers.Dense(11)(layers.Flatten()(image)))


@pytest.fixture
def network_of_strips() -> Watched:
    """Takes strips."""
    strip = keras.Input((STRIP_HEIGHT_PX, None, 1))
    return watched(strip, layers.Conv2D(11, (STRIP_HEIGHT_PX, 2), strides=(1, FRAME_PX))(strip))


def numbers(digit: int, batches: int) -> list[String]:
    """Numbers enough for so many batches, of one digit."""
    image, targets = np.full((STRIP_HEIGHT_PX, 48), 255, np.uint8), np.full(24, digit, np.uint8)
    return [String(image, targets, str(digit), True)] * (batches * BATCH_SIZE)


def test_every_epoch_of_digits_is_fitted_to_once(network_of_images: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def epochs(*_: Any, **__: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for digit in (1, 2, 3):
            yield np.zeros((20, 28, 28), np.uint8), np.full(20, digit, np.uint8)

    monkeypatch.setattr(digits_module, "epochs", epochs)
    monkeypatch.setattr(digits_module, "HELD_OUT", 1)
    two = Digits(np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8))
    DIGITS.fit(network_of_images, Session(Mnist(two, two), range(5, 8), batch_size=10, seed=1))
    assert network_of_images.seen == [1, 1, 2, 2, 3, 3]


def test_fewer_pictures_than_a_batch_are_fitted_to_as_well(
    network_of_images: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = np.zeros((20, 28, 28), np.uint8), np.full(20, 4, np.uint8)
    monkeypatch.setattr(digits_module, "epochs", lambda *_, **__: iter([few]))
    monkeypatch.setattr(digits_module, "HELD_OUT", 1)
    two = Digits(np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8))
    DIGITS.fit(network_of_images, Session(Mnist(two, two), range(1), batch_size=256, seed=1))
    assert network_of_images.seen == [4]


@pytest.mark.parametrize("later", [2, 4])
def test_every_epoch_of_numbers_is_fitted_to_once_and_all_are_as_long_as_the_first(
    network_of_strips: Watched, later: int
) -> None:
    fit_sequence(network_of_strips, iter([numbers(1, 3), numbers(2, later), numbers(3, 3)]), epochs=3)
    assert network_of_strips.seen == [1] * 3 + [2] * 3 + [3] * 3


def test_the_last_epoch_is_handed_over_when_the_processes_that_made_it_are_gone() -> None:
    # Processes find functions of Python itself wherever the tests are started from, and those of a test not always.
    own_process = "__import__('os').getpid()"
    made = made_ahead([["1", "2"], [own_process]], eval, processes=1, start=int, arguments=())
    assert next(made) == [1, 2]
    [process] = next(made)
    assert process != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert list(made) == []


def test_what_makes_the_epochs_ends_with_an_interrupted_fit(network_of_images: Watched) -> None:
    ended = []

    def made() -> Iterator[np.ndarray]:
        try:
            while True:
                yield np.zeros((10, 28, 28, 1), np.float32)
        finally:
            ended.append(True)

    class Epochs(NewEachEpoch[np.ndarray]):
        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            return self._images, np.zeros(10, np.uint8)

        def _take(self, data: np.ndarray) -> None:
            self._images = data

    def interrupt(epoch: int, logs: Any) -> None:
        raise KeyboardInterrupt

    batches = Epochs(made())  # which somebody holds, as a traceback does
    with pytest.raises(KeyboardInterrupt):
        fit_batches(
            network_of_images,
            batches,
            epochs=range(3),
            rate=falling_rate(1e-3, range(3)),
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=interrupt)],
        )
    assert ended


def test_a_killed_process_ends_what_waits_for_its_work() -> None:
    kill = "__import__('os').kill(__import__('os').getpid(), 9)"
    with pytest.raises(ChildProcessError, match="want of memory"):
        list(made_ahead([["1", kill]], eval, processes=1, start=int, arguments=()))


def test_ctrl_c_is_left_to_the_process_that_waits() -> None:
    interrupt = "__import__('os').kill(__import__('os').getpid(), 2)"
    assert list(made_ahead([[interrupt, "1"]], eval, processes=1, start=int, arguments=())) == [[None, 1]]


class Noting(keras.Sequential):  # type: ignore[misc]  # Keras has no type stubs
    """A network that fits nothing, and notes the digits in their order by their grey."""

    def train_step(self, data: tuple[Any, ...]) -> dict[str, Any]:
        self.greys += np.rint(np.array(data[0])[:, 0, 0] * 255).astype(int).tolist()
        return {"loss": keras.ops.zeros(())}


def orders(seed: int) -> list[list[int]]:
    """The order of 90 digits in each of three epochs."""
    keras.utils.set_random_seed(1)
    model = Noting([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")])
    model.greys = []
    model.compile(loss="categorical_crossentropy", run_eagerly=True)
    images = np.arange(100, dtype=np.uint8)[:, None, None].repeat(28, axis=1).repeat(28, axis=2)
    digits = Digits(images, np.arange(100, dtype=np.uint8) % 10)
    fit_digits_of_mnist(model, Session(Mnist(digits, digits), range(3), batch_size=7, seed=seed))
    return [model.greys[start : start + 90] for start in range(0, len(model.greys), 90)]


def test_each_epoch_has_all_digits_in_an_order_of_its_own_and_the_same_with_the_same_seed() -> None:
    first = orders(seed=1)
    assert [sorted(order) for order in first] == [list(range(90))] * 3, "but for those that the epochs are measured on"
    assert len({tuple(order) for order in first}) == 3
    assert orders(seed=1) == first
    assert orders(seed=2)[0] not in first
