from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from recognition.classify import NOT_A_DIGIT
from recognition.training import synthesis
from recognition.training.synthesis import MIX, Mix, epochs

COUNT = 90


@pytest.fixture(scope="module")
def made(mnist: tuple[NDArray[np.uint8], NDArray[np.uint8]]):
    """Three runs of two epochs: twice the same seed in one and two processes, and another seed."""
    images, labels = (part[::4][:COUNT] for part in mnist)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthesis, "CHUNK", 25)  # so that there is something to share out
        return [
            list(epochs(images, labels, seed=seed, count=2, processes=processes))
            for seed, processes in ((1, 1), (1, 2), (2, 2))
        ]


def test_epochs_are_the_same_for_the_same_seed_whatever_the_number_of_processes(made) -> None:
    one, two, _ = made
    for (images, labels), (others, other_labels) in zip(one, two, strict=True):
        assert np.array_equal(images, others)
        assert np.array_equal(labels, other_labels)


def test_each_epoch_and_each_seed_makes_new_pictures(made) -> None:
    (first, second), _, (other, _) = made
    assert not np.array_equal(first[0], second[0])
    assert not np.array_equal(first[0], other[0])


def test_an_epoch_has_every_digit_once_and_rubbish_besides(made, mnist) -> None:
    _, expected = (part[::4][:COUNT] for part in mnist)
    for images, labels in made[0]:
        assert images.dtype == labels.dtype == np.uint8
        assert images.shape == (len(labels), 28, 28)
        assert len(labels) == pytest.approx(COUNT * (1 + MIX.rubbish), abs=4)
        digits = labels[labels != NOT_A_DIGIT]
        assert np.array_equal(np.sort(digits), np.sort(expected))
        assert images.reshape(len(images), -1).any(axis=1).all()


def test_some_digits_stay_as_mnist_has_them(made, mnist) -> None:
    plain = {image.tobytes() for image in mnist[0]}
    for images, _ in made[0]:
        unchanged = sum(image.tobytes() in plain for image in images)
        assert 0.5 * MIX.plain * COUNT <= unchanged <= 1.7 * MIX.plain * COUNT


def test_classes_are_shuffled(made) -> None:
    _, labels = made[0][0]
    rubbish = np.flatnonzero(labels == NOT_A_DIGIT)
    assert rubbish.min() < len(labels) / 4
    assert rubbish.max() > 3 * len(labels) / 4


def test_the_mix_says_how_many_digits_stay_and_how_much_rubbish_is_added(mnist) -> None:
    images, labels = (part[::4][:COUNT] for part in mnist)
    ((pictures, classes),) = epochs(images, labels, seed=1, count=1, processes=1, mix=Mix(plain=1, slight=0, rubbish=0))
    assert sorted(picture.tobytes() for picture in pictures) == sorted(image.tobytes() for image in images)
    assert len(classes) == COUNT
