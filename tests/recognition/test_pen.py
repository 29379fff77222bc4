from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.binarize import binarize
from recognition.components import find_components, make_component
from recognition.look import look_upright
from recognition.params import BinarizeParams, ComponentParams, PenParams, RecognitionParams
from recognition.pen import pen_px, too_bold_px
from recognition.reading import Reading

PARAMS = PenParams()
SHAPE = (420, 640)
NUMBERS = ("20473", "58619", "36042")


@pytest.fixture(scope="module")
def written(sample_pages) -> Callable[[int], np.ndarray]:
    """Numbers 70 pixels high, whose strokes the pen makes so many pixels wider."""

    def write(wider_px: int) -> np.ndarray:
        hand = sample_pages.Hand(np.random.default_rng(11), sample_pages.Digits.load(), SHAPE)
        for line, text in enumerate(NUMBERS):
            hand.write(text, 40, 40 + 120 * line, 70)
        page = np.rint(sample_pages.inked(np.full((*SHAPE, 3), 240, np.uint8), hand.ink, (60, 40, 40)))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wider_px + 1, wider_px + 1))
        return np.asarray(cv2.erode(page.astype(np.uint8), disc))

    return write


@pytest.mark.parametrize("width", [4, 7, 12, 20])
def test_the_width_of_a_pen_is_that_of_its_strokes(width):
    drawn = np.zeros((300, 300), np.uint8)
    drawn[50 : 50 + width, 50:250] = drawn[50:250, 250 : 250 + width] = 255
    piece = make_component(drawn, 0, 0, drawn)
    assert piece is not None
    assert pen_px(piece) == pytest.approx(width, rel=0.1)


@pytest.mark.parametrize(("wider", "least", "most"), [(0, 0, 0), (2, 0, 0), (8, 4, 9), (12, 7, 13)])
def test_a_page_of_a_bold_pen_is_too_bold_by_about_what_the_pen_is_wider(written, ink_reader, wider, least, most):
    gray = np.ascontiguousarray(written(wider)[..., 1])
    ink = binarize(gray, BinarizeParams())
    readings = ink_reader.read(find_components(ink.mask, ink.darkness, ComponentParams()), ink.darkness)
    assert least <= too_bold_px(readings, ink.darkness, PARAMS) <= most


@pytest.fixture
def framed(make_reading) -> Callable[..., Reading]:
    """A reading of a rectangle's outline, of a pen so wide."""

    def draw(digit: int, box: tuple[int, int, int, int], width: int, confidence: float = 0.99) -> Reading:
        reading = make_reading(digit, box, confidence)
        mask = np.zeros_like(reading.piece.mask)
        cv2.rectangle(mask, (0, 0), (box[2] - 1, box[3] - 1), 255, 2 * width - 1)  # half of it is beyond the box
        return replace(reading, piece=replace(reading.piece, mask=mask, area_px=int(np.count_nonzero(mask))))

    return draw


def test_a_thin_pen_among_bold_print_stays_as_it_is(framed):
    print_ = [framed(0, (60 * k, 20, 40, 60), 15) for k in range(12)]
    hand = [framed(6, (60 * k, 120, 40, 60), 6) for k in range(4)]
    page = np.full((300, 800), 200, np.uint8)
    assert too_bold_px(print_, page, PARAMS) > 0
    assert too_bold_px([*print_, *hand], page, PARAMS) == 0


@pytest.mark.parametrize(
    ("digit", "height", "confidence", "why"),
    [
        (1, 60, 0.99, "any stroke looks like a 1"),
        (6, 60, 0.45, "what may be no digit"),
        (6, 20, 0.99, "crumbs"),
    ],
)
def test_only_sure_digits_tell_how_bold_a_pen_is(framed, digit, height, confidence, why):
    bold = [framed(0, (60 * k, 20, 40, 60), 15) for k in range(12)]
    thin = [framed(digit, (60 * k, 120, 40, height), 2, confidence) for k in range(8)]
    page = np.full((300, 800), 200, np.uint8)
    assert too_bold_px([*bold, *thin], page, PARAMS) == too_bold_px(bold, page, PARAMS) > 0, why
    assert too_bold_px([bold[0], *thin], page, PARAMS) == 0, "one digit tells nothing"


def test_small_digits_and_pages_without_any_are_never_too_bold(make_reading):
    filled = [make_reading(3, (30 * k, 40, 20, 20)) for k in range(9)]
    page = np.full((300, 800), 200, np.uint8)
    assert too_bold_px(filled, page, PARAMS) == 0
    assert too_bold_px([], page, PARAMS) == 0


@pytest.mark.parametrize("deviation_px", [2, 3, 4])
def test_what_is_out_of_focus_is_none_too_bold(written, ink_reader, deviation_px):
    blurred = cv2.GaussianBlur(np.ascontiguousarray(written(0)[..., 1]), (0, 0), deviation_px)
    ink = binarize(blurred, BinarizeParams())
    readings = ink_reader.read(find_components(ink.mask, ink.darkness, ComponentParams()), ink.darkness)
    assert too_bold_px(readings, ink.darkness, PARAMS) == 0


@pytest.mark.parametrize("wider", [8, 10])
def test_what_a_bold_pen_writes_is_read_and_boxed_as_it_stands(written, reader, numbers_on, wider):
    page = written(wider)
    _, _, look = look_upright(page, reader, RecognitionParams())
    assert look.thinned_px > 0
    numbers = numbers_on(page, reader)
    assert [number.text for number in numbers] == list(NUMBERS)
    inked = page[..., 1] < 140
    boxed = np.zeros_like(inked)
    for number in numbers:
        for digit in number.digits:
            boxed[digit.bbox.y : digit.bbox.bottom, digit.bbox.x : digit.bbox.right] = True
    assert np.count_nonzero(inked & ~boxed) < 0.005 * np.count_nonzero(inked)
