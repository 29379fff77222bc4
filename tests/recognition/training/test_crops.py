from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from recognition.training.crops import MAX_HEIGHT_PX, MAX_WIDTH_PX, crop_with_context, data_uri, digit_png


def decoded(content: bytes) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


@pytest.fixture
def page() -> NDArray[np.uint8]:
    """A white page with a black square of 40 px at (100, 100)."""
    pixels = np.full((300, 400, 3), 255, np.uint8)
    pixels[100:140, 100:140] = 0
    return pixels


def test_a_crop_shows_what_stands_around_the_number(page: NDArray[np.uint8]) -> None:
    crop = decoded(crop_with_context(page, (100, 100, 40, 40)))
    assert crop.shape[:2] == (80, 144)
    assert crop[40, 72].max() < 40
    assert crop[5, 5].min() > 220


def test_a_crop_has_a_frame_and_the_page_none(page: NDArray[np.uint8]) -> None:
    before = page.copy()
    crop = decoded(crop_with_context(page, (200, 200, 40, 40))).astype(int)
    assert (crop.max(axis=2) - crop.min(axis=2)).max() > 60
    assert (page == before).all()


def test_a_large_number_is_shown_small(page: NDArray[np.uint8]) -> None:
    height, width = decoded(crop_with_context(page, (10, 10, 380, 60))).shape[:2]
    assert height <= MAX_HEIGHT_PX
    assert width <= MAX_WIDTH_PX


def test_a_small_number_is_shown_larger(page: NDArray[np.uint8]) -> None:
    assert decoded(crop_with_context(page, (100, 100, 12, 16))).shape[:2] == (64, 108)
    assert decoded(crop_with_context(page, (100, 100, 2, 2))).shape[0] == 4 * 10


def test_a_box_that_reaches_over_the_page_is_cut_there(page: NDArray[np.uint8]) -> None:
    assert decoded(crop_with_context(page, (380.5, 290.2, 40, 40))).size
    assert crop_with_context(page, (900, 900, 40, 40)) == b""


def test_a_digit_has_dark_ink_on_white() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[10, 10] = 255
    picture = decoded(digit_png(image))
    assert picture[10, 10].max() == 0
    assert picture[0, 0].min() == 255


def test_an_address_holds_the_picture_itself() -> None:
    assert data_uri(b"\x89PNG").startswith("data:image/png;base64,iVBORw")
    assert data_uri(b"\xff\xd8\xff").startswith("data:image/jpeg;base64,/9j/")
