from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.paper import Sheet
from recognition.skew import sheet_skew_deg, writing_skew_deg


def sloping(make_reading, angle_deg: float, rows: int = 5, columns: int = 8, jitter_px: float = 2.0):
    """Readings in lines that rise to the right by an angle."""
    rng = np.random.default_rng(1)
    places = [(34.0 * c + (90 if c > 4 else 0), 70.0 * r) for r in range(rows) for c in range(columns)]
    turn = np.deg2rad(angle_deg)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    centers = (np.array(places) + rng.normal(0, jitter_px, (len(places), 2))) @ matrix.T + 1000
    return [make_reading(3, (int(x), int(y), 20, 30)) for x, y in centers]


@settings(max_examples=40)
@given(st.floats(-44, 44))
def test_the_slope_of_lines_is_found(make_reading, angle_deg):
    assert writing_skew_deg(sloping(make_reading, angle_deg)) == pytest.approx(angle_deg, abs=1.5)


def test_a_column_slopes_as_much_as_its_lines(make_reading):
    assert writing_skew_deg(sloping(make_reading, 12, rows=12, columns=1)) == pytest.approx(12, abs=2)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_so_few_pieces_have_no_slope(make_reading, count):
    assert writing_skew_deg(sloping(make_reading, 20)[:count]) == 0


def test_scattered_pieces_have_no_slope(make_reading):
    places = np.random.default_rng(2).integers(0, 900, (60, 2)).tolist()
    assert writing_skew_deg([make_reading(3, (x, y, 20, 30)) for x, y in places]) == 0


@settings(max_examples=40)
@given(st.floats(-44, 44), st.integers(100, 400), st.integers(100, 400))
def test_a_sheet_slopes_as_its_sides_do(angle_deg, width, height):
    corners = cv2.boxPoints(((500, 500), (width, height), -angle_deg))  # OpenCV's angles turn clockwise
    assert sheet_skew_deg(Sheet(corners)) == pytest.approx(angle_deg, abs=0.1)


def test_a_sheet_seen_from_its_lower_side_does_not_slope():
    corners = np.array([(120, 100), (480, 100), (520, 400), (80, 400)], np.float32)
    assert sheet_skew_deg(Sheet(corners)) == pytest.approx(0, abs=0.1)
