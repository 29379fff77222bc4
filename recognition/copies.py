"""Tells printed marks from digits by their copies: no hand writes the same form in the same size again and again.

Answer sheets are full of empty circles to be filled in, and each of them looks like a 0. Print repeats its shapes pixel
by pixel, but for what the scanner adds; two zeros of the steadiest hand differ more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recognition.classify import NOT_A_DIGIT
from recognition.params import CopyParams
from recognition.reading import Reading

_AT_ONCE = 256
"""So many pieces are compared with all others at once: of thousands, all pairs would not fit into memory."""


def without_copies(readings: Sequence[Reading], params: CopyParams) -> list[Reading]:
    """Returns the readings with those as no digits that the page shows again and again.

    A 1 is a stroke, and strokes are alike.

    Args:
        readings: of all pieces, with their pictures.
        params: see there.

    Returns:
        In their order; the same objects where nothing is a copy.
    """
    likely = [k for k, one in enumerate(readings) if one.digit != 1 and one.by_ink_confidence >= params.min_confidence]
    if len(likely) < params.min_count:
        return list(readings)
    sizes = np.array([(one.piece.bbox.width, one.piece.bbox.height) for one in readings], np.int32)
    forms = np.stack([one.picture.ravel() for one in readings]).astype(np.float32)
    forms /= np.maximum(np.linalg.norm(forms, axis=1, keepdims=True), 1)
    digits = np.array([readings[k].digit for k in likely])
    least = np.maximum(params.min_count, params.min_share * np.bincount(digits)[digits])
    printed: set[int] = set()
    for start in range(0, len(likely), _AT_ONCE):
        rows = np.array(likely[start : start + _AT_ONCE])
        alike = np.ones((len(rows), len(readings)), np.bool_)
        for side in sizes.T:
            alike &= np.abs(side[rows][:, None] - side) <= np.maximum(1, params.size * side[rows])[:, None]
        # Few pieces are of the very size of so many others, so that most pictures need not be compared.
        needed = least[start : start + _AT_ONCE]
        several = alike.sum(axis=1) >= needed
        copies = (forms[rows[several]] @ forms.T >= params.alike) & alike[several]
        printed.update(rows[several][copies.sum(axis=1) >= needed[several]].tolist())
    return [_no_digit(one) if k in printed else one for k, one in enumerate(readings)]


def _no_digit(reading: Reading) -> Reading:
    row = np.zeros_like(reading.probabilities)
    row[NOT_A_DIGIT] = 1
    return replace(reading, probabilities=row, by_ink=row, seen=None)
