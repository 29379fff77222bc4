"""Pieces of ink with what the network says of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recognition.calibrate import Probabilities
from recognition.classify import NOT_A_DIGIT
from recognition.components import Component

SUREST = 0.98
"""Beyond this probability, and below what it leaves, networks are not to be taken at their word on new pages."""
FLOOR = np.float32(1e-4)
"""No network rules anything out for another: a probability below this counts as this."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A piece of ink and its probabilities.

    Attributes:
        piece: the ink.
        probabilities: float32 (11,), index 10 for what is no digit.
        touching: the piece was cut from a larger one.
        alone: the probabilities by the ink alone, None where its surroundings were not looked at.
        seen: confidence by the ink and its surroundings, None where it is that of `probabilities`.
        told: log odds that the page and the neighbors have added since.
    """

    piece: Component
    probabilities: Probabilities
    touching: bool = False
    alone: Probabilities | None = None
    seen: float | None = None
    told: float = 0.0

    @property
    def by_ink(self) -> Probabilities:
        """What the ink alone gives, whatever stands around it."""
        return self.probabilities if self.alone is None else self.alone

    @property
    def first_confidence(self) -> float:
        """The confidence by the ink and its surroundings, before anything was told."""
        return self.confidence if self.seen is None else self.seen

    @property
    def odds(self) -> float:
        """Log odds of being a digit, with all that was told."""
        bounded = min(max(self.first_confidence, 1 - SUREST), SUREST)
        return math.log(bounded / (1 - bounded)) + self.told

    @property
    def by_ink_confidence(self) -> float:
        """The probability of the most probable digit by the ink alone."""
        return float(self.by_ink[:NOT_A_DIGIT].max())

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return int(self.probabilities[:NOT_A_DIGIT].argmax())

    @property
    def confidence(self) -> float:
        """The probability of the most probable digit."""
        return float(self.probabilities[:NOT_A_DIGIT].max())

    @property
    def rubbish(self) -> float:
        """The probability of being no digit."""
        return float(self.probabilities[NOT_A_DIGIT])


def raised(reading: Reading, by: float) -> Reading:
    """Returns a reading with its log odds of being a digit raised, or lowered where `by` is negative.

    No reading becomes surer than its ink alone is; which digit it is, stays.
    """
    if by == 0 or reading.confidence == 0:
        return reading
    return _weighed(replace(reading, seen=reading.first_confidence, told=reading.told + by))


def seconded(reading: Reading, evidence: Probabilities, weight: float) -> Reading:
    """Returns a reading with what another network says of the same ink, as a weighted geometric mean of the two.

    Hinton, "Products of Experts", ICANN 1999.

    Args:
        reading: by the ink alone, and by its surroundings where these were looked at.
        evidence: float32 (11,), what the other network says.
        weight: of the evidence, 0 to 1.
    """
    first, second = np.log(np.maximum(reading.by_ink, FLOOR)), np.log(np.maximum(evidence, FLOOR))
    mixed = np.exp((1 - weight) * first + weight * second)
    mixed = (mixed / mixed.sum()).astype(np.float32)
    if reading.seen is None and reading.alone is None:
        return replace(reading, probabilities=mixed)
    whole = min(1.0, reading.first_confidence / max(reading.by_ink_confidence, 1e-6))
    return _weighed(replace(reading, alone=mixed, seen=whole * float(mixed[:NOT_A_DIGIT].max())))


def _weighed(reading: Reading) -> Reading:
    """The reading with the probabilities that follow from the others of its attributes."""
    by_ink = reading.by_ink_confidence
    confidence = min(1 / (1 + math.exp(-reading.odds)), by_ink)
    probabilities = reading.by_ink * np.float32(confidence / by_ink)
    probabilities[NOT_A_DIGIT] = max(0.0, 1 - float(probabilities[:NOT_A_DIGIT].sum()))
    return Reading(reading.piece, probabilities, reading.touching, reading.by_ink, reading.seen, reading.told)


def log_odds(confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns log(p / (1 - p)), bounded: no reading speaks louder than with `SUREST`."""
    bounded = np.clip(confidence, 1 - SUREST, SUREST)
    return np.asarray(np.log(bounded / (1 - bounded)), np.float64)


def writing_height(readings: Sequence[Reading], size: tuple[int, ...]) -> float:
    """Returns the height of the page's digits in pixels: the weighted median over confident readings.

    The weight is the height, which keeps a page of large digits and many specks from being taken for small writing. A 1
    weighs little, because shadows and rules look like one; what the page's edge cuts off does not count.

    Args:
        readings: of all pieces.
        size: (height, width) of the page.

    Returns:
        0 when nothing was read.
    """
    inside = [reading for reading in readings if not at_edge(reading.piece, size)]
    sure = [reading for reading in inside if reading.confidence >= 0.8]
    chosen = sure or [reading for reading in inside if reading.confidence >= 0.4]
    heights = np.array([reading.piece.bbox.height for reading in chosen], np.float64)
    return weighted_median(heights, heights * [0.2 if reading.digit == 1 else 1.0 for reading in chosen])


def at_edge(piece: Component, size: tuple[int, ...]) -> bool:
    """Tells whether the edge of a page of (height, width) cuts the piece off."""
    box = piece.bbox
    return box.x <= 1 or box.y <= 1 or box.right >= size[1] - 1 or box.bottom >= size[0] - 1


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Returns the value at which half of the weight is reached, 0 for no values."""
    if values.size == 0:
        return 0.0
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
