"""Cuts touching digits apart, and leaves together what reads best uncut.

Cuts are seams of least ink from top to bottom (a drop fall that looks ahead); which of them are taken is decided by
dynamic programming over the network's confidence in the segments, as in Breuel, "Segmentation of Handprinted Letter
Strings Using a Dynamic Programming Algorithm", ICDAR 2001.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image, as_mask
from recognition.calibrate import Probabilities
from recognition.classify import NOT_A_DIGIT
from recognition.components import Component, make_component, stroke_width
from recognition.normalize import normalize_all
from recognition.params import SplitParams
from recognition.prior import Prior
from recognition.reader import Reader
from recognition.reading import SUREST, Reading, at_edge, log_odds, seconded
from recognition.sequence import Spotted

SEAM_HEIGHT_PX = 48
"""Seams are sought on the piece reduced to this height."""
MIN_PART_CONFIDENCE = 0.35
"""The parts of a cut must be read so surely, on the geometric mean."""
NO_DIGIT: Probabilities = np.array([0.005] * NOT_A_DIGIT + [0.95], np.float32)
"""What is said of a part in which no digit was spotted, or several."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seam:
    column: float
    cost: float
    path: NDArray[np.int32]


def split_touching(
    readings: Sequence[Reading], height_px: float, darkness: Image, reader: Reader, params: SplitParams
) -> list[Reading]:
    """Returns the readings with touching digits cut apart.

    Args:
        readings: of all pieces.
        height_px: of the writing; pieces far from it are left alone, and so is what the page's edge cuts off, which
            is mostly the table it lies on.
        darkness: uint8 page.
        reader: reads the segments.
        params: see there.
    """
    wide = [reading for reading in readings if _is_wide(reading, height_px, darkness, params)]
    spotted = _spotted([reading.piece for reading in wide], darkness, reader)
    wholes = [
        (reading, digits)
        for reading, digits in zip(wide, spotted, strict=True)
        if reading.confidence < params.sure or len(digits) > 1
    ]
    chosen = {id(reading) for reading, _ in wholes}
    result = [reading for reading in readings if id(reading) not in chosen]
    lenient = replace(reader, prior=reader.prior.more_lenient(params.lenience))
    plans = [
        segments(whole.piece, darkness, params) if _may_be_cut(whole, lenient.prior) else [] for whole, _ in wholes
    ]
    readings_of = iter(lenient.read([segment.piece for plan in plans for segment in plan], darkness, touching=True))
    for (whole, digits), plan in zip(wholes, plans, strict=True):
        parts = [next(readings_of) for _ in plan]
        if reader.sequence is not None:
            [whole] = seconded([whole], [_evidence(digits, 0, whole.piece.bbox.width)], params.second)
            parts = seconded(parts, [_evidence(digits, s.left_px, s.right_px) for s in plan], params.second)
        best = _best(whole, list(zip(plan, parts, strict=True)), params)
        if best == [whole] and whole.confidence < params.unread and reader.prior.page >= params.min_page:
            best = _as_spotted(whole, digits, darkness, params) or best
        result += best
    return result


def _as_spotted(whole: Reading, digits: Sequence[Spotted], darkness: Image, params: SplitParams) -> list[Reading]:
    """What no cut makes readable as the sequence network reads it, in doubt; nothing where it is unsure itself.

    Two 1s that lean on each other look like an N, and no seam parts them; left out, their number would be gone.
    """
    if len(digits) < 2 or min(digit.confidence for digit in digits) < params.spotted:
        return []
    box = whole.piece.bbox
    columns = [digit.column for digit in digits]
    cuts = [0, *(round((left + right) / 2) for left, right in pairwise(columns)), box.width]
    pieces = []
    for left, right in pairwise(cuts):
        piece = make_component(whole.piece.mask[:, left:right], box.x + left, box.y, darkness)
        if piece is None:
            return []
        pieces.append(piece)
    pictures = normalize_all([piece.ink(darkness) for piece in pieces])
    trust = np.float32(params.spotted_trust)
    said = [digit.probabilities * trust for digit in digits]
    for row in said:
        row[NOT_A_DIGIT] += 1 - trust
    return [
        Reading(piece, row, picture, row, touching=True, most=params.spotted_trust)
        for piece, row, picture in zip(pieces, said, pictures, strict=True)
    ]


def _is_wide(reading: Reading, height_px: float, darkness: Image, params: SplitParams) -> bool:
    box = reading.piece.bbox
    if reading.confidence >= params.sure and box.width < params.sure_width * box.height:
        return False
    return (
        params.min_width * height_px <= box.width <= params.max_digits * height_px
        and 0.5 * height_px <= box.height <= 2.2 * height_px
        and not at_edge(reading.piece, darkness.shape)
    )


def _may_be_cut(whole: Reading, prior: Prior) -> bool:
    """Tells whether parts of a piece may be read surely enough for a cut: on pages of text none can."""
    odds = log_odds(np.array(SUREST)) + prior.most_within(whole.piece.bbox)
    return bool(odds >= log_odds(np.array(MIN_PART_CONFIDENCE)))


def _spotted(pieces: Sequence[Component], darkness: Image, reader: Reader) -> list[list[Spotted]]:
    if reader.sequence is None:
        return [[] for _ in pieces]
    return [digits or [] for digits in reader.sequence.spot([piece.ink(darkness) for piece in pieces])]


def _evidence(digits: Sequence[Spotted], left_px: float, right_px: float) -> Probabilities:
    """What the digits spotted in a piece say of its part between two columns: it is the one that is there, or none."""
    inside = [digit for digit in digits if left_px <= digit.column < right_px]
    return inside[0].probabilities if len(inside) == 1 else NO_DIGIT


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A part of a piece between two seams, which are numbered from its left edge on.

    Attributes:
        left: number of the left seam.
        right: number of the right seam.
        left_px: where the left seam is, in columns of the piece.
        right_px: likewise, the right seam.
        cost: of the right seam, in strokes that it goes through.
        piece: the ink.
    """

    left: int
    right: int
    left_px: float
    right_px: float
    cost: float
    piece: Component


def segments(piece: Component, darkness: Image, params: SplitParams) -> list[Segment]:
    """Returns every part between two seams that may be a digit.

    Args:
        piece: that may be several digits.
        darkness: uint8 page.
        params: see there.
    """
    box = piece.bbox
    small = _reduced(piece.mask)
    seams = find_seams(small, params)
    stroke = max(1.0, stroke_width(small))
    height, width = small.shape
    bounds = [np.zeros(height, np.int32), *(seam.path for seam in seams), np.full(height, width, np.int32)]
    costs = [0.0, *(seam.cost / stroke for seam in seams), 0.0]
    columns = np.arange(width)
    sums = [int(bound.sum()) for bound in bounds]
    places = [total / height * box.width / width for total in sums]
    parts = []
    for i, left in enumerate(bounds):
        for j in range(i + 1, len(bounds)):
            if (sums[j] - sums[i]) / height > params.max_width * height:
                break
            area = (columns >= left[:, None]) & (columns < bounds[j][:, None])
            window = as_image(cv2.resize(as_mask(area), (box.width, box.height), interpolation=cv2.INTER_NEAREST))
            part = make_component(_largest(piece.mask & window), box.x, box.y, darkness)
            if part is not None and part.bbox.height >= 0.35 * box.height:
                parts.append(Segment(i, j, places[i], places[j], costs[j], part))
    return parts


def _best(whole: Reading, read: Sequence[tuple[Segment, Reading]], params: SplitParams) -> list[Reading]:
    """The way through the segments whose product of confidences, less the ink cut through, is largest."""
    end = max((segment.right for segment, _ in read), default=1)
    best: dict[int, tuple[float, list[Reading]]] = {0: (0.0, [])}
    for at in range(1, end + 1):
        for segment, reading in read:
            if segment.right != at or segment.left not in best:
                continue
            before, readings = best[segment.left]
            score = before + float(np.log(max(reading.confidence, 1e-6))) - params.cut_cost * segment.cost
            if at not in best or score > best[at][0]:
                best[at] = (score, [*readings, reading])
    score, readings = best.get(end, (-np.inf, []))
    box = whole.piece.bbox
    score -= params.narrow_cost * max(0.0, len(readings) - box.width / box.height)
    least = np.log(MIN_PART_CONFIDENCE)
    if len(readings) > 1 and score > np.log(max(whole.confidence, 1e-6)) and score / len(readings) > least:
        return readings
    return [whole]


def find_seams(mask: Image, params: SplitParams) -> list[_Seam]:
    """Finds places to cut, left to right, and the paths of least ink through them.

    Args:
        mask: uint8 (height, width), 255 is ink.
        params: see there.

    Returns:
        At most `params.max_cuts` seams; a path gives for each row the first column to its right.
    """
    height, width = mask.shape
    step = max(2, height // 16)
    reach = max(2, height // 5)
    # Going through ink costs 1, more in the middle of thick ink; straying from the upright costs a little.
    depth = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)[1:-1, 1:-1]
    ink = np.where(mask > 0, 1 + 0.3 * depth, 0).astype(np.float32)
    seams = _seams(ink, np.arange(height // 8, width - height // 8, step), reach)
    kept: list[_Seam] = []
    for seam in sorted(seams, key=lambda seam: seam.cost):
        if all(abs(seam.column - other.column) >= height / 9 for other in kept):
            kept.append(seam)
    return sorted(kept[: params.max_cuts], key=lambda seam: seam.column)


def _seams(ink: NDArray[np.float32], columns: NDArray[np.int64], reach: int) -> list[_Seam]:
    """The path of least cost from the top to the bottom within `reach` of each of the columns."""
    if columns.size == 0:
        return []
    height, width = ink.shape
    offsets = np.arange(-reach, reach + 1)
    band = columns[:, None] + offsets
    outside = (band < 0) | (band > width)  # a path gives the first column to its right, so that it may end at `width`
    padded = np.concatenate([ink, np.zeros((height, 1), np.float32)], axis=1)
    cost = padded[:, np.clip(band, 0, width)] + (np.abs(offsets) * 0.02).astype(np.float32)
    cost[:, outside] = np.inf
    # total[row, column, 1 + offset]; the first and the last offset are walls
    total = np.full((height, columns.size, offsets.size + 2), np.inf, np.float32)
    total[0, :, 1:-1] = cost[0]
    for row in range(1, height):
        above = total[row - 1]
        aslant = np.minimum(above[:, :-2], above[:, 2:]) + np.float32(0.05)
        total[row, :, 1:-1] = cost[row] + np.minimum(above[:, 1:-1], aslant)
    left, middle, right = total[:-1, :, :-2], total[:-1, :, 1:-1], total[:-1, :, 2:]
    moves = np.where(left <= np.minimum(middle, right), -1, np.where(middle <= right, 0, 1))
    path = np.empty((height, columns.size), np.int64)
    path[-1] = total[-1].argmin(axis=1)
    every = np.arange(columns.size)
    for row in range(height - 2, -1, -1):
        below = path[row + 1]
        path[row] = below + moves[row, every, below - 1]
    path += columns - reach - 1
    cuts = padded[np.arange(height)[:, None], np.clip(path, 0, width)].sum(axis=0)
    return [_Seam(float(path[:, k].mean()), float(cuts[k]), path[:, k].astype(np.int32)) for k in range(columns.size)]


def _reduced(mask: Image) -> Image:
    height, width = mask.shape
    scale = SEAM_HEIGHT_PX / height
    if scale >= 1:
        return mask
    reduced = cv2.resize(mask, (max(1, round(width * scale)), SEAM_HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return as_mask(reduced > 100)


def _largest(mask: Image) -> Image:
    """The mask without crumbs of less than a tenth of the largest piece, which a seam leaves at its edges."""
    count, found = cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_32S)
    if count <= 2:
        return mask
    labels = np.asarray(found)
    areas = np.bincount(labels.ravel())[1:]
    keep = np.concatenate([[False], areas >= 0.1 * areas.max()])
    return mask & as_mask(keep[labels])
