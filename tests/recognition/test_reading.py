from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recognition.components import find_components
from recognition.params import ComponentParams
from recognition.reading import at_edge, no_surer, raised, writing_height

PAGE = (1000, 800)  # height, width


def test_a_reading_tells_the_digit_from_what_is_no_digit(make_reading):
    reading = make_reading(3, (0, 0, 20, 30), 0.3, rubbish=0.6)
    assert reading.digit == 3
    assert reading.confidence == pytest.approx(0.3)
    assert reading.rubbish == pytest.approx(0.6)


def test_each_piece_gets_its_own_reading(reader, mnist):
    images, labels = mnist
    chosen = [int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]
    page = np.concatenate([np.pad(images[index], 4) for index in chosen], axis=1)
    page = page.repeat(2, axis=0).repeat(2, axis=1)
    mask = np.where(page > 100, np.uint8(255), np.uint8(0))
    pieces = find_components(mask, page, ComponentParams(min_side_px=30))
    readings = reader.read(pieces[::-1], page, touching=True)
    assert [reading.piece for reading in readings] == pieces[::-1]
    assert all(reading.touching for reading in readings)
    right = [labels[chosen[reading.piece.bbox.x // 72]] == reading.digit for reading in readings]
    assert len(right) >= 9
    assert sum(right) >= len(right) - 1


@pytest.mark.parametrize(("confidence", "left"), [(0.99, 0.7), (1.0, 0.7), (0.6, 0.6)])
def test_a_reading_can_be_held_back(make_reading, confidence, left):
    held = no_surer(make_reading(3, (0, 0, 20, 30), confidence, rubbish=(1 - confidence) / 2), 0.7)
    assert held.digit == 3
    assert held.confidence == pytest.approx(left)
    assert held.probabilities.sum() == pytest.approx(1)
    assert held.rubbish == pytest.approx((1 - left) / 2 if confidence < 1 else 1 - left, abs=1e-5)


@pytest.mark.parametrize("confidence", [0.99, 0.6])
def test_a_reading_that_was_held_back_stays_so_whatever_is_told_of_it_later(make_reading, confidence):
    held = no_surer(make_reading(3, (0, 0, 20, 30), confidence), 0.7)
    (told,) = raised([replace(held, by_ink=make_reading(3, (0, 0, 20, 30), 0.99).by_ink)], 10.0)
    assert told.confidence == pytest.approx(0.7)
    assert no_surer(held, 0.9).most == pytest.approx(0.7)


def test_no_pieces_give_no_readings(reader):
    assert reader.read([], np.zeros((5, 5), np.uint8)) == []


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        ((300, 300, 20, 30), False),
        ((0, 300, 20, 30), True),
        ((300, 0, 20, 30), True),
        ((780, 300, 20, 30), True),
        ((300, 970, 20, 30), True),
        ((10, 10, 780, 980), False),
    ],
)
def test_a_piece_at_the_edge_of_the_page_is_cut_off(make_reading, box, cut):
    assert at_edge(make_reading(1, box).piece, PAGE) is cut


def test_the_height_of_the_writing_is_that_of_most_digits(make_reading):
    readings = [make_reading(5, (40 * k + 10, 100, 20, height)) for k, height in enumerate([48, 50, 50, 52, 54])]
    assert writing_height(readings, PAGE) == 50


def test_specks_do_not_make_large_writing_small(make_reading):
    digits = [make_reading(5, (100 * k + 10, 100, 60, 100)) for k in range(5)]
    specks = [make_reading(0, (20 * k + 10, 500, 6, 8)) for k in range(30)]
    assert writing_height(digits + specks, PAGE) == 100


def test_long_strokes_that_look_like_ones_do_not_make_small_writing_large(make_reading):
    digits = [make_reading(5, (100 * k + 10, 100, 30, 40)) for k in range(6)]
    strokes = [make_reading(1, (100 * k + 10, 300, 10, 150)) for k in range(4)]
    assert writing_height(digits + strokes, PAGE) == 40


def test_doubtful_readings_count_only_where_nothing_is_sure(make_reading):
    doubtful = [make_reading(5, (100 * k + 10, 100, 60, 200), 0.6) for k in range(5)]
    sure = [make_reading(5, (300, 500, 30, 50), 0.95)]
    assert writing_height(doubtful, PAGE) == 200
    assert writing_height(doubtful + sure, PAGE) == 50


def test_what_is_cut_off_does_not_count(make_reading):
    cut = [make_reading(5, (0, 100 * k + 10, 60, 300)) for k in range(5)]
    assert writing_height([*cut, make_reading(2, (300, 300, 30, 50))], PAGE) == 50


def test_without_digits_the_writing_has_no_height(make_reading):
    assert writing_height([], PAGE) == 0
    assert writing_height([make_reading(2, (300, 300, 30, 50), 0.1, rubbish=0.9)], PAGE) == 0
