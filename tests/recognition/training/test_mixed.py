from __future__ import annotations

import numpy as np
import pytest

from recognition.classify import NOT_A_DIGIT
from recognition.context import Windows
from recognition.training import digits as digits_module
from recognition.training.dataset import Digits, Mnist
from recognition.training.digits import HELD_OUT, mixed, typical_digits
from recognition.training.recipe import Session
from recognition.training.sheets.pieces import LOOKALIKE, Pieces

MADE = 1  # the value of every pixel of an epoch's own pictures


def pieces(labels: list[int]) -> Pieces:
    """Pieces whose pixels are 100 more than their place."""
    count = len(labels)
    images = np.zeros((count, 28, 28), np.uint8) + np.arange(100, 100 + count, dtype=np.uint8)[:, None, None]
    windows = Windows(np.zeros((count, 32, 32, 2), np.uint8), np.zeros((count, 32, 64, 2), np.uint8))
    return Pieces(images, windows, np.array(labels, np.uint8))


def epochs(count: int, size: int = 40):
    for _ in range(count):
        yield np.full((size, 28, 28), MADE, np.uint8), (np.arange(size) % 10).astype(np.uint8)


def test_four_digits_are_added_to_ten_pictures_of_an_epoch_and_few_pieces_that_are_none() -> None:
    ((images, labels),) = mixed(epochs(1, size=50), pieces([4, NOT_A_DIGIT] * 60), seed=1)
    assert (images.dtype, labels.dtype) == (np.uint8, np.uint8)
    assert images.shape == (73, 28, 28)
    assert labels.shape == (73,)
    added = labels[images[:, 0, 0] != MADE]
    assert (np.count_nonzero(added == 4), np.count_nonzero(added == NOT_A_DIGIT)) == (20, 3)


def test_print_and_letters_are_left_out() -> None:
    some = pieces([LOOKALIKE, 3, LOOKALIKE, NOT_A_DIGIT, 7] * 6)
    for images, labels in mixed(epochs(3), some, seed=1):
        assert labels.max() <= NOT_A_DIGIT
        assert np.count_nonzero(images[:, 0, 0] != MADE) == 14, "of fewer digits all are added, each once"


def test_pictures_and_pieces_keep_their_classes_in_the_shuffle() -> None:
    some = pieces([5, NOT_A_DIGIT] * 20)
    for images, labels in mixed(epochs(2), some, seed=3):
        values = images[:, 0, 0]
        added = values != MADE
        np.testing.assert_array_equal(labels[added], some.labels[values[added] - 100])
        assert len(set(values[added])) == np.count_nonzero(added), "no piece is added twice"
        assert sorted(labels[~added]) == sorted(np.arange(40) % 10)
        assert added[:40].any(), "pieces stand among the pictures"


def test_each_epoch_gets_other_pieces_and_the_same_seed_the_same() -> None:
    some = pieces([5] * 100)
    one, again, other = ([images[:, 0, 0] for images, _ in mixed(epochs(2), some, seed=seed)] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one[0], one[1])
    assert not np.array_equal(one[0], other[0])


def test_without_a_piece_of_use_an_epoch_is_only_shuffled() -> None:
    for some in (pieces([]), pieces([LOOKALIKE] * 5)):
        ((images, labels),) = mixed(epochs(1), some, seed=1)
        assert (images == MADE).all()
        assert sorted(labels) == sorted(np.arange(40) % 10)


@pytest.mark.slow
def test_typical_digits_are_held_out_ones_as_they_are_and_varied(mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits_module, "TYPICAL", 20)
    images, labels = (np.concatenate([part] * 10) for part in mnist)
    split = Digits(images, labels)
    session = Session(Mnist(split, split), range(1), batch_size=10, seed=1)
    typical = typical_digits(session)
    assert typical.dtype == np.uint8
    assert typical.shape[1:] == (28, 28)
    np.testing.assert_array_equal(typical[:20], images[-HELD_OUT:][:20])
    assert len(typical) >= 40
    assert typical[20:].any()


def test_strokes_that_are_no_digit_are_left_out() -> None:
    some = pieces([5, NOT_A_DIGIT] * 60)
    some.images[1::4] = 0
    some.images[1::4, 4:24, 13:15] = 255
    for images, labels in mixed(epochs(3), some, seed=1):
        strokes = images[:, 0, 0] == 0
        assert not (labels[strokes] == NOT_A_DIGIT).any()
