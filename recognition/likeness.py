"""Reads digits of the same form on a page as the same digit, for most pages are of one hand.

The networks judge each digit as if its writer were unknown, and are unsure of a form that few writers have: a 1 with a
long upstroke may be a 7. But whoever writes it so does it again and again, and most of the time they are right. After
Sarkar and Nagy, "Style Consistent Classification of Isogenous Patterns", IEEE Transactions on Pattern Analysis and
Machine Intelligence 27 (2005), with the nearest forms in place of a model of styles.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image
from recognition.params import LikenessParams
from recognition.reading import FLOOR, Reading, seconded

_BLUR_PX = 1.0
"""Strokes that run a pixel apart are alike."""
MAX_COMPARED = 2000
"""Each digit is compared with so many from all over a page: with all, thousands would take a minute."""


def agreed(readings: Sequence[Reading], params: LikenessParams) -> list[Reading]:
    """Returns the readings with what digits of the same form say of those that are unsure by their ink.

    Args:
        readings: the digits of a page, with their pictures.
        params: see there.

    Returns:
        In their order; the same objects where nothing on the page is alike, or the ink is sure enough.
    """
    unsure = [k for k, reading in enumerate(readings) if reading.by_ink_confidence < params.sure and not reading.uncut]
    if not unsure or len(readings) < 2:
        return list(readings)
    forms = _forms([reading.picture for reading in readings])
    some = np.linspace(0, len(readings) - 1, min(len(readings), MAX_COMPARED)).astype(np.intp)
    said = np.log(np.maximum(np.stack([readings[k].by_ink for k in some.tolist()]), FLOOR))
    others = forms[some]
    told, evidence, shares = [], [], []
    for k in unsure:
        weights = np.clip((others @ forms[k] - params.alike) / (1 - params.alike), 0, 1)
        weights[some == k] = 0
        total = float(weights.sum())
        if total > 0:
            mean = np.exp(weights @ said / total)
            told.append(k)
            evidence.append((mean / mean.sum()).astype(np.float32))
            shares.append(total / (1 + total))
    result = list(readings)
    for k, reading in zip(told, seconded([readings[k] for k in told], evidence, shares), strict=True):
        result[k] = reading
    return result


def _forms(pictures: Sequence[Image]) -> NDArray[np.float32]:
    """Pictures as vectors of length 1, float32 (n, 784): their products are cosines."""
    soft = [cv2.GaussianBlur(picture.astype(np.float32), (0, 0), _BLUR_PX).ravel() for picture in pictures]
    forms = np.stack(soft).astype(np.float32)
    return np.asarray(forms / np.maximum(np.linalg.norm(forms, axis=1, keepdims=True), 1e-6), np.float32)
