from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.beside import may_be_cut_off, may_be_more
from recognition.components import find_components
from recognition.fields import Field
from recognition.params import BesideParams, ComponentParams
from recognition.types import BoundingBox

PARAMS = BesideParams()
PAGE = np.full((200, 400), 200, np.uint8)


@pytest.fixture(scope="module")
def written(sample_pages, ink_reader):
    """A page with 4 7 3 on it, 60 px high, and the readings of the three."""
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (200, 400))
    for k, digit in enumerate("473"):
        hand.write(digit, 60 + 80 * k, 60, 60)
    page = np.rint(220 * hand.ink).astype(np.uint8)
    pieces = find_components(np.where(page > 40, 255, 0).astype(np.uint8), page, ComponentParams())
    digits = sorted(ink_reader.read(pieces, page), key=lambda reading: reading.piece.bbox.x)
    assert [digit.digit for digit in digits] == [4, 7, 3]
    return page, digits


@pytest.fixture
def crumbs(written):
    """Puts bars of ink down, each x, y, width and height, and gives the page with them and the bars as pieces."""
    page, _ = written

    def put(*boxes, darkness=220):
        inked, mask = page.copy(), np.zeros_like(page)
        for x, y, width, height in boxes:
            inked[y : y + height, x : x + width] = darkness
            mask[y : y + height, x : x + width] = 255
        return inked, find_components(mask, inked, ComponentParams())

    return put


def test_a_number_with_nothing_beside_it_is_all_there(written, reader):
    page, digits = written
    assert may_be_more([digits], [], [], page, reader, PARAMS) == [False]


@pytest.mark.parametrize(
    ("bars", "doubted"),
    [
        ([(205, 60, 7, 60)], True),  # beside the 7, as high as it: a 1
        ([(205, 110, 9, 8)], False),
        ([(205, 100, 9, 20)], True),  # as no digit looks, and as tall as the rest of one
        ([(206, 62, 9, 8), (205, 112, 9, 8)], True),  # a 1 of which the middle is missing
        ([(205, 62, 9, 8), (206, 112, 9, 8)], True),
        ([(202, 62, 5, 8), (211, 112, 5, 8)], True),
        ([(206, 62, 3, 3), (205, 112, 3, 3)], False),  # dust
        ([(75, 62, 9, 8), (75, 112, 9, 8)], False),  # on the 4
        ([(80, 70, 9, 20)], True),
        ([(205, 112, 9, 8), (260, 112, 9, 8)], False),
        ([(260, 62, 9, 8), (205, 112, 9, 8)], False),
    ],
)
def test_a_digit_that_nobody_read_is_told_from_the_crumb_of_one(written, crumbs, reader, bars, doubted):
    _, digits = written
    page, pieces = crumbs(*bars)
    assert may_be_more([digits], pieces, [], page, reader, PARAMS) == [doubted]


@pytest.mark.parametrize(
    ("box", "darkness", "doubted"),
    [
        ((205, 104, 14, 14), 70, True),  # pale, and as large as a dot that a pen leaves of a digit
        ((205, 104, 14, 14), 60, False),
        ((205, 104, 14, 9), 70, False),
        ((75, 104, 14, 14), 70, False),  # in the place of the 4
        ((227, 104, 14, 14), 70, False),  # of the 3
        ((90, 104, 14, 14), 70, False),  # half of it is
        ((93, 104, 14, 14), 70, True),
        ((205, 124, 14, 14), 70, False),  # below the line
    ],
)
def test_a_large_dot_in_place_of_a_digit_is_doubted_though_it_is_pale(written, crumbs, reader, box, darkness, doubted):
    _, digits = written
    page, pieces = crumbs(box, darkness=darkness)
    assert may_be_more([digits], pieces, [], page, reader, PARAMS) == [doubted]


@pytest.mark.parametrize(
    ("left", "darkness", "doubted"),
    [
        (190, 220, True),  # a digit and a line across the page that have grown together
        (190, 60, False),
        (290, 220, False),
    ],
)
def test_what_is_too_high_for_a_digit_counts_where_it_is_dark_beside_the_number(
    written, reader, left, darkness, doubted
):
    page, digits = written
    page, mask = page.copy(), np.zeros_like(page)
    cv2.line(mask, (left + 22, 0), (left + 14, 199), 255, 4)
    page[mask > 0] = 30
    stroke = np.zeros_like(page)
    cv2.polylines(stroke, [np.array([(left, 62), (left + 6, 118), (left + 18, 118)])], False, 255, 6)
    page[stroke > 0] = darkness
    [piece] = find_components(mask | stroke, page, ComponentParams())
    assert piece.bbox.height > 100
    assert may_be_more([digits], [piece], [], page, reader, PARAMS) == [doubted]


@pytest.mark.parametrize(
    ("line", "strokes", "doubted"),
    [
        ([(258, 40), (256, 199)], [((258, 62), (257, 118))], True),
        ([(258, 70), (256, 199)], [((258, 75), (257, 118))], True),
        ([(258, 0), (256, 110)], [((258, 62), (257, 105))], True),
        ([(50, 40), (50, 199)], [((50, 62), (50, 118))], True),
        ([(258, 0), (256, 199)], [((258, 4), (258, 50)), ((257, 134), (257, 170))], False),  # above and below it
        ([(258, 0), (256, 199)], [((257, 100), (257, 106))], False),  # too low for a part of a digit
        ([(256, 199), (256, 30), (330, 30), (330, 120)], [((330, 62), (330, 118))], False),  # too far off
        ([(50, 199), (50, 30), (14, 30), (14, 120)], [((14, 62), (14, 118))], False),
        ([(40, 20), (256, 20), (256, 199)], [], False),  # around the number, whose own ink is none of it
    ],
)
def test_what_is_too_high_for_a_digit_counts_by_its_dark_ink_level_with_the_number(
    written, ink_reader, line, strokes, doubted
):
    page, digits = written
    page, mask, dark = page.copy(), np.zeros_like(page), np.zeros_like(page)
    cv2.polylines(mask, [np.array(line)], False, 255, 4)
    for start, end in strokes:
        cv2.line(dark, start, end, 255, 6)
    page[mask > 0] = 30
    page[dark > 0] = 220
    [piece] = find_components(mask | dark, page, ComponentParams())
    assert piece.bbox.height > 100
    assert may_be_more([digits], [piece], [], page, ink_reader, PARAMS) == [doubted]


def test_a_number_that_reads_otherwise_as_a_whole_with_a_crumb_beside_it_is_doubted(
    written, crumbs, make_reading, reader
):
    _, (four, seven, three) = written
    page, pieces = crumbs((205, 110, 9, 8))
    eight = replace(three, probabilities=make_reading(8, (0, 0, 1, 1)).probabilities)
    assert may_be_more([[four, seven, three]], pieces, [], page, reader, PARAMS) == [False]
    assert may_be_more([[four, seven, eight]], pieces, [], page, reader, PARAMS) == [True]


def test_a_digit_that_was_left_out_is_missed_wherever_it_stands(written, reader):
    page, digits = written
    for k in range(3):
        kept = [digit for digit in digits if digit is not digits[k]]
        params = replace(PARAMS, reach=1.0)
        assert may_be_more([kept], [digits[k].piece], [], page, reader, params) == [True]


@pytest.mark.parametrize(
    ("box", "darkness", "doubted"),
    [
        ((122, 60, 6, 30), 200.0, True),
        ((122, 60, 3, 3), 200.0, True),
        ((122, 60, 2, 2), 200.0, False),
        ((122, 60, 6, 9), 75.0, False),
        ((122, 60, 6, 30), 75.0, True),
        ((122, 60, 6, 30), 60.0, False),
        ((166, 60, 6, 30), 200.0, False),
        ((78, 60, 6, 30), 200.0, False),
        ((122, 100, 6, 30), 200.0, False),
        ((122, 85, 6, 30), 200.0, False),  # hardly level with it
        ((122, 25, 6, 30), 200.0, False),
    ],
)
def test_without_a_network_all_that_is_near_large_and_dark_is_doubted(make_reading, ink_reader, box, darkness, doubted):
    number = [make_reading(4, (100, 50, 20, 40)), make_reading(7, (130, 50, 20, 40))]
    far = [make_reading(3, (300, 50, 20, 40))]
    piece = make_reading(0, box, darkness=darkness).piece
    assert may_be_more([number, far], [piece], [], PAGE, ink_reader, PARAMS) == [doubted, False]


@pytest.mark.parametrize(("x", "doubted"), [(240, True), (200, True), (310, False)])
def test_what_may_be_a_digit_belongs_to_the_number_in_its_row_of_boxes(make_reading, reader, x, doubted):
    number = [make_reading(4, (100, 50, 20, 40)), make_reading(7, (150, 50, 20, 40))]
    piece = make_reading(0, (x, 60, 6, 30)).piece
    cells = tuple(BoundingBox(85 + 50 * k, 40, 50, 60) for k in range(4))
    row = Field(BoundingBox(85, 40, 200, 60), cells)
    assert may_be_more([number], [piece], [row], PAGE, reader, PARAMS) == [doubted]
    assert may_be_more([number], [piece], [], PAGE, reader, PARAMS) == [False]


@pytest.mark.parametrize("box", [(105, 60, 6, 30), (105, 0, 6, 120)], ids=["a digit", "a digit with a line"])
def test_what_may_be_a_digit_belongs_to_the_number_that_ends_its_row_of_boxes(make_reading, reader, box):
    number = [make_reading(4, (200, 50, 20, 40)), make_reading(7, (250, 50, 20, 40))]
    piece = make_reading(0, box).piece
    cells = tuple(BoundingBox(85 + 50 * k, 40, 50, 60) for k in range(4))
    row = Field(BoundingBox(85, 40, 200, 60), cells)
    assert may_be_more([number], [piece], [row], PAGE, reader, PARAMS) == [True]
    assert may_be_more([number], [piece], [], PAGE, reader, PARAMS) == [False]


def test_what_is_too_high_for_a_digit_counts_in_all_of_its_row_of_boxes(make_reading, reader):
    number = [make_reading(4, (100, 50, 20, 40)), make_reading(7, (150, 50, 20, 40))]
    digit_with_a_line = make_reading(0, (240, 0, 6, 120)).piece
    cells = tuple(BoundingBox(85 + 50 * k, 40, 50, 60) for k in range(4))
    row = Field(BoundingBox(85, 40, 200, 60), cells)
    assert may_be_more([number], [digit_with_a_line], [row], PAGE, reader, PARAMS) == [True]
    assert may_be_more([number], [digit_with_a_line], [], PAGE, reader, PARAMS) == [False]


def test_no_numbers_give_no_answers(reader):
    assert may_be_more([], [], [], PAGE, reader, PARAMS) == []


@pytest.mark.parametrize(
    ("box", "darkness", "told"),
    [
        ((70, 60, 5, 9), 200.0, True),  # the end of a stroke, farther away than what else is doubted
        ((70, 60, 5, 9), 60.0, False),  # grain
        ((70, 60, 2, 2), 200.0, False),
        ((70, 20, 5, 100), 200.0, False),  # a shadow
        ((75, 60, 1, 9), 200.0, True),
        ((70, 60, 9, 1), 200.0, True),
        ((70, 100, 5, 9), 200.0, False),  # on the next line
        ((70, 97, 5, 9), 200.0, False),
        ((60, 60, 5, 9), 200.0, False),
    ],
)
def test_what_the_pages_edge_left_of_a_digit_is_told_from_shadows_and_grain(make_reading, box, darkness, told):
    number = [make_reading(4, (100, 50, 20, 40)), make_reading(7, (130, 50, 20, 40))]
    far = [make_reading(3, (300, 50, 20, 40))]
    piece = make_reading(0, box, darkness=darkness).piece
    assert may_be_cut_off([number, far], [piece], PARAMS) == [told, False]
    assert may_be_cut_off([number, far], [], PARAMS) == [False, False]
