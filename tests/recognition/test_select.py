from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.binarize import binarize
from recognition.components import Component
from recognition.params import BinarizeParams, SelectParams
from recognition.select import is_border, select_digits
from recognition.types import BoundingBox

PAPER = np.full((1000, 800), 240, np.uint8)
PAGE = binarize(PAPER, BinarizeParams())
HEIGHT = 50.0


def chosen(readings, page=PAGE, params=None):
    return select_digits(readings, HEIGHT, page, params or SelectParams()).digits


@pytest.fixture
def digits(make_reading):
    """Five sure digits of the page's hand."""
    return [make_reading(k, (100 + 40 * k, 300, 30, 50)) for k in range(5)]


def test_the_digits_of_one_hand_all_stay_in_their_order(digits):
    assert chosen(digits) == digits


@pytest.mark.parametrize(
    ("box", "confidence", "rubbish", "darkness", "why"),
    [
        ((500, 300, 6, 8), 0.99, 0.0, 200.0, "too small"),
        ((500, 300, 200, 300), 0.99, 0.0, 200.0, "too large"),
        ((500, 300, 30, 50), 0.99, 0.0, 30.0, "too pale"),
        ((500, 300, 30, 50), 0.1, 0.05, 200.0, "too doubtful"),
        ((500, 300, 30, 50), 0.4, 0.5, 200.0, "rather no digit"),
        ((0, 300, 30, 50), 0.6, 0.0, 200.0, "cut off and doubtful"),
    ],
)
def test_what_is_no_writing_is_left_out(digits, make_reading, box, confidence, rubbish, darkness, why):
    odd = make_reading(6, box, confidence, rubbish=rubbish, darkness=darkness)
    assert chosen([*digits, odd]) == digits, why


def test_a_sure_digit_at_the_edge_stays_and_a_stroke_there_does_not(digits, make_reading):
    edge = (0, 300, 30, 50)
    assert len(chosen([*digits, make_reading(6, edge)])) == 6
    assert len(chosen([*digits, make_reading(1, edge)])) == 5


def test_a_doubtful_digit_stays_for_a_person_to_see(digits, make_reading):
    doubtful = make_reading(7, (500, 300, 30, 50), 0.5, rubbish=0.3)
    assert doubtful in chosen([*digits, doubtful])


def test_a_page_of_pale_digits_is_read(make_reading):
    pale = [make_reading(k, (100 + 40 * k, 300, 30, 50), darkness=25) for k in range(4)]
    assert chosen(pale) == pale


def test_what_is_as_large_and_dark_as_the_digits_but_none_is_left_unread(digits, make_reading):
    blot = make_reading(3, (500, 300, 30, 50), 0.1, rubbish=0.9)
    speck = make_reading(3, (500, 400, 5, 5), 0.1, rubbish=0.9)
    shadow = make_reading(3, (500, 500, 30, 50), 0.1, rubbish=0.9, darkness=20)
    selection = select_digits([*digits, blot, speck, shadow], HEIGHT, PAGE, SelectParams())
    assert selection.digits == digits
    assert selection.unread == [blot]


def test_a_digit_of_a_pen_that_ran_dry_is_left_unread(digits, make_reading):
    pale = make_reading(5, (300, 310, 20, 25), 0.7, darkness=75)
    selection = select_digits([*digits, pale], HEIGHT, PAGE, SelectParams())
    assert selection.digits == digits
    assert selection.unread == [pale]


def test_nothing_gives_nothing(make_reading):
    assert chosen([]) == []
    rubbish = make_reading(3, (100, 300, 30, 50), 0.1, rubbish=0.9)
    assert chosen([rubbish]) == []


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_stricter_threshold_never_lets_more_through(make_reading, one, other):
    readings = [make_reading(k, (100 + 40 * k, 300, 30, 50), 0.1 * k + 0.05, darkness=200) for k in range(10)]
    low, high = sorted((one, other))
    many = chosen(readings, params=SelectParams(min_confidence=low))
    few = chosen(readings, params=SelectParams(min_confidence=high))
    assert set(map(id, few)) <= set(map(id, many))


def upright_piece() -> Component:
    """A slanted stroke 50 px high, from (410, 300) to (400, 350)."""
    mask = np.zeros((51, 15), np.uint8)
    cv2.line(mask, (12, 0), (2, 50), 255, 5)
    return Component(BoundingBox(398, 300, 15, 51), mask, int(np.count_nonzero(mask)), 200.0)


def stroke_on(page: np.ndarray, gray: int = 40) -> np.ndarray:
    return cv2.line(page.copy(), (410, 300), (400, 350), gray, 5)


def desk_and_paper(desk: int, *, desk_at_left: bool) -> np.ndarray:
    """A page whose one half is a desk, with its edge where the upright piece is."""
    page = np.full_like(PAPER, 230)
    far = 0 if desk_at_left else PAPER.shape[1] - 1
    return cv2.fillPoly(page, [np.array([(425, 225), (385, 425), (far, 425), (far, 225)])], desk)


@pytest.mark.parametrize("desk_at_left", [False, True])
@pytest.mark.parametrize("desk", [30, 90, 130])
def test_where_the_paper_ends_is_no_stroke(desk, desk_at_left):
    assert is_border(upright_piece(), binarize(desk_and_paper(desk, desk_at_left=desk_at_left), BinarizeParams()))


@pytest.mark.parametrize("gray", [40, 120, 200])
def test_a_stroke_on_paper_is_no_border(gray):
    assert not is_border(upright_piece(), binarize(stroke_on(PAPER, gray), BinarizeParams()))


def test_a_stroke_in_uneven_light_is_no_border():
    light = np.tile(np.linspace(120, 240, PAPER.shape[1]).astype(np.uint8), (PAPER.shape[0], 1))
    assert not is_border(upright_piece(), binarize(stroke_on(light), BinarizeParams()))


@pytest.mark.parametrize("x", [385, 425])
def test_a_stroke_beside_a_digit_is_no_border(x):
    page = stroke_on(PAPER)
    cv2.ellipse(page, (x, 325), (12, 25), 0, 0, 360, 40, 5)
    assert not is_border(upright_piece(), binarize(page, BinarizeParams()))


def test_a_stroke_at_the_edge_of_the_page_is_told_by_its_other_side():
    piece = upright_piece()
    at_edge = Component(BoundingBox(0, 300, 15, 51), piece.mask, piece.area_px, piece.darkness)
    assert not is_border(at_edge, binarize(np.ascontiguousarray(stroke_on(PAPER)[:, 398:]), BinarizeParams()))


def test_a_one_where_the_paper_ends_is_left_out_and_an_eight_is_not(digits, make_reading):
    page = np.full_like(PAPER, 230)
    page[:, 515:] = 60
    ink = binarize(page, BinarizeParams())
    box = (500, 300, 30, 50)
    assert chosen([*digits, make_reading(1, box)], ink) == digits
    assert len(chosen([*digits, make_reading(8, box)], ink)) == 6
