from __future__ import annotations

from dataclasses import replace

import pytest

from recognition.company import weighed
from recognition.params import CompanyParams
from recognition.reading import raised
from recognition.types import BoundingBox

HEIGHT = 40.0
PARAMS = CompanyParams()


@pytest.fixture
def row(make_reading):
    """Readings side by side, a digit's width apart, with these confidences; the ink alone is sure of each."""

    def make(*confidences, step=40, height=40):
        sure = make_reading(3, (0, 0, 20, height)).probabilities
        readings = [
            make_reading(3, (step * k, 100, 20, height), confidence, rubbish=0.99 * (1 - confidence))
            for k, confidence in enumerate(confidences)
        ]
        return [replace(reading, by_ink=sure) for reading in readings]

    return make


def confidences(readings):
    return [reading.confidence for reading in readings]


def test_a_doubtful_digit_among_digits_is_believed_more(row):
    before = row(0.97, 0.3, 0.97)
    assert confidences(weighed(before, HEIGHT, PARAMS))[1] > 0.6


def test_a_doubtful_digit_among_letters_is_believed_less(row):
    before = row(0.02, 0.6, 0.02, 0.02)
    assert confidences(weighed(before, HEIGHT, PARAMS))[1] < 0.3


def test_strokes_speak_less_against_digits_than_letters_do(row, make_reading):
    letters = row(0.02, 0.6, 0.02, 0.02)
    one = make_reading(1, (0, 0, 20, 40)).probabilities
    strokes = [
        replace(reading, by_ink=one, probabilities=make_reading(1, (0, 0, 20, 40), 0.02, rubbish=0.97).probabilities)
        if reading.confidence < 0.5
        else reading
        for reading in letters
    ]
    beside_letters, beside_strokes = (confidences(weighed(some, HEIGHT, PARAMS))[1] for some in (letters, strokes))
    assert beside_letters < beside_strokes < letters[1].confidence


def test_what_stands_alone_stays_as_it_is(row):
    before = row(0.6, 0.02, step=400)
    assert weighed(before, HEIGHT, PARAMS) == before


def test_no_reading_becomes_surer_than_its_ink(row, make_reading):
    before = row(0.97, 0.3, 0.97)
    before[1] = replace(before[1], by_ink=make_reading(3, (0, 0, 20, 40), 0.4).probabilities)
    assert confidences(weighed(before, HEIGHT, PARAMS))[1] <= 0.4 + 1e-6


def test_the_digit_stays_the_same_and_the_probabilities_add_up(row):
    for after in weighed(row(0.97, 0.3, 0.05, 0.6), HEIGHT, PARAMS):
        assert after.digit == 3
        assert after.probabilities.sum() == pytest.approx(1, abs=1e-3)


def test_specks_and_what_is_much_larger_than_the_writing_tell_nothing(row):
    before = row(0.6, 0.02, height=10)
    assert weighed(before, HEIGHT, PARAMS) == before
    before = row(0.6, 0.02, height=400)
    assert weighed(before, HEIGHT, PARAMS) == before


def test_another_line_tells_nothing(row, make_reading):
    above = [make_reading(3, (40 * k, 20, 20, 40), 0.02, rubbish=0.97) for k in range(3)]
    before = row(0.6, step=400)
    assert confidences(weighed([*before, *above], HEIGHT, PARAMS))[0] == before[0].confidence


@pytest.mark.parametrize(
    ("box", "told", "why"),
    [
        ((140, 100, 20, 40), True, "behind it"),
        ((60, 100, 20, 40), True, "before it"),
        ((140, 120, 20, 40), True, "half as high above as they are high"),
        ((60, 120, 20, 40), True, "likewise"),
        ((140, 128, 20, 40), False, "hardly level with it"),
        ((60, 128, 20, 40), False, "likewise"),
        ((140, 72, 20, 40), False, "likewise"),
        ((60, 72, 20, 40), False, "likewise"),
        ((140, 100, 20, 100), True, "higher, and level with all of it"),
        ((60, 115, 20, 20), True, "lower, and all of it level"),
        ((105, 100, 20, 40), True, "it leans over it"),
        ((90, 95, 70, 50), False, "it is around it"),
    ],
)
def test_a_digit_is_told_by_what_is_level_with_it_on_either_side(row, make_reading, box, told, why):
    [doubtful] = row(0.3)
    piece = replace(doubtful.piece, bbox=BoundingBox(100, 100, 20, 40))
    after = weighed([replace(doubtful, piece=piece), make_reading(3, box, 0.97)], HEIGHT, PARAMS)
    assert (after[0].told > 0) is told, why


def test_what_is_farther_off_says_less(row):
    near, far = (weighed(row(0.3, 0.97, step=step), HEIGHT, PARAMS)[0].told for step in (30, 70))
    assert 0 < far < 0.5 * near


def test_ones_speak_for_digits_as_any_digit_does(row, make_reading):
    threes = row(0.3, 0.97)
    one = replace(make_reading(1, (40, 100, 20, 40), 0.97))
    by_three, by_one = (weighed([threes[0], other], HEIGHT, PARAMS)[0].told for other in (threes[1], one))
    assert by_one == pytest.approx(by_three)


def test_many_neighbors_say_more_than_one_but_not_without_limit(row):
    one, two, many = (weighed(row(*before), HEIGHT, PARAMS) for before in ([0.1, 0.97], [0.97, 0.1, 0.97], [0.97] * 9))
    assert 0 < one[0].told < two[1].told < many[4].told + 1e-6
    assert many[4].told <= PARAMS.limit


def test_what_the_page_has_said_is_not_said_again(row):
    before = raised(row(0.97, 0.97, 0.97), -5)
    assert all(now.told > was.told for was, now in zip(before, weighed(before, HEIGHT, PARAMS), strict=True))
