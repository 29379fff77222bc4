"""Pages that do not stand upright, and pages whose lines slope."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.params import AnnotateParams, RecognitionParams
from recognition.types import Reason

PARAMS = RecognitionParams()
SUMS = (("34729", 60, 20), ("7425", 360, 22), ("4739", 70, 112), ("9243", 360, 114), ("35274", 60, 200))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_that_does_not_stand_upright_is_turned_and_says_so(reader, note, quarters, read_pixels):
    page = note(*SUMS)
    (upright,) = read_pixels(page, reader).pages
    params = replace(PARAMS, annotate=AnnotateParams(crops=True))
    document = read_pixels(np.rot90(page, quarters), reader, params)
    (turned,) = document.pages
    assert upright.rotation == 0
    assert turned.rotation == 360 - 90 * quarters
    assert (turned.width, turned.height) == (600, 300)
    assert [number.text for number in turned.numbers] == [number.text for number in upright.numbers]
    for one, other in zip(turned.numbers, upright.numbers, strict=True):
        assert one.bbox.to_json() == pytest.approx(other.bbox.to_json(), abs=2)
    picture = cv2.imdecode(np.frombuffer(turned.annotated, np.uint8), cv2.IMREAD_COLOR)
    crop = cv2.imdecode(np.frombuffer(turned.numbers[0].crop, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert crop is not None
    assert picture.shape == page.shape
    assert crop.shape[1] > crop.shape[0]
    (warning,) = document.warnings
    assert warning.startswith("page 1 was turned ")
    assert not warning.endswith(".")


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_of_too_few_digits_to_be_turned_may_lie(reader, note, quarters, read_pixels):
    page = note(("3472", 200, 100))
    upright, lying = (read_pixels(np.rot90(page, turns), reader) for turns in (0, quarters))
    assert upright.warnings == ()
    assert [number.needs_review for number in upright.pages[0].numbers] == [False]
    assert lying.pages[0].rotation == 0
    (warning,) = lying.warnings
    assert warning.startswith("page 1 may lie upside-down or on its side")
    assert not warning.endswith(".")
    assert all(Reason.LOW_CONFIDENCE in number.reasons for number in lying.pages[0].numbers)
    assert quarters != 2 or lying.pages[0].numbers


@pytest.fixture
def sloping(reader, note, numbers_on, read_pixels):
    """Reads a page as it is and turned: the page that was read, its numbers as they stand level, and the turn."""

    def read(angle_deg):
        level = numbers_on(note(*SUMS), reader)
        matrix = cv2.getRotationMatrix2D((300, 150), angle_deg, 1)
        matrix[:, 2] += (100, 250)
        page = cv2.warpAffine(note(*SUMS), matrix, (800, 800), borderValue=(240, 240, 240))
        (turned,) = read_pixels(page, reader).pages
        return turned, level, matrix

    return read


@pytest.mark.parametrize("angle_deg", [-40, -25, 25, 40])
def test_a_page_whose_lines_slope_much_is_read_in_its_lines(sloping, angle_deg):
    read, level, _ = sloping(angle_deg)
    assert (read.rotation, read.width, read.height) == (0, 800, 800)
    assert [(number.line, number.position) for number in read.numbers] == [(n.line, n.position) for n in level]
    assert sum(number.text == other.text for number, other in zip(read.numbers, level, strict=True)) >= 4


@pytest.mark.parametrize("angle_deg", [-40, -25, 25, 40])
def test_numbers_of_sloping_lines_lie_where_they_stand(sloping, angle_deg):
    read, level, matrix = sloping(angle_deg)
    for number, other in zip(read.numbers, level, strict=True):
        assert number.bbox.center == pytest.approx(tuple(matrix @ (*other.bbox.center, 1)), abs=6)
