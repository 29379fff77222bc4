from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recognition.paper import enclosing_quadrilateral, find_sheet
from recognition.params import PaperParams
from recognition.types import BoundingBox

PARAMS = PaperParams()
SHAPE = (480, 640)
PAPER = (225, 230, 232)
WOOD = (40, 95, 160)
DARK = (30, 28, 34)
CLOTH = (150, 186, 172)
"""Hardly darker than paper, and of a faint color."""


def table(color: tuple[int, int, int], shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """A table with a coarse grain."""
    grain = np.random.default_rng(3).normal(0, 0.15, shape).astype(np.float32)
    grain = 1 + 4 * cv2.GaussianBlur(grain, (0, 0), sigmaX=12, sigmaY=1.5)
    return np.clip(np.array(color, np.float32) * grain[..., None], 0, 255).astype(np.uint8)


def with_sheet(page: np.ndarray, corners: list[tuple[int, int]], color: tuple[int, int, int] = PAPER) -> np.ndarray:
    """The page with a sheet of squared paper on it."""
    sheet = np.full(page.shape, color, np.uint8)
    sheet[::20], sheet[:, ::20] = (150, 140, 120), (150, 140, 120)
    return np.where(filled(corners, page.shape)[..., None] > 0, sheet, page)


def filled(corners: np.ndarray | list[tuple[int, int]], shape: tuple[int, ...]) -> np.ndarray:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.rint(np.array(corners)).astype(np.int32), 255)
    return mask


def agreement(found: np.ndarray, corners: list[tuple[int, int]]) -> float:
    """Intersection over union of the sheet found and the one there is, within the picture."""
    one, other = filled(found, SHAPE) > 0, filled(corners, SHAPE) > 0
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("color", [WOOD, DARK])
@pytest.mark.parametrize(
    "corners",
    [
        [(150, 90), (500, 100), (490, 400), (140, 380)],
        [(320, 60), (540, 250), (330, 440), (110, 240)],  # aslant
        [(300, 80), (900, 60), (900, 390), (290, 400)],  # half out of the picture
        [(60, -90), (600, -90), (590, 900), (50, 900)],  # a strip of table at either side
        [(-50, -50), (560, -50), (550, 900), (-50, 900)],  # and at one side only
    ],
)
def test_a_sheet_on_a_table_is_found_where_it_lies(color, corners):
    sheet = find_sheet(with_sheet(table(color), corners), PARAMS)
    assert sheet is not None
    assert agreement(sheet.outline, corners) > 0.95


@pytest.mark.parametrize("light", [(1, 1, 1), (0.6, 0.85, 1), (1, 0.9, 0.7)])
def test_a_sheet_on_a_cloth_of_faint_color_is_found_in_any_light(light):
    corners = [(150, 90), (500, 100), (490, 400), (140, 380)]
    photo = (with_sheet(table(CLOTH), corners) * np.array(light)).astype(np.uint8)
    sheet = find_sheet(photo, PARAMS)
    assert sheet is not None
    assert agreement(sheet.outline, corners) > 0.95


@settings(max_examples=30)
@given(
    angle_deg=st.floats(-45, 45),
    width=st.integers(220, 380),
    height=st.integers(180, 300),
    jitter=st.lists(st.integers(-12, 12), min_size=8, max_size=8),
)
def test_a_sheet_is_found_at_any_angle(angle_deg, width, height, jitter):
    corners = cv2.boxPoints(((320, 240), (width, height), angle_deg)) + np.array(jitter).reshape(4, 2)
    assume((corners > 5).all() and (corners < np.array(SHAPE[::-1]) - 5).all())
    sheet = find_sheet(with_sheet(table(DARK), corners.tolist()), PARAMS)
    assert sheet is not None
    assert agreement(sheet.outline, corners.tolist()) > 0.9


def test_a_sheet_whose_corner_is_in_the_dark_keeps_its_corner():
    corners = [(100, 60), (540, 60), (540, 420), (100, 420)]
    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    light = np.clip(1.15 - np.hypot(columns / 640, rows / 480) ** 3 / 2.3, 0.3, 1)
    page = (with_sheet(table(DARK), corners) * light[..., None]).astype(np.uint8)
    sheet = find_sheet(page, PARAMS)
    assert sheet is not None
    assert agreement(sheet.outline, corners) > 0.93


def vignetted(page: np.ndarray) -> np.ndarray:
    rows, columns = np.mgrid[-1 : 1 : SHAPE[0] * 1j, -1 : 1 : SHAPE[1] * 1j]
    return (page * np.exp(-1.2 * (rows**2 + columns**2))[..., None]).astype(np.uint8)


def shadowed(page: np.ndarray) -> np.ndarray:
    """A page of which a book's shadow with a straight, sharp edge leaves a part bright."""
    bright = filled([(80, 40), (600, 60), (590, 440), (90, 430)], SHAPE)
    return np.where(bright[..., None] > 0, page, page * 0.55).astype(np.uint8)


def folded(page: np.ndarray) -> np.ndarray:
    """A page of a book, which darkens into its fold."""
    columns = np.linspace(0, 1, SHAPE[1])
    return (page * (1 - 0.9 * np.exp(-((columns / 0.06) ** 2)))[:, None]).astype(np.uint8)


def written(paper: tuple[int, int, int], ink: int) -> np.ndarray:
    page = np.full((*SHAPE, 3), paper, np.uint8)
    for y in range(60, 440, 60):
        cv2.putText(page, "30 4712 9", (60, y), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (ink, ink, ink), 3)
    return page


@pytest.mark.parametrize(
    "page",
    [
        written(PAPER, 40),
        vignetted(written(PAPER, 40)),
        shadowed(written(PAPER, 40)),
        folded(written(PAPER, 40)),
        written((40, 60, 40), 230),
        cv2.copyMakeBorder(written((40, 60, 40), 230), 30, 30, 30, 30, cv2.BORDER_CONSTANT, value=WOOD),
        table(WOOD),
        np.full((*SHAPE, 3), 200, np.uint8),
        np.zeros((*SHAPE, 3), np.uint8),
        np.full((20, 4000, 3), 200, np.uint8),
        np.full((1, 1, 3), 200, np.uint8),
    ],
    ids=["scan", "vignette", "shadow", "fold", "board", "framed board", "table", "blank", "black", "strip", "dot"],
)
def test_a_page_that_fills_the_picture_is_no_sheet_on_a_table(page):
    assert find_sheet(page, PARAMS) is None


def test_paper_that_is_not_in_the_middle_of_the_picture_is_not_what_was_photographed():
    assert find_sheet(with_sheet(table(DARK), [(10, 20), (210, 20), (210, 200), (10, 200)]), PARAMS) is None


def test_a_sheets_box_ends_at_the_frame():
    sheet = find_sheet(with_sheet(table(DARK), [(300, 80), (900, 60), (900, 390), (290, 400)]), PARAMS)
    assert sheet is not None
    box = sheet.box(SHAPE)
    assert box.right == 640
    assert abs(box.x - 290) <= 4
    assert BoundingBox(0, 0, 640, 480).union(box) == BoundingBox(0, 0, 640, 480)


def test_a_polygon_with_a_corner_cut_off_gets_the_corner_back():
    cut = np.array([(0, 0), (100, 0), (100, 70), (80, 90), (0, 90)], np.int32)
    found = enclosing_quadrilateral(cut)
    assert found is not None
    assert sorted(found.round().astype(int).tolist()) == [[0, 0], [0, 90], [100, 0], [100, 90]]


@pytest.mark.parametrize("corners", [[(0, 0), (50, 0), (0, 50)], [(0, 0), (50, 0)]])
def test_a_triangle_has_no_quadrilateral_around_it(corners):
    assert enclosing_quadrilateral(np.array(corners, np.int32)) is None


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), min_size=5, max_size=30))
def test_the_quadrilateral_is_around_the_polygon(points):
    hull = np.asarray(cv2.convexHull(np.array(points, np.int32))).reshape(-1, 2)
    found = enclosing_quadrilateral(hull)
    if found is not None:
        for x, y in hull.tolist():
            assert cv2.pointPolygonTest(found, (x, y), True) >= -4
