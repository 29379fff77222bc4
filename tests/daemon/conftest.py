"""A ledger, two disks, and models, which are made once in a process of their own: Keras stays out of this one."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

import daemon.originals
from daemon.ledger import Ledger
from daemon.model import prepare_model

MAKE_MODELS = """
import sys
import keras
from keras import layers

def model(side):
    image = keras.Input((side, side, 1))
    flat = layers.Flatten()(layers.MaxPooling2D(4)(layers.Conv2D(4, 3, activation="relu")(image)))
    sure = keras.initializers.RandomNormal(stddev=3)  # of its guesses, so that they count as digits
    return keras.Model(image, layers.Dense(10, activation="softmax", kernel_initializer=sure)(flat))

keras.utils.set_random_seed(1)
model(28).save(f"{sys.argv[1]}/MNIST.h5")
model(32).save(f"{sys.argv[1]}/wrong.keras")
"""


@pytest.fixture(scope="session")
def read_sheet() -> Callable[[Path, int], list[list[str]]]:
    """What a sheet of a workbook holds, counted from 1: the text of each cell, by row and column."""

    def read(path: Path, number: int) -> list[list[str]]:
        with zipfile.ZipFile(path) as parts:
            sheet = ElementTree.fromstring(parts.read(f"xl/worksheets/sheet{number}.xml"))
        return [["".join(cell.itertext()) for cell in row] for row in sheet.iterfind(".//{*}row")]

    return read


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path) as ledger:
        yield ledger


@pytest.fixture
def two_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets inbox and archive stand on two disks."""
    rename = daemon.originals.rename_new

    def refuse(source: Path, target: Path) -> None:
        if source.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    monkeypatch.setattr(daemon.originals, "rename_new", refuse)


@pytest.fixture(scope="session")
def keras_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `MNIST.h5`, a small untrained network, and `wrong.keras`, which takes 32x32."""
    folder = tmp_path_factory.mktemp("models")
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_HOME": str(folder / "keras")}
    subprocess.run([sys.executable, "-c", MAKE_MODELS, str(folder)], env=environment, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def converted_model(keras_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`MNIST.h5` as the service prepares it; its folder is the cache."""
    return prepare_model(keras_models / "MNIST.h5", tmp_path_factory.mktemp("cache") / "models")
