"""Takes lines drawn by hand under numbers, and over sums, off the page.

They are no part of any digit, and nothing that was left unread beside one. But they look like the base of a 2 or the
bar of a 5 to whoever sees a digit with what is close to it; so the digits are read again without them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image
from recognition.clearing import cleared
from recognition.components import Component, join
from recognition.neighbors import edges_of
from recognition.params import UnderlineParams
from recognition.reader import Reader
from recognition.reading import Reading, writing_height
from recognition.strokes import Stroke, Underline, lone_stroke, stroke_below

SURE = 0.9
"""By its ink a digit under which there is a short line is at least so sure, and what it is with the line is, too."""
WHOLE = 0.5
"""What by its ink is a digit so surely has no line to be taken off: the base of a 2 may be wider than any digit."""
REACH = 3.0
"""What is nearer to a line than so many heights of the writing is read again without it."""
MIN_BODY = 0.5
"""What is lower than so many heights of the writing is no digit that a line could belong to."""


def without_underlines(
    readings: Sequence[Reading], darkness: Image, reader: Reader, params: UnderlineParams
) -> tuple[list[Reading], Image]:
    """Returns the readings without underlines, and the page without them.

    A line is known by its form, thin, level and about straight, and by the digits that it stands under. A short one may
    be a part of the one digit above it instead: it is left if it makes another digit of that.

    Args:
        readings: of all pieces, before anything is known of the page as a whole.
        darkness: uint8 page.
        reader: reads again what stands by the lines.
        params: see there.

    Returns:
        The same darkness where there is no underline.
    """
    height = writing_height(readings, darkness.shape)
    candidates = _candidates(readings, height, darkness, params) if height else {}
    found = _underlines(candidates, readings, height, darkness, reader, params) if candidates else set()
    if not found:
        return list(readings), darkness
    others = [reading for k, reading in enumerate(readings) if k not in found]
    lines = [candidates[k].line for k in sorted(found)]
    parts = [part for k in sorted(found) for part in candidates[k].rest]
    bare = cleared(darkness, lines, [*(reading.piece for reading in others), *parts])
    again = _read_again(others, lines, height, bare, reader)
    return [*again, *reader.read(parts, bare, touching=True)], bare


def _candidates(
    readings: Sequence[Reading], height_px: float, darkness: Image, params: UnderlineParams
) -> dict[int, Underline]:
    """What by its form may be an underline, by the index of its reading."""
    found = {}
    for k, reading in enumerate(readings):
        piece = reading.piece
        stroke = lone_stroke(piece, height_px, params)
        if stroke is not None:
            found[k] = Underline(stroke, piece)
        elif reading.by_ink_confidence < WHOLE and (below := stroke_below(piece, height_px, darkness, params)):
            found[k] = below
    return found


class _Bodies:
    """What digits may be, whole or grown together, around the strokes of a page.

    Attributes:
        index: of the reading of each; -1 of what is only a part of one.
    """

    def __init__(self, readings: Sequence[Reading], candidates: dict[int, Underline], height_px: float) -> None:
        pieces = [(k, reading.piece) for k, reading in enumerate(readings) if k not in candidates]
        pieces += [(-1, part) for one in candidates.values() for part in one.rest]
        pieces = [(k, piece) for k, piece in pieces if piece.bbox.height >= MIN_BODY * height_px]
        self.index = np.array([k for k, _ in pieces], np.intp)
        self.left, self.top, self.right, self.bottom = edges_of(piece.bbox for _, piece in pieces).T


def _underlines(
    candidates: dict[int, Underline],
    readings: Sequence[Reading],
    height_px: float,
    darkness: Image,
    reader: Reader,
    params: UnderlineParams,
) -> set[int]:
    """Which candidates are underlines, or lines over a sum, by the index of their reading."""
    bodies = _Bodies(readings, candidates, height_px)
    found: set[int] = set()
    short: list[tuple[int, list[int]]] = []
    for k, one in candidates.items():
        stroke = one.stroke
        above, below, across = _places(stroke, bodies, height_px, params)
        if across.any():
            continue
        under, over = (_covers(stroke, bodies, chosen, height_px) >= params.min_covered for chosen in (above, below))
        if stroke.length >= params.long * height_px:
            if under or (over and not one.rest):
                found.add(k)
        elif under and not below.any():
            short.append((k, bodies.index[above].tolist()))
    found |= _no_parts(short, readings, darkness, reader)
    return found | _second_lines(candidates, found, height_px, params)


def _places(
    stroke: Stroke, bodies: _Bodies, height_px: float, params: UnderlineParams
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Which bodies stand right above a stroke, right below it, and across it, each bool (n,)."""
    middles = (bodies.left + bodies.right) / 2
    rows = stroke.rows_at(middles)
    over = rows - stroke.thickness / 2 - bodies.bottom
    under = bodies.top - rows - stroke.thickness / 2
    within = (middles >= stroke.start) & (middles <= stroke.end)
    near = -params.max_overlap * height_px, params.max_gap * height_px
    above = within & (over >= near[0]) & (over <= near[1])
    below = within & (under >= near[0]) & (under <= near[1])
    margin = params.beside * height_px
    beside = (bodies.right >= stroke.start - margin) & (bodies.left <= stroke.end + margin)
    across = beside & (over < near[0]) & (under < near[0])
    return above, below, across


def _covers(stroke: Stroke, bodies: _Bodies, chosen: NDArray[np.bool_], height_px: float) -> float:
    """The share of a stroke that has one of these bodies, or the gap between two digits, above or below it."""
    margin = 0.2 * height_px
    columns = np.zeros(stroke.length, np.bool_)
    for left, right in zip(bodies.left[chosen] - margin, bodies.right[chosen] + margin, strict=True):
        columns[max(0, round(left) - stroke.start) : max(0, round(right) - stroke.start)] = True
    return float(columns.mean())


def _no_parts(
    short: Sequence[tuple[int, list[int]]], readings: Sequence[Reading], darkness: Image, reader: Reader
) -> set[int]:
    """Which short strokes are no part of a digit: those above them are sure, and are no others with the stroke."""
    pairs = [(k, digit) for k, above in short for digit in above]
    wholes = reader.read([join(readings[digit].piece, readings[k].piece, darkness) for k, digit in pairs], darkness)
    parts = {
        k
        for (k, digit), whole in zip(pairs, wholes, strict=True)
        if digit < 0
        or readings[digit].by_ink_confidence < SURE
        or (whole.by_ink_confidence >= SURE and _by_ink(whole) != _by_ink(readings[digit]))
    }
    return {k for k, _ in short} - parts


def _by_ink(reading: Reading) -> int:
    return int(reading.by_ink[:-1].argmax())


def _second_lines(
    candidates: dict[int, Underline], found: set[int], height_px: float, params: UnderlineParams
) -> set[int]:
    """Which strokes run along one that is an underline, as the second one below a sum does."""
    return {
        k
        for k, one in candidates.items()
        if k not in found
        and not one.rest
        and any(_run_along(one.stroke, candidates[other].stroke, params.max_gap * height_px) for other in found)
    }


def _run_along(stroke: Stroke, other: Stroke, gap_px: float) -> bool:
    shared = min(stroke.end, other.end) - max(stroke.start, other.start)
    middle = np.array([(stroke.start + stroke.end) / 2])
    apart = abs(float((stroke.rows_at(middle) - other.rows_at(middle))[0]))
    return shared >= 0.7 * max(stroke.length, other.length) and apart <= gap_px


def _read_again(
    readings: Sequence[Reading], lines: Sequence[Component], height_px: float, bare: Image, reader: Reader
) -> list[Reading]:
    """The readings, those of pieces near to a line by what surrounds them without it."""
    boxes = edges_of(one.piece.bbox for one in readings)
    near = np.zeros(len(readings), np.bool_)
    reach = REACH * height_px
    for line in lines:
        box = line.bbox
        near |= (
            (boxes[:, 0] <= box.right + reach)
            & (boxes[:, 2] >= box.x - reach)
            & (boxes[:, 1] <= box.bottom + reach)
            & (boxes[:, 3] >= box.y - reach)
        )
    result = list(readings)
    chosen = np.flatnonzero(near).tolist()
    for k, reading in zip(chosen, reader.read([result[k].piece for k in chosen], bare), strict=True):
        result[k] = reading
    return result
