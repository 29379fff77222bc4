"""Makes mnist_sample.npz: python tests/data/mnist_sample.py t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz

Forty digits of each class, from MNIST's test split, so that no network was trained on them.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PER_CLASS = 40
SEED = 28


def read_idx(path: Path, header_bytes: int) -> NDArray[np.uint8]:
    content = path.read_bytes()
    return np.frombuffer(gzip.decompress(content) if path.suffix == ".gz" else content, np.uint8, offset=header_bytes)


def main(images_path: Path, labels_path: Path) -> None:
    labels = read_idx(labels_path, 8)
    images = read_idx(images_path, 16).reshape(len(labels), 28, 28)
    rng = np.random.default_rng(SEED)
    chosen = np.concatenate(
        [rng.choice(np.flatnonzero(labels == digit), PER_CLASS, replace=False) for digit in range(10)]
    )
    np.savez_compressed(Path(__file__).with_suffix(".npz"), images=images[chosen], labels=labels[chosen])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
