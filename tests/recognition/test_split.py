from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from recognition import split
from recognition.classify import CLASSES, NOT_A_DIGIT
from recognition.components import find_components
from recognition.params import ComponentParams, SplitParams
from recognition.prior import Prior
from recognition.reading import raised, seconded
from recognition.sequence import Spotted
from recognition.split import MIN_PART_CONFIDENCE, segments, split_touching
from recognition.types import BoundingBox

PARAMS = SplitParams()
HEIGHT = 60


@pytest.fixture
def read(ink_reader):
    def readings(page):
        mask = np.where(page > 102, np.uint8(255), np.uint8(0))
        return ink_reader.read(find_components(mask, page, ComponentParams()), page)

    return readings


def by_column(readings):
    return sorted(readings, key=lambda reading: reading.piece.bbox.x)


def test_most_touching_pairs_are_cut_into_their_digits(touching, ink_reader, read):
    pairs = ["23", "45", "68", "07", "39", "52", "84", "66", "29", "30"]
    right = 0
    for seed, pair in enumerate(pairs):
        page = np.rint(255 * touching(pair, seed)).astype(np.uint8)
        (whole,) = read(page)
        parts = by_column(split_touching([whole], HEIGHT, page, ink_reader, PARAMS))
        if len(parts) > 1:
            assert all(part.touching for part in parts)
            assert sum(part.piece.area_px for part in parts) <= whole.piece.area_px
            for part in parts:
                assert part.piece.bbox.x >= whole.piece.bbox.x
                assert part.piece.bbox.right <= whole.piece.bbox.right
        right += "".join(str(part.digit) for part in parts) == pair
    assert right >= 7


@pytest.mark.parametrize(("pair", "seed"), [("11", 3), ("71", 2), ("14", 2)])
def test_digits_narrower_together_than_high_are_cut_unless_they_are_far_too_narrow(
    touching, ink_reader, read, pair, seed
):
    page = np.rint(255 * touching(pair, seed)).astype(np.uint8)
    (whole,) = read(page)
    assert PARAMS.min_width * HEIGHT < whole.piece.bbox.width < PARAMS.sure_width * whole.piece.bbox.height
    parts = by_column(split_touching([whole], HEIGHT, page, ink_reader, PARAMS))
    assert "".join(str(part.digit) for part in parts) == pair
    narrow = replace(PARAMS, min_width=0.85)
    assert split_touching([whole], HEIGHT, page, ink_reader, narrow) == [whole]


def test_a_sure_digit_is_not_cut(sample_pages, ink_reader, read):
    hand = sample_pages.Hand(np.random.default_rng(2), sample_pages.Digits.load(), (120, 800))
    hand.write("0123456789", 20, 30, HEIGHT)
    page = np.rint(255 * hand.ink).astype(np.uint8)
    sure = [reading for reading in read(page) if reading.confidence >= PARAMS.sure]
    assert len(sure) >= 8
    assert split_touching(sure, HEIGHT, page, ink_reader, PARAMS) == sure


def test_what_is_much_larger_than_the_writing_is_left_alone(touching, ink_reader, read):
    page = np.rint(255 * touching("23", 0)).astype(np.uint8)
    readings = read(page)
    assert split_touching(readings, HEIGHT / 4, page, ink_reader, PARAMS) == readings
    assert split_touching(readings, HEIGHT * 4, page, ink_reader, PARAMS) == readings


def test_what_the_pages_edge_cuts_off_is_left_alone(touching, ink_reader, read):
    page = np.rint(255 * touching("23", 0)).astype(np.uint8)
    (whole,) = read(page)
    assert len(split_touching([whole], HEIGHT, page, ink_reader, PARAMS)) == 2
    at_edge = np.ascontiguousarray(page[whole.piece.bbox.y :])
    (cut_off,) = read(at_edge)
    assert split_touching([cut_off], HEIGHT, at_edge, ink_reader, PARAMS) == [cut_off]


class Spotter:
    """Stands for a sequence network that sees these digits, at these shares of the width, in any ink."""

    def __init__(self, *digits):
        self.digits = digits

    def spot(self, inks):
        return [[Spotted(share * ink.shape[1], certain(digit)) for digit, share in self.digits] for ink in inks]


def certain(digit):
    probabilities = np.full(CLASSES, 0.002, np.float32)
    probabilities[digit] = 0.98
    return probabilities


def test_a_piece_in_which_two_digits_are_seen_is_cut_between_them_although_it_reads_as_one(
    sample_pages, ink_reader, read
):
    hand = sample_pages.Hand(np.random.default_rng(2), sample_pages.Digits.load(), (120, 200))
    hand.write("0", 40, 30, HEIGHT)
    page = np.rint(255 * hand.ink).astype(np.uint8)
    (zero,) = read(page)
    assert zero.confidence >= PARAMS.sure
    wide = replace(PARAMS, sure_width=0.0)
    one = replace(ink_reader, sequence=Spotter((0, 0.5)))
    assert [reading.digit for reading in split_touching([zero], HEIGHT, page, one, wide)] == [0]
    two = replace(ink_reader, sequence=Spotter((1, 0.15), (1, 0.85)))
    (doubted, *rest) = split_touching([zero], HEIGHT, page, two, wide)
    assert rest or doubted.confidence < PARAMS.sure
    assert zero.piece.bbox.width < PARAMS.sure_width * zero.piece.bbox.height
    assert split_touching([zero], HEIGHT, page, two, PARAMS) == [zero]


@pytest.fixture
def leaning(read):
    """A page with three strokes that lean on each other, and its one piece, which is no digit, whole or cut."""
    page = np.zeros((120, 200), np.uint8)
    zigzag = np.array([(40, 90), (50, 32), (75, 90), (85, 32), (110, 90), (120, 32)])
    cv2.polylines(page, [zigzag], False, 255, 7, cv2.LINE_AA)
    (whole,) = read(page)
    return page, replace(whole, probabilities=np.eye(CLASSES, dtype=np.float32)[NOT_A_DIGIT])


def test_what_no_cut_makes_readable_is_read_as_it_is_seen_uncut_and_doubted(leaning, ink_reader):
    page, whole = leaning
    never_cut = replace(PARAMS, cut_cost=10.0)
    one = replace(ink_reader, sequence=Spotter((1, 0.15), (1, 0.5), (7, 0.85)))
    parts = by_column(split_touching([whole], HEIGHT, page, one, never_cut))
    assert [part.digit for part in parts] == [1, 1, 7]
    assert parts[0].piece.bbox.x == whole.piece.bbox.x
    assert parts[-1].piece.bbox.right == whole.piece.bbox.right
    assert all(one.piece.bbox.right <= other.piece.bbox.x for one, other in pairwise(parts))
    assert all(part.touching and PARAMS.unread < part.confidence < PARAMS.sure for part in parts)
    assert sum(part.piece.area_px for part in parts) == whole.piece.area_px
    sure = [np.eye(CLASSES, dtype=np.float32)[part.digit] for part in parts]
    for part in raised(seconded(parts, sure, 0.9), 10.0):
        assert part.confidence == pytest.approx(PARAMS.spotted_trust), "whatever else is said of it"
        assert part.probabilities.sum() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "digits"),
    [
        ({}, ((1, 0.5),)),
        ({"spotted": 0.99}, ((1, 0.15), (1, 0.85))),
        ({"min_page": 0.5}, ((1, 0.15), (1, 0.85))),
    ],
    ids=["one digit", "not surely seen", "a page of text"],
)
def test_what_no_cut_makes_readable_is_left_where_that_may_be_no_digits(leaning, ink_reader, change, digits):
    page, whole = leaning
    one = replace(ink_reader, sequence=Spotter(*digits))
    (left,) = split_touching([whole], HEIGHT, page, one, replace(PARAMS, cut_cost=10.0, **change))
    assert left.piece is whole.piece
    assert left.confidence < PARAMS.unread


def test_what_reads_as_a_digit_by_itself_is_not_read_as_it_is_seen_uncut(leaning, ink_reader, make_reading):
    page, whole = leaning
    row = make_reading(4, (0, 0, 1, 1), 0.5).probabilities
    four = replace(whole, probabilities=row, by_ink=row)
    seen = replace(ink_reader, sequence=Spotter((1, 0.15), (1, 0.85)))
    (left,) = split_touching([four], HEIGHT, page, seen, replace(PARAMS, cut_cost=10.0, second=0.0))
    assert left.piece is whole.piece


def test_what_is_too_long_for_the_sequence_network_is_left_as_it_is(reader, read):
    page = np.zeros((120, 800), np.uint8)
    cv2.polylines(page, [np.array([(x, 40 + x // 4 % 2 * 32) for x in range(20, 720, 4)])], False, 255, 5)
    (hatching,) = read(page)
    assert reader.sequence.spot([hatching.piece.ink(page)]) == [None]
    parts = split_touching([hatching], HEIGHT, page, reader, PARAMS)
    assert max(part.confidence for part in parts) < PARAMS.unread


def test_what_is_seen_uncut_decides_between_two_readings_of_a_cut(touching, ink_reader, read):
    page = np.rint(255 * touching("45", 1)).astype(np.uint8)
    (whole,) = read(page)
    for seen, expected in (((4, 0.25), (5, 0.75)), [4, 5]), (((4, 0.25), (6, 0.75)), None):
        reader = replace(ink_reader, sequence=Spotter(*seen))
        parts = by_column(split_touching([whole], HEIGHT, page, reader, PARAMS))
        if expected is None:
            assert min(part.confidence for part in parts) < 0.9
        else:
            assert [part.digit for part in parts] == expected
            assert min(part.confidence for part in parts) > 0.98


class Counted:
    """The classifier, and how many pictures it was asked about."""

    def __init__(self, classifier):
        self.classifier = classifier
        self.asked = 0

    def probabilities(self, images):
        self.asked += len(images)
        return self.classifier.probabilities(images)


LEFT, ELSEWHERE = BoundingBox(20, 20, 30, 80), BoundingBox(0, 110, 240, 10)


@pytest.mark.parametrize(
    ("prior", "looked_at"),
    [
        (Prior(-6.1), False),
        (Prior(-5.9), True),
        (Prior(-9.0, 0.0, [LEFT]), True),
        (Prior(-9.0, 0.0, [ELSEWHERE]), False),
        (Prior(-9.0, -7.0, [LEFT]), False),
    ],
    ids=["text", "hardly text", "text with a box at a part", "text with a box elsewhere", "text in a box"],
)
def test_a_piece_is_cut_only_where_its_parts_could_be_read_surely_enough(touching, ink_reader, read, prior, looked_at):
    page = np.rint(255 * touching("45", 1)).astype(np.uint8)
    (whole,) = read(page)
    counted = Counted(ink_reader.classifier)
    parts = split_touching([whole], HEIGHT, page, replace(ink_reader, classifier=counted, prior=prior), PARAMS)
    assert (counted.asked > 0) == looked_at
    assert looked_at or parts == [whole]


def test_parts_of_cuts_that_cost_more_than_there_is_to_gain_are_not_read_and_change_nothing(
    touching, sample_pages, ink_reader, read, monkeypatch
):
    inks = [touching(pair, seed) for seed in range(6) for pair in ("23", "45", "68", "07", "11")]
    for seed in range(6):
        hand = sample_pages.Hand(np.random.default_rng(seed), sample_pages.Digits.load(), (120, 800))
        hand.write("0123456789", 20, 30, HEIGHT)
        inks.append(hand.ink)
    pages = [np.rint(255 * ink).astype(np.uint8) for ink in inks]
    doubtful = [raised(read(page), -2.0 if page.shape[1] == 800 else 0.0) for page in pages]
    counted = Counted(ink_reader.classifier)
    reader = replace(ink_reader, classifier=counted)

    def cut():
        return [
            [(one.piece.bbox, one.confidence) for one in split_touching(readings, HEIGHT, page, reader, PARAMS)]
            for readings, page in zip(doubtful, pages, strict=True)
        ]

    some, asked = cut(), counted.asked
    monkeypatch.setattr(split, "_gain", lambda whole, params: np.inf)
    assert cut() == some
    assert 0 < asked < 0.9 * (counted.asked - asked)


def test_no_more_pieces_are_cut_than_parts_may_be_read_and_the_others_say_so(touching, ink_reader, read):
    page = np.hstack([np.rint(255 * touching("45", 1)).astype(np.uint8)] * 3)
    wholes = by_column(read(page))
    assert len(wholes) == 3

    def uncut(max_parts):
        parts = by_column(split_touching(wholes, HEIGHT, page, ink_reader, replace(PARAMS, max_parts=max_parts)))
        return [reading.uncut for reading in parts]

    assert uncut(PARAMS.max_parts) == [False] * 6
    assert sorted(uncut(1)) == [False] * 2 + [True] * 2
    assert uncut(0) == [True] * 3


def test_no_part_of_a_piece_that_is_not_cut_is_read_surely_enough(touching, ink_reader, read):
    page = np.rint(255 * touching("45", 1)).astype(np.uint8)
    (whole,) = read(page)
    parts = [segment.piece for segment in segments(whole.piece, page, PARAMS)]
    text, digits = (replace(ink_reader, prior=Prior(by).more_lenient(PARAMS.lenience)) for by in (-6.1, 0.0))
    assert max(reading.confidence for reading in digits.read(parts, page)) > 0.98
    assert max(reading.confidence for reading in text.read(parts, page)) < MIN_PART_CONFIDENCE


def test_no_readings_give_none(ink_reader):
    assert split_touching([], HEIGHT, np.zeros((5, 5), np.uint8), ink_reader, PARAMS) == []


def test_without_cuts_the_piece_stays_whole(touching, ink_reader, read):
    page = np.rint(255 * touching("45", 1)).astype(np.uint8)
    readings = read(page)
    assert split_touching(readings, HEIGHT, page, ink_reader, SplitParams(cut_cost=10, narrow_cost=10)) == readings
