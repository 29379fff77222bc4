from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recognition.annotate import annotate, crop_png
from recognition.params import AnnotateParams
from recognition.types import BoundingBox, Number

BLUE, VERMILLION = np.array([178, 114, 0]), np.array([0, 94, 213])
FINE = AnnotateParams(jpeg_quality=95)


def make_page(height: int = 600, width: int = 800, grey: int = 245) -> NDArray[np.uint8]:
    return np.full((height, width, 3), grey, np.uint8)


def make_number(box: BoundingBox, text: str = "0071", *, needs_review: bool = False) -> Number:
    return Number(text, box, 0, 0, 0.9, needs_review, (), ())


def drawn(page: NDArray[np.uint8], *numbers: Number, unread: tuple[BoundingBox, ...] = ()) -> NDArray[np.int16]:
    picture = cv2.imdecode(np.frombuffer(annotate(page.copy(), numbers, unread, FINE), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.astype(np.int16)


def changed(picture: NDArray[np.int16], page: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.abs(picture - page).max(axis=2) > 40


@pytest.mark.parametrize(("height", "width"), [(60, 90), (300, 400), (3508, 2480)])
def test_the_picture_has_the_size_of_the_page(height: int, width: int) -> None:
    page = make_page(height, width)
    picture = drawn(page, make_number(BoundingBox(width // 3, height // 2, width // 4, max(8, height // 20))))
    assert picture.shape == page.shape


@pytest.mark.parametrize("grey", [245, 20])
def test_the_reading_stands_above_the_number_and_the_number_itself_is_not_touched(grey: int) -> None:
    page = make_page(grey=grey)
    box = BoundingBox(200, 300, 160, 40)
    touched = changed(drawn(page, make_number(box)), page)
    assert not touched[box.y : box.bottom, box.x : box.right].any()
    rows, columns = np.nonzero(touched)
    assert rows.min() < box.y - 20
    assert rows.max() < box.bottom + 10
    assert columns.min() > box.x - 12


def test_a_reading_hides_nothing_that_was_left_out() -> None:
    page = make_page()
    number, unread = make_number(BoundingBox(200, 300, 160, 40)), BoundingBox(210, 255, 30, 38)
    place = (slice(unread.y, unread.bottom), slice(unread.x, unread.right))
    assert changed(drawn(page, number), page)[place].any()
    assert not changed(drawn(page, number, unread=(unread,)), page)[place].any()


def test_a_reading_has_the_ink_of_its_digits() -> None:
    page = make_page()
    box = BoundingBox(200, 300, 160, 40)
    one = changed(drawn(page, make_number(box, "1")), page)[:292].sum()
    four = changed(drawn(page, make_number(box, "1111")), page)[:292].sum()
    rejected = changed(drawn(page, make_number(box, "?")), page)[:292].sum()
    assert four > 3 * one > 0
    assert rejected not in (0, one)


def test_accepted_and_doubtful_numbers_differ_in_colour_and_without_any() -> None:
    page = make_page()
    box = BoundingBox(200, 300, 160, 40)
    accepted, doubtful = drawn(page, make_number(box)), drawn(page, make_number(box, needs_review=True))
    assert np.abs(accepted - BLUE).max(axis=2).min() < 25
    assert np.abs(doubtful - VERMILLION).max(axis=2).min() < 25
    assert side(accepted, box).all()
    dashes = side(doubtful, box)
    assert 0.3 < dashes.mean() < 0.8
    assert np.count_nonzero(np.diff(dashes.astype(np.int8))) > 6


def side(picture: NDArray[np.int16], box: BoundingBox) -> NDArray[np.bool_]:
    """Where the right half of the frame's lower side has ink, looking at grey only, before a corner's mark."""
    grey = picture.mean(axis=2)[box.bottom : box.bottom + 12, box.x + 10 : box.right - 20]
    return np.asarray(grey.min(axis=0) < 190)


def test_lines_grow_with_the_resolution() -> None:
    small, large = make_page(300, 400), make_page(3000, 4000)
    thin = changed(drawn(small, make_number(BoundingBox(100, 150, 60, 20), "1")), small)
    thick = changed(drawn(large, make_number(BoundingBox(1000, 1500, 600, 200), "1")), large)
    assert thick[1600, 900:1000].sum() >= 3 * thin[160, 90:100].sum() > 0


def test_numbers_at_the_edges_are_framed_inside_the_page() -> None:
    page = make_page()
    corners = [BoundingBox(x, y, 60, 30) for x in (0, 740) for y in (0, 570)]
    picture = drawn(page, *(make_number(box) for box in corners))
    assert changed(picture, page).any()


def test_a_page_without_numbers_says_so_in_its_corner() -> None:
    page = make_page()
    touched = changed(drawn(page), page)
    assert touched[:40, :300].any()
    assert not touched[60:].any()


def test_a_page_of_one_pixel_is_drawn() -> None:
    assert drawn(make_page(1, 1)).shape == (1, 1, 3)
    assert drawn(make_page(1, 1), make_number(BoundingBox(0, 0, 1, 1), "1")).shape == (1, 1, 3)


@pytest.mark.parametrize(
    "box", [BoundingBox(100, 100, 300, 200), BoundingBox(0, 0, 40, 12), BoundingBox(0, 590, 800, 10)]
)
def test_a_crop_shows_the_number_and_is_small(box: BoundingBox) -> None:
    page = make_page()
    page[box.y : box.bottom, box.x : box.right] = 30
    crop = cv2.imdecode(np.frombuffer(crop_png(page, box), np.uint8), cv2.IMREAD_COLOR)
    assert crop is not None
    assert crop.shape[0] <= 48
    assert crop.shape[1] <= 480
    assert abs(int(crop.min()) - 30) <= 9
    assert np.mean(crop < 60) > 0.3


def test_a_crop_of_grainy_paper_is_about_a_kilobyte() -> None:
    page = np.random.default_rng(0).normal(235, 5, (200, 400, 3)).clip(0, 255).astype(np.uint8)
    cv2.putText(page, "4711", (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 2, (60, 40, 30), 5, cv2.LINE_AA)
    assert len(crop_png(page, BoundingBox(55, 70, 170, 60))) < 2500
