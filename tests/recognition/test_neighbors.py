from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recognition.neighbors import edges_of, overlapping
from recognition.types import BoundingBox

INTERVALS = st.lists(st.tuples(st.integers(0, 40), st.integers(-5, 20)), max_size=30)


def pairs(starts, ends):
    return [(int(i), int(j)) for first, second in overlapping(starts, ends) for i, j in zip(first, second, strict=True)]


@given(INTERVALS)
def test_the_pairs_are_those_that_overlap(intervals):
    starts = np.array([start for start, _ in intervals], np.int64)
    ends = starts + np.array([length for _, length in intervals], np.int64)
    order = np.argsort(starts, kind="stable").tolist()
    every = [(i, j) for at, i in enumerate(order) for j in order[at + 1 :] if starts[j] <= ends[i]]
    assert pairs(starts, ends) == every


def test_many_are_taken_some_at_a_time():
    starts = np.arange(1000.0)
    blocks = list(overlapping(starts, starts + 2))
    assert max(len(first) for first, _ in blocks) < 1000
    assert sum(len(first) for first, _ in blocks) == 999 + 998


def test_the_edges_of_boxes_are_a_row_each():
    boxes = [BoundingBox(3, 4, 10, 20), BoundingBox(0, 0, 1, 2)]
    assert edges_of(boxes).tolist() == [[3, 4, 13, 24], [0, 0, 1, 2]]
    assert edges_of([]).shape == (0, 4)
