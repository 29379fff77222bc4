"""Makes numbers, with what a person should know of them, from digits that stand together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recognition.calibrate import Probabilities
from recognition.classify import NOT_A_DIGIT
from recognition.params import Thresholds, TrustParams
from recognition.reading import Reading
from recognition.trust import trusted
from recognition.types import REJECTED, BoundingBox, Digit, Number, Reason


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page that was read lies on the upright page.

    Attributes:
        to_page: (2, 3), from places on the page that was read to places on the upright page.
        width: of the upright page, in pixels.
        height: likewise.
        thinned_px: by which all strokes of the page that was read had been made thinner.
    """

    to_page: NDArray[np.float64]
    width: int
    height: int
    thinned_px: int = 0

    def on_page(self, box: BoundingBox) -> BoundingBox:
        """Returns a box of the page that was read in pixels of the upright page, inside of it.

        Of a box that stands aslant there, it is the smallest upright box around it.
        """
        sides = []
        edge = self.thinned_px / 2
        left, top, right, bottom = box.x - edge, box.y - edge, box.right + edge, box.bottom + edge
        for (along, down, offset), length in zip(self.to_page.tolist(), (self.width, self.height), strict=True):
            places = [along * x + down * y + offset for x in (left, right) for y in (top, bottom)]
            start = min(max(0, int(min(places) + 1e-6)), length - 1)
            sides.append((start, max(1, min(round(max(places)), length) - start)))
        (x, width), (y, height) = sides
        return BoundingBox(x, y, width, height)

    def cuts_off(self, box: BoundingBox) -> bool:
        """Tells whether a box of the upright page reaches its edge."""
        return box.x <= 1 or box.y <= 1 or box.right >= self.width - 1 or box.bottom >= self.height - 1


def to_number(
    readings: Sequence[Reading],
    position: tuple[int, int],
    unread: bool,
    place: Place,
    trust: TrustParams,
    thresholds: Thresholds,
    *,
    cut_off: bool,
) -> Number:
    """Returns digits as a number.

    Args:
        readings: the digits, from left to right, at least one.
        position: index of the line, and of the number in it.
        unread: something that may be a digit of it was not read, or was read and may be none.
        place: of the page.
        trust: see there.
        thresholds: see there.
        cut_off: the page's edge may have cut a digit of it off that was not read.
    """
    digits = tuple(
        _digit(row[:NOT_A_DIGIT], place.on_page(reading.piece.bbox))
        for reading, row in zip(readings, trusted(readings, trust), strict=True)
    )
    box = BoundingBox.around(digit.bbox for digit in digits)
    text = "".join(str(digit.digit) if digit.confidence >= thresholds.digit else REJECTED for digit in digits)
    doubtful = [one for one, digit in zip(readings, digits, strict=True) if digit.confidence < thresholds.accept]
    holds = {
        Reason.LOW_CONFIDENCE: bool(doubtful),
        Reason.NOT_A_DIGIT: unread or any(map(_may_be_rubbish, doubtful)),
        Reason.TOUCHING: any(reading.touching for reading in doubtful),
        Reason.CUT_OFF: cut_off or place.cuts_off(box),
    }
    reasons = tuple(reason for reason, true in holds.items() if true)
    confidence = min(digit.confidence for digit in digits)
    return Number(text, box, *position, confidence, bool(reasons), reasons, digits)


def doubted(number: Number, more: Collection[Reason]) -> Number:
    """Returns a number that a person should look at for more reasons, at least one."""
    reasons = tuple(reason for reason in Reason if reason in more or reason in number.reasons)
    return replace(number, needs_review=True, reasons=reasons)


def _may_be_rubbish(reading: Reading) -> bool:
    """Whether being no digit is likelier than being another digit."""
    return reading.rubbish > 1 - reading.confidence - reading.rubbish


def _digit(probabilities: Probabilities, box: BoundingBox) -> Digit:
    order = np.argsort(probabilities)[::-1]
    alternatives = tuple((int(k), float(probabilities[k])) for k in order[1:3] if probabilities[k] >= 0.001)
    return Digit(int(order[0]), float(probabilities[order[0]]), box, alternatives)
