"""Takes smudges from the pieces of ink that they have grown together with, and what is printed pale and large.

An eraser, a thumb or a drop leaves them, and the print of a copier or of a form's maker. A stroke that fades is as wide
as the others, and their soft edges are narrower; what is paler and lies wider than a pen draws is none of the writing.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from recognition.arrays import Image, as_image, opened
from recognition.components import Component, stroke_width
from recognition.params import ComponentParams, SmudgeParams
from recognition.shading import dark_strokes, darker_parts, ink_of

_SOFT_PX = 5
"""The soft edges of strokes are narrower."""


def without_smudges(
    pieces: Sequence[Component],
    darkness: Image,
    params: SmudgeParams,
    of_pieces: ComponentParams,
    thinned_px: int = 0,
) -> list[Component]:
    """Returns the pieces, of those with a smudge the strokes alone, which may be several pieces then.

    Args:
        pieces: of ink.
        darkness: uint8 page.
        params: see there.
        of_pieces: which parts of a piece are looked at.
        thinned_px: by which all strokes were made thinner, but what is pale beside them was not.
    """
    return [part for piece in pieces for part in _strokes(piece, darkness, params, of_pieces, thinned_px) or (piece,)]


def _strokes(
    piece: Component, darkness: Image, params: SmudgeParams, of_pieces: ComponentParams, thinned_px: int
) -> list[Component]:
    """The strokes of a piece with a smudge, in parts; none where it has no smudge."""
    ink = ink_of(piece, darkness)
    if not _has_wide(ink, params.share * cv2.minMaxLoc(ink)[1], _SOFT_PX):  # most have none, and cost little so
        return []
    limit = params.share * dark_strokes(piece, darkness)
    parts = darker_parts(piece, darkness, limit, of_pieces)
    if not parts:
        return []
    pen_px = sum(part.area_px * stroke_width(part.mask) for part in parts) / sum(part.area_px for part in parts)
    return parts if _has_wide(ink, limit, max(1, round(params.width * (pen_px + thinned_px)))) else []


def _has_wide(ink: Image, limit: float, side_px: int) -> bool:
    """Whether a square of ink no darker than a limit fits in."""
    return bool(opened(as_image(cv2.inRange(ink, 1, limit)), side_px, side_px).any())
