"""Where pieces must stand, and how surely they must read, to be joined."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.components import find_components
from recognition.join import join_broken
from recognition.params import ComponentParams, JoinParams
from recognition.reader import Reader
from recognition.types import BoundingBox

PARAMS = JoinParams()
HEIGHT = 55.0
PAGE = np.full((200, 200), 200, np.uint8)
LEFT = (10, 10, 30, 55)


@pytest.fixture
def are_joined(make_reading, certain):
    """Whether two pieces, each a digit, its box and confidence, are joined that read as a digit this surely."""

    def joined(first, second, whole):
        readings = [
            make_reading(digit, box, confidence, rubbish=0.9 * (1 - confidence))
            for digit, box, confidence in (first, second)
        ]
        return len(join_broken(readings, HEIGHT, PAGE, certain(*whole), PARAMS)) == 1

    return joined


@pytest.mark.parametrize(
    ("digit", "piece", "joined", "why"),
    [
        (8, (12, 66, 25, 8), True, "right below"),
        (8, (12, 1, 25, 8), True, "right above"),
        (8, (25, 66, 25, 8), True, "more than half of it below"),
        (8, (30, 66, 16, 8), True, "it is the smaller one of which half counts"),
        (8, (2, 66, 64, 8), True, "the whole width of the digit above it"),
        (8, (25, 66, 40, 8), True, "half of the digit above it"),
        (8, (30, 66, 25, 8), False, "most of it beside"),
        (8, (12, 64, 25, 8), True, "hardly level with the digit"),
        (8, (12, 62, 25, 8), False, "level with the digit"),
    ],
)
def test_what_stands_above_or_below_a_sure_digit_joins_it(are_joined, digit, piece, joined, why):
    assert are_joined((digit, LEFT, 0.95), (7, piece, 0.3), (digit, 0.97)) is joined, why


@pytest.mark.parametrize(
    ("second", "whole", "joined", "why"),
    [
        (((45, 20, 8, 30), 0.6), 0.94, True, "as surely as the surer alone"),
        (((45, 20, 8, 30), 0.6), 0.9, False, "less surely"),
        (((45, 20, 8, 30), 0.3), 0.7, True, "it would be left over"),
        (((45, 20, 30, 5), 0.3), 0.7, True, "it would be left over, and lies"),
        (((45, 20, 8, 30), 0.3), 0.55, False, "even so"),
        (((45, 20, 8, 8), 0.3), 0.7, False, "it may be dirt"),
        (((12, 66, 25, 8), 0.6), 0.7, True, "digits do not stand on each other"),
    ],
)
def test_a_stroke_joins_what_it_reads_with_as_surely_or_what_would_be_left_over(are_joined, second, whole, joined, why):
    assert are_joined((1, LEFT, 0.95), (7, *second), (4, whole)) is joined, why


@pytest.mark.parametrize(
    ("confidences", "whole", "joined"),
    [((0.6, 0.3), 0.95, True), ((0.3, 0.2), 0.45, True), ((0.3, 0.2), 0.35, False)],
)
def test_two_pieces_that_are_no_sure_digits_are_joined_where_they_read_as_one(are_joined, confidences, whole, joined):
    first, second = confidences
    assert are_joined((8, LEFT, first), (7, (45, 20, 8, 30), second), (8, whole)) is joined


def test_two_sure_digits_are_joined_only_above_each_other(are_joined):
    assert not are_joined((8, LEFT, 0.95), (3, (45, 10, 30, 55), 0.95), (5, 0.99))
    assert are_joined((8, (10, 10, 30, 30), 0.95), (3, (10, 42, 30, 30), 0.95), (5, 0.99))
    assert are_joined((7, (2, 20, 6, 30), 0.3), (8, LEFT, 0.95), (5, 0.99)), "one of them is not sure"


@pytest.mark.parametrize(
    ("boxes", "joined", "why"),
    [
        (((10, 10, 20, 30), (41, 10, 20, 30)), True, "a pen's lift apart"),
        (((10, 10, 20, 30), (43, 10, 20, 30)), False, "farther"),
        (((10, 10, 20, 30), (41, 48, 20, 30)), False, "farther aslant"),
        (((10, 48, 20, 30), (41, 10, 20, 30)), False, "likewise, the other way"),
        (((10, 10, 20, 25), (12, 55, 20, 20)), True, "above each other"),
        (((12, 10, 20, 25), (10, 55, 20, 20)), True, "likewise"),
        (((10, 10, 20, 25), (12, 59, 20, 20)), False, "too far"),
        (((10, 10, 20, 25), (32, 55, 20, 20)), False, "and not above each other"),
        (((10, 10, 8, 10), (20, 10, 8, 10)), False, "too low for a digit together"),
        (((10, 10, 8, 24), (20, 10, 8, 24)), True, "small writing"),
        (((10, 10, 20, 50), (10, 62, 20, 50)), False, "too high for a digit together"),
        (((10, 10, 20, 30), (35, 10, 50, 10)), False, "too wide for a digit together"),
    ],
)
def test_pieces_that_are_no_digits_are_joined_where_a_pen_may_have_been_lifted(are_joined, boxes, joined, why):
    first, second = boxes
    assert are_joined((8, first, 0.3), (7, second, 0.2), (5, 0.99)) is joined, why


def test_what_is_below_a_sure_digit_must_be_as_near_as_what_is_beside_it(are_joined):
    for first, second in ((0.95, 0.2), (0.2, 0.95)):
        assert not are_joined((8, (10, 10, 20, 25), first), (7, (12, 55, 20, 20), second), (5, 0.99))


@pytest.mark.parametrize(("digit", "speck", "joined"), [(200, 30, False), (30, 200, False), (80, 200, True)])
def test_pieces_of_one_digit_are_of_one_darkness(make_reading, certain, digit, speck, joined):
    readings = [make_reading(8, LEFT, 0.85, darkness=digit), make_reading(7, (44, 30, 6, 8), 0.02, darkness=speck)]
    assert (len(join_broken(readings, HEIGHT, PAGE, certain(8, 0.99), PARAMS)) == 1) is joined


def test_a_piece_between_two_digits_joins_that_with_which_it_reads_more_surely(make_reading, ink_reader):
    class SurerToTheRight(Reader):
        def read(self, pieces, darkness, *, touching=False):
            boxes = [(piece.bbox.x, piece.bbox.y, piece.bbox.width, piece.bbox.height) for piece in pieces]
            return [make_reading(8, box, 0.99 if box[0] > 20 else 0.96) for box in boxes]

    readings = [make_reading(8, box, 0.85) for box in (LEFT, (52, 10, 30, 55))]
    readings.append(make_reading(7, (43, 30, 6, 20), 0.3, rubbish=0.6))
    joined = join_broken(readings, HEIGHT, PAGE, SurerToTheRight(ink_reader.classifier), PARAMS)
    boxes = sorted((reading.piece.bbox for reading in joined), key=lambda box: box.x)
    assert boxes == [BoundingBox(*LEFT), BoundingBox(43, 10, 39, 55)]


@pytest.mark.parametrize(("x", "y"), [(0, 400), (300, 0)])
def test_a_broken_five_is_joined_wherever_it_stands(drawn_five, ink_reader, x, y):
    page = cv2.copyMakeBorder(drawn_five, y, 0, x, 0, cv2.BORDER_CONSTANT)
    mask = np.where(page > 100, np.uint8(255), np.uint8(0))
    readings = ink_reader.read(find_components(mask, page, ComponentParams()), page)
    assert len(readings) == 2
    (five,) = join_broken(readings, 50.0, page, ink_reader, PARAMS)
    assert five.digit == 5
