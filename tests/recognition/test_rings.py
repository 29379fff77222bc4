from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.components import Component, find_components
from recognition.page import read_document
from recognition.params import ComponentParams, RecognitionParams, RingParams
from recognition.rings import without_rings
from recognition.types import BoundingBox

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


@pytest.fixture
def ring_about(make_reading, reader):
    """Draws a ring 80 px wide and 120 high with readings in or beside it, and tells whether it is left out."""

    def left_out(*inner, pen_px=6, form=(0, 360)):
        mask = np.zeros((120, 80), np.uint8)
        cv2.ellipse(mask, (40, 60), (39 - pen_px // 2, 59 - pen_px // 2), 0, *form, 255, pen_px)
        page = cv2.copyMakeBorder(mask, 40, 140, 40, 180, cv2.BORDER_CONSTANT)
        piece = Component(BoundingBox(40, 40, 80, 120), mask, int(np.count_nonzero(mask)), 255.0)
        readings = [replace(make_reading(0, (40, 40, 80, 120)), piece=piece)]
        readings += [make_reading(digit, box, confidence) for digit, box, confidence in inner]
        left = without_rings(readings, page, reader, RingParams(), ComponentParams())
        assert [id(one) for one in left][-len(inner) :] == [id(one) for one in readings[1:]]
        return len(left) < len(readings)

    return left_out


def test_a_thin_line_around_a_digit_is_left_out_and_nothing_else(ring_about):
    inside = (60, 70, 40, 60)
    assert ring_about((3, inside, 0.99))
    assert ring_about((3, inside, 0.99), (7, (44, 44, 20, 30), 0.99)), "of two digits one is in the corner of its box"
    assert not ring_about((1, inside, 0.99)), "a 0 with a slash in it"
    assert not ring_about((3, inside, 0.7)), "what is no digit"
    assert not ring_about((3, (60, 70, 40, 20), 0.99)), "a speck that looks like a digit"
    assert not ring_about((3, (46, 44, 68, 108), 0.99)), "a digit upon it"
    assert not ring_about((3, inside, 0.99), pen_px=30), "a bold pen"
    assert not ring_about((3, inside, 0.99), form=(90, 270)), "a bracket"


@pytest.mark.parametrize("box", [(60, 165, 40, 60), (30, 70, 60, 60), (90, 70, 60, 60), (60, 20, 40, 60)])
def test_a_zero_beside_which_a_digit_stands_is_no_ring(ring_about, box):
    assert not ring_about((3, box, 0.99))


def test_a_digit_that_touches_its_circle_is_read_by_itself_and_all_in_the_circle_are_in_doubt(sample_pages, reader):
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (240, 500))
    for text, x in (("473", 100), ("8", 256), ("6", 380)):
        hand.write(text, x, 90, 50)
    page = np.rint(220 * hand.ink).astype(np.uint8)
    cv2.ellipse(page, (150, 115), (92, 75), 0, 0, 360, 220, 4, cv2.LINE_AA)
    cv2.line(page, (57, 115), (110, 115), 220, 4, cv2.LINE_AA)
    mask = np.where(page > 80, np.uint8(255), np.uint8(0))
    readings = reader.read(find_components(mask, page, ComponentParams()), page)
    left = without_rings(readings, page, reader, RingParams(), ComponentParams())
    found = {reading.digit: reading for reading in left}
    assert sorted(found) == [3, 4, 6, 7, 8]
    assert [digit for digit, reading in found.items() if reading.touching] == [4]
    assert BoundingBox(90, 90, 20, 55).holds(found[4].piece.bbox)
    assert all(found[digit].most == RingParams().most for digit in (3, 4, 7))
    assert all(found[digit].confidence <= RingParams().most + 1e-6 for digit in (3, 4, 7))
    assert found[8].most == RingParams().most, "it may be half in it"
    assert found[6] in readings, "it is far from it"


def test_a_page_without_ink_has_no_rings(reader):
    assert without_rings([], np.zeros((9, 9), np.uint8), reader, RingParams(), ComponentParams()) == []
