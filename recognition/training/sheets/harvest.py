"""Gathers what the segmenter makes of drawn sheets: whole digits, and everything else that it hands over."""

from __future__ import annotations

from collections.abc import Generator

import cv2
import numpy as np

from recognition.binarize import Ink, binarize
from recognition.classify import NOT_A_DIGIT
from recognition.components import Component, find_components, join
from recognition.context import windows
from recognition.join import near_pairs
from recognition.normalize import normalize_all
from recognition.params import RecognitionParams
from recognition.rules import remove_rules
from recognition.split import segments
from recognition.training.dataset import Digits
from recognition.training.sheets.draw import Drawn, draw
from recognition.training.sheets.fonts import Fonts, find_fonts
from recognition.training.sheets.pieces import LOOKALIKE, Pieces
from recognition.training.sheets.sheet import TEXT, UNKNOWN
from recognition.training.workers import workers

WHOLE_FROM, PART_UP_TO = 0.78, 0.62
"""A piece with this share of a digit's ink is the digit, and one with less than the other a part; between, neither."""
PURE_FROM, MIXED_UP_TO = 0.8, 0.68
"""Likewise the share of a piece's ink that is the digit's."""
MAX_WHOLE, MAX_OTHER = 120, 170
"""Pieces kept of one sheet."""


def harvest(digits: Digits, *, seed: int, sheets: int, processes: int) -> Generator[Pieces, None, None]:
    """Yields the pieces of drawn sheets, some sheets at a time.

    Args:
        digits: MNIST's, of the split that is trained on.
        seed: the same seed gives the same pieces, whatever the number of processes.
        sheets: how many are drawn.
        processes: how many draw them.

    Raises:
        ChildProcessError: one of them is gone.
    """
    chunks = [range(start, min(start + 20, sheets)) for start in range(0, sheets, 20)]
    with workers(processes, _start, (digits, seed)) as pool:
        yield from pool.map(_harvest_chunk, chunks)


_digits: Digits
_fonts: Fonts
_seed: int


def _start(digits: Digits, seed: int) -> None:
    global _digits, _fonts, _seed
    cv2.setNumThreads(1)
    _digits, _fonts, _seed = digits, find_fonts(), seed


def _harvest_chunk(numbers: range) -> Pieces:
    parts = []
    for number in numbers:
        rng = np.random.default_rng((_seed, number))
        parts.append(gather(rng, draw(rng, _digits, _fonts)))
    return Pieces.concatenated(parts)


def gather(rng: np.random.Generator, drawn: Drawn) -> Pieces:
    """Returns some of the pieces that the segmenter finds on a sheet, joins or cuts, with what they are."""
    params = RecognitionParams()
    ink = binarize(drawn.page, params.binarize)
    writing = remove_rules(ink, params.rules)
    parts = find_components(writing.mask, ink.darkness, params.components)
    candidates = [
        *parts,
        *_joined(rng, parts, ink, drawn.size_px, params),
        *_cut(rng, parts, ink, drawn.size_px, params),
    ]
    judge = _Judge(drawn, ink)
    labeled = [(piece, label) for piece in candidates if (label := judge.label(piece)) is not None]
    rng.shuffle(labeled)
    kept = [pair for pair in labeled if pair[1] < NOT_A_DIGIT][:MAX_WHOLE]
    kept += [pair for pair in labeled if pair[1] >= NOT_A_DIGIT][:MAX_OTHER]
    pieces = [piece for piece, _ in kept]
    images = normalize_all(piece.ink(ink.darkness) for piece in pieces)
    return Pieces(images, windows(pieces, ink.darkness), np.array([label for _, label in kept], np.uint8))


def _joined(
    rng: np.random.Generator, parts: list[Component], ink: Ink, size_px: float, params: RecognitionParams
) -> list[Component]:
    pairs = near_pairs([part.bbox for part in parts], np.zeros(len(parts), np.bool_), size_px, params.join)
    some = rng.permutation(len(pairs))[:60]
    return [join(parts[pairs[k][0]], parts[pairs[k][1]], ink.darkness) for k in some]


def _cut(
    rng: np.random.Generator, parts: list[Component], ink: Ink, size_px: float, params: RecognitionParams
) -> list[Component]:
    low, high = params.split.min_width * size_px, params.split.max_digits * size_px
    wide = [
        part for part in parts if low <= part.bbox.width <= high and 0.5 * size_px <= part.bbox.height <= 2.2 * size_px
    ]
    chosen = [wide[k] for k in rng.permutation(len(wide))[:12]]
    pieces = [segment.piece for part in chosen for segment in segments(part, ink.darkness, params.split)]
    return [pieces[k] for k in rng.permutation(len(pieces))[:150]]


class _Judge:
    """Knows whose ink is where, and so what a piece is."""

    def __init__(self, drawn: Drawn, ink: Ink) -> None:
        self._drawn = drawn
        inked = np.where(ink.faint > 0, drawn.owner, 0)
        self._areas = np.bincount(np.maximum(inked, 0).ravel(), minlength=len(drawn.labels) + 1)

    def label(self, piece: Component) -> int | None:
        """Returns what a piece is, None where that is open."""
        box = piece.bbox
        owners = self._drawn.owner[box.y : box.bottom, box.x : box.right][piece.mask > 0]
        if (owners == UNKNOWN).mean() > 0.1:
            return None
        counts = np.bincount(np.maximum(owners, 0))
        counts[0] = 0
        best = int(counts.argmax()) if counts.size > 1 else 0
        if best == 0:
            return LOOKALIKE if (owners == TEXT).mean() > 0.3 else NOT_A_DIGIT
        # The edge of a stroke is ink that nobody owns, so that only other owners' ink makes a piece impure.
        others = np.count_nonzero(owners) - counts[best]
        purity = counts[best] / (counts[best] + others)
        share = counts[best] / max(1, self._areas[best])
        if purity >= PURE_FROM and share >= WHOLE_FROM:
            return self._drawn.labels[best - 1]
        return NOT_A_DIGIT if purity < MIXED_UP_TO or share < PART_UP_TO else None
