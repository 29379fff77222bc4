"""Takes dashes that stand below digits off the page, and reads again what had grown together with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recognition.arrays import Image, as_mask, closed
from recognition.clearing import cleared
from recognition.components import Component, connected, make_component
from recognition.neighbors import edges_of
from recognition.reader import Reader
from recognition.reading import Reading
from recognition.types import BoundingBox

DARKER = 1.4
"""What is so many times as dark as most of a dash is a stroke that lies on it."""
CRUMB = 0.2
"""What is left of a dash is no higher than so much of its length."""


def without_dashes(
    readings: Sequence[Reading], dashes: Sequence[BoundingBox], darkness: Image, reader: Reader
) -> tuple[list[Reading], Image]:
    """Returns the readings without dashes, and the page without them.

    Args:
        readings: of all pieces.
        dashes: around each.
        darkness: uint8 page.
        reader: reads again what stands on a dash.
    """
    edges = edges_of(reading.piece.bbox for reading in readings)
    left, top, right, bottom = edges_of(dashes).T
    near = (edges[:, :1] < right) & (edges[:, 2:3] > left) & (edges[:, 1:2] < bottom) & (edges[:, 3:] > top)
    kept: list[Reading] = []
    parts: list[Component] = []
    gone: list[Component] = []
    for reading, touched in zip(readings, near, strict=True):
        chosen = [dashes[k] for k in np.flatnonzero(touched).tolist()]
        off = _on_dashes(reading.piece, chosen, darkness) if chosen else None
        if off is None:
            kept.append(reading)
        else:
            gone.append(off)
            parts += _rest(reading.piece, off, chosen, darkness)
    bare = cleared(darkness, gone, [*(reading.piece for reading in kept), *parts])
    return [*kept, *reader.read(parts, bare, touching=True)], bare


def _on_dashes(piece: Component, dashes: Sequence[BoundingBox], darkness: Image) -> Component | None:
    """The ink of a piece that is of dashes; None where it has none."""
    box = piece.bbox
    found = np.zeros_like(piece.mask)
    for dash in dashes:
        rows = slice(max(0, dash.y - box.y), dash.bottom - box.y)
        columns = slice(max(0, dash.x - box.x - dash.height), dash.right - box.x + dash.height)
        ink = piece.mask[rows, columns]
        values = darkness[box.y : box.bottom, box.x : box.right][rows, columns]
        if not ink.any():
            continue
        usual = float(np.median(darkness[dash.y : dash.bottom, dash.x : dash.right].max(axis=0)))
        found[rows, columns] |= ink & as_mask(values <= DARKER * usual)
    return make_component(found, box.x, box.y, darkness)


def _rest(piece: Component, off: Component, dashes: Sequence[BoundingBox], darkness: Image) -> list[Component]:
    """What is left of a piece without its ink of dashes; strokes that go on below it are closed again."""
    box = piece.bbox
    erased = np.zeros_like(piece.mask)
    x, y = off.bbox.x - box.x, off.bbox.y - box.y
    erased[y : y + off.bbox.height, x : x + off.bbox.width] = off.mask
    rest = piece.mask & ~erased
    side = max(dash.height for dash in dashes) + 2
    rest = rest | (closed(rest, side, side) & erased)
    least = round(CRUMB * min(dash.width for dash in dashes))
    found = [
        make_component(mask, box.x + place.x, box.y + place.y, darkness)
        for place, mask in connected(rest, least)
        if place.height >= least
    ]
    return [part for part in found if part is not None]
