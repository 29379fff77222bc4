"""What ticks and crosses have in common: they are known by the form of their strokes, and are no digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recognition.components import Component
from recognition.params import MarkParams
from recognition.reading import Reading, no_surer


def without_marks(
    readings: Sequence[Reading], height_px: float, is_mark: Callable[[Component], bool], params: MarkParams
) -> list[Reading]:
    """Returns the readings without those of marks; those that may be digits all the same stay, and go to review.

    Args:
        readings: any.
        height_px: of the writing, from `reading.writing_height`.
        is_mark: tells by the form of the ink.
        params: see there.
    """
    result = []
    for reading in readings:
        if reading.piece.bbox.height < params.min_height * height_px or not is_mark(reading.piece):
            result.append(reading)
        elif reading.by_ink_confidence >= params.sure:
            result.append(no_surer(reading, params.most))
    return result


def has_size(piece: Component, params: MarkParams) -> bool:
    """Whether a piece of ink is as high, wide and full as a mark."""
    height, width = piece.mask.shape
    if height < params.min_height_px or piece.area_px > params.max_fill * height * width:
        return False
    return bool(params.min_aspect <= width / height <= params.max_aspect)
