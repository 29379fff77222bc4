"""Separates ink from paper under uneven light, whichever of the two is darker."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from recognition.arrays import Image, as_image, dilated
from recognition.params import BinarizeParams

_FAINT, _INK, _CORE = 1, 2, 3


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """A page as ink on paper.

    What is ink depends on how pale ink may be. The three answers are kept as one picture, and each is made anew when it
    is asked for, which takes a millisecond: the pictures of a page are most of the memory that it takes to read it.

    Attributes:
        darkness: uint8 (height, width), 0 is the paper around a pixel and 255 black, whatever the light and polarity.
        levels: uint8 (height, width), 0 on paper, 1 on all that is darker, 2 where `mask` is, 3 where `core` is.
    """

    darkness: Image
    levels: Image

    @property
    def mask(self) -> Image:
        """A new uint8 (height, width), 255 where there is ink; what is much paler than ink beside it is left out."""
        return self._from(_INK)

    @property
    def core(self) -> Image:
        """Likewise, what is at least half as dark as the darkest ink beside it: strokes without their soft edges."""
        return self._from(_CORE)

    @property
    def faint(self) -> Image:
        """Likewise, with all that is darker than the paper, also beside dark ink."""
        return self._from(_FAINT)

    def _from(self, level: int) -> Image:
        return as_image(cv2.threshold(self.levels, level - 1, 255, cv2.THRESH_BINARY)[1])


def binarize(gray: Image, params: BinarizeParams) -> Ink:
    """Separates ink from paper.

    Args:
        gray: uint8 (height, width).
        params: see there.

    Returns:
        The ink; a blank or constant page has none.
    """
    return find_ink(darkness_of(gray, params), params)


def darkness_of(gray: Image, params: BinarizeParams) -> Image:
    """Returns how dark each pixel is against the paper around it, as in `Ink`.

    The paper's brightness is estimated by a grey closing on a reduced image and divided out.

    Args:
        gray: uint8 (height, width).
        params: see there.
    """
    return flatten(as_image(~gray) if is_light_on_dark(gray) else gray, params)


def find_ink(darkness: Image, params: BinarizeParams) -> Ink:
    """Tells what is ink.

    A pixel is ink when it is darker than the noise of the paper and than a share of the darkest ink near it, so that
    pencil and marker on one page each get the edge of their own strokes.

    Args:
        darkness: from `darkness_of`.
        params: see there.
    """
    smooth = as_image(cv2.GaussianBlur(darkness, (3, 3), 0))
    # The closing takes grain for paper and sets the paper too bright; by how much, most of the page shows.
    bare = float(np.median(smooth[::4, ::4]))
    floor = min(255.0, max(params.min_darkness, bare + params.noise_factor * noise_level(smooth)))
    near = dilated(_reduced_maximum(smooth, params.near_px), 3, 3)
    _, faint = cv2.threshold(smooth, int(floor), _FAINT, cv2.THRESH_BINARY)
    levels = as_image(faint)
    for share in (params.edge_share, params.core_share):
        levels += _darker(smooth, near, share, floor)
    return Ink(darkness, levels)


def _darker(smooth: Image, near: Image, share: float, floor: float) -> Image:
    """1 where the page is darker than a share of the darkest near it, and than the paper, else 0."""
    thresholds = np.maximum(near * np.float32(share), floor).astype(np.uint8)
    height, width = smooth.shape
    # Across and down by itself: both at once, each row of the page is enlarged anew.
    places = np.arange(len(thresholds), dtype=np.int32)[:, None]
    rows = np.asarray(cv2.resize(places, (1, height), interpolation=cv2.INTER_NEAREST))[:, 0]
    each: Image = as_image(cv2.resize(thresholds, (width, len(places)), interpolation=cv2.INTER_NEAREST))[rows]
    cv2.compare(smooth, each, cv2.CMP_GT, dst=each)
    each &= np.uint8(1)
    return each


def is_light_on_dark(gray: Image) -> bool:
    """Tells whether the page is dark and what stands out from its surroundings is bright.

    Args:
        gray: uint8 (height, width).

    Returns:
        True for chalk on a board; False for ink on paper, however badly lit, and for a constant image.
    """
    step = max(1, max(gray.shape) // 400)
    if float(np.median(gray[::step, ::step])) > 127:
        return False
    small = _reduced(gray, 400)
    side = min(51, max(3, min(small.shape) // 4 | 1))
    difference = small.astype(np.float32) - cv2.medianBlur(small, side)
    bright = float((np.maximum(difference, 0) ** 2).sum())
    dark = float((np.minimum(difference, 0) ** 2).sum())
    return bright > dark


def flatten(gray: Image, params: BinarizeParams) -> Image:
    """Returns how much darker each pixel is than the paper around it, in 255ths of the paper's brightness.

    Args:
        gray: uint8 (height, width), dark ink on bright paper.
        params: see there.

    Returns:
        uint8 (height, width).
    """
    height, width = gray.shape
    small = _reduced(gray, params.background_px)
    small = as_image(cv2.medianBlur(small, 3))
    side = max(3, round(params.background_window * max(small.shape))) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel)
    paper = np.maximum(cv2.GaussianBlur(paper, (0, 0), side / 6), 1)  # black paper has no ink
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    relative = as_image(cv2.divide(np.maximum(gray, 1), paper, dst=paper, scale=255))
    return as_image(cv2.bitwise_not(relative, dst=relative))


def noise_level(darkness: Image) -> float:
    """Returns the standard deviation of the paper's grain, robustly, from the differences of pixels two apart."""
    if min(darkness.shape) < 3:
        return 0.0
    rows = darkness[:: max(1, darkness.shape[0] // 500)]
    differences = as_image(cv2.absdiff(rows[:, 2:], rows[:, :-2]))
    counts = cv2.calcHist([differences], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    values = np.arange(256)
    mean = counts @ values / counts.sum()
    counts[values > max(2.0, 3 * mean)] = 0
    return float(counts @ values / counts.sum()) * 0.886  # the mean of |N(0, s) - N(0, s)| is 1.128 s


def _reduced(gray: Image, side_px: int) -> Image:
    scale = side_px / max(gray.shape)
    if scale >= 1:
        return gray
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return as_image(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))


def _reduced_maximum(image: Image, cell_px: int) -> Image:
    """The maximum of each cell of `cell_px` pixels."""
    height, width = image.shape
    rows, columns = -(-height // cell_px), -(-width // cell_px)
    padded = np.zeros((rows * cell_px, columns * cell_px), np.uint8)
    padded[:height, :width] = image
    # One axis at a time: both at once take eight times as long.
    return as_image(padded.reshape(rows, cell_px, -1).max(axis=1).reshape(rows, columns, cell_px).max(axis=2))
