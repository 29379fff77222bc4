from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.params import SelectParams
from recognition.select import select_digits

PAGE = (1000, 800)  # height, width
HEIGHT = 50.0


@pytest.fixture
def digits(make_reading):
    """Five sure digits of the page's hand."""
    return [make_reading(k, (100 + 40 * k, 300, 30, 50)) for k in range(5)]


def test_the_digits_of_one_hand_all_stay_in_their_order(digits):
    assert select_digits(digits, HEIGHT, PAGE, SelectParams()) == digits


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
    assert select_digits([*digits, odd], HEIGHT, PAGE, SelectParams()) == digits, why


def test_a_sure_digit_at_the_edge_stays_and_a_stroke_there_does_not(digits, make_reading):
    edge = (0, 300, 30, 50)
    assert len(select_digits([*digits, make_reading(6, edge)], HEIGHT, PAGE, SelectParams())) == 6
    assert len(select_digits([*digits, make_reading(1, edge)], HEIGHT, PAGE, SelectParams())) == 5


def test_a_doubtful_digit_stays_for_a_person_to_see(digits, make_reading):
    doubtful = make_reading(7, (500, 300, 30, 50), 0.5, rubbish=0.3)
    assert doubtful in select_digits([*digits, doubtful], HEIGHT, PAGE, SelectParams())


def test_a_page_of_pale_digits_is_read(make_reading):
    pale = [make_reading(k, (100 + 40 * k, 300, 30, 50), darkness=25) for k in range(4)]
    assert select_digits(pale, HEIGHT, PAGE, SelectParams()) == pale


def test_nothing_gives_nothing(make_reading):
    assert select_digits([], HEIGHT, PAGE, SelectParams()) == []
    rubbish = make_reading(3, (100, 300, 30, 50), 0.1, rubbish=0.9)
    assert select_digits([rubbish], HEIGHT, PAGE, SelectParams()) == []


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_stricter_threshold_never_lets_more_through(make_reading, one, other):
    readings = [make_reading(k, (100 + 40 * k, 300, 30, 50), 0.1 * k + 0.05, darkness=200) for k in range(10)]
    low, high = sorted((one, other))
    many = select_digits(readings, HEIGHT, PAGE, SelectParams(min_confidence=low))
    few = select_digits(readings, HEIGHT, PAGE, SelectParams(min_confidence=high))
    assert set(map(id, few)) <= set(map(id, many))
