"""Where the readings stand on an annotated page: beside their numbers, off each other, inside the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.types import BoundingBox

MIN_TEXT_PX = 7.0
"""Height of a digit below which no screen font can be read."""

_PAGE_SHARE = 1 / 130  # of the page's longer side: 7 px high when an A4 page fills an ordinary screen
_MAX_PAGE_SHARE = 1 / 45
_NUMBER_SHARE = 0.6  # of the number's height, so that writing and reading are told apart at a glance
_MAX_OVER_USUAL = 1.15
"""So much higher than the page's numbers usually are a number counts at the most: a 9 or a 7 may reach far down."""
_SHRINKS = (1.0, 0.8, 0.68, 0.58, 0.48, 0.37)  # in crowded places
_PADDING_SHARE = 0.22


_FRAME, _LABEL = 1, 3  # what covering them costs

Plate = tuple[int, int, float]
"""Width and height of a plate, and the height of its text."""

Candidate = tuple[int, int, int, int, float]
"""x, y, width and height of a plate, and the height of its text."""


@dataclass(frozen=True, slots=True)
class Label:
    """A reading's plate.

    Attributes:
        box: of the plate.
        text_px: height of the digits on it.
    """

    box: BoundingBox
    text_px: float

    @property
    def padding_px(self) -> int:
        """Space between the plate's edge and its text."""
        return padding_px(self.text_px)


def padding_px(text_px: float) -> int:
    """Space around text of a height on its plate."""
    return max(1, round(text_px * _PADDING_SHARE))


def text_height_px(page_shape: tuple[int, int], number_height_px: int) -> float:
    """How high a reading's digits should be: in proportion to the writing, and legible on the whole page."""
    longer_px = max(page_shape)
    low = max(1.3 * MIN_TEXT_PX, longer_px * _PAGE_SHARE)
    return min(max(number_height_px * _NUMBER_SHARE, low), max(low, longer_px * _MAX_PAGE_SHARE))


def place_labels(
    page_shape: tuple[int, int],
    frames: Sequence[BoundingBox],
    aspects: Sequence[float],
    writing: Sequence[BoundingBox] = (),
) -> list[Label]:
    """A place for each number's reading.

    Above its frame, in crowded places smaller; beside it where there is no room above; below it only at the top of
    the page, as elsewhere it would seem to belong to the number below. Where nothing is free, where it covers least.
    A label never leaves the page unless the page is smaller than it.

    Args:
        page_shape: (height, width) in pixels.
        frames: the numbers' boxes with the space around them, which no label should cover.
        aspects: width of each reading's text, relative to the height of its digits.
        writing: what else no label should cover.

    Returns:
        One label a frame, in their order.
    """
    if not frames:
        return []
    # A page looks calmer with one size for all than with the largest size that each place has room for.
    highest = round(_MAX_OVER_USUAL * float(np.median([frame.height for frame in frames])))
    ideal = [text_height_px(page_shape, min(frame.height, highest)) for frame in frames]
    labels = _place_all(page_shape, frames, writing, aspects, ideal, _SHRINKS)
    used = sorted(label.text_px / text_px for label, text_px in zip(labels, ideal, strict=True))
    usual = used[len(used) // 2]
    if usual > 0.99 * _SHRINKS[0]:
        return labels
    smaller = tuple(shrink for shrink in _SHRINKS if shrink < 1.01 * usual) or _SHRINKS[-1:]
    return _place_all(page_shape, frames, writing, aspects, ideal, smaller)


def _place_all(
    page_shape: tuple[int, int],
    frames: Sequence[BoundingBox],
    writing: Sequence[BoundingBox],
    aspects: Sequence[float],
    ideal: Sequence[float],
    shrinks: Sequence[float],
) -> list[Label]:
    taken = _Occupancy(page_shape, cell_px=max(1, round(text_height_px(page_shape, 1) / 5)))
    for box in (*frames, *writing):
        taken.add(box, _FRAME)
    labels = []
    for frame, aspect, text_px in zip(frames, aspects, ideal, strict=True):
        label = _best(taken, page_shape, frame, _plates(text_px, aspect, shrinks))
        taken.add(label.box, _LABEL)
        labels.append(label)
    return labels


def _plates(ideal_px: float, aspect: float, shrinks: Sequence[float]) -> list[Plate]:
    plates = []
    for shrink in shrinks:
        text_px = max(MIN_TEXT_PX, ideal_px * shrink)
        padding = padding_px(text_px)
        plates.append((round(aspect * text_px) + 2 * padding, round(text_px) + 2 * padding, text_px))
    return plates


def _best(taken: _Occupancy, page_shape: tuple[int, int], frame: BoundingBox, plates: Sequence[Plate]) -> Label:
    """The first candidate that covers nothing, else the one that covers least."""
    best, least = None, 0
    for candidate in _candidates(page_shape, frame, plates):
        covered = taken.covered(*candidate[:4])
        if best is None or covered < least:
            best, least = candidate, covered
        if covered == 0:
            break
    assert best is not None  # a place beside the frame is always among them
    x, y, width, height, text_px = best
    return Label(BoundingBox(x, y, width, height), text_px)


def _candidates(page_shape: tuple[int, int], frame: BoundingBox, plates: Sequence[Plate]) -> Iterator[Candidate]:
    """Places in the order of preference, moved sideways into the page."""
    page_height, page_width = page_shape
    for width, height, text_px in plates:
        if (y := frame.y - height) >= 0:
            yield _into(page_width, frame.x, width), y, width, height, text_px
            yield _into(page_width, frame.right - width, width), y, width, height, text_px
        elif frame.bottom + height <= page_height:
            yield _into(page_width, frame.x, width), frame.bottom, width, height, text_px
    for width, height, text_px in plates:
        y = max(0, min(frame.y + (frame.height - height) // 2, page_height - height))
        if frame.right + width <= page_width:
            yield frame.right, y, width, height, text_px
        if frame.x >= width:
            yield frame.x - width, y, width, height, text_px
    width, height, text_px = plates[-1]
    yield _into(page_width, frame.x, width), max(0, frame.y - height), width, height, text_px


def _into(page_width: int, x: int, width: int) -> int:
    return max(0, min(x, page_width - width))


class _Occupancy:
    """Which parts of a page are taken, in cells of a few pixels; covering a reading is worse than covering writing."""

    def __init__(self, page_shape: tuple[int, int], cell_px: int) -> None:
        self._per_px = 1 / cell_px
        height, width = page_shape
        self._cells: NDArray[np.uint8] = np.zeros((height // cell_px + 2, width // cell_px + 2), np.uint8)

    def add(self, box: BoundingBox, weight: int) -> None:
        """Marks a box as taken."""
        part = self._part(box.x, box.y, box.width, box.height)
        np.maximum(part, weight, out=part)

    def covered(self, x: int, y: int, width: int, height: int) -> int:
        """How much a box would cover."""
        return int(cv2.sumElems(self._part(x, y, width, height))[0])

    def _part(self, x: int, y: int, width: int, height: int) -> NDArray[np.uint8]:
        k = self._per_px
        return self._cells[
            int(y * k + 0.5) : int((y + height) * k + 0.5), int(x * k + 0.5) : int((x + width) * k + 0.5)
        ]
