"""Reads what is in doubt once more: a little turned, slanted and shifted, as if another hand had written it.

A network that has understood a form reads it the same way from all sides; where it has not, its answers scatter, and
their mean is right more often and seldom sure of what is wrong. After Krizhevsky, Sutskever and Hinton, "ImageNet
Classification with Deep Convolutional Neural Networks", NIPS 25 (2012), who take the mean over ten views of a picture.
A second network looks from the same sides where there is one, and counts the same as to which digit it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image
from recognition.calibrate import Probabilities
from recognition.classify import CLASSES, NOT_A_DIGIT, Classifier
from recognition.normalize import IMAGE_PX
from recognition.params import ViewParams
from recognition.reader import Reader
from recognition.reading import FLOOR, Reading, pooled, seconded
from recognition.sequence import SequenceNetwork, Spotted

_TURN_DEG = 8.0
_SLANT = 0.15
"""Columns a row."""
_NUMBER_SLANTS = (-0.25, 0.25)
"""Likewise, of whole numbers."""


def closely_read(readings: Sequence[Reading], reader: Reader, params: ViewParams) -> list[Reading]:
    """Returns the readings with those looked at again whose ink alone does not say surely which digit they are.

    What was not cut, because there is too much to cut, is not looked at: that would take as long. All stay as they are
    where the network is one of ten classes: it was not trained on digits of other hands, and what it says of them from
    other sides takes more than it gives (a dense one: 14 in place of 10 of 200 digits wrong).

    Args:
        readings: the digits of a page, with their pictures.
        reader: that read them.
        params: see there.
    """
    result = list(readings)
    doubtful = [k for k, reading in enumerate(result) if reading.by_ink_confidence < params.sure and not reading.uncut]
    if doubtful and reader.info.classes == CLASSES:
        chosen = [result[k] for k in doubtful]
        said, share = _looked_at(np.stack([reading.picture for reading in chosen]), reader)
        for k, reading in zip(doubtful, seconded(chosen, list(said), share), strict=True):
            result[k] = reading
    return result


def closely_classified(images: NDArray[np.uint8], reader: Reader, params: ViewParams) -> Probabilities:
    """Returns the probabilities of digits that stand on no page, read as `closely_read` reads those of one.

    Args:
        images: uint8 (n, 28, 28), ink bright, as `normalize` makes them.
        reader: that reads them.
        params: see there.

    Returns:
        float32 (n, 11), rows sum to 1.
    """
    rows = reader.classifier.probabilities(images)
    doubtful = np.flatnonzero(rows[:, :NOT_A_DIGIT].max(axis=1, initial=0) < params.sure)
    if doubtful.size and reader.info.classes == CLASSES:
        said, share = _looked_at(images[doubtful], reader)
        rows[doubtful] = pooled(rows[doubtful], said, share)
    return rows


def _looked_at(images: NDArray[np.uint8], reader: Reader) -> tuple[Probabilities, float]:
    """What all looks but the first say of pictures (n, 28, 28), and their share: each look counts the same."""
    looks = [*by_views(images, reader.classifier)]
    if reader.second is not None:
        rubbish = _geometric_mean(np.stack(looks))[:, NOT_A_DIGIT:]
        seconds = [reader.second.probabilities(images), *by_views(images, reader.second)]
        looks += [_with_rubbish(rows, rubbish) for rows in seconds]
    return _geometric_mean(np.stack(looks)), len(looks) / (len(looks) + 1)


def _with_rubbish(rows: Probabilities, rubbish: Probabilities) -> Probabilities:
    """Rows (n, 11) with the first network's probabilities (n, 1) of no digit, of which the second has seen little.

    With its own, ticks behind numbers were accepted as ones: of 284 numbers on drawn pages 18, and 7 without.
    """
    digits = np.maximum(rows[:, :NOT_A_DIGIT], FLOOR)
    scaled = digits / digits.sum(axis=1, keepdims=True) * (1 - rubbish)
    return np.concatenate([scaled, rubbish], axis=1).astype(np.float32)


def closely_spotted(inks: Sequence[Image], network: SequenceNetwork, params: ViewParams) -> list[list[Spotted] | None]:
    """Returns what a network spots in whole numbers; of those in doubt the mean over how they stand and how they lean.

    A view in which it spots more digits or fewer does not count.

    Args:
        inks: as `SequenceNetwork.spot` takes them.
        network: reads them.
        params: see there.
    """
    found = network.spot(inks)
    doubtful = [
        k for k, spotted in enumerate(found) if spotted and min(one.confidence for one in spotted) < params.number_sure
    ]
    slanted = iter(network.spot([_slanted(inks[k], slant) for k in doubtful for slant in _NUMBER_SLANTS]))
    for k in doubtful:
        once = found[k] or []
        views = [once, *(view for view in islice(slanted, len(_NUMBER_SLANTS)) if view and len(view) == len(once))]
        found[k] = [
            replace(of_one[0], probabilities=_geometric_mean(np.stack([one.probabilities for one in of_one])))
            for of_one in zip(*views, strict=True)
        ]
    return found


def _slanted(ink: Image, slant: float) -> Image:
    """Ink slanted about its middle row, by so many columns a row, with room for what leans out."""
    height, width = ink.shape
    room = ceil(abs(slant) * height / 2)
    lean = np.array([[1, slant, room - slant * (height - 1) / 2], [0, 1, 0]], np.float32)
    return as_image(cv2.warpAffine(ink, lean, (width + 2 * room, height)))


def by_views(images: NDArray[np.uint8], classifier: Classifier) -> Probabilities:
    """Returns what is read from each side, float32 (sides, n, 11), rows sum to 1.

    Args:
        images: uint8 (n, 28, 28), n > 0.
        classifier: reads them.
    """
    seen = np.concatenate([[cv2.warpAffine(image, view, image.shape[::-1]) for image in images] for view in _VIEWS])
    return classifier.probabilities(seen).reshape(len(_VIEWS), len(images), -1)


def _geometric_mean(rows: Probabilities) -> Probabilities:
    """Over the first axis; the last sums to 1."""
    mean = np.exp(np.log(np.maximum(rows, FLOOR)).mean(axis=0))
    return np.asarray(mean / mean.sum(axis=-1, keepdims=True), np.float32)


def _view(
    turn_deg: float = 0.0, slant: float = 0.0, right_px: float = 0.0, down_px: float = 0.0
) -> NDArray[np.float32]:
    """An affine map, float32 (2, 3), that leaves the middle of a picture where it is but for the shift."""
    middle = (IMAGE_PX - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), turn_deg, 1)
    turn[0, 1] += slant
    turn[:, 2] += np.array([right_px - slant * middle, down_px])
    return turn.astype(np.float32)


# Chosen by the likelihood of 15,000 variants of the digits held out from training (0.0649 -> 0.0617 nats a digit). A
# pixel to the left and up, and not to the right and down, because a picture's middle lies between pixels.
_VIEWS = (
    _view(turn_deg=_TURN_DEG),
    _view(turn_deg=-_TURN_DEG),
    _view(slant=_SLANT),
    _view(slant=-_SLANT),
    _view(right_px=-1),
    _view(down_px=-1),
)
