from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.blots import is_blot, without_blots
from recognition.components import Component, make_component
from recognition.page import read_document
from recognition.params import BlotParams, RecognitionParams
from recognition.reading import raised, seconded
from recognition.types import Reason

PARAMS = BlotParams()


def drawn(axes: tuple[int, int], angle: int = 0, thickness: int = -1) -> Component:
    page = np.zeros((120, 120), np.uint8)
    cv2.ellipse(page, (60, 60), axes, angle, 0, 360, 255, thickness)
    piece = make_component(page, 0, 0, page)
    assert piece is not None
    return piece


@pytest.mark.parametrize("axes", [(12, 25), (20, 25), (25, 25), (25, 20)])
def test_what_is_filled_all_over_is_a_blot(axes):
    assert is_blot(drawn(axes), PARAMS)


@pytest.mark.parametrize("thickness", [3, 9, 15])
def test_what_has_a_hole_is_none(thickness):
    assert not is_blot(drawn((20, 25), thickness=thickness), PARAMS)


def test_what_is_small_is_none():
    assert is_blot(drawn((8, 13)), PARAMS)
    assert not is_blot(drawn((6, 10)), PARAMS)


def test_a_thin_stroke_aslant_is_none():
    assert not is_blot(drawn((5, 30), angle=45), PARAMS)


def test_handwritten_digits_are_no_blots(mnist):
    pieces = []
    for image, label in zip(*mnist, strict=True):
        mask = np.where(cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC) > 80, 255, 0).astype(
            np.uint8
        )
        if label != 1 and (piece := make_component(mask, 0, 0, mask)) is not None:
            pieces.append(piece)
    assert len(pieces) > 300
    assert not any(is_blot(piece, PARAMS) for piece in pieces)


def test_a_blot_stays_in_doubt_whatever_is_said_of_it(make_reading):
    filled = (0, 0, 30, 40)  # readings of this fixture are filled all over
    zero, one = make_reading(0, filled, 0.99), make_reading(1, (0, 0, 8, 40), 0.99)
    doubted, left = without_blots([zero, one], PARAMS)
    assert left is one
    assert doubted.digit == 0
    assert doubted.confidence == pytest.approx(PARAMS.most)
    for surer in (raised([doubted], 9.0), seconded([doubted], [zero.probabilities], 0.5)):
        assert surer[0].confidence == pytest.approx(PARAMS.most, abs=1e-3)


def test_a_number_that_ends_in_a_blot_goes_to_review(sample_pages, read_page):
    hand = sample_pages.Hand(np.random.default_rng(5), sample_pages.Digits.load(), (300, 600))
    hand.write("53", 100, 100, 50)
    hand.write("2847", 330, 200, 50)
    cv2.ellipse(hand.ink, (205, 127), (14, 23), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    with_blot, clean = read_page(sample_pages.inked(np.full((300, 600, 3), 240, np.uint8), hand.ink, (60, 40, 40)))
    assert with_blot.needs_review
    assert Reason.NOT_A_DIGIT in with_blot.reasons
    assert clean.text == "2847"
    assert not clean.needs_review


@pytest.fixture
def read_page(reader):
    def read(picture):
        encoded = cv2.imencode(".png", np.rint(picture).astype(np.uint8))[1].tobytes()
        return read_document(encoded, reader, RecognitionParams()).pages[0].numbers

    return read
