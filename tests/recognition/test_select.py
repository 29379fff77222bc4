from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.params import SelectParams
from recognition.select import select_digits

SIZE = (1000, 800)
HEIGHT = 50.0


def chosen(readings, params=None):
    return select_digits(readings, HEIGHT, SIZE, params or SelectParams()).digits


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


@pytest.mark.parametrize(
    ("box", "darkness", "stays"),
    [
        ((300, 300, 30, 50), 200, True),
        ((300, 300, 30, 50), 80, True),
        ((300, 300, 30, 50), 60, False),
        ((330, 300, 30, 50), 200, False),
        ((300, 300, 30, 30), 200, False),
    ],
    ids=["beside and as high", "paler", "as pale as what shows through", "far away", "lower"],
)
def test_what_alone_is_no_digit_stays_right_beside_one_of_its_height(digits, make_reading, box, darkness, stays):
    faint = make_reading(7, box, 0.25, rubbish=0.6, darkness=darkness)
    assert (faint in chosen([*digits, faint])) is stays


@pytest.mark.parametrize(
    ("box", "stays"),
    [
        ((307, 300, 30, 50), True),
        ((308, 300, 30, 50), False),
        ((53, 300, 30, 50), True),
        ((52, 300, 30, 50), False),
        ((281, 300, 30, 50), True),
        ((280, 300, 30, 50), False),
        ((300, 325, 30, 50), True),
        ((300, 326, 30, 50), False),
        ((300, 275, 30, 50), True),
        ((300, 274, 30, 50), False),
        ((300, 300, 30, 35), True),
        ((300, 300, 30, 34), False),
        ((300, 300, 30, 75), True),
        ((300, 300, 30, 76), False),
    ],
)
def test_right_beside_a_digit_is_near_level_and_about_as_high(digits, make_reading, box, stays):
    faint = make_reading(7, box, 0.25, rubbish=0.6)
    assert (faint in chosen([*digits, faint])) is stays


def test_what_is_much_higher_than_the_digits_is_no_digit_that_was_left_unread(digits, make_reading):
    stroke = make_reading(1, (500, 100, 30, 130), 0.1, rubbish=0.9)
    bar = make_reading(1, (500, 100, 30, 131), 0.1, rubbish=0.9)
    selection = select_digits([*digits, stroke, bar], HEIGHT, SIZE, SelectParams())
    assert selection.unread == [stroke]
    assert selection.crumbs == [bar]


def test_a_page_of_pale_digits_is_read(make_reading):
    pale = [make_reading(k, (100 + 40 * k, 300, 30, 50), darkness=25) for k in range(4)]
    assert chosen(pale) == pale


def test_what_is_as_large_and_dark_as_the_digits_but_none_is_left_unread(digits, make_reading):
    blot = make_reading(3, (500, 300, 30, 50), 0.1, rubbish=0.9)
    speck = make_reading(3, (500, 400, 5, 5), 0.1, rubbish=0.9)
    shadow = make_reading(3, (500, 500, 30, 50), 0.1, rubbish=0.9, darkness=20)
    selection = select_digits([*digits, blot, speck, shadow], HEIGHT, SIZE, SelectParams())
    assert selection.digits == digits
    assert selection.unread == [blot]
    assert selection.crumbs == [speck, shadow]


def test_a_digit_of_a_pen_that_ran_dry_is_left_unread(digits, make_reading):
    pale = make_reading(5, (300, 310, 20, 25), 0.7, darkness=75)
    selection = select_digits([*digits, pale], HEIGHT, SIZE, SelectParams())
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
