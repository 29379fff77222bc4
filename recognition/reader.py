"""Reads pieces of ink: what digit each may be, and whether it is one at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from recognition.arrays import Image
from recognition.classify import NOT_A_DIGIT, Classifier, load_classifier
from recognition.components import Component
from recognition.context import ContextNetwork
from recognition.model_file import load_network
from recognition.normalize import normalize_all
from recognition.prior import Prior
from recognition.reading import Reading, raised
from recognition.sequence import SequenceNetwork
from recognition.types import ModelInfo

UNLIKELY = 0.1
"""What the ink alone gives less for any digit is not looked at any closer: it is none, whatever stands around it."""


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """The networks that read together.

    Attributes:
        classifier: tells which digit the ink is.
        context: tells from its surroundings whether it is one; None does without.
        sequence: reads touching digits and whole numbers uncut; None does without.
        second: tells which digit the ink is, where the classifier is in doubt; None does without.
        prior: what the page as a whole adds to the log odds of being a digit.
    """

    classifier: Classifier
    context: ContextNetwork | None = None
    sequence: SequenceNetwork | None = None
    second: Classifier | None = None
    prior: Prior = field(default_factory=Prior)

    @property
    def info(self) -> ModelInfo:
        """What is known of the network that tells the digits."""
        return self.classifier.info

    def read(self, pieces: Sequence[Component], darkness: Image, *, touching: bool = False) -> list[Reading]:
        """Returns the reading of each piece, all in one call of each network.

        Args:
            pieces: of the page.
            darkness: uint8 page, as in `binarize.Ink`.
            touching: they were cut from larger ones.
        """
        images = normalize_all(piece.ink(darkness) for piece in pieces)
        rows = self.classifier.probabilities(images)
        alone = rows.copy()
        if self.context is not None:
            likely = np.flatnonzero(rows[:, :NOT_A_DIGIT].max(axis=1, initial=0) >= UNLIKELY)
            rows[likely, :NOT_A_DIGIT] *= self.context.whole([pieces[int(k)] for k in likely], darkness)[:, None]
            rows[:, NOT_A_DIGIT] = np.maximum(0, 1 - rows[:, :NOT_A_DIGIT].sum(axis=1))
        readings = [
            Reading(piece, row, image, ink, touching)
            for piece, row, ink, image in zip(pieces, rows, alone, images, strict=True)
        ]
        return raised(readings, self.prior.of(pieces))


def load_reader(
    model: Path, context: Path | None = None, sequence: Path | None = None, second: Path | None = None
) -> Reader:
    """Returns what reads pieces of ink with the networks of some files, each with a .json of its facts beside it.

    Args:
        model: a .tflite file of a network that tells digits.
        context: one of the network that tells whether ink is a digit; None does without.
        sequence: one of the network that reads several digits at once; None does without.
        second: one of another network that tells digits; None does without.

    Raises:
        ModelLoadError: a file is missing or damaged, or does not belong to the .json beside it.
        ModelMismatchError: it is no network of that kind.
    """
    return Reader(
        load_classifier(model),
        None if context is None else load_network(ContextNetwork, context),
        None if sequence is None else load_network(SequenceNetwork, sequence),
        None if second is None else load_classifier(second),
    )
