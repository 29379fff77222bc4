from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from recognition.training.dataset import TEST_FILES, TRAIN_FILES, Digits, load_mnist, load_test, read_idx
from recognition.training.errors import DatasetError

LABELS = np.array([3, 1, 4], np.uint8)
IMAGES = np.arange(3 * 28 * 28).reshape(3, 28, 28).astype(np.uint8)


def idx(values: np.ndarray, shape: tuple[int, ...] | None = None) -> bytes:
    sizes = shape or values.shape
    return bytes((0, 0, 8, len(sizes))) + b"".join(size.to_bytes(4, "big") for size in sizes) + values.tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for images_name, labels_name in (TRAIN_FILES, TEST_FILES):
        (tmp_path / images_name).write_bytes(idx(IMAGES))
        (tmp_path / f"{labels_name}.gz").write_bytes(gzip.compress(idx(LABELS)))
    return tmp_path


def test_plain_and_gzipped_files_are_read_alike(folder: Path) -> None:
    for split in load_mnist(folder):
        np.testing.assert_array_equal(split.images, IMAGES)
        np.testing.assert_array_equal(split.labels, LABELS)


def test_splits_unpack_as_those_of_keras_do(folder: Path) -> None:
    (x_train, y_train), (x_test, y_test) = load_mnist(folder)
    assert x_train.shape == x_test.shape == (3, 28, 28)
    assert y_train.dtype == y_test.dtype == np.uint8


def test_a_dot_in_the_name_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "t10k-images.idx3-ubyte").write_bytes(idx(IMAGES))
    (tmp_path / "t10k-labels.idx1-ubyte").write_bytes(idx(LABELS))
    np.testing.assert_array_equal(load_test(tmp_path).labels, LABELS)


def test_the_test_split_needs_no_training_files(folder: Path) -> None:
    for name in (TRAIN_FILES[0], f"{TRAIN_FILES[1]}.gz"):
        (folder / name).unlink()
    assert isinstance(load_test(folder), Digits)
    with pytest.raises(DatasetError, match=r"must hold train-images-idx3-ubyte or train-images-idx3-ubyte\.gz"):
        load_mnist(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere must hold .* Received: no such folder; .*--data"):
        load_mnist(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must begin with 00000801. Received: an empty file"),
        (idx(IMAGES), "must begin with 00000801. Received: 00000803"),
        (b"\x00\x00\x08\x01\x00\x00", "ends in its header, after 6 of 8 bytes"),
        (idx(LABELS, shape=(4,)), r"must be 12 bytes long for its shape \(4,\). Received: 11 bytes"),
        (idx(LABELS, shape=(2,)), r"must be 10 bytes long for its shape \(2,\). Received: 11 bytes"),
        (gzip.compress(idx(LABELS))[:-6], "cannot be read .*fetch the file again"),
        (b"\x1f\x8b\x08 no gzip at all", "cannot be read .*fetch the file again"),
    ],
)
def test_a_damaged_file_is_refused_with_the_reason(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "labels"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        read_idx(path, 1)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES[:2], LABELS, "the same number of digits, at least one. Received: 2 images and 3 labels"),
        (IMAGES[:0], LABELS[:0], "Received: 0 images and 0 labels"),
        (IMAGES[:, :20], LABELS, r"must be 28x28. Received: \(20, 28\)"),
        (IMAGES, LABELS + 7, "must be 0 to 9. Received: 11"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray, message: str
) -> None:
    for name, values in zip(TEST_FILES, (images, labels), strict=True):
        (tmp_path / name).write_bytes(idx(values))
    with pytest.raises(DatasetError, match=message):
        load_test(tmp_path)
