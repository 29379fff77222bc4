"""Makes the pictures of an epoch of `digits` or `digits-b`, in processes beside the one that fits them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Field, Image
from recognition.classify import NOT_A_DIGIT
from recognition.normalize import IMAGE_PX, normalize
from recognition.training.ahead import made_ahead
from recognition.training.augment import slight, variant
from recognition.training.rubbish import glyph_fields, rubbish

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Mix:
    """What an epoch is made of.

    Attributes:
        plain: share of the digits that stay as MNIST has them, because MNIST's own hands count too.
        slight: share of those that are varied slightly; all others are as other hands would have written them.
        rubbish: how many pictures that are no digit are added, relative to the digits.
    """

    plain: float
    slight: float
    rubbish: float


MIX = Mix(plain=0.25, slight=0.2, rubbish=0.3)
"""Of `digits`."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    seed: tuple[int, int, int]
    digits: NDArray[np.int64]
    mix: Mix


_images: Image
_labels: NDArray[np.uint8]
_glyphs: list[Field]


def epochs(
    images: Image, labels: NDArray[np.uint8], *, seed: int, count: int, processes: int, mix: Mix = MIX
) -> Iterator[tuple[Image, NDArray[np.uint8]]]:
    """Yields `count` epochs of shuffled pictures, each made while the one before is in use.

    Args:
        images: uint8 (n, 28, 28), ink bright.
        labels: uint8 (n,), 0 to 9.
        seed: the same seed gives the same epochs, whatever the number of processes.
        count: how many epochs.
        processes: how many make them.
        mix: what they are made of.

    Yields:
        uint8 (m, 28, 28) and uint8 (m,) with 10 for what is no digit; m is n plus the rubbish.
    """
    tasks = (_chunks(len(images), seed, epoch, mix) for epoch in range(count))
    made = made_ahead(tasks, _make, processes=processes, start=_start, arguments=(images, labels))
    for epoch, parts in enumerate(made):
        pictures = np.concatenate([part[0] for part in parts])
        classes = np.concatenate([part[1] for part in parts])
        order = np.random.default_rng((seed, epoch)).permutation(len(pictures))
        yield pictures[order], classes[order]


def _chunks(count: int, seed: int, epoch: int, mix: Mix) -> list[_Chunk]:
    return [
        _Chunk((seed, epoch, start), np.arange(start, min(start + CHUNK, count)), mix)
        for start in range(0, count, CHUNK)
    ]


def _start(images: Image, labels: NDArray[np.uint8]) -> None:
    global _images, _labels, _glyphs
    cv2.setNumThreads(1)
    _images, _labels, _glyphs = images, labels, glyph_fields()


def _make(chunk: _Chunk) -> tuple[Image, NDArray[np.uint8]]:
    rng = np.random.default_rng(chunk.seed)

    def pick() -> tuple[Image, int]:
        index = int(rng.integers(len(_images)))
        return _images[index], int(_labels[index])

    mix = chunk.mix
    rubbish_count = round(len(chunk.digits) * mix.rubbish)
    pictures = np.zeros((len(chunk.digits) + rubbish_count, IMAGE_PX, IMAGE_PX), np.uint8)
    classes = np.full(len(pictures), NOT_A_DIGIT, np.uint8)
    for at, index in enumerate(chunk.digits):
        digit, label = _images[index], int(_labels[index])
        kind = rng.random()
        if kind < mix.plain:
            pictures[at] = digit
        else:
            another = kind >= mix.plain + mix.slight
            pictures[at] = normalize(variant(rng, digit, label, pick()[0]) if another else slight(rng, digit))
        classes[at] = label
    for at in range(len(chunk.digits), len(pictures)):
        pictures[at] = normalize(rubbish(rng, pick, _glyphs))
    return pictures, classes
