"""Takes from pieces of ink the shading of the paper that has grown together with them.

Creases of crumpled paper and the grain of rough one are darker than what surrounds them, and where they touch a digit
they make a blot of it. Ink is far darker than they are; but how dark that is, each piece tells only as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from recognition.arrays import Image, as_mask
from recognition.components import Component, find_components, longer_side
from recognition.params import ComponentParams, ShadingParams
from recognition.types import BoundingBox

DARK_PERCENTILE = 95
"""Of the ink of a piece: how dark its strokes are."""


def without_shading(
    pieces: Sequence[Component], darkness: Image, params: ShadingParams, of_pieces: ComponentParams
) -> list[Component]:
    """Returns the pieces, those that were larger by the paper's shading without it.

    A single stroke that fades has the same looks; so it is shading only where many pieces have some. Writing whose
    strokes are unevenly dark stays whole: a piece that would fall into several large ones is left as it is, and so is
    one that would lose much of its ink.

    Args:
        pieces: of ink.
        darkness: uint8 page.
        params: see there.
        of_pieces: which crumbs of a piece without its shading are looked at.
    """
    pieces = _without_shadows(pieces, darkness, params, of_pieces)
    longest = params.max_side * max(darkness.shape)
    sides = [longer_side(piece) for piece in pieces]
    of_writing = [k for k, side in enumerate(sides) if params.min_side_px <= side <= longest]
    dark = {k: parts for k in of_writing if (parts := _dark_parts(pieces[k], darkness, params, of_pieces))}
    if len(dark) < max(params.min_count, params.min_share * len(of_writing)):
        return list(pieces)
    return [part for k, piece in enumerate(pieces) for part in dark.get(k, (piece,))]


def _without_shadows(
    pieces: Sequence[Component], darkness: Image, params: ShadingParams, of_pieces: ComponentParams
) -> list[Component]:
    """The pieces with the strokes alone of those that the edge of a shadow makes one of.

    A phone or a hand throws it over the page, and what is written across its edge grows together with it.
    """
    least = params.min_shadow * max(darkness.shape)
    result: list[Component] = []
    for piece in pieces:
        result += _strokes(piece, darkness, params, of_pieces) if longer_side(piece) > least else [piece]
    return result


def _strokes(piece: Component, darkness: Image, params: ShadingParams, of_pieces: ComponentParams) -> list[Component]:
    """What is far darker than most of a piece, in parts; the piece itself where nothing is."""
    darkest = int(cv2.GaussianBlur(ink_of(piece, darkness), (3, 3), 0).max())
    if piece.darkness > params.shadow * darkest:
        return [piece]
    return darker_parts(piece, darkness, params.share * darkest, of_pieces)


def _dark_parts(
    piece: Component, darkness: Image, params: ShadingParams, of_pieces: ComponentParams
) -> list[Component]:
    """What is left of a piece without its shading, in parts; none where it has no shading."""
    box = piece.bbox
    ink = ink_of(piece, darkness)
    if piece.darkness > params.pale * int(ink.max()):
        return []
    strokes = _darker(piece, ink, params.share * dark_strokes(piece, darkness))
    parts = _parts(piece, strokes, ink, of_pieces)
    if not parts:
        return []
    *crumbs, largest = sorted(parts, key=lambda part: part.area_px)
    shrunk = largest.bbox.width < params.shrunk * box.width or largest.bbox.height < params.shrunk * box.height
    whole = all(crumb.area_px <= params.max_crumb * largest.area_px for crumb in crumbs)
    kept = float((ink & strokes).sum()) >= params.min_ink * float(ink.sum())
    return parts if shrunk and whole and kept else []


def darker_parts(piece: Component, darkness: Image, limit: float, of_pieces: ComponentParams) -> list[Component]:
    """Returns the parts of a piece that are darker than a limit, of 255; none where nothing is, or only crumbs are.

    Args:
        piece: of ink.
        darkness: uint8 page.
        limit: see above.
        of_pieces: which parts are too small.
    """
    ink = ink_of(piece, darkness)
    return _parts(piece, _darker(piece, ink, limit), ink, of_pieces)


def ink_of(piece: Component, darkness: Image) -> Image:
    """Returns the darkness of a piece, and none around it, uint8 of its mask's shape."""
    box = piece.bbox
    return darkness[box.y : box.bottom, box.x : box.right] & piece.mask


def dark_strokes(piece: Component, darkness: Image) -> float:
    """Returns how dark the dark strokes of a piece are, 0 to 255."""
    return float(np.percentile(ink_of(piece, darkness)[piece.mask > 0], DARK_PERCENTILE))


def _darker(piece: Component, ink: Image, limit: float) -> Image:
    return as_mask(cv2.GaussianBlur(ink, (3, 3), 0) > limit) & piece.mask


def _parts(piece: Component, strokes: Image, ink: Image, of_pieces: ComponentParams) -> list[Component]:
    """The strokes of a piece, each by itself, as they stand on the page."""
    return [_moved(part, piece.bbox.x, piece.bbox.y) for part in find_components(strokes, ink, of_pieces)]


def _moved(part: Component, x: int, y: int) -> Component:
    """A part of a piece as it stands on the page, where the piece's upper left corner is at (x, y)."""
    box = part.bbox
    return Component(BoundingBox(x + box.x, y + box.y, box.width, box.height), part.mask, part.area_px, part.darkness)
