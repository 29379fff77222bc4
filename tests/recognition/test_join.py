from __future__ import annotations

import numpy as np
import pytest

from recognition.components import find_components
from recognition.join import join_broken
from recognition.params import ComponentParams, JoinParams
from recognition.reader import Reader
from recognition.types import BoundingBox

PARAMS = JoinParams()


@pytest.fixture
def read(ink_reader):
    def readings(page):
        mask = np.where(page > 100, np.uint8(255), np.uint8(0))
        return ink_reader.read(find_components(mask, page, ComponentParams()), page)

    return readings


@pytest.fixture
def broken_digits(sample_pages):
    """Pages with one digit each, through whose upper third a band of 2 px was erased, and the digits."""

    def draw(digit, count):
        pages = []
        for seed in range(count):
            hand = sample_pages.Hand(np.random.default_rng(seed), sample_pages.Digits.load(), (100, 200))
            hand.write(str(digit), 30, 20, 60)
            rows = np.flatnonzero(hand.ink.max(axis=1) > 0.5)
            cut = rows[0] + (rows[-1] - rows[0]) // 3
            hand.ink[cut : cut + 2] = 0
            pages.append(np.rint(255 * hand.ink).astype(np.uint8))
        return pages

    return draw


def test_a_five_whose_bar_stands_apart_is_one_five(drawn_five, ink_reader, read):
    readings = read(drawn_five)
    assert len(readings) == 2
    joined = join_broken(readings, 50.0, drawn_five, ink_reader, PARAMS)
    assert [reading.digit for reading in joined if reading.confidence > reading.rubbish] == [5]


@pytest.mark.parametrize("digit", [3, 5, 7, 9])
def test_most_broken_digits_become_whole(broken_digits, ink_reader, read, digit):
    whole = []
    for page in broken_digits(digit, 10):
        joined = join_broken(read(page), 60.0, page, ink_reader, PARAMS)
        whole.append([reading.digit for reading in joined if reading.piece.bbox.height > 20] == [digit])
    assert sum(whole) >= 7


def test_sure_digits_side_by_side_stay_apart(sample_pages, ink_reader, read):
    hand = sample_pages.Hand(np.random.default_rng(0), sample_pages.Digits.load(), (120, 500))
    hand.write("2846039", 20, 30, 60)
    page = np.rint(255 * hand.ink).astype(np.uint8)
    readings = read(page)
    assert len(readings) == 7
    joined = join_broken(readings, 60.0, page, ink_reader, JoinParams(max_gap=0.5))
    assert sorted(map(id, joined)) == sorted(map(id, readings))


def test_pieces_far_apart_stay_apart(drawn_five, ink_reader, read):
    gone = np.zeros((200, 200), np.uint8)
    gone[100:200, :100] = drawn_five
    gone[100:130, 47:] = 0
    gone[20:50, 47:100] = drawn_five[:30, 47:]
    readings = read(gone)
    assert join_broken(readings, 50.0, gone, ink_reader, PARAMS) == readings


@pytest.mark.parametrize(
    ("sure", "piece", "whole", "joined", "why"),
    [
        (8, (45, 20, 8, 30), (8, 0.99), False, "an 8 is whole without what is beside it"),
        (8, (45, 20, 8, 30), (5, 0.99), True, "together they are another digit"),
        (8, (45, 20, 8, 30), (5, 0.9), False, "together they are another digit, but less surely"),
        (8, (12, 66, 25, 8), (8, 0.97), True, "what is right below belongs to it"),
        (1, (45, 20, 8, 30), (1, 0.97), True, "a 1 may be the stem of something"),
    ],
)
def test_what_is_beside_a_sure_digit_joins_it_only_to_make_another(
    make_reading, certain, sure, piece, whole, joined, why
):
    readings = [make_reading(sure, (10, 10, 30, 55), 0.95), make_reading(7, piece, 0.3, rubbish=0.4)]
    page = np.full((100, 100), 200, np.uint8)
    got = join_broken(readings, 55.0, page, certain(*whole), PARAMS)
    assert (len(got) == 1) is joined, why


@pytest.mark.parametrize(
    ("none", "whole", "joined", "why"),
    [
        (0.02, 0.999, True, "the 5 reads clearly better with it"),
        (0.02, 0.94, False, "it reads no better with it"),
        (0.3, 0.999, False, "the piece may be a digit of its own"),
    ],
)
def test_what_is_no_digit_joins_a_sure_digit_that_reads_better_with_it(make_reading, certain, none, whole, joined, why):
    readings = [make_reading(5, (10, 20, 30, 45), 0.92), make_reading(2, (44, 12, 14, 12), none, rubbish=0.6)]
    page = np.full((100, 100), 200, np.uint8)
    got = join_broken(readings, 55.0, page, certain(5, whole), PARAMS)
    assert (len(got) == 1) is joined, why


@pytest.mark.parametrize(("darkness", "joined"), [(200, True), (80, True), (30, False)])
def test_specks_far_paler_than_a_digit_are_no_part_of_it(make_reading, certain, darkness, joined):
    digit = make_reading(8, (10, 10, 30, 55), 0.85)
    speck = make_reading(7, (44, 30, 6, 8), 0.02, rubbish=0.9, darkness=darkness)
    page = np.full((100, 100), 200, np.uint8)
    assert (len(join_broken([digit, speck], 55.0, page, certain(8, 0.99), PARAMS)) == 1) is joined


@pytest.mark.parametrize(
    ("digit", "bar", "joined", "why"),
    [
        (5, (36, 13, 24, 8), True, "the bar of a 5, which is sure without it"),
        (5, (41, 13, 50, 10), True, "a bar that reaches far"),
        (5, (8, 13, 77, 8), True, "one that begins before the 5"),
        (5, (36, 13, 24, 12), True, "a bold bar"),
        (5, (34, 13, 16, 8), True, "a short bar"),
        (5, (34, 13, 10, 6), False, "a speck"),
        (5, (41, 13, 80, 10), False, "a rule"),
        (5, (41, 40, 50, 10), False, "what is so wide together and no bar"),
        (5, (36, 40, 24, 8), False, "a dash"),
        (5, (6, 13, 30, 8), False, "a stroke over it"),
        (5, (44, 8, 9, 9), False, "a dot"),
        (6, (36, 13, 24, 8), False, "no digit but a 5 has a bar there"),
    ],
)
def test_the_bar_of_a_sure_five_joins_it(make_reading, certain, digit, bar, joined, why):
    readings = [make_reading(digit, (10, 15, 30, 50), 0.99), make_reading(2, bar, 0.02, rubbish=0.9)]
    page = np.full((100, 100), 200, np.uint8)
    got = join_broken(readings, 55.0, page, certain(digit, 0.99), PARAMS)
    assert (len(got) == 1) is joined, why


def test_two_pieces_that_stay_apart_are_read_together_once(make_reading, certain):
    seen = []

    class Noting(Reader):
        def read(self, pieces, darkness, *, touching=False):
            seen.extend(piece.bbox for piece in pieces)
            return Reader.read(self, pieces, darkness, touching=touching)

    below, beside = (12, 66, 25, 8), (145, 20, 8, 30)
    readings = [make_reading(8, box, 0.95) for box in ((10, 10, 30, 55), (110, 10, 30, 55))]
    readings += [make_reading(7, box, 0.3, rubbish=0.4) for box in (below, beside)]
    page = np.full((100, 200), 200, np.uint8)
    joined = join_broken(readings, 55.0, page, Noting(certain(8, 0.97).classifier), PARAMS)
    assert len(joined) == 3, "what is below is joined, which takes another round"
    assert sorted(seen, key=lambda box: box.x) == [BoundingBox(10, 10, 30, 64), BoundingBox(110, 10, 43, 55)]


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_pieces_are_left_alone(drawn_five, ink_reader, read, count):
    readings = read(drawn_five)[:count]
    assert join_broken(readings, 50.0, drawn_five, ink_reader, PARAMS) == readings


def test_without_rounds_nothing_is_joined(drawn_five, ink_reader, read):
    readings = read(drawn_five)
    assert join_broken(readings, 50.0, drawn_five, ink_reader, JoinParams(rounds=0)) == readings


def test_no_ink_is_lost_or_doubled_when_more_than_two_pieces_are_near(sample_pages, ink_reader, read):
    hand = sample_pages.Hand(np.random.default_rng(5), sample_pages.Digits.load(), (120, 500))
    hand.write("5735", 20, 30, 60)
    page = np.rint(255 * hand.ink).astype(np.uint8)
    page[50:52] = page[68:70] = 0
    readings = read(page)
    joined = join_broken(readings, 60.0, page, ink_reader, PARAMS)
    assert len(joined) < len(readings)
    assert sum(r.piece.area_px for r in joined) == sum(r.piece.area_px for r in readings)
