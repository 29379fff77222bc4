"""Pieces of ink with what the network says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, weighted_median
from recognition.calibrate import Probabilities
from recognition.classify import NOT_A_DIGIT
from recognition.components import Component

SUREST = 0.98
"""Beyond this probability, and below what it leaves, networks are not to be taken at their word on new pages."""
FLOOR = np.float32(1e-4)
"""No network rules anything out for another: a probability below this counts as this."""

PALE = 0.24
"""What is paler than this share of the surest digits says nothing of the page's writing."""


@dataclass(frozen=True, eq=False)
class Reading:
    """A piece of ink and its probabilities.

    Attributes:
        piece: the ink.
        probabilities: float32 (11,), index 10 for what is no digit.
        picture: uint8 (28, 28), the ink as the network for single digits sees it.
        by_ink: float32 (11,), the probabilities by the ink alone, whatever stands around it.
        touching: the piece was cut from a larger one.
        seen: confidence by the ink and its surroundings, None where it is that of `probabilities`.
        told: log odds that the page and the neighbors have added since.
        most: the digit is no surer than this, whatever is said of it.
        uncut: it may be several digits, and was not cut, because there is too much to cut on its page.
    """

    piece: Component
    probabilities: Probabilities
    picture: Image
    by_ink: Probabilities
    touching: bool = False
    seen: float | None = None
    told: float = 0.0
    most: float = 1.0
    uncut: bool = False

    @property
    def first_confidence(self) -> float:
        """The confidence by the ink and its surroundings, before anything was told."""
        return self.confidence if self.seen is None else self.seen

    @cached_property
    def by_ink_confidence(self) -> float:
        """The probability of the most probable digit by the ink alone."""
        return float(max(self.by_ink[:NOT_A_DIGIT].tolist()))  # NumPy's own takes three times as long for ten values

    @cached_property
    def digit(self) -> int:
        """The most probable digit."""
        return int(self.probabilities[:NOT_A_DIGIT].argmax())

    @cached_property
    def confidence(self) -> float:
        """The probability of the most probable digit."""
        return float(max(self.probabilities[:NOT_A_DIGIT].tolist()))

    @property
    def rubbish(self) -> float:
        """The probability of being no digit."""
        return float(self.probabilities[NOT_A_DIGIT])


def raised(readings: Sequence[Reading], by: float | NDArray[np.float64]) -> list[Reading]:
    """Returns readings with their log odds of being a digit raised, or lowered where `by` is negative.

    No reading becomes surer than its ink alone is; which digit it is, stays.

    Args:
        readings: n of them.
        by: for all of them, or float64 (n,).
    """
    result = list(readings)
    added = np.broadcast_to(by, len(result)).tolist()
    changed = [k for k, reading in enumerate(result) if added[k] != 0 and reading.confidence > 0]
    chosen = [result[k] for k in changed]
    told = [result[k].told + added[k] for k in changed]
    alone = [reading.by_ink for reading in chosen]
    for k, reading in zip(changed, _weighed(chosen, alone, [r.first_confidence for r in chosen], told), strict=True):
        result[k] = reading
    return result


def seconded(
    readings: Sequence[Reading], evidence: Sequence[Probabilities], weights: float | Sequence[float]
) -> list[Reading]:
    """Returns readings with what another network says of the same ink, see `pooled`.

    Args:
        readings: n of them, by the ink alone, and by its surroundings where these were looked at.
        evidence: for each float32 (11,), what the other network says.
        weights: of the evidence, 0 to 1, for all of them or each.
    """
    if not readings:
        return []
    mixed = pooled(np.stack([reading.by_ink for reading in readings]), np.stack(evidence), weights)
    seen = [
        min(1.0, reading.first_confidence / max(reading.by_ink_confidence, 1e-6)) * highest
        for reading, highest in zip(readings, mixed[:, :NOT_A_DIGIT].max(axis=1).tolist(), strict=True)
    ]
    return _weighed(readings, list(mixed), seen, [reading.told for reading in readings])


def pooled(first: Probabilities, second: Probabilities, weights: float | Sequence[float]) -> Probabilities:
    """Returns the weighted geometric mean of what two say: Hinton, "Products of Experts", ICANN 1999.

    Args:
        first: float32 (n, 11).
        second: float32 (n, 11).
        weights: of the second, 0 to 1, for all rows or each.

    Returns:
        float32 (n, 11), rows sum to 1.
    """
    weight = np.broadcast_to(np.asarray(weights, np.float32), len(first))[:, None]
    mixed = np.exp((1 - weight) * np.log(np.maximum(first, FLOOR)) + weight * np.log(np.maximum(second, FLOOR)))
    return np.asarray(mixed / mixed.sum(axis=1, keepdims=True), np.float32)


def no_surer(reading: Reading, limit: float) -> Reading:
    """Returns a reading whose digit is at most so probable, now and later.

    What is taken from it goes to all else, by its probability.
    """
    held = reading if reading.most <= limit else replace(reading, most=limit)
    if held.confidence <= limit:
        return held
    row = reading.probabilities * np.float32((1 - limit) / max(1 - reading.confidence, 1e-6))
    row[reading.digit] = limit
    row[NOT_A_DIGIT] += 1 - row.sum()
    return replace(held, probabilities=row)


def _weighed(
    readings: Sequence[Reading], alone: Sequence[Probabilities], seen: Sequence[float], told: Sequence[float]
) -> list[Reading]:
    """The readings with these attributes, and the probabilities that follow from them."""
    if not readings:
        return []
    ink = np.stack(alone)
    by_ink = ink[:, :NOT_A_DIGIT].max(axis=1).astype(np.float64)
    odds = log_odds(np.array(seen)) + np.array(told)
    most = np.minimum(by_ink, [reading.most for reading in readings])
    confidence = np.minimum(1 / (1 + np.exp(-odds)), most)
    rows = ink * (confidence / by_ink).astype(np.float32)[:, None]
    rows[:, NOT_A_DIGIT] = np.maximum(0, 1 - rows[:, :NOT_A_DIGIT].sum(axis=1))
    return [
        replace(one, probabilities=row, by_ink=by, seen=first, told=more)
        for one, row, by, first, more in zip(readings, rows, alone, seen, told, strict=True)
    ]


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


def without_pale(readings: Sequence[Reading]) -> list[Reading]:
    """Returns the readings without those of far paler ink than the surest digits have; of these, large ones count more.

    What is left of the lines of squared paper that is bent or photographed aslant looks like ones, and there is more of
    it than of the writing.
    """
    sure = [reading.piece for reading in readings if reading.confidence >= 0.8]
    usual = weighted_median(
        np.array([piece.darkness for piece in sure]), np.array([piece.area_px for piece in sure], np.float64)
    )
    return [reading for reading in readings if reading.piece.darkness >= PALE * usual]


def at_edge(piece: Component, size: tuple[int, ...]) -> bool:
    """Tells whether the edge of a page of (height, width) cuts the piece off."""
    box = piece.bbox
    return box.x <= 1 or box.y <= 1 or box.right >= size[1] - 1 or box.bottom >= size[0] - 1
