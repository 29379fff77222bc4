from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.brackets import bow_of, without_brackets
from recognition.params import BracketParams, RecognitionParams

PARAMS = BracketParams()
HEIGHT, WIDTH, STEP, TOP = 40, 24, 36, 100


def stroke(height_px, bow, pen_px=4):
    """A stroke uint8 (height, width), whose middle is so far right of its ends, as a share of its height."""
    middle = abs(bow) * height_px
    mask = np.zeros((height_px, round(middle) + pen_px + 2), np.uint8)
    down = np.linspace(-1, 1, 40)
    across = middle * (1 - down**2) if bow > 0 else middle * down**2
    points = np.column_stack([across + pen_px / 2, (down + 1) / 2 * (height_px - 1)])
    cv2.polylines(mask, [np.rint(points).astype(np.int32)], False, 255, pen_px)
    return mask[:, np.flatnonzero(mask.any(axis=0))[0] : np.flatnonzero(mask.any(axis=0))[-1] + 1]


@pytest.fixture
def number(make_reading):
    """Digits in a row from a column on; brackets are strokes higher than they are, `1` a straight one."""

    def make(text, x=200, height=1.5, bow=0.12, one_height=1.0, one_bow=0.0):
        readings = []
        for sign in text:
            bowed = {"(": -bow, ")": bow, "1": one_bow}.get(sign)
            if bowed is None:
                readings.append(make_reading(int(sign), (x, TOP, WIDTH, HEIGHT)))
            else:
                mask = stroke(round(HEIGHT * (one_height if sign == "1" else height)), bowed)
                rows, columns = mask.shape
                reading = make_reading(1, (x, TOP + HEIGHT // 2 - rows // 2, columns, rows))
                readings.append(replace(reading, piece=replace(reading.piece, mask=mask)))
            x = readings[-1].piece.bbox.right + STEP - WIDTH
        return readings

    return make


def texts(parted):
    return ["".join(str(digit.digit) for digit in number) for line in parted.lines for number in line]


def read(text):
    """The text as the networks read it."""
    return text.replace("(", "1").replace(")", "1")


@pytest.mark.parametrize("text", ["(43)", "(7)", "(111)", "(1)", "(20345)"])
@pytest.mark.parametrize("height", [1.05, 1.5, 1.9])
def test_brackets_at_both_ends_of_a_number_are_taken_off(number, text, height):
    one = number(text, height=height)
    parted = without_brackets([[one]], [], PARAMS)
    assert texts(parted) == [text[1:-1]]
    assert parted.doubtful == set()
    assert parted.signs == [one[0].piece.bbox, one[-1].piece.bbox]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("(43)(27)", ["43", "27"]), ("56(43)", ["56", "43"]), ("(43)27", ["43", "27"]), ("8(43)9", ["8", "43", "9"])],
)
def test_a_number_is_parted_at_the_brackets_in_it(number, text, expected):
    parted = without_brackets([[number(text)]], [], PARAMS)
    assert texts(parted) == expected
    assert parted.doubtful == set()


@pytest.mark.parametrize("text", ["1)", "12)", "5)"])
def test_a_bracket_behind_the_count_of_a_list_is_taken_off(number, text):
    parted = without_brackets([[number(text)]], [], PARAMS)
    assert texts(parted) == [text[:-1]]
    assert parted.doubtful == set()


@pytest.mark.parametrize(("text", "kept"), [("(5", 1), ("(4352", 1), ("435)", 2), ("20345)", 4)])
def test_without_its_other_half_a_clear_bracket_is_taken_off_and_a_person_should_look(number, text, kept):
    one = number(text)
    parted = without_brackets([[one]], [], PARAMS)
    assert texts(parted) == [text.strip("()")]
    assert parted.doubtful == {id(one[kept])}


@pytest.mark.parametrize(
    ("text", "form", "doubted", "why"),
    [
        ("(43", {"height": 1.24}, True, "higher than a 1"),
        ("43)", {"height": 1.24}, True, "likewise, behind"),
        ("(43", {"height": 1.5, "bow": 0.05}, True, "hardly bowed, but very high"),
        ("43(56", {}, True, "in the middle, where nothing tells which number it belongs to"),
        ("(43", {"height": 1.1}, False, "a bowed 1"),
        ("(43)", {"height": 1.6, "bow": 0.02}, False, "high 1s, hardly bowed"),
        ("43(56", {"height": 1.24}, False, "a bowed 1 among others"),
        (")43(", {"height": 1.24}, False, "bowed to the digits"),
        ("4)3", {}, True, "behind the count of no list"),
        ("()", {}, False, "no digits between"),
        ("143", {"one_height": 1.6}, False, "a high 1"),
        ("143", {"one_height": 1.6, "one_bow": 0.02}, False, "a high 1, a little bowed"),
        ("143", {"one_bow": -0.12}, False, "a bowed 1 as high as the digits"),
        ("413", {"one_height": 1.24, "one_bow": -0.12}, False, "likewise, between others"),
    ],
)
def test_what_may_be_a_bracket_stays_and_is_doubted_where_it_is_seen(number, text, form, doubted, why):
    one = number(text, **form)
    parted = without_brackets([[one]], [], PARAMS)
    assert texts(parted) == [read(text)], why
    strokes = {id(digit) for digit, sign in zip(one, text, strict=True) if sign in "()"}
    assert parted.doubtful == (strokes if doubted else set()), why


@pytest.mark.parametrize("one_height", [1.15, 1.25])
@pytest.mark.parametrize(("text", "one_bow"), [("(15)", -0.1), ("(51)", 0.1), ("(515)", 0.1)])
def test_bowed_ones_within_brackets_are_kept(number, text, one_bow, one_height):
    parted = without_brackets([[number(text, height=1.6, one_height=one_height, one_bow=one_bow)]], [], PARAMS)
    assert texts(parted) == [text[1:-1]]
    assert parted.doubtful == set()


def test_a_bowed_one_does_not_close_a_bracket_whose_other_half_is_not_seen(number):
    one = number("(32102", height=1.6, one_height=1.15, one_bow=0.1)
    parted = without_brackets([[one]], [], PARAMS)
    assert texts(parted) == ["32102"]
    assert parted.doubtful == {id(one[1])}


def test_strokes_that_differ_in_height_are_no_pair(number):
    one = [*number("(43", height=1.9)]
    one += number(")", x=one[-1].piece.bbox.right + 12, height=1.05)
    parted = without_brackets([[one]], [], PARAMS)
    assert texts(parted) == ["431"]
    assert parted.doubtful == {id(one[1])}


def test_a_thick_piece_is_no_bracket(number):
    one = number("(43)")
    thick = cv2.dilate(one[0].piece.mask, np.ones((1, 15), np.uint8))
    one[0] = replace(one[0], piece=replace(one[0].piece, mask=thick))
    assert texts(without_brackets([[one]], [], PARAMS)) == ["143"]


@pytest.mark.parametrize("unread", ["(", ")", "()"])
def test_brackets_that_were_taken_for_no_digits_are_as_good(number, unread):
    one = number("(43)")
    pieces = [one[0 if sign == "(" else -1] for sign in unread]
    rest = [digit for digit in one if digit not in pieces]
    parted = without_brackets([[rest]], pieces, PARAMS)
    assert texts(parted) == ["43"]
    assert parted.doubtful == set()
    assert set(parted.signs) == {one[0].piece.bbox, one[-1].piece.bbox}


@pytest.mark.parametrize(("x", "y"), [(-40, 0), (0, 30), (0, -30)])
def test_a_bowed_stroke_far_from_the_digits_or_not_level_with_them_is_no_bracket(number, x, y):
    one = number("(43")
    box = one[0].piece.bbox
    piece = replace(one[0].piece, bbox=replace(box, x=box.x + x, y=box.y + y))
    one[0] = replace(one[0], piece=piece)
    parted = without_brackets([[one]], [], PARAMS)
    assert texts(parted) == ["143"]
    assert parted.doubtful == set()


@pytest.mark.parametrize("height", [1.24, 1.5])
@pytest.mark.parametrize("text", ["(4352", "2034)"])
def test_a_bracket_by_itself_that_was_taken_for_no_digit_leaves_no_doubt(number, text, height):
    one = number(text, height=height)
    unread = [digit for digit, sign in zip(one, text, strict=True) if sign in "()"]
    rest = [digit for digit in one if digit not in unread]
    parted = without_brackets([[rest]], unread, PARAMS)
    assert texts(parted) == [text.strip("()")]
    assert parted.doubtful == set()


def test_a_bowed_digit_other_than_a_one_is_no_bracket_by_itself(number, make_reading):
    one = number("(43")
    one[0] = replace(one[0], probabilities=make_reading(6, (0, 0, 1, 1)).probabilities)
    parted = without_brackets([[one]], [], PARAMS)
    assert texts(parted) == ["643"]
    assert parted.doubtful == set()


@pytest.mark.parametrize("away", ["too far", "on another line", "bowed to the digits"])
def test_what_was_not_read_elsewhere_is_no_bracket(number, away):
    one = number("(43)")
    piece = one[-1].piece
    x, y = {"too far": (40, 0), "on another line": (0, 60)}.get(away, (0, 0))
    mask = piece.mask[:, ::-1].copy() if away == "bowed to the digits" else piece.mask
    moved = replace(piece, mask=mask, bbox=replace(piece.bbox, x=piece.bbox.x + x, y=piece.bbox.y + y))
    parted = without_brackets([[one[:-1]]], [replace(one[-1], piece=moved)], PARAMS)
    assert parted.signs == [one[0].piece.bbox]
    assert parted.doubtful == {id(one[1])}, "but one bracket is left"


def test_brackets_far_from_the_digits_are_no_numbers_of_their_own(number):
    left, *digits, right = number("(43)")
    parted = without_brackets([[[left], digits, [right]], [number("56")]], [], PARAMS)
    assert texts(parted) == ["43", "56"]
    assert parted.doubtful == set()


def test_lines_and_digits_alone_are_left_as_they_are(number):
    assert texts(without_brackets([[number("11")], [number("1")]], [], PARAMS)) == ["11", "1"]
    assert without_brackets([[number("(")]], [], PARAMS).doubtful == set()
    assert without_brackets([], [], PARAMS).lines == []


@pytest.mark.parametrize("bow", [-0.25, -0.1, -0.04, 0.06, 0.15])
@pytest.mark.parametrize("lean", [-0.2, 0, 0.3])
def test_the_bow_is_three_quarters_of_the_sagitta_whatever_the_lean(bow, lean):
    down = np.linspace(-1, 1, 60)
    points = np.column_stack([100 + 80 * (bow * (1 - down**2) - lean * down / 2), 10 + 80 * (down + 1) / 2])
    mask = np.zeros((100, 200), np.uint8)
    cv2.polylines(mask, [np.rint(points).astype(np.int32)], False, 255, 3)
    assert bow_of(mask[np.flatnonzero(mask.any(axis=1))]) == pytest.approx(0.75 * bow, rel=0.25, abs=0.015)


def test_a_hook_at_one_end_and_waves_are_no_bow():
    hooked, waved = np.zeros((2, 60, 60), np.uint8)
    cv2.polylines(hooked, [np.array([(20, 12), (35, 0), (35, 59)])], False, 255, 3)
    down = np.arange(60)
    cv2.polylines(
        waved, [np.column_stack([30 + 8 * np.sin(down / 59 * 2 * np.pi), down]).astype(np.int32)], False, 255, 3
    )
    assert abs(bow_of(hooked)) < 0.02
    assert abs(bow_of(hooked[:, ::-1])) < 0.02
    assert bow_of(waved) == 0


def test_a_dot_has_no_bow():
    assert bow_of(np.full((1, 1), 255, np.uint8)) == 0


def test_numbers_in_brackets_are_read_without_them(sample_pages, reader, read_pixels):
    """The page holds (43), (286) and 57 in the first line, 5) 290 as an item of a list, and (64 in the last."""
    hand = sample_pages.Hand(np.random.default_rng(5), sample_pages.Digits.load(), (420, 700))
    for text, x, y, signs in (
        ("43", 60, 60, "()"),
        ("286", 260, 60, "()"),
        ("57", 500, 60, ""),
        ("5", 60, 180, ")"),
        ("290", 200, 180, ""),
        ("64", 60, 300, "("),
    ):
        before = hand.ink.copy()
        hand.write(text, x, y, 50)
        columns = np.flatnonzero((hand.ink != before).any(axis=0))
        for sign in signs:
            mask = stroke(74, -0.13 if sign == "(" else 0.13, 5)
            start = columns[0] - 12 - mask.shape[1] if sign == "(" else columns[-1] + 12
            hand.place(mask / np.float32(255), start, y - 12)
    page = sample_pages.inked(np.full((420, 700, 3), 240, np.uint8), hand.ink, (60, 40, 40))
    (result,) = read_pixels(np.rint(page).astype(np.uint8), reader, RecognitionParams()).pages
    assert [number.text for number in result.numbers] == ["43", "286", "57", "5", "290", "64"]
    assert [number.text for number in result.numbers if number.needs_review] == ["64"]
