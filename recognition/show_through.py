"""Takes from pieces of ink what shows through from the back of their page.

Where it meets the writing it grows together with it: a number gets digits of the back, or parts of them. It is far
paler than the writing, and there is much of it, which tells it from a stroke that fades.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recognition.arrays import Image, weighted_median
from recognition.components import Component, longer_side
from recognition.params import ComponentParams, ShowThroughParams
from recognition.shading import dark_strokes, darker_parts


def without_show_through(
    pieces: Sequence[Component], darkness: Image, params: ShowThroughParams, of_pieces: ComponentParams
) -> list[Component]:
    """Returns the pieces, on a page through which its back shows those that have dark ink without their pale one.

    Pieces that are pale all over stay: they may be pencil beside bold print.

    Args:
        pieces: of ink.
        darkness: uint8 page.
        params: see there.
        of_pieces: which parts of a piece are looked at.
    """
    typical = _writing_if_shown_through(pieces, max(darkness.shape), params)
    if not typical:
        return list(pieces)
    return [part for piece in pieces for part in _without_pale(piece, typical, darkness, params, of_pieces)]


def _writing_if_shown_through(pieces: Sequence[Component], page_px: int, params: ShowThroughParams) -> float:
    """How dark the writing is where many pieces as large as it are far paler, else 0."""
    small = [piece for piece in pieces if longer_side(piece) <= params.max_side * page_px]
    if not small:
        return 0.0
    sides = np.array([longer_side(piece) for piece in small], np.float64)
    each = np.array([piece.darkness for piece in small], np.float64)
    # Weighed by its darkness too, the writing outweighs what shows through, though that is as much.
    ink = each * [piece.area_px for piece in small]
    typical = weighted_median(each, ink)
    large = sides >= params.min_side * weighted_median(sides, ink)
    pale = np.count_nonzero(each[large] < params.pale * typical)
    return typical if pale >= max(params.min_count, params.min_share * np.count_nonzero(large)) else 0.0


def _without_pale(
    piece: Component, typical: float, darkness: Image, params: ShowThroughParams, of_pieces: ComponentParams
) -> list[Component]:
    """What of a piece is as dark as writing, in parts; the piece itself where nothing is."""
    dark = min(typical, dark_strokes(piece, darkness))
    return darker_parts(piece, darkness, params.share * dark, of_pieces) or [piece]
