from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.components import Component
from recognition.params import SignParams
from recognition.signs import find_sign, may_be_negative, part_at_signs
from recognition.types import BoundingBox

PARAMS = SignParams()
HEIGHT, WIDTH, STEP, INK = 40, 24, 44, 200


@pytest.fixture
def write(make_reading):
    """A line of one number a text, its page, and a point of 5 pixels wherever a text has one."""

    def make(*texts):
        page = np.zeros((100, 60 + sum(STEP * (len(text) + 2) for text in texts)), np.uint8)
        x, line = 20, []
        for text in texts:
            number = []
            for sign in text:
                if sign == ".":
                    cv2.circle(page, (x - (STEP - WIDTH) // 2, 66), 2, INK, -1)
                    continue
                page[30 : 30 + HEIGHT, x : x + WIDTH] = INK
                number.append(make_reading(int(sign), (x, 30, WIDTH, HEIGHT)))
                x += STEP
            line.append(number)
            x += 2 * STEP
        return [line], page

    return make


def texts(lines):
    return [["".join(str(digit.digit) for digit in number) for number in line] for line in lines]


def test_numbers_are_parted_at_their_points_where_several_have_one(write):
    lines, page = write("1.42", "2.5", "308", "1.2.26")
    parted = part_at_signs(lines, page, PARAMS)
    assert texts(parted.lines) == [["1", "42", "2", "5", "308", "1", "2", "26"]]
    assert parted.doubtful == set()


@pytest.mark.parametrize("texts_written", [("14.2", "25", "308"), ("14.2", "2.5", *["30"] * 28)])
def test_where_few_have_one_it_may_be_dust_and_a_person_should_look(write, texts_written):
    lines, page = write(*texts_written)
    parted = part_at_signs(lines, page, PARAMS)
    assert texts(parted.lines) == [[text.replace(".", "") for text in texts_written]]
    pointed = [number for number, text in zip(lines[0], texts_written, strict=True) if "." in text]
    assert parted.doubtful == {id(number[0]) for number in pointed}


def with_point(digit, page, *, before):
    """The digit together with the point before it, or behind it."""
    box = digit.piece.bbox
    x = box.x - (STEP - WIDTH - 8) if before else box.x
    whole = BoundingBox(x, box.y, STEP - 8, HEIGHT)
    mask = np.where(page[whole.y : whole.bottom, whole.x : whole.right] > 0, np.uint8(255), np.uint8(0))
    return replace(digit, piece=Component(whole, mask, int(np.count_nonzero(mask)), INK))


@pytest.mark.parametrize("before", [False, True])
def test_a_point_that_was_taken_for_a_part_of_a_digit_parts_where_others_do(write, before):
    lines, page = write("1.42", "2.5", "3.08")
    digits = lines[0][2]
    digits[before] = with_point(digits[before], page, before=before)
    assert find_sign(digits[0].piece, digits[1].piece, HEIGHT, page, PARAMS) is None
    parted = part_at_signs(lines, page, PARAMS)
    assert texts(parted.lines) == [["1", "42", "2", "5", "3", "08"]]
    assert parted.doubtful == set()


def test_a_crumb_of_a_digit_is_no_sign_where_no_number_has_one(write):
    lines, page = write("3.08", "25")
    lines[0][0][0] = with_point(lines[0][0][0], page, before=False)
    parted = part_at_signs(lines, page, PARAMS)
    assert texts(parted.lines) == [["308", "25"]]
    assert parted.doubtful == set()


def test_points_in_wide_gaps_show_how_numbers_are_written(write):
    """Where a point's gap already parts numbers, it counts for those that were not parted."""
    lines, page = write("14.2", *["2.5"] * 9, *["30"] * 18)
    pointed, *others = lines[0]
    apart = [[digit] for number in others[:9] for digit in number]
    result = part_at_signs([[pointed, *apart, *others[9:]]], page, PARAMS)
    assert texts(result.lines) == [["14", "2", *["2", "5"] * 9, *["30"] * 18]]
    assert result.doubtful == set()
    assert len(result.signs) == 10


def test_points_in_wide_gaps_show_which_long_numbers_lack_one(write):
    lines, page = write("14.2", *["2.5"] * 9, "308")
    pointed, *others, bare = lines[0]
    apart = [[digit] for number in others for digit in number]
    assert part_at_signs([[pointed, *apart, bare]], page, PARAMS).doubtful == {id(bare[0])}


@pytest.mark.parametrize(
    ("mark", "parts", "why"),
    [
        ((56, 48, 12, 4), True, "a dash in the middle"),
        ((50, 48, 12, 4), True, "a dash behind the first"),
        ((70, 48, 12, 4), False, "a minus"),
        ((76, 60, 5, 5), True, "a point"),
    ],
)
def test_a_dash_right_before_the_second_of_two_numbers_is_a_minus_and_parts_nothing(make_reading, mark, parts, why):
    page = np.zeros((100, 200), np.uint8)
    for x in (20, 84):
        page[30 : 30 + HEIGHT, x : x + WIDTH] = INK
    spot(page, *mark)
    line = [[make_reading(4, (x, 30, WIDTH, HEIGHT))] for x in (20, 84)]
    result = part_at_signs([line], page, PARAMS)
    assert result.signs == ([BoundingBox(44, 30, 40, 48)] if parts else []), why
    assert texts(result.lines) == [["4", "4"]]


def test_a_long_number_without_the_point_that_nearly_all_others_have_is_doubted(write):
    lines, page = write("308", "12", *["1.42"] * 10)
    parted = part_at_signs(lines, page, PARAMS)
    assert texts(parted.lines) == [["308", "12", *["1", "42"] * 10]]
    assert parted.doubtful == {id(lines[0][0][0])}
    for all_as_usual in ([*["308"] * 5, *["1.42"] * 10], [*["308.5"] * 2, *["1.42"] * 10]):
        lines, page = write(*all_as_usual)
        assert part_at_signs(lines, page, PARAMS).doubtful == set()


def test_a_page_without_numbers_and_lone_digits(write):
    assert part_at_signs([], np.zeros((10, 10), np.uint8), PARAMS).lines == []
    lines, page = write("1", "2")
    assert texts(part_at_signs(lines, page, PARAMS).lines) == [["1", "2"]]


def spot(page, x, y, width, height, ink=INK):
    page[y : y + height, x : x + width] = ink


@pytest.mark.parametrize(
    ("mark", "expected", "why"),
    [
        (lambda page: spot(page, 52, 60, 5, 5), True, "a point"),
        (lambda page: spot(page, 52, 66, 4, 10), True, "a comma that reaches below the line"),
        (lambda page: spot(page, 52, 46, 5, 5), True, "a raised point"),
        (lambda page: spot(page, 52, 70, 4, 8), True, "a comma below the line"),
        (lambda page: spot(page, 52, 56, 1, 6), True, "a comma of a fine pen"),
        (lambda page: spot(page, 52, 31, 5, 5), False, "an apostrophe"),
        (lambda page: spot(page, 52, 66, 1, 1), False, "dust"),
        (lambda page: spot(page, 52, 60, 3, 3), False, "larger dust"),
        (lambda page: spot(page, 48, 56, 14, 10), False, "a blot"),
        (lambda page: cv2.line(page, (50, 56), (58, 64), INK, 1), False, "a scratch"),
        (lambda page: spot(page, 52, 60, 5, 5, ink=40), False, "a stain"),
        (lambda page: spot(page, 52, 40, 5, 28), False, "a stroke"),
        (lambda page: spot(page, 48, 48, 12, 3), True, "a dash"),
        (lambda page: spot(page, 45, 48, 18, 9), False, "a bold bar"),
        (lambda page: spot(page, 48, 67, 12, 3), False, "a piece of a rule"),
        (lambda page: (spot(page, 52, 60, 5, 5), spot(page, 0, 74, 400, 3)), True, "a point over the side of a box"),
        (lambda page: spot(page, 48, 31, 12, 3), False, "the bar of a 5"),
        (lambda page: [spot(page, 52, 42, 5, 5), spot(page, 53, 60, 5, 5)], True, "a colon"),
        (lambda page: [spot(page, 52, 56, 5, 3), spot(page, 52, 60, 5, 3)], False, "a broken point"),
        (lambda page: [spot(page, 48, 42, 4, 4), spot(page, 58, 60, 4, 4)], False, "two spots aslant"),
        (lambda page: [spot(page, 58, 42, 4, 4), spot(page, 48, 60, 4, 4)], False, "likewise, the other way"),
        (lambda page: [spot(page, 52, 32, 5, 20), spot(page, 52, 60, 5, 5)], False, "a stroke over a point"),
        (lambda page: [spot(page, 52, y, 5, 5) for y in (36, 48, 60)], False, "three spots"),
        (lambda page: [spot(page, 44, 50, 20, 3), spot(page, 52, 60, 5, 5)], False, "a stroke between the digits"),
        (lambda page: spot(page, 44, 60, 5, 5), False, "what touches a digit"),
        (lambda page: [spot(page, 48, 60, 4, 5), spot(page, 55, 60, 4, 5)], False, "two spots side by side"),
        (lambda page: None, False, "nothing"),
    ],
)
def test_what_a_sign_is(write, mark, expected, why):
    [[[left, right]]], page = write("12")
    mark(page)
    assert (find_sign(left.piece, right.piece, HEIGHT, page, PARAMS) is not None) is expected, why


@pytest.mark.parametrize("points", [[], [(54, 44, 5, 5)]])
def test_what_touches_a_round_digit_is_no_sign_and_lets_nothing_beside_it_be_one(write, points):
    [[[left, right]]], page = write("12")
    page[30 : 30 + HEIGHT, 43] = 0
    for mark in ((43, 60, 6, 5), *points):
        spot(page, *mark)
    assert find_sign(left.piece, right.piece, HEIGHT, page, PARAMS) is None


@pytest.mark.parametrize(("left_y", "right_y"), [(50, 30), (30, 50)])
def test_a_sign_between_digits_at_two_heights_is_sought_over_the_height_of_both(make_reading, left_y, right_y):
    digits = [make_reading(4, (x, y, WIDTH, HEIGHT)).piece for x, y in ((20, left_y), (64, right_y))]

    def found(*mark):
        page = np.zeros((120, 120), np.uint8)
        for digit in digits:
            spot(page, digit.bbox.x, digit.bbox.y, WIDTH, HEIGHT)
        spot(page, *mark)
        return find_sign(*digits, HEIGHT, page, PARAMS)

    assert found(52, 84, 5, 5) == BoundingBox(44, 30, 20, 68), "at the foot of the lower one"
    assert found(52, 31, 5, 25) is None, "a stroke from the top of the higher one"


@pytest.mark.parametrize(("left", "right"), [(200, 100), (100, 200)])
def test_a_sign_is_as_dark_as_the_paler_digit(make_reading, left, right):
    page = np.zeros((100, 120), np.uint8)
    digits = [make_reading(4, (x, 30, WIDTH, HEIGHT), darkness=dark).piece for x, dark in ((20, left), (64, right))]
    for digit in digits:
        spot(page, digit.bbox.x, 30, WIDTH, HEIGHT, ink=int(digit.darkness))
    spot(page, 52, 60, 5, 5, ink=60)
    assert find_sign(*digits, HEIGHT, page, PARAMS) is not None


def test_what_is_longer_than_a_dash_is_no_sign(write):
    [[[left, right]]], page = write("12")
    spot(page, 48, 48, 12, 3)
    assert not find_sign(left.piece, right.piece, HEIGHT, page, replace(PARAMS, max_dash=0.25))


@pytest.mark.parametrize(("dots", "expected"), [(range(8, 110, 11), False), ((8, 19, 52, 96), True)])
def test_a_dot_of_a_dotted_line_to_write_on_is_no_sign(write, dots, expected):
    [[[left, right]]], page = write("12")
    for x in dots:
        spot(page, x, 72, 5, 5)
    assert (find_sign(left.piece, right.piece, HEIGHT, page, PARAMS) is not None) is expected


def test_between_digits_that_are_close_there_is_no_room_for_a_point(write):
    [[[left, right]]], page = write("12")
    spot(page, 52, 60, 5, 5)
    assert not find_sign(left.piece, right.piece, HEIGHT, page, replace(PARAMS, min_gap=0.6))


@pytest.mark.parametrize(
    ("box", "darkness", "doubted", "why"),
    [
        ((66, 126, 22, 6), 200, True, "a dash before it"),
        ((58, 120, 30, 9), 120, True, "longer, lower and paler"),
        ((66, 126, 22, 6), 60, False, "paler than any writing"),
        ((20, 126, 22, 6), 200, False, "far away"),
        ((80, 126, 8, 3), 200, False, "a speck"),
        ((20, 126, 68, 6), 200, False, "a rule"),
        ((66, 160, 22, 6), 200, False, "below, as the end of a rule"),
        ((66, 104, 22, 6), 200, False, "above, as the bar of a 5 or a 7"),
        ((66, 116, 22, 22), 200, False, "no dash"),
        ((66, 124, 22, 12), 200, False, "hardly one"),
        ((50, 118, 44, 16), 200, False, "a blot"),
        ((140, 126, 22, 6), 200, False, "behind it"),
    ],
)
def test_a_number_after_a_dash_may_be_negative(make_reading, box, darkness, doubted, why):
    number = [make_reading(4, (100, 100, 30, 60), darkness=200), make_reading(2, (140, 100, 30, 60), darkness=200)]
    mark = make_reading(1, box, darkness=darkness).piece
    assert may_be_negative([number, number[1:]], [mark], SignParams())[0] is doubted, why
    assert may_be_negative([number], [], SignParams()) == [False]
