"""Lines of ruled paper under writing that covers most of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.lines import lying_rules, thin_runs
from recognition.params import RuleParams
from recognition.ruling import covered_lines

PARAMS = RuleParams()
HEIGHT, WIDTH = 600, 800
BARS = range(30, WIDTH - 60, 65)


def lines_at(ys: list[int], fall: int = 0) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for y in ys:
        cv2.line(mask, (0, y), (WIDTH, y + fall), 255, 2)
    return mask


def write(mask: np.ndarray, top: int, bottom: int) -> np.ndarray:
    """Bold bars from side to side that cover two thirds of what is below them."""
    for x in BARS:
        mask[top:bottom, x : x + 45] = 255
    return mask


def covered(mask: np.ndarray) -> np.ndarray:
    """The page with the covered lines alone."""
    page = np.zeros_like(mask)
    for rule in covered_lines(lying_rules(thin_runs(mask, PARAMS), PARAMS), mask, PARAMS):
        box = rule.box
        page[box.y : box.bottom, box.x : box.right] |= rule.ink
    return page


@pytest.mark.parametrize("fall", [0, 6, 24])
@pytest.mark.parametrize("row", [0, 2, 3, 8])
def test_lines_that_writing_covers_are_found_by_the_others(fall, row):
    ys = list(range(80, 500, 45))
    ruled = lines_at(ys, fall)
    mask = write(ruled.copy(), ys[row] - 12, ys[row] + fall + 14)
    found = covered(mask)
    between = (ruled > 0) & (mask > 0)
    between[:, [x + dx for x in BARS for dx in range(-2, 47)]] = False
    between[:, : BARS[0]] = between[:, BARS[-1] + 45 :] = False
    between[: ys[row] - 2] = between[ys[row] + fall + 4 :] = False
    assert between.any()
    assert (found[between] > 0).mean() >= 0.85, "all but ends of runs"
    assert not (found & ~ruled).any(), "nothing of the bars"


def test_two_covered_lines_follow_one_another_beyond_the_last():
    ys = [80, 127, 175, 224, 274, 325]  # as a photo shows them that was taken aslant
    mask = write(lines_at(ys), 68, 140)
    rows = np.flatnonzero(covered(mask).any(axis=1))
    assert {80, 127} <= set(rows.tolist())
    assert rows.max() < 140


@pytest.mark.parametrize(
    "ys",
    [
        pytest.param([100, 200], id="too few"),
        pytest.param([60, 100, 190, 230, 330, 400], id="at irregular distances"),
        pytest.param([100, 103, 106, 109], id="one beside the other"),
    ],
)
def test_other_lines_tell_nothing(ys):
    assert not covered(write(lines_at(ys), 270, 330)).any()


def test_where_a_line_would_be_and_is_none_nothing_is_found():
    mask = write(lines_at([80, 125, 170, 260, 305]), 205, 225)
    assert not covered(mask).any()


@settings(max_examples=60)
@given(
    ys=st.lists(st.integers(0, HEIGHT - 1), max_size=9),
    fall=st.integers(-30, 30),
    strokes=st.lists(st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT), st.integers(1, 200)), max_size=30),
    thickness=st.integers(1, 6),
)
def test_whatever_is_on_a_page_what_is_found_is_ink_of_it(ys, fall, strokes, thickness):
    mask = lines_at(ys, fall)
    for x, y, length in strokes:
        cv2.line(mask, (x, y), (x + length, y + fall // 3), 255, thickness)
    assert not (covered(mask) & ~mask).any()


@pytest.mark.parametrize("step", [9, 13, 20])
def test_a_page_full_of_lines_comes_to_an_end(step):
    mask = write(lines_at(list(range(0, HEIGHT, step))), 200, 300)
    assert not (covered(mask) & ~mask).any()


def test_a_page_without_lines_has_none():
    assert covered_lines([], np.zeros((HEIGHT, WIDTH), np.uint8), PARAMS) == []
