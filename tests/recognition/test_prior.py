from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recognition.params import PriorParams
from recognition.prior import Prior, digit_share, page_log_odds, prior_of
from recognition.types import BoundingBox

PARAMS = PriorParams(lenience=0, most=20)
HEIGHT = 40.0


@pytest.fixture
def page(make_reading):
    """Readings of pieces, each given by the confidence with its surroundings and by the ink alone."""

    def make(*pieces, height=40):
        readings = []
        for k, (confidence, by_ink) in enumerate(pieces):
            alone = make_reading(3, (0, 0, 20, height), by_ink).probabilities
            reading = make_reading(3, (60 * k, 0, 20, height), confidence, rubbish=0.99 * (1 - confidence))
            readings.append(replace(reading, by_ink=alone))
        return readings

    return make


def test_pages_of_digits_raise_and_pages_of_text_lower(page):
    digits = page(*[(0.9, 0.99)] * 8, (0.3, 0.99))
    text = page(*[(0.01, 0.05)] * 8, (0.02, 0.6), (0.3, 0.9))
    assert page_log_odds(digits, HEIGHT, PARAMS) > 2
    assert page_log_odds(text, HEIGHT, PARAMS) < -4


def test_a_form_lies_between(page):
    digits = page(*[(0.95, 0.99)] * 8)
    text = page(*[(0.01, 0.05)] * 8)
    form = page_log_odds([*digits, *text], HEIGHT, PARAMS)
    assert page_log_odds(text + digits[:1], HEIGHT, PARAMS) < form < page_log_odds(digits, HEIGHT, PARAMS)


def test_no_page_is_condemned_or_believed_without_limit(page):
    for pieces in ([(0.99, 0.99)] * 500, [(0.001, 0.31)] * 500):
        assert abs(page_log_odds(page(*pieces), HEIGHT, PARAMS)) <= 2 * PARAMS.limit


def test_specks_do_not_count(page):
    specks = page(*[(0.01, 0.9)] * 50, height=8)
    digits = page(*[(0.9, 0.99)] * 5)
    assert page_log_odds([*digits, *specks], HEIGHT, PARAMS) == page_log_odds(digits, HEIGHT, PARAMS)


def test_a_page_without_pieces_tells_nothing(page):
    assert page_log_odds([], HEIGHT, PARAMS) == 0
    assert page_log_odds(page((0.01, 0.1)), HEIGHT, PARAMS) == 0


def test_a_share_of_clear_pieces_is_found():
    odds = np.concatenate([np.full(30, 4.0), np.full(70, -4.0)])
    assert digit_share(odds) == pytest.approx(0.3, abs=0.02)


@given(arrays.arrays(np.float64, st.integers(0, 40), elements=st.floats(-4, 4)))
def test_a_share_is_never_none_or_all(odds):
    assert 0 < digit_share(odds) < 1


def test_no_page_adds_more_than_the_most(page):
    digits = page(*[(0.95, 0.99)] * 8)
    assert page_log_odds(digits, HEIGHT, PriorParams(lenience=4, most=3)) == 3


def test_lenience_is_added_for_any_page(page):
    text = page(*[(0.01, 0.5)] * 8)
    strict, lenient = (page_log_odds(text, HEIGHT, PriorParams(lenience=by)) for by in (0, 2))
    assert lenient == pytest.approx(strict + 2)


def moved(readings, x, y):
    """Readings somewhere else on the page."""
    result = []
    for reading in readings:
        box = reading.piece.bbox
        there = BoundingBox(box.x + x, box.y + y, box.width, box.height)
        result.append(replace(reading, piece=replace(reading.piece, bbox=there)))
    return result


def test_what_is_written_into_boxes_is_weighed_by_itself(page):
    text = page(*[(0.01, 0.05)] * 30, (0.02, 0.6), (0.3, 0.9))
    digits = moved(page(*[(0.9, 0.99)] * 6), 100, 500)
    box = BoundingBox(80, 480, 400, 80)
    prior = prior_of([*text, *digits], HEIGHT, [box], PARAMS)
    assert prior.page < -2
    assert prior.boxes == PARAMS.most_in_boxes
    assert prior.of([reading.piece for reading in (text[0], digits[0])]).tolist() == [prior.page, prior.boxes]


def test_what_a_large_frame_holds_is_weighed_with_the_page(page):
    text = page(*[(0.01, 0.05)] * 30, (0.02, 0.6), (0.3, 0.9))
    digits = moved(page(*[(0.9, 0.99)] * 6), 100, 500)
    largest = round(PARAMS.max_cell * HEIGHT)
    box, frame = (
        prior_of([*text, *digits], HEIGHT, [BoundingBox(80, 480, 400, height)], PARAMS)
        for height in (largest, largest + 1)
    )
    pieces = [text[0].piece, digits[0].piece]
    assert box.of(pieces).tolist() == [box.page, PARAMS.most_in_boxes]
    assert frame.of(pieces).tolist() == [box.page, box.page]


def test_words_in_boxes_are_not_raised(page):
    words = moved(page(*[(0.01, 0.05)] * 8, (0.02, 0.6), (0.3, 0.9)), 100, 500)
    assert prior_of(words, HEIGHT, [BoundingBox(80, 480, 700, 80)], PARAMS).boxes < -4


@pytest.mark.parametrize("box", [BoundingBox(0, 0, 900, 900), BoundingBox(600, 600, 80, 80)])
def test_the_frame_of_a_page_and_an_empty_box_change_nothing(page, box):
    readings = page(*[(0.9, 0.99)] * 4, (0.01, 0.5))
    prior = prior_of(readings, HEIGHT, [box], PARAMS)
    assert prior.of([reading.piece for reading in readings]).tolist() == [page_log_odds(readings, HEIGHT, PARAMS)] * 5


def test_a_prior_can_be_made_more_lenient():
    prior = Prior(-2.0, 1.0).more_lenient(1.5)
    assert (prior.page, prior.boxes) == (-0.5, 2.5)
    assert prior.of([]).tolist() == []


@pytest.mark.parametrize(
    ("box", "most"),
    [
        ((0, 0, 60, 20), 1.0),
        ((0, 0, 51, 20), 1.0),
        ((0, 0, 50, 20), -3.0),
        ((70, 0, 50, 20), -3.0),
        ((50, 15, 20, 20), -3.0),
        ((50, 0, 20, 5), -3.0),
    ],
    ids=["within", "across the edge", "before", "behind", "below", "above"],
)
def test_a_piece_that_reaches_into_a_box_of_a_form_may_have_a_part_that_is_raised_as_the_box_is(box, most):
    cells = [BoundingBox(50, 5, 20, 10), BoundingBox(500, 5, 20, 10)]
    assert Prior(-3.0, 1.0, cells).most_within(BoundingBox(*box)) == most
    assert Prior(2.0, 1.0, cells).most_within(BoundingBox(*box)) == 2.0
