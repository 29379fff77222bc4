from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recognition.normalize import normalize
from recognition.training.digit_sets import load_set, load_sets
from recognition.training.errors import DatasetError

Sample = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def write(path: Path, **arrays: NDArray[np.generic]) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_mnist_is_left_as_it_is(drawn_mnist: Path) -> None:
    one = load_set(drawn_mnist)
    assert one.name == drawn_mnist.name
    assert "as it is" in one.form
    assert one.digits.images.shape == (200, 28, 28)


def test_digits_of_any_size_are_brought_into_mnists_form(mnist: Sample, tmp_path: Path) -> None:
    images, labels = mnist[0][:6], mnist[1][:6]
    large = np.stack([cv2.resize(image, (50, 60), interpolation=cv2.INTER_CUBIC) for image in images])
    one = load_set(write(tmp_path / "large.npz", images=large, labels=labels.astype(np.int64)))
    assert (one.name, one.form) == ("large.npz", "50x60 pixels, normalized")
    assert one.digits.images.shape == (6, 28, 28)
    assert (one.digits.images[3] == normalize(large[3].astype(np.uint8))).all()
    assert one.digits.labels.tolist() == labels.tolist()
    assert one.digits.labels.dtype == np.uint8


def test_digits_of_mnists_size_are_moved_to_where_mnist_has_them(mnist: Sample, tmp_path: Path) -> None:
    moved = np.roll(mnist[0][:4], (-4, -4), axis=(1, 2))
    one = load_set(write(tmp_path / "moved.npz", images=moved, labels=mnist[1][:4]))
    middle = cv2.moments(one.digits.images[0])
    assert middle["m10"] / middle["m00"] == pytest.approx(14, abs=0.6)


def test_several_sets_come_in_their_order(mnist: Sample, drawn_mnist: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "own.npz", images=mnist[0][:4], labels=mnist[1][:4])
    assert [one.name for one in load_sets([path, drawn_mnist])] == ["own.npz", drawn_mnist.name]


GOOD = {"images": np.zeros((2, 8, 8), np.uint8), "labels": np.array([1, 2])}


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"images": GOOD["images"]}, "must have the arrays images and labels"),
        ({**GOOD, "images": np.zeros((2, 8, 8), np.float32)}, r"uint8 \(n, height, width\).*float32 \(2, 8, 8\)"),
        ({**GOOD, "images": np.zeros((2, 64), np.uint8)}, r"Received: uint8 \(2, 64\)"),
        ({"images": np.zeros((0, 8, 8), np.uint8), "labels": np.array([], int)}, "at least one"),
        ({**GOOD, "images": 255 - GOOD["images"]}, "bright ink on dark ground.*save 255 - images"),
        ({**GOOD, "labels": np.array([1, 2, 3])}, r"must be integers \(2,\).*Received: int64 \(3,\)"),
        ({**GOOD, "labels": np.array(["1", "2"])}, "must be integers"),
        ({**GOOD, "labels": np.array([1, 10])}, "0 to 9. Received: 1 to 10; leave out"),
        ({**GOOD, "labels": np.array([1, None], object)}, "cannot be read"),
    ],
)
def test_an_archive_of_another_form_is_named_with_what_it_must_be(
    arrays: dict[str, NDArray[np.generic]], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=said) as caught:
        load_set(write(tmp_path / "other.npz", **arrays))
    assert "other.npz" in str(caught.value)


def test_bold_digits_that_fill_their_pictures_are_no_dark_ones(tmp_path: Path) -> None:
    rings = np.full((2, 8, 8), 255, np.uint8)
    rings[:, 3:5, 3:5] = 0
    rings[:, [0, -1], 0] = 0
    path = write(tmp_path / "bold.npz", images=rings, labels=np.array([0, 0]))
    assert load_set(path).digits.labels.tolist() == [0, 0]


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "digits.txt").write_text("1 2 3")
    (tmp_path / "empty.npz").write_bytes(b"")
    np.save(tmp_path / "array.npy", np.zeros((2, 8, 8), np.uint8))
    (tmp_path / "array.npy").rename(tmp_path / "array.npz")
    with pytest.raises(DatasetError, match=r"text\.npz cannot be read"):
        load_set(tmp_path / "text.npz")
    with pytest.raises(DatasetError, match=r"array\.npz cannot be read"):
        load_set(tmp_path / "array.npz")
    with pytest.raises(DatasetError, match=r"empty\.npz cannot be read"):
        load_set(tmp_path / "empty.npz")
    with pytest.raises(DatasetError, match=r"folder .* or an \.npz.*digits\.txt"):
        load_set(tmp_path / "digits.txt")
    with pytest.raises(DatasetError, match="does not exist"):
        load_set(tmp_path / "missing")
    with pytest.raises(DatasetError, match=r"missing\.npz.*No such file"):
        load_set(tmp_path / "missing.npz")
