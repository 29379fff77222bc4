"""What a run of training can be told; free of Keras, so that a command line can use it at no cost."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from recognition.training.errors import TrainingError

SHEETS = 1000
"""So many are drawn, unless the options say otherwise."""
NOT_FOR_ALL = ("batch_size", "pieces", "sheets", "teachers")
"""Options that some networks have no use for."""

MAX_SEED = 2**32 - 1
"""Of Keras and of the older half of NumPy."""


def seed_of_keras(seed: int) -> int:
    """A seed that Keras takes, of one that has grown by the epochs of trainings before."""
    return seed % (MAX_SEED + 1)


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What to train, on what, and where it goes.

    Attributes:
        architecture: name of the network; None is that of the resumed model, else `cnn`.
        data: folder with MNIST as IDX files; None lets Keras fetch it.
        out: path of the model without its suffix, whose folder is made when it is missing; in a folder that there is
            the model gets the architecture's name, and None is the current one.
        resume: a .keras or .h5 model whose weights and optimizer the training goes on from.
        epochs: how many to train now, added to those of a resumed model; None is the recipe's own number.
        batch_size: images a step; None is the recipe's own number.
        seed: of the initial weights, the shuffling and the augmentation, 0 to 4,294,967,295; what a resumed training
            draws depends on its epochs so far, too.
        pieces: an .npz file of what the segmenter makes of drawn sheets, to train on too; made when it is missing.
        sheets: how many are drawn, or what is drawn in their place; None is SHEETS.
        teachers: .tflite files of networks from which it learns what else a digit may be; none for labels alone.
        command: the command line, kept in the record beside the model.

    Raises:
        ValueError: a number of epochs, images or sheets is not positive, or the seed out of its range.
    """

    architecture: str | None = None
    data: Path | None = None
    out: Path | None = None
    resume: Path | None = None
    epochs: int | None = None
    batch_size: int | None = None
    seed: int = 1
    pieces: Path | None = None
    sheets: int | None = None
    teachers: tuple[Path, ...] | None = None
    command: str = ""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "sheets"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1. Received: {value}")
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed must be 0 to {MAX_SEED}. Received: {self.seed}")

    def refuse_others(self, network: str, used: Collection[str]) -> None:
        """Refuses what a network has no use for, so that nothing that was asked for is left out without a word.

        Args:
            network: its name.
            used: which of NOT_FOR_ALL it uses.

        Raises:
            TrainingError: another one of them was given.
        """
        for name in NOT_FOR_ALL:
            if name not in used and getattr(self, name) is not None:
                option = "--teacher" if name == "teachers" else f"--{name.replace('_', '-')}"
                given = getattr(self, name)
                received = " ".join(map(str, given)) if isinstance(given, tuple) else given
                raise TrainingError(f"{network} is trained without {option}; leave it out. Received: {received}")
