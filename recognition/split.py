"""Cuts touching digits apart, and leaves together what reads best uncut.

Which of the seams are cut is decided by dynamic programming over the network's confidence in the segments, as in
Breuel, "Segmentation of Handprinted Letter Strings Using a Dynamic Programming Algorithm", ICDAR 2001.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from recognition.arrays import Image, as_image, as_mask
from recognition.calibrate import Probabilities
from recognition.classify import NOT_A_DIGIT
from recognition.components import Component, make_component, stroke_width
from recognition.normalize import normalize_all
from recognition.params import SplitParams
from recognition.prior import Prior
from recognition.reader import Reader
from recognition.reading import SUREST, Reading, at_edge, log_odds, seconded
from recognition.seams import find_seams
from recognition.sequence import Spotted

SEAM_HEIGHT_PX = 48
"""Seams are sought on the piece reduced to this height."""
MIN_PART_CONFIDENCE = 0.35
"""The parts of a cut must be read so surely, on the geometric mean."""
NO_DIGIT: Probabilities = np.array([0.005] * NOT_A_DIGIT + [0.95], np.float32)
"""What is said of a part in which no digit was spotted, or several."""


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

    Returns:
        Those that might have been cut, but for `params.max_parts`, are `uncut`, whatever they are read as.
    """
    wide = [reading for reading in readings if _is_wide(reading, height_px, darkness, params)]
    spotted = _spotted([reading.piece for reading in wide], darkness, reader)
    found = [
        (reading, digits)
        for reading, digits in zip(wide, spotted, strict=True)
        if reading.confidence < params.sure or len(digits) > 1
    ]
    chosen = {id(reading) for reading, _ in found}
    result = [reading for reading in readings if id(reading) not in chosen]
    wholes = [reading for reading, _ in found]
    if reader.sequence is not None:
        evidence = [_evidence(digits, 0, whole.piece.bbox.width) for whole, digits in found]
        wholes = seconded(wholes, evidence, params.second)
    lenient = replace(reader, prior=reader.prior.more_lenient(params.lenience))
    plans = _plans(wholes, darkness, lenient.prior, params)
    parts_of_all = [segment.piece for plan in plans for segment in plan or ()]
    readings_of = iter(lenient.read(parts_of_all, darkness, touching=True))
    for whole, (_, digits), planned in zip(wholes, found, plans, strict=True):
        plan = planned or []
        parts = [next(readings_of) for _ in plan]
        if reader.sequence is not None:
            parts = seconded(parts, [_evidence(digits, s.left_px, s.right_px) for s in plan], params.second)
        best = _best(whole, list(zip(plan, parts, strict=True)), params)
        if best == [whole] and whole.confidence < params.unread and reader.prior.page >= params.min_page:
            best = _as_spotted(whole, digits, darkness, params) or best
        result += best if planned is not None else [replace(one, uncut=True) for one in best]
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


def _plans(wholes: Sequence[Reading], darkness: Image, prior: Prior, params: SplitParams) -> list[list[Segment] | None]:
    """The segments of pieces that may be read so much more surely than the whole, and surely enough, for a cut.

    None for pieces that may have some when those before them have as many as are read.
    """
    plans: list[list[Segment] | None] = []
    parts = 0
    for whole in wholes:
        plan: list[Segment] | None = []
        if _may_gain(whole, prior, params):
            spent = parts >= params.max_parts
            plan = None if spent else _affordable(segments(whole.piece, darkness, params), whole, params)
        plans.append(plan)
        parts += len(plan or ())
    return plans


def _may_gain(whole: Reading, prior: Prior, params: SplitParams) -> bool:
    """Whether the parts of a piece may be read surely enough for a cut; on a page of text, those of none."""
    odds = log_odds(np.array(SUREST)) + prior.most_within(whole.piece.bbox)
    return _gain(whole, params) > 0 and bool(odds >= log_odds(np.array(MIN_PART_CONFIDENCE)))


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


def _affordable(plan: Sequence[Segment], whole: Reading, params: SplitParams) -> list[Segment]:
    """The segments on ways of which the cuts cost less than there is to gain; others need not be read."""
    end = max((segment.right for segment in plan), default=1)
    before, after = {0: 0.0}, {end: 0.0}  # what the ways to and from each seam cost at least
    for one in plan:
        before[one.right] = min(before.get(one.right, np.inf), before.get(one.left, np.inf) + one.cost)
    for one in reversed(plan):
        after[one.left] = min(after.get(one.left, np.inf), one.cost + after.get(one.right, np.inf))
    ways = [before.get(one.left, np.inf) + one.cost + after.get(one.right, np.inf) for one in plan]
    gain = _gain(whole, params)
    return [one for one, cost in zip(plan, ways, strict=True) if params.cut_cost * cost < gain]


def _gain(whole: Reading, params: SplitParams) -> float:
    """By how much, in nats, two parts read with certainty would be better than the whole, but for what a cut costs."""
    box = whole.piece.bbox
    return -float(np.log(max(whole.confidence, 1e-6))) - params.narrow_cost * max(0.0, 2 - box.width / box.height)


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
