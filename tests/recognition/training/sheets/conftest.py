"""Digits, typefaces and desks that the tests of drawn sheets work with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from recognition.training.dataset import Digits
from recognition.training.sheets.desk import Desk
from recognition.training.sheets.fonts import FOLDERS, Fonts, find_fonts
from recognition.training.sheets.hand import Scribe
from recognition.training.sheets.sheet import Sheet
from recognition.training.sheets.writer import Writer


@pytest.fixture(scope="session")
def digits(mnist: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> Digits:
    """400 digits of MNIST."""
    return Digits(*mnist)


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    """The typefaces that matplotlib brings, which are on every machine."""
    return find_fonts(FOLDERS[1:])


@pytest.fixture(scope="session")
def make_desk(digits: Digits, fonts: Fonts) -> Callable[..., Desk]:
    """Makes a desk with an empty sheet by chance."""

    def make(seed: int, size_px: int = 30, shape: tuple[int, int] = (300, 400)) -> Desk:
        rng = np.random.default_rng(seed)
        writer = Writer.anyone(rng, digits)
        scribe = Scribe.anyone(rng, fonts, lambda: writer.digit(rng, size_px))
        return Desk(rng, Sheet.blank(*shape), writer, scribe, fonts, size_px)

    return make
