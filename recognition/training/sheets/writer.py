"""A person who writes digits: one pen and one slant for all of a sheet, and a form of their own for 0, 1 and 7."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from recognition.arrays import Field, as_field, as_image
from recognition.training.augment import barred, height_field, ink_at_level, pen_field, slashed, warp
from recognition.training.dataset import Digits
from recognition.training.forms import FORMS, form_field
from recognition.training.thinning import REACH

FINE_SHARE = 0.5
"""Of the writers so many have a pen of one width, mostly finer than MNIST's."""
BROKEN_SHARE = 0.06
"""Of the writers so many have a pen that skips."""


@dataclass(frozen=True, slots=True, eq=False)
class Writer:
    """A hand and a pen.

    Attributes:
        digits: MNIST's, from which each is drawn anew.
        fine: writes with a pen of one width, whatever MNIST's was.
        level: at which the ink is cut, low for a broad pen; see `augment.ink_at_level`.
        shear: slant, columns a row.
        unsteadiness: strength of the warp of each digit.
        barred: whether a 7 has a bar.
        own_forms: whether, with a fine pen, 1, 4, 6 and 9 have forms that MNIST lacks.
        slashed: whether a 0 has a slash.
        skips: share of 6x6 px that the pen leaves out.
    """

    digits: Digits
    fine: bool
    level: float
    shear: float
    unsteadiness: float
    barred: bool
    own_forms: bool
    slashed: bool
    skips: float

    @classmethod
    def anyone(cls, rng: np.random.Generator, digits: Digits) -> Writer:
        """Returns a writer by chance."""
        fine = rng.random() < FINE_SHARE
        return cls(
            digits,
            fine=fine,
            level=1 - _pen_width(rng) / (2 * REACH) if fine else rng.uniform(0.18, 0.6),
            shear=float(np.clip(rng.normal(0, 0.15), -0.4, 0.4)),
            unsteadiness=rng.uniform(0.2, 0.8),
            barred=rng.random() < 0.25,
            own_forms=rng.random() < 0.25,
            slashed=rng.random() < 0.04,
            skips=rng.uniform(0.02, 0.08) if rng.random() < BROKEN_SHARE else 0.0,
        )

    def only(self, rng: np.random.Generator) -> Writer:
        """Returns the same writer with one digit alone to write, as children and testers fill a page."""
        label = rng.integers(10)
        of_it = np.flatnonzero(self.digits.labels == label)
        if of_it.size == 0:
            return self
        return replace(self, digits=Digits(self.digits.images[of_it], self.digits.labels[of_it]))

    def digit(self, rng: np.random.Generator, height_px: int) -> tuple[Field, int]:
        """Returns a random digit as coverage float32 (about height_px, width) in 0..1, cropped, and its label."""
        index = int(rng.integers(len(self.digits.labels)))
        label = int(self.digits.labels[index])
        if label in FORMS and self.own_forms and self.fine:
            field = form_field(rng, label, height_px)
        elif self.fine:
            field = pen_field(self.digits.images[index], height_px)
        else:
            field = height_field(self.digits.images[index], height_px)
        if label == 7 and self.barred:
            field = barred(rng, field)
        if label == 0 and self.slashed:
            field = slashed(rng, field)
        moved = _slanted(warp(rng, field, self.unsteadiness), self.shear)
        # The finest pen leaves a line of about a pixel, as dark as any other.
        level = min(self.level, 1 - 1.2 / (2 * REACH * height_px)) if self.fine else self.level
        drawn = ink_at_level(moved, level, min(0.15, 1 - level) if self.fine else 0.2)
        drawn = as_image(cv2.convertScaleAbs(drawn, alpha=255 / max(1, int(drawn.max()))))
        if self.skips:
            cells = rng.random((drawn.shape[0] // 6 + 1, drawn.shape[1] // 6 + 1)) > self.skips
            drawn = drawn * cells.repeat(6, 0).repeat(6, 1)[: drawn.shape[0], : drawn.shape[1]].astype(np.uint8)
        x, y, width, height = cv2.boundingRect((drawn > 60).view(np.uint8))
        if width == 0:  # so fine a pen, or so many skips, that nothing is left
            return self.digit(rng, height_px)
        return drawn[y : y + height, x : x + width].astype(np.float32) / np.float32(255), label


def _pen_width(rng: np.random.Generator) -> float:
    """Width of a fine pen's stroke as a share of the digits' height, from that of large writing with a ballpoint on."""
    return float(np.exp(rng.uniform(np.log(0.014), np.log(0.15))))


def _slanted(field: Field, shear: float) -> Field:
    height, width = field.shape
    extra = abs(round(shear * height))
    matrix = np.array([[1, -shear, extra / 2 + shear * height / 2], [0, 1, 0]], np.float64)
    return as_field(cv2.warpAffine(field, matrix, (width + extra, height)))
