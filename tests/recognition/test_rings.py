from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.components import find_components
from recognition.page import read_document
from recognition.params import ComponentParams, RecognitionParams, RingParams
from recognition.rings import without_rings

COLOR = (50, 40, 40)


@pytest.fixture
def written(sample_pages):
    """Six numbers on a page, their ink."""
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (480, 760))
    for k, text in enumerate(["4071", "86", "2953", "6", "13", "7508"]):
        hand.write(text, 60 + 360 * (k % 2), 50 + 140 * (k // 2), 46)
    return hand.ink


@pytest.fixture
def read(sample_pages, reader):
    def numbers(ink):
        paper = np.full((*ink.shape, 3), 240, np.uint8)
        pixels = np.rint(sample_pages.inked(paper, ink, COLOR)).astype(np.uint8)
        return read_document(cv2.imencode(".png", pixels)[1].tobytes(), reader, RecognitionParams()).pages[0].numbers

    return numbers


def circled(ink, box, reach=0.9, overshoot=0.1):
    """The ink with a circle around a box, whose end runs past its beginning."""
    angles = np.linspace(0, 2 * np.pi + overshoot, 90)
    x = box.center[0] + (box.width / 2 + 0.5 * reach * box.height) * np.cos(angles) * (1 + 0.02 * angles)
    y = box.center[1] + reach * box.height * np.sin(angles)
    line = np.zeros(ink.shape, np.uint8)
    cv2.polylines(line, [np.rint(np.stack([x, y], axis=1)).astype(np.int32)], False, 255, 4, cv2.LINE_AA)
    return np.maximum(ink, line / np.float32(255))


def framed(ink, box):
    line = np.zeros(ink.shape, np.uint8)
    corners = [(box.x - 16, box.y - 14), (box.right + 15, box.y - 16), (box.right + 17, box.bottom + 14)]
    cv2.polylines(line, [np.array([*corners, (box.x - 15, box.bottom + 16)], np.int32)], True, 255, 4, cv2.LINE_AA)
    return np.maximum(ink, line / np.float32(255))


def test_numbers_in_circles_and_frames_are_read_and_accepted_as_without(written, read):
    before = read(written)
    marked = written
    for k in (0, 3):
        marked = circled(marked, before[k].bbox)
    marked = framed(marked, before[4].bbox)
    after = read(marked)
    assert [number.text for number in after] == [number.text for number in before]
    assert [number.text for number in after if not number.needs_review] == [number.text for number in before]


@pytest.mark.parametrize("shift", [24, 34, 44])
def test_a_digit_that_touches_its_circle_is_not_lost_without_a_word(written, read, shift):
    before = read(written)
    number = before[0]
    line = np.zeros(written.shape, np.uint8)
    center = (round(number.bbox.center[0]) - shift, round(number.bbox.center[1]))
    cv2.ellipse(line, center, (number.bbox.width // 2 + 14, 50), 0, 0, 360, 255, 4, cv2.LINE_AA)
    after = read(np.maximum(written, line / np.float32(255)))
    here = [one for one in after if one.bbox.y < 120 and one.bbox.x < 360]
    assert all(one.needs_review or one.text == number.text for one in here)
    assert here


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        (lambda page: cv2.ellipse(page, (100, 100), (30, 45), 0, 0, 360, 200, 6), "nothing is in it"),
        (
            lambda page: cv2.circle(cv2.ellipse(page, (100, 100), (30, 45), 0, 0, 360, 200, 6), (100, 100), 5, 200, -1),
            "a dot in it",
        ),
        (
            lambda page: cv2.line(
                cv2.ellipse(page, (100, 100), (30, 45), 0, 0, 360, 200, 6), (92, 118), (108, 82), 200, 5
            ),
            "a slash in it",
        ),
    ],
)
def test_a_zero_stays_whatever_is_in_it(reader, mark, why):
    page = mark(np.zeros((200, 200), np.uint8))
    readings = reader.read(find_components(page, page, ComponentParams()), page)
    left = without_rings(readings, page, reader, RingParams(), ComponentParams())
    assert [id(reading) for reading in left] == [id(reading) for reading in readings], why


def test_a_page_without_ink_has_no_rings(reader):
    assert without_rings([], np.zeros((9, 9), np.uint8), reader, RingParams(), ComponentParams()) == []
