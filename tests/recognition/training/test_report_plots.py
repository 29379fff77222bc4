from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recognition.training.metrics import reliability
from recognition.training.report_plots import reliability_diagram, risk_coverage_diagram

ORANGE_BGR = (10, 89, 200)
BLUE_BGR = (168, 95, 31)


def share_of(color_bgr: tuple[int, int, int], png: bytes) -> float:
    picture: NDArray[np.uint8] = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    return float((np.abs(picture.astype(int) - color_bgr).max(axis=2) < 8).mean())


@pytest.mark.parametrize("count", [1, 2, 5000])
def test_the_diagrams_show_few_and_many_decisions(count: int) -> None:
    confidence = np.linspace(0.2, 1, count)
    correct = confidence > 0.3
    assert share_of(BLUE_BGR, reliability_diagram(reliability(confidence, correct), "digits")) > 5e-4
    assert share_of(BLUE_BGR, risk_coverage_diagram(confidence, correct, "digits", total=count)) > 1e-4


def test_the_threshold_in_use_is_marked() -> None:
    confidence, correct = np.array([0.5, 0.95]), np.array([False, True])
    marked = risk_coverage_diagram(confidence, correct, "numbers", total=3, accept=0.9)
    assert share_of(ORANGE_BGR, marked) > 5e-5
    unmarked = risk_coverage_diagram(confidence, correct, "numbers", total=3, accept=0.99)
    assert share_of(ORANGE_BGR, unmarked) == 0


def test_without_decisions_the_axes_stand_alone() -> None:
    nothing = np.array([]), np.array([], bool)
    assert reliability_diagram([], "digits").startswith(b"\x89PNG")
    assert risk_coverage_diagram(*nothing, "digits", total=0, accept=0.5).startswith(b"\x89PNG")
