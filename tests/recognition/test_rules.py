from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recognition.binarize import binarize
from recognition.lines import lying_rules, thin_runs
from recognition.params import BinarizeParams, RuleParams
from recognition.rules import remove_rules

PARAMS = RuleParams()
HEIGHT, WIDTH = 600, 800
PAPER, RULE, PEN = 240, 150, 40


def paper() -> np.ndarray:
    return np.full((HEIGHT, WIDTH), PAPER, np.uint8)


def written(page: np.ndarray) -> np.ndarray:
    return remove_rules(binarize(page, BinarizeParams()), PARAMS).mask


def rule(page: np.ndarray, y: int, *, fall: int = 0, gray: int = RULE, thickness: int = 2) -> None:
    cv2.line(page, (0, y), (WIDTH, y + fall), gray, thickness, cv2.LINE_AA)


def stroke(page: np.ndarray, x: int, y: int, gray: int = PEN) -> None:
    """A slanted stroke of 60 pixels' height."""
    cv2.line(page, (x + 10, y), (x, y + 60), gray, 5, cv2.LINE_AA)


def pieces(mask: np.ndarray) -> int:
    """How many pieces of ink, crumbs aside."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return int((stats[1:, cv2.CC_STAT_AREA] >= 12).sum())


@pytest.mark.parametrize(
    ("gray", "thickness", "fall"),
    [
        *product((RULE, 205, PEN), (2, 3), (0,)),
        *product((RULE, 205, PEN), (2,), (6,)),
        *product((RULE, PEN), (1,), (0, 3, 6)),
        (205, 1, 0),
    ],
)
def test_ruled_lines_vanish(gray, thickness, fall):
    page = paper()
    for y in range(60, HEIGHT - 40, 50):
        rule(page, y, gray=gray, thickness=thickness, fall=fall)
    assert (binarize(page, BinarizeParams()).mask > 0).mean() > 0.01
    assert (written(page) > 0).mean() < 0.0005


@pytest.mark.parametrize("blur_px", [0.5, 0.7, 0.9])
def test_a_line_vanishes_whose_edges_are_much_paler_than_its_middle(blur_px):
    page = paper()
    for x in range(60, WIDTH, 90):
        cv2.line(page, (x, 0), (x + 3, HEIGHT), PEN, 2, cv2.LINE_AA)
    page = cv2.GaussianBlur(page, (0, 0), blur_px)
    assert (binarize(page, BinarizeParams()).mask > 0).mean() > 0.02
    assert (written(page) > 0).mean() < 0.0005


def test_upright_lines_vanish():
    page = paper()
    rule(page, 300)
    turned = np.ascontiguousarray(page.T)
    assert (written(turned) > 0).mean() < 0.0005


def test_squared_paper_vanishes():
    page = paper()
    for at in range(20, WIDTH, 25):
        cv2.line(page, (0, at), (WIDTH, at), RULE, 2)
        cv2.line(page, (at, 0), (at, HEIGHT), RULE, 2)
    assert (written(page) > 0).mean() < 0.001


def test_a_dotted_line_vanishes():
    page = paper()
    for x in range(0, WIDTH - 30, 30):
        cv2.line(page, (x, 300), (x + 20, 300), RULE, 2)
    assert (written(page) > 0).mean() < 0.001


@pytest.mark.parametrize("gray", [RULE, PEN])
def test_strokes_that_cross_a_line_stay_whole(gray):
    bare, ruled = paper(), paper()
    rule(ruled, 300, gray=gray)
    for page in (bare, ruled):
        for x in range(100, 700, 60):
            stroke(page, x, 270)
    kept, expected = written(ruled), written(bare)
    assert pieces(expected) == 10
    assert pieces(kept) == 10
    missing = (expected > 0) & (kept == 0)
    assert missing.sum() < 0.03 * (expected > 0).sum()


def test_writing_stays_where_it_covers_most_of_a_pale_line():
    bare, ruled = paper(), paper()
    rule(ruled, 300, gray=215)
    for page in (bare, ruled):
        for x in range(20, 770, 30):
            cv2.line(page, (x + 6, 270), (x, 330), PEN, 19, cv2.LINE_AA)
    kept, expected = written(ruled), written(bare)
    assert (expected[300] > 0).mean() > 0.6
    missing = (expected > 0) & (kept == 0)
    assert missing.sum() < 0.03 * (expected > 0).sum()


def test_strokes_that_stand_on_a_line_stay_and_lose_no_more_than_their_foot():
    bare, ruled = paper(), paper()
    rule(ruled, 330)
    for page in (bare, ruled):
        for x in range(100, 700, 60):
            stroke(page, x, 270)
    kept, expected = written(ruled), written(bare)
    assert pieces(kept) == 10
    missing = (expected > 0) & (kept == 0)
    assert missing.sum() < 0.1 * (expected > 0).sum()


def test_without_lines_the_writing_is_left_as_it_is(sample_pages):
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (HEIGHT, WIDTH))
    hand.write("0471", 100, 100, 60)
    hand.write("1117", 100, 300, 60)
    ink = binarize(np.rint(PAPER - 200 * hand.ink).astype(np.uint8), BinarizeParams())
    assert np.array_equal(remove_rules(ink, PARAMS).mask, ink.mask)


def test_upright_rules_are_told_where_they_stand():
    page = paper()
    cv2.line(page, (300, 50), (306, 560), RULE, 2, cv2.LINE_AA)
    rule(page, 200)
    uprights = remove_rules(binarize(page, BinarizeParams()), PARAMS).uprights
    assert uprights
    for one in uprights:
        assert one.box.x in range(297, 302)
        assert one.box.right in range(304, 310)
        assert one.box.height >= 480
        assert one.ink.shape == (one.box.height, one.box.width)
        assert one.ink[30].any()


def strokes_in_line(waver_px: int, pitch_px: int) -> np.ndarray:
    """Twenty upright strokes of 60 pixels' height above each other, off their line by up to so much."""
    page = np.full((20 * pitch_px + 100, 400), PAPER, np.uint8)
    rng = np.random.default_rng(3)
    for k in range(20):
        x, y = 200 + round(rng.uniform(-waver_px, waver_px)), 50 + k * pitch_px
        cv2.line(page, (x, y), (x, y + 60), PEN, 4, cv2.LINE_AA)
    return page


@pytest.mark.parametrize("pitch_px", [75, 90])
@pytest.mark.parametrize(("waver_px", "left"), [(2, 20), (4, 20), (0, 0)])
def test_a_column_of_ones_is_no_line_of_dashes(waver_px, pitch_px, left):
    assert pieces(written(strokes_in_line(waver_px, pitch_px))) == left


def test_the_dashes_of_a_lying_line_are_no_ones():
    assert pieces(written(np.ascontiguousarray(strokes_in_line(2, 75).T))) == 0


def test_a_bold_bar_is_no_ruled_line():
    bar = np.zeros((HEIGHT, WIDTH), np.uint8)
    bar[200:280, 50:750] = 255
    assert lying_rules(thin_runs(bar, PARAMS), PARAMS) == []


def test_a_short_line_is_no_ruled_line():
    dash = np.zeros((HEIGHT, WIDTH), np.uint8)
    dash[300:303, 100:150] = 255
    assert lying_rules(thin_runs(dash, PARAMS), PARAMS) == []


@pytest.mark.parametrize("at", ["left", "right"])
@pytest.mark.parametrize("width", range(640, 648))
def test_the_shortest_line_is_found_wherever_it_lies_and_however_wide_the_page_is(width, at):
    mask = np.zeros((40, width), np.uint8)
    length = round(PARAMS.min_length * width) + 1
    start = 0 if at == "left" else width - length
    mask[20:22, start : start + length] = 255
    (line,) = lying_rules(thin_runs(mask, PARAMS), PARAMS)
    assert (line.box.x, line.box.y, line.box.right, line.box.bottom) == (start, 20, start + length, 22)


@given(st.integers(200, 240), st.integers(20, 60))
def test_runs_of_the_shortest_length_make_a_line(width, first):
    """Each of 16 pixels, the least that counts as a run, wherever it begins."""
    mask = np.zeros((9, width), np.uint8)
    for start in range(first, width - 40, 18):
        mask[4, start : start + 16] = 255
    (line,) = lying_rules(thin_runs(mask, PARAMS), PARAMS)
    assert line.box.x == first


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (60, 60)])
def test_a_page_without_ink_has_no_rules(shape):
    blank = np.full(shape, PAPER, np.uint8)
    writing = remove_rules(binarize(blank, BinarizeParams()), PARAMS)
    assert writing.mask.shape == shape
    assert not writing.mask.any()
    assert writing.fields == ()


@settings(max_examples=30)
@given(arrays.arrays(np.uint8, (40, 60), elements=st.sampled_from([30, 120, 230, 240])))
def test_nothing_is_written_where_there_was_no_ink(page):
    ink = binarize(page, BinarizeParams())
    mask = remove_rules(ink, PARAMS).mask
    assert not (mask & ~ink.mask).any()


def test_rows_of_boxes_all_over_the_page_are_no_ruled_paper():
    page = paper()
    for row, cell in product((100, 300), range(10)):
        x = 40 + 54 * cell + 38 * (cell // 2)  # fields of two boxes with little between them
        cv2.rectangle(page, (x, row), (x + 54, row + 64), RULE, 2)
    writing = remove_rules(binarize(page, BinarizeParams()), PARAMS)
    assert len(writing.fields) == 10
    assert not writing.mask.any()


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("count", [10, 20])
def test_rows_of_boxes_as_wide_as_the_page_are_no_ruled_paper(count, rows):
    page = paper()
    side = 720 // count
    for row, cell in product(range(rows), range(count)):
        x, y = 40 + side * cell, 100 + 150 * row
        cv2.rectangle(page, (x, y), (x + side, y + side), RULE, 2)
    writing = remove_rules(binarize(page, BinarizeParams()), PARAMS)
    assert [len(field.cells) for field in writing.fields] == [count] * rows
    assert not writing.mask.any()


@pytest.mark.parametrize("margin", [False, True])
def test_a_line_of_ruled_paper_that_bold_writing_covers_vanishes_between_the_writing(margin):
    page = paper()
    for y in range(80, 500, 45):
        rule(page, y)
    if margin:
        cv2.line(page, (15, 0), (15, HEIGHT), RULE, 2, cv2.LINE_AA)
    bars = range(30, WIDTH - 60, 65)
    for x in bars:
        page[158:184, x : x + 45] = PEN
    mask = written(page)
    assert not mask[:, [x + dx for x in bars[:-1] for dx in range(48, 62)]].any()
    assert (mask[160:182, [x + 20 for x in bars]] > 0).mean() > 0.9
