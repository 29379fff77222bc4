from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recognition.params import SplitParams
from recognition.seams import find_seams

PARAMS = SplitParams()


def bars(bridge: int) -> np.ndarray:
    """Two upright bars that a bridge of some rows joins in the middle."""
    mask = np.zeros((48, 32), np.uint8)
    mask[:, :8] = mask[:, 24:] = 255
    mask[24 : 24 + bridge, 8:24] = 255
    return mask


def cheapest(mask: np.ndarray):
    """The seam of least cost that has ink on either side."""
    columns = np.arange(mask.shape[1])
    sides = [(seam, mask > 0, columns < seam.path[:, None]) for seam in find_seams(mask, PARAMS)]
    inner = [seam for seam, ink, left in sides if (ink & left).any() and (ink & ~left).any()]
    return min(inner, key=lambda seam: seam.cost)


def test_a_seam_goes_through_the_bridge_between_two_bars():
    best = cheapest(bars(3))
    assert 8 <= best.column <= 24
    assert 3 <= best.cost <= 8  # the bridge's rows, which are deeper in the middle


def test_a_thicker_bridge_costs_more():
    costs = [cheapest(bars(bridge)).cost for bridge in (0, 2, 6, 12)]
    assert costs[0] == 0
    assert costs == sorted(set(costs))


def test_a_seam_bends_around_what_slants():
    mask = np.zeros((48, 60), np.uint8)
    cv2.line(mask, (24, 2), (14, 46), 255, 5)
    cv2.line(mask, (44, 2), (34, 46), 255, 5)
    best = cheapest(mask)
    assert best.cost == 0
    left = mask * (np.arange(60) < best.path[:, None])
    assert np.array_equal(left, cv2.line(np.zeros_like(mask), (24, 2), (14, 46), 255, 5))


@settings(max_examples=40)
@given(
    arrays.arrays(np.uint8, st.tuples(st.integers(4, 48), st.integers(1, 90)), elements=st.sampled_from([0, 255])),
    st.integers(1, 12),
)
def test_seams_come_from_the_left_stay_on_the_piece_and_are_no_more_than_asked_for(mask, max_cuts):
    height, width = mask.shape
    seams = find_seams(mask, SplitParams(max_cuts=max_cuts))
    assert len(seams) <= max_cuts
    assert [seam.column for seam in seams] == sorted(seam.column for seam in seams)
    for seam in seams:
        assert seam.path.shape == (height,)
        assert (seam.path >= 0).all()
        assert (seam.path <= width).all()
        assert (np.abs(np.diff(seam.path)) <= 1).all()
        assert seam.cost >= 0
