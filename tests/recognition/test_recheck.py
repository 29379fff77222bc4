from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recognition.classify import CLASSES, NOT_A_DIGIT
from recognition.components import find_components, join
from recognition.params import ComponentParams, RecheckParams, ViewParams
from recognition.recheck import recheck
from recognition.sequence import Spotted

PARAMS = RecheckParams()
PAGE = np.full((200, 400), 200, np.uint8)


def spotted(digit: int, column: float, confidence: float = 0.98) -> Spotted:
    probabilities = np.full(CLASSES, (1 - confidence) / 10, np.float32)
    probabilities[digit] = confidence
    return Spotted(column, probabilities)


class Network:
    """Stands for a sequence network that sees what it is told to see, and keeps what it was shown."""

    def __init__(self, *found):
        self.found, self.shown = found, []

    def spot(self, inks):
        self.shown = self.shown or inks
        return [self.found[k % len(self.found)] for k in range(len(inks))]


@pytest.fixture
def seeing(ink_reader):
    """Makes what reads the ink, with a sequence network that sees what it is told to see."""

    def make(*found):
        return replace(ink_reader, sequence=Network(*found))

    return make


@pytest.fixture
def number(make_reading):
    """A 4 and a 7, 20 px wide, at columns 100 and 130, read with these confidences."""

    def make(first=0.95, second=0.95):
        return [make_reading(4, (100, 50, 20, 40), first), make_reading(7, (130, 50, 20, 40), second)]

    return make


def test_where_both_readings_agree_the_digits_stay_and_are_at_least_as_sure(number, ink_reader):
    before = number()
    network = Network([spotted(4, 10), spotted(7, 40)])
    (after,) = recheck([before], [], PAGE, replace(ink_reader, sequence=network), PARAMS, ViewParams())
    assert [digit.digit for digit in after.digits] == [4, 7]
    assert all(digit.confidence >= 0.95 for digit in after.digits)
    assert not after.missed


def test_where_they_differ_the_digit_is_doubted(number, seeing):
    (after,) = recheck([number()], [], PAGE, seeing([spotted(4, 10), spotted(1, 40)]), PARAMS, ViewParams())
    assert after.digits[0].confidence > 0.9
    assert after.digits[1].confidence < 0.8


def test_a_disputed_digit_is_never_sure(number, seeing):
    (after,) = recheck(
        [number(second=0.9999)], [], PAGE, seeing([spotted(4, 10), spotted(1, 40, 0.5)]), PARAMS, ViewParams()
    )
    assert [digit.digit for digit in after.digits] == [4, 7]
    assert after.digits[1].confidence == pytest.approx(0.7)
    assert after.digits[1].probabilities.sum() == pytest.approx(1, abs=1e-3)


def test_the_surer_reading_decides(number, seeing):
    (after,) = recheck(
        [number(second=0.4)], [], PAGE, seeing([spotted(4, 10), spotted(1, 40, 0.99)]), PARAMS, ViewParams()
    )
    assert after.digits[1].digit == 1


def test_a_lone_digit_is_told_less_than_one_among_others(number, seeing):
    digits = number(second=0.6)
    (among,) = recheck([digits], [], PAGE, seeing([spotted(4, 10), spotted(1, 40)]), PARAMS, ViewParams())
    (lone,) = recheck([digits[1:]], [], PAGE, seeing([spotted(1, 10)]), PARAMS, ViewParams())
    assert [digit.digit for digit in among.digits] == [4, 1]
    assert [digit.digit for digit in lone.digits] == [7]


def test_a_digit_that_was_not_spotted_and_one_that_is_two_are_doubted(number, seeing):
    for seen in ([spotted(4, 10)], [spotted(4, 10), spotted(1, 37), spotted(1, 43)]):
        (after,) = recheck([number()], [], PAGE, seeing(seen), PARAMS, ViewParams())
        assert after.digits[0].confidence > 0.9
        assert after.digits[1].confidence < 0.9


def test_a_digit_that_the_first_reading_lacks_is_missed_when_it_is_sure(make_reading, seeing):
    digits = [make_reading(4, (100, 50, 20, 40)), make_reading(7, (170, 50, 20, 40))]
    for confidence, missed in ((0.9, True), (0.4, False)):
        seen = [spotted(4, 10), spotted(1, 45, confidence), spotted(7, 80)]
        (after,) = recheck([digits], [], PAGE, seeing(seen), PARAMS, ViewParams())
        assert after.missed is missed
        assert [digit.digit for digit in after.digits] == [4, 7]


def test_a_number_too_long_to_be_read_as_a_whole_stays_as_it_was(number, seeing):
    before = number()
    (after,) = recheck([before], [], PAGE, seeing(None), PARAMS, ViewParams())
    assert after.digits == before
    assert not after.missed


def test_the_network_is_shown_the_number_with_what_was_not_read_in_it(number, make_reading, ink_reader):
    inside, outside = make_reading(0, (122, 60, 6, 20), 0.1), make_reading(0, (200, 60, 6, 20), 0.1)
    tall = make_reading(1, (122, 0, 6, 140), 0.1)
    network = Network([spotted(4, 10), spotted(7, 40)])
    recheck([number()], [inside, outside, tall], PAGE, replace(ink_reader, sequence=network), PARAMS, ViewParams())
    (ink,) = network.shown
    assert ink.shape == (40, 50)
    assert (ink[:, :20] == 255).all()
    assert (ink[10:30, 22:28] == 255).all()
    assert not ink[:10, 22:28].any()


def test_no_numbers_need_no_reading(seeing):
    assert recheck([], [], PAGE, seeing(), PARAMS, ViewParams()) == []


def test_probabilities_add_up(number, seeing):
    (after,) = recheck([number()], [], PAGE, seeing([spotted(4, 10), spotted(1, 40)]), PARAMS, ViewParams())
    for digit in after.digits:
        assert digit.probabilities.sum() == pytest.approx(1, abs=1e-3)
        assert 0 <= digit.probabilities[NOT_A_DIGIT] <= 1


def test_parts_of_a_broken_digit_that_were_taken_for_two_are_put_together(drawn_five, ink_reader, seeing):
    parts = find_components(drawn_five, drawn_five, ComponentParams())
    readings = sorted(ink_reader.read(parts, drawn_five), key=lambda reading: reading.piece.bbox.x)
    assert len(readings) == 2
    middle = 50 - readings[0].piece.bbox.x
    (after,) = recheck([readings], [], drawn_five, seeing([spotted(5, middle)]), PARAMS, ViewParams())
    assert [digit.digit for digit in after.digits] == [5]
    assert after.digits[0].confidence > 0.9
    box = after.digits[0].piece.bbox
    assert box == readings[0].piece.bbox.union(readings[1].piece.bbox)


def test_a_part_that_was_left_out_is_put_to_its_digit(drawn_five, ink_reader, seeing):
    parts = find_components(drawn_five, drawn_five, ComponentParams())
    body, bar = sorted(ink_reader.read(parts, drawn_five), key=lambda reading: -reading.piece.area_px)
    three = ink_reader.read([join(body.piece, bar.piece, drawn_five)], drawn_five)[0]
    assert three.digit == 5
    seen = seeing([spotted(5, 50 - body.piece.bbox.x)])
    (after,) = recheck([[body]], [bar], drawn_five, seen, PARAMS, ViewParams())
    assert not after.missed
    assert [digit.digit for digit in after.digits] == [5]


@pytest.mark.parametrize(("second", "digits"), [(0.95, [4, 7]), (0.6, [7])])
def test_two_digits_that_are_whole_by_themselves_are_not_put_together(second, digits, number, certain):
    reader = replace(certain(7, 0.95), sequence=Network([spotted(7, 25)]))
    (after,) = recheck([number(second=second)], [], PAGE, reader, PARAMS, ViewParams())
    assert [digit.digit for digit in after.digits] == digits


@pytest.mark.parametrize(("height", "count"), [(8, 2), (20, 3)])
def test_a_crumb_is_no_digit_of_its_own(height, count, number, make_reading, certain):
    crumb = make_reading(1, (122, 60, 3, height), 0.1)
    reader = replace(certain(7, 0.95), sequence=Network([spotted(4, 10), spotted(1, 23), spotted(7, 40)]))
    (after,) = recheck([number()], [crumb], PAGE, reader, PARAMS, ViewParams())
    assert len(after.digits) == count
    assert after.missed is (count == 2)


def test_a_digit_put_together_that_the_second_reading_takes_for_another_is_in_doubt(number, certain):
    reader = replace(certain(7, 0.9999), sequence=Network([spotted(1, 25, 0.5)]))
    (after,) = recheck([number(0.6, 0.6)], [], PAGE, reader, PARAMS, ViewParams())
    assert [digit.digit for digit in after.digits] == [7]
    assert after.digits[0].confidence == pytest.approx(0.7)


def test_what_is_in_doubt_stays_so_when_it_is_put_together(number, certain):
    reader = replace(certain(7, 0.9999), sequence=Network([spotted(7, 25)]))
    first, second = number(0.6, 0.6)
    (after,) = recheck([[first, second]], [], PAGE, reader, PARAMS, ViewParams())
    assert after.digits[0].confidence > 0.9
    (after,) = recheck([[first, replace(second, most=0.7)]], [], PAGE, reader, PARAMS, ViewParams())
    assert [digit.digit for digit in after.digits] == [7]
    assert after.digits[0].confidence <= 0.7


def test_without_a_sequence_network_numbers_stay_as_they_are(number, ink_reader):
    (after,) = recheck([number()], [], PAGE, ink_reader, PARAMS, ViewParams())
    assert [digit.digit for digit in after.digits] == [4, 7]
