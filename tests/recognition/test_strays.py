from __future__ import annotations

import pytest

from recognition.params import StrayParams
from recognition.strays import may_have_strays

PARAMS = StrayParams()


@pytest.fixture
def stroke(make_reading):
    """A digit that is one upright stroke of this height and width, as if it were any digit."""
    return lambda digit, x, height, width: make_reading(digit, (x, 100 - height, width, height))


@pytest.mark.parametrize(
    ("digit", "height", "width", "doubted", "why"),
    [
        (1, 50, 4, True, "a line of dirt"),
        (1, 22, 9, True, "a crumb"),
        (1, 36, 10, False, "a small 1 of the same pen"),
        (1, 58, 5, False, "a 1 as high as the rest, where the pen ran dry"),
        (7, 40, 4, False, "no 1"),
    ],
)
def test_a_one_that_is_low_or_thin_beside_its_neighbors_may_be_a_stray(stroke, digit, height, width, doubted, why):
    number = [stroke(4, 0, 60, 10), stroke(digit, 20, height, width), stroke(3, 40, 60, 10)]
    assert may_have_strays([number, number[:1]], PARAMS) == [doubted, False], why


def test_a_one_that_was_cut_off_another_digit_is_as_long_as_the_cut_has_left_it(make_reading):
    cut = make_reading(1, (20, 78, 9, 22), touching=True)
    assert may_have_strays([[make_reading(4, (0, 40, 10, 60)), cut]], PARAMS) == [False]


@pytest.mark.parametrize(("darkness", "doubted"), [(60.0, True), (90.0, False)])
def test_a_digit_far_paler_than_another_may_show_through_from_the_back(make_reading, darkness, doubted):
    pale = make_reading(8, (40, 40, 30, 60), darkness=darkness)
    dark = [make_reading(4, (0, 40, 30, 60)), make_reading(3, (80, 40, 30, 60))]
    assert may_have_strays([[dark[0], pale, dark[1]], [pale]], PARAMS) == [doubted, False]


def test_lone_ones_and_ones_among_thin_digits_are_what_they_are(stroke):
    assert may_have_strays([[stroke(1, 0, 30, 2)]], PARAMS) == [False]
    assert may_have_strays([[stroke(4, 0, 12, 1), stroke(1, 9, 4, 1)]], PARAMS) == [False]
    assert may_have_strays([], PARAMS) == []


@pytest.mark.parametrize(
    ("heights", "doubted", "why"),
    [
        ((24, 26), True, "as a ditto mark or the sign for inches"),
        ((24, 50), False, "one is as high as the rest"),
        ((48, 50), False, "an eleven"),
        ((24,), False, "a lone one may be small"),
    ],
)
def test_ones_that_are_all_low_may_be_a_ditto_mark(stroke, heights, doubted, why):
    marks = [stroke(1, 300 + 14 * k, height, 6) for k, height in enumerate(heights)]
    others = [[stroke(digit, 100 * digit, 60, 10)] for digit in (4, 6, 8)]
    assert may_have_strays([*others, marks], PARAMS)[-1] is doubted, why
    assert may_have_strays([marks], PARAMS) == [False], "nothing tells how high the digits are"


@pytest.mark.parametrize(
    ("sides", "digit", "doubted", "why"),
    [
        ((90, 94), 1, True, "the sides of a frame"),
        ((90, 60), 1, False, "one is as high as the rest"),
        ((66, 64), 1, False, "ones are a little higher now and then"),
        ((90, 94), 7, False, "no ones"),
    ],
)
def test_ones_at_both_ends_higher_than_all_between_them_may_be_a_frame(stroke, sides, digit, doubted, why):
    first, last = stroke(digit, 0, sides[0], 10), stroke(digit, 80, sides[1], 10)
    number = [first, stroke(4, 20, 60, 10), stroke(8, 40, 58, 10), last]
    assert may_have_strays([number], PARAMS) == [doubted], why
    assert may_have_strays([[first, last], [first]], PARAMS) == [False, False]
