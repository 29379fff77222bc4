from __future__ import annotations

import cv2
import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from recognition.training.metrics import Bin, reliability
from recognition.training.report_plots import png, reliability_diagram, risk_coverage_diagram

ORANGE_BGR = (10, 89, 200)
BLUE_BGR = (168, 95, 31)


def share_of(color_bgr: tuple[int, int, int], png: bytes) -> float:
    picture: NDArray[np.uint8] = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    return float((np.abs(picture.astype(int) - color_bgr).max(axis=2) < 8).mean())


@pytest.mark.parametrize("count", [1, 2, 5000])
def test_the_diagrams_show_few_and_many_decisions(count: int) -> None:
    confidence = np.linspace(0.2, 1, count)
    correct = confidence > 0.3
    assert share_of(BLUE_BGR, png(reliability_diagram(reliability(confidence, correct), "digits"))) > 5e-4
    assert share_of(BLUE_BGR, png(risk_coverage_diagram(confidence, correct, "digits", total=count))) > 1e-4


def test_the_threshold_in_use_is_marked() -> None:
    confidence, correct = np.array([0.5, 0.95]), np.array([False, True])
    marked = risk_coverage_diagram(confidence, correct, "numbers", total=3, accept=0.9)
    assert share_of(ORANGE_BGR, png(marked)) > 5e-5
    unmarked = risk_coverage_diagram(confidence, correct, "numbers", total=3, accept=0.99)
    assert share_of(ORANGE_BGR, png(unmarked)) == 0


def test_without_decisions_the_axes_stand_alone() -> None:
    nothing = np.array([]), np.array([], bool)
    assert png(reliability_diagram([], "digits")).startswith(b"\x89PNG")
    assert png(risk_coverage_diagram(*nothing, "digits", total=0, accept=0.5)).startswith(b"\x89PNG")


def test_the_share_of_right_decisions_stands_above_their_confidence() -> None:
    bins = [Bin(0.2, 0.4, 10, 0.3, 0.5), Bin(0.9, 1.0, 40, 0.95, 0.9)]
    above, below = reliability_diagram(bins, "digits").axes
    diagonal, line = above.lines[:2]
    assert_points(diagonal, [(0, 0), (1, 1)])
    assert_points(line, [(0.3, 0.5), (0.95, 0.9)])
    bars = [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in below.patches if isinstance(bar, Rectangle)]
    np.testing.assert_allclose(bars, [(0.2, 0.2, 10), (0.9, 0.1, 40)])
    assert (above.get_ylabel(), below.get_xlabel(), below.get_ylabel()) == ("share right", "confidence", "digits")


@pytest.mark.parametrize(("most", "ticks"), [(0, ["1"]), (3, ["1", "3"]), (2400, ["1", "10", "100", "1,000"])])
def test_counts_stand_at_their_axis_as_people_write_them(most: int, ticks: list[str]) -> None:
    bins = [Bin(0.9, 1.0, most, 0.95, 0.9)] if most else []
    figure = reliability_diagram(bins, "digits")
    png(figure)
    assert [label.get_text() for label in figure.axes[1].get_yticklabels(which="both")] == ticks


def test_a_risk_of_zero_is_in_sight() -> None:
    confidence, correct = np.linspace(0.5, 1, 100), np.ones(100, bool)
    assert share_of(BLUE_BGR, png(risk_coverage_diagram(confidence, correct, "digits", total=100))) > 2e-3


def test_the_wrong_of_1000_accepted_stand_above_the_share_of_all_that_is_accepted() -> None:
    confidence, correct = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, True])
    [axes] = risk_coverage_diagram(confidence, correct, "numbers", total=10, accept=0.65).axes
    line, mark = axes.lines
    assert_points(line, [(0.1, 0), (0.2, 500), (0.3, 1000 / 3), (0.4, 250)])
    assert_points(mark, [(0.3, 1000 / 3)])
    assert axes.get_xlabel() == "share of the numbers that is accepted"
    assert axes.get_ylabel() == "wrong of 1000 accepted"


def assert_points(line: Line2D, points: list[tuple[float, float]]) -> None:
    """The line goes through these points, each (x, y)."""
    np.testing.assert_allclose(np.asarray(line.get_xydata()), points)
