"""A small stand-in for MNIST: digits drawn in computer fonts, in the files MNIST comes in, and what learned them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from recognition.training.dataset import TEST_FILES, TRAIN_FILES, Digits

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)


def draw_digits(count: int, seed: int) -> Digits:
    """Draws digits in three fonts, moved and of varying thickness, as MNIST has them: bright on dark, 28x28."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count).astype(np.uint8)
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        origin = (5 + int(rng.integers(-1, 2)), 23 + int(rng.integers(-1, 2)))
        font = FONTS[rng.integers(len(FONTS))]
        cv2.putText(image, str(label), origin, font, 0.85, 255, int(rng.integers(1, 3)), cv2.LINE_AA)
    return Digits(images, labels)


def idx_bytes(values: NDArray[np.uint8]) -> bytes:
    """The content of an IDX file."""
    return bytes((0, 0, 8, values.ndim)) + np.array(values.shape, ">u4").tobytes() + values.tobytes()


def write_split(folder: Path, names: tuple[str, str], digits: Digits, *, zipped: bool = False) -> None:
    """Writes the two files of a split."""
    for name, values in zip(names, digits, strict=True):
        content = idx_bytes(values)
        (folder / (f"{name}.gz" if zipped else name)).write_bytes(gzip.compress(content) if zipped else content)


@pytest.fixture(scope="session")
def drawn_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with MNIST's four files that holds 800 and 200 drawn digits."""
    folder = tmp_path_factory.mktemp("drawn-mnist")
    write_split(folder, TRAIN_FILES, draw_digits(800, seed=1))
    write_split(folder, TEST_FILES, draw_digits(200, seed=2), zipped=True)
    return folder


@pytest.fixture(scope="session")
def trained(drawn_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The .keras file of a dense network that was trained for two epochs on drawn digits."""
    from recognition.training.train import TrainOptions, train  # with Keras, for which most tests need not wait

    out = tmp_path_factory.mktemp("trained") / "first"
    options = TrainOptions(
        architecture="dense", data=drawn_mnist, out=out, epochs=2, batch_size=10, command="digitdrop train …"
    )
    return train(options, Console(quiet=True))


@pytest.fixture
def write_mnist(tmp_path: Path) -> Callable[[Digits, Digits], Path]:
    """Writes MNIST's four files with the digits of both splits, and returns their folder."""

    def write(train: Digits, test: Digits) -> Path:
        folder = tmp_path / "mnist"
        folder.mkdir()
        write_split(folder, TRAIN_FILES, train)
        write_split(folder, TEST_FILES, test)
        return folder

    return write


@pytest.fixture
def console() -> Console:
    """A console that is no terminal and keeps what is written."""
    return Console(file=StringIO(), width=200)


GLOROT = {"class_name": "GlorotUniform", "config": {"seed": None, "dtype": "float32"}}
ZEROS = {"class_name": "Zeros", "config": {"dtype": "float32"}}


@pytest.fixture(scope="session")
def write_old_model() -> Callable[..., list[NDArray[np.float32]]]:
    """Writes an HDF5 model of 784 numbers as the Keras of a given version did, and returns its weights."""
    return _write_old_model


def _write_old_model(
    path: Path, version: str, *, batch: int | None = None, wrap: bool = True, momentum: float = 0.0
) -> list[NDArray[np.float32]]:
    layers = _old_layers(batch)
    # Up to Keras 2.2.2 the layers stood in a bare list.
    config = {"name": "sequential", "layers": layers} if wrap else layers
    optimizer = {"name": "SGD", "lr": 0.05, "decay": 0.0, "momentum": momentum, "nesterov": False}
    training = {
        "optimizer_config": {"class_name": "SGD", "config": optimizer},
        "loss": "categorical_crossentropy",
        "metrics": ["accuracy"],
        "sample_weight_mode": None,
        "loss_weights": None,
    }
    rng = np.random.default_rng(5)
    shapes = {"conv2d": ((3, 3, 1, 2), (2,)), "dense": ((13 * 13 * 2, 10), (10,))}
    written = []
    with h5py.File(path, "w") as file:
        file.attrs.update(keras_version=version.encode(), backend=b"tensorflow")
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config}).encode()
        file.attrs["training_config"] = json.dumps(training).encode()
        weights = file.create_group("model_weights")
        weights.attrs.update(keras_version=version.encode(), backend=b"tensorflow")
        weights.attrs["layer_names"] = [layer["config"]["name"].encode() for layer in layers]
        for layer in layers:
            name = layer["config"]["name"]
            names = [f"{name}/{kind}:0" for kind in ("kernel", "bias")] if name in shapes else []
            group = weights.create_group(name)
            group.attrs["weight_names"] = [one.encode() for one in names]
            for one, shape in zip(names, shapes.get(name, ()), strict=True):
                written.append(rng.normal(0, 0.3, shape).astype(np.float32))
                group[one] = written[-1]
        file.create_group("optimizer_weights").attrs["weight_names"] = [b"SGD/iter:0"]
        file["optimizer_weights/SGD/iter:0"] = np.int64(2700)
    return written


def _old_layers(batch: int | None) -> list[dict[str, Any]]:
    trained = {"use_bias": True, "kernel_initializer": GLOROT, "bias_initializer": ZEROS}
    plain = {"kernel_regularizer": None, "bias_regularizer": None, "activity_regularizer": None}
    image = {"padding": "valid", "data_format": "channels_last"}
    layers = {
        "reshape": ("Reshape", {"batch_input_shape": [batch, 784], "target_shape": [28, 28, 1]}),
        "conv2d": ("Conv2D", {"filters": 2, "kernel_size": [3, 3], "activation": "relu", **image, **trained, **plain}),
        "max_pooling2d": ("MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2], **image}),
        "dropout": ("Dropout", {"rate": 0.5, "noise_shape": None, "seed": None}),
        "flatten": ("Flatten", {"data_format": "channels_last"}),
        "dense": ("Dense", {"units": 10, "activation": "softmax", **trained, **plain}),
    }
    return [
        {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}
        for name, (kind, config) in layers.items()
    ]
