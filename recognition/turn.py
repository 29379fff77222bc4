"""Tells by how much a page has to be turned for its digits to stand upright, from how surely the network reads them.

As Unnikrishnan and Smith do for print ("Combined script and page orientation estimation using the Tesseract OCR
engine", MOCR 2009), the same pieces of ink are classified in each of the possible orientations. A page is turned only
when that is clearly better: on a page of 0, 1 and 8, or of few digits, it never is.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image, weighted_median
from recognition.classify import NOT_A_DIGIT, Classifier
from recognition.components import longer_side
from recognition.normalize import normalize_all
from recognition.params import TurnParams
from recognition.reading import Reading, at_edge, without_pale

QUARTERS_DEG = (90.0, 180.0, 270.0)


def turn_deg(
    readings: Sequence[Reading],
    darkness: Image,
    angles_deg: Sequence[float],
    classifier: Classifier,
    params: TurnParams,
) -> float:
    """Returns by which of some angles a page has to be turned, counter-clockwise.

    Args:
        readings: of all pieces, as the page stands.
        darkness: uint8 (height, width) page.
        angles_deg: that come into question beside 0.
        classifier: reads single digits.
        params: see there.

    Returns:
        0 where none is clearly better, as on a blank page.
    """
    chosen = sample(readings, darkness.shape, params.max_pieces)
    if len(chosen) < params.min_pieces or _scores(np.stack([r.by_ink for r in chosen])).mean() > params.upright:
        return 0.0
    few = _spread(chosen, params.first_pieces)
    if _best(few, darkness, angles_deg, classifier, params, strict=False) == 0:
        return 0.0
    return _best(chosen, darkness, angles_deg, classifier, params, strict=True)


def may_lie(readings: Sequence[Reading], darkness: Image, classifier: Classifier, params: TurnParams) -> bool:
    """Tells whether a page that was not turned may lie on its side or upside-down, though too few digits tell surely.

    Args:
        readings: of all pieces, as the page stands.
        darkness: uint8 (height, width) page.
        classifier: reads single digits.
        params: see there.
    """
    chosen = _spread(sample(readings, darkness.shape, params.max_pieces), params.first_pieces)
    if not chosen or _scores(np.stack([reading.by_ink for reading in chosen])).mean() > params.upright:
        return False
    means = _all_scores(chosen, darkness, QUARTERS_DEG, classifier).mean(axis=1)
    return bool(means.max() - means[0] >= params.lying_gain and means.max() >= params.lying_mean)


def best_angle_deg(
    readings: Sequence[Reading],
    darkness: Image,
    angles_deg: Sequence[float],
    classifier: Classifier,
    params: TurnParams,
    *,
    on_sheet: bool = False,
) -> float:
    """Returns at which of some angles a page's digits are read best, 0 where they are clearly worse at each of them.

    Args:
        readings: of all pieces, as the page stands.
        darkness: uint8 (height, width) page.
        angles_deg: that come into question.
        classifier: reads single digits.
        params: see there.
        on_sheet: whether the angles are a sheet's own, which are sure, and not those of its writing.
    """
    chosen = sample(readings, darkness.shape, params.max_pieces)
    scores = _all_scores(chosen, darkness, angles_deg, classifier).mean(axis=1)
    best = int(scores[1:].argmax())
    loss = params.max_sheet_loss if on_sheet else params.max_loss
    return angles_deg[best] if scores[best + 1] >= scores[0] - loss else 0.0


def sample(readings: Sequence[Reading], shape: tuple[int, ...], count: int) -> list[Reading]:
    """Returns up to `count` of the pieces that are about as large as the page's writing, whichever way it stands."""
    inside = [reading for reading in without_pale(readings) if not at_edge(reading.piece, shape)]
    sides = np.array([longer_side(reading.piece) for reading in inside], np.float64)
    # Most of the ink is writing: there are more specks, and rules of tables that were not removed are larger.
    usual = weighted_median(sides, np.array([reading.piece.area_px for reading in inside], np.float64))
    alike = [r for r, side in zip(inside, sides.tolist(), strict=True) if 0.5 * usual <= side <= 1.8 * usual]
    return _spread(alike, count)


def _best(
    chosen: Sequence[Reading],
    darkness: Image,
    angles_deg: Sequence[float],
    classifier: Classifier,
    params: TurnParams,
    *,
    strict: bool,
) -> float:
    """The angle at which the pieces are read best; with `strict`, only where this is no accident."""
    scores = _all_scores(chosen, darkness, angles_deg, classifier)
    means = scores.mean(axis=1)
    best = int(means.argmax())
    if best == 0:
        return 0.0
    if not strict:
        return angles_deg[best - 1] if means[best] - means[0] >= params.first_gain else 0.0
    if not _is_clear(scores[best] - np.delete(scores, best, axis=0), float(means[best]), params):
        return 0.0
    return angles_deg[best - 1]


def _all_scores(
    chosen: Sequence[Reading], darkness: Image, angles_deg: Sequence[float], classifier: Classifier
) -> NDArray[np.float64]:
    """The scores (1 + angles, pieces) of pieces as they stand and turned by each angle."""
    inks = [reading.piece.ink(darkness) for reading in chosen]
    images = normalize_all(turned(ink, angle) for angle in angles_deg for ink in inks)
    standing = np.stack([reading.by_ink for reading in chosen])
    other = classifier.probabilities(images).reshape(len(angles_deg), len(chosen), -1)
    return np.stack([_scores(standing), *(_scores(rows) for rows in other)])


def _is_clear(gains: NDArray[np.float64], mean: float, params: TurnParams) -> bool:
    """Tells whether gains (other orientations, pieces) are no accident: by their spread, or as odds on a clear page."""
    deviation = gains.std(axis=1) / np.sqrt(gains.shape[1])
    steady = bool((gains.mean(axis=1) > params.min_deviations * deviation).all())
    if steady and gains[0].mean() > params.min_gain and mean > params.min_mean:
        return True
    backed = (np.count_nonzero(gains > 1, axis=1) >= 2).all()
    return bool(backed and (gains.sum(axis=1) > params.min_odds).all() and mean > params.clear_mean)


def turned(ink: Image, angle_deg: float) -> Image:
    """Returns ink turned counter-clockwise about its middle, with room for all of it."""
    quarters, rest = divmod(angle_deg, 90)
    image = as_image(np.ascontiguousarray(np.rot90(ink, int(quarters))))
    if rest == 0:
        return image
    height, width = image.shape
    side = int(np.ceil(np.hypot(height, width))) + 2
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), rest, 1)
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    return as_image(cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR))


def _scores(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """The logarithm of each piece's best digit, bounded, so that no single piece decides."""
    likely = np.maximum(probabilities[:, :NOT_A_DIGIT].max(axis=1), 0.1)
    return np.asarray(np.log(likely), np.float64)


def _spread(readings: Sequence[Reading], count: int) -> list[Reading]:
    """Up to `count` of them from all over the page."""
    if len(readings) <= count:
        return list(readings)
    return [readings[int(k)] for k in np.linspace(0, len(readings) - 1, count)]
