"""Pieces that are taken off a page, with their soft edges and without their neighbors' ink."""

from __future__ import annotations

import numpy as np
import pytest

from recognition.clearing import cleared
from recognition.components import Component
from recognition.types import BoundingBox

INK = 200


def piece(x, y, rows):
    """A piece whose rows are drawn with #."""
    mask = np.array([[255 if sign == "#" else 0 for sign in row] for row in rows], np.uint8)
    return Component(BoundingBox(x, y, mask.shape[1], mask.shape[0]), mask, int((mask > 0).sum()), INK)


def left(gone, others=(), shape=(9, 12)):
    """What is left of a page that is ink all over, as rows with # for ink."""
    page = np.full(shape, INK, np.uint8)
    result = cleared(page, gone, others)
    assert (page == INK).all(), "the page itself stays as it is"
    assert set(np.unique(result).tolist()) <= {0, INK}
    return ["".join("#" if value else "." for value in row) for row in result]


def test_a_piece_goes_with_two_pixels_around_it():
    assert left([piece(4, 3, ["##", "##"])]) == [
        "############",
        "##......####",
        "##......####",
        "##......####",
        "##......####",
        "##......####",
        "##......####",
        "############",
        "############",
    ]


def test_where_a_piece_has_no_ink_nothing_goes():
    assert left([piece(2, 2, ["#.......", "........", "........", "........"])]) == [
        ".....#######",
        ".....#######",
        ".....#######",
        ".....#######",
        ".....#######",
        "############",
        "############",
        "############",
        "############",
    ]


@pytest.mark.parametrize(("x", "y"), [(0, 0), (11, 0), (0, 8), (11, 8)])
def test_a_piece_in_a_corner_of_the_page_goes(x, y):
    rows = np.array([list(row) for row in left([piece(x, y, ["#"])])])
    corner = rows[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3]
    assert corner.shape == (3, 3)
    assert (corner == ".").all()
    assert (rows == ".").sum() == 9


def test_ink_of_those_that_stay_is_left_however_near_they_are():
    gone, inside = piece(4, 3, ["##", "##"]), piece(4, 5, ["#.#"])
    reaching_in = piece(7, 0, ["#####"] * 3)
    assert left([gone], [inside, reaching_in]) == [
        "############",
        "##.....#####",
        "##.....#####",
        "##......####",
        "##......####",
        "##..#.#.####",
        "##......####",
        "############",
        "############",
    ]


def test_nothing_gone_leaves_the_page():
    assert left([], [piece(4, 3, ["##", "##"])]) == ["############"] * 9
