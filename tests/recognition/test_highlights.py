from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.highlights import without_highlights
from recognition.page import read_document
from recognition.params import HighlightParams, RecognitionParams

STRIPE = (slice(80, 140), slice(60, 300))
INK = 200


def written(shade=0, ink=INK):
    """A page with a stripe of that shade, and four rings on it."""
    page = np.zeros((400, 600), np.uint8)
    page[STRIPE] = shade
    for k in range(4):
        cv2.ellipse(page, (95 + 55 * k, 110), (14, 20), 0, 0, 360, ink, 5)
    return page


def without(page, **changes):
    return without_highlights(page.copy(), HighlightParams(**changes))


def test_a_stripe_becomes_paper_and_the_strokes_on_it_stay():
    page = without(written(64))
    bare = written(0) == 0
    assert not page[bare].any()
    assert page[~bare].min() > 100


def test_an_uneven_stripe_with_ragged_ends_becomes_paper_too():
    page = written(64)
    for row in range(80, 140):
        page[row, 52 + row % 7 : 60] = 64
    page[100:110, 60:300][page[100:110, 60:300] == 64] = 72
    assert not without(page)[written(0) == 0].any()


def test_the_strokes_of_a_stripe_are_as_dark_as_against_its_own_paper():
    brightness = 255 - written(0, 200).astype(np.float32)
    marked = brightness.copy()
    marked[STRIPE] *= 191 / 255  # what a stripe of darkness 64 lets through
    page = without(np.rint(255 - marked).astype(np.uint8))
    assert np.median(page[written(0) > 0]) == pytest.approx(200, abs=15)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (written(0), "nothing is marked"),
        (written(12), "so pale a stripe is no ink"),
        (written(160, 250), "hardly anything could be seen on so dark a one"),
        (written(64, 64), "nothing is written on it"),
        (written(64, 90), "what is on it is its own grain"),
        (np.zeros((5, 5), np.uint8), "there is nothing"),
        (np.full((3, 5000), 64, np.uint8), "it is narrower than any stripe"),
    ],
)
def test_other_pages_stay_as_they_are(page, why):
    assert np.array_equal(without(page), page), why


def test_a_bold_stroke_with_darker_places_stays_as_it_is():
    page = np.zeros((400, 600), np.uint8)
    cv2.line(page, (100, 60), (140, 340), 120, 34)
    cv2.line(page, (120, 190), (125, 230), 190, 20)
    assert np.array_equal(without(page), page)


@pytest.mark.parametrize(
    "color",
    [(115, 255, 255), (216, 153, 255), (90, 178, 255), (255, 204, 128), (204, 204, 204)],
    ids=["yellow", "pink", "orange", "blue", "grey box"],
)
def test_highlighted_numbers_are_read_like_the_others(sample_pages, reader, color):
    wanted = ["4071", "86", "2953", "640", "13", "7508"]
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (1500, 700))
    paper = np.full((*hand.ink.shape, 3), 240, np.uint8)
    for k, text in enumerate(wanted):
        x, y = 50 + 330 * (k % 2), 60 + 140 * (k // 2)
        hand.write(text, x, y, 40)
        if k % 3 != 1:
            paper[y - 8 : y + 52, x - 12 : x + 190] = np.array(color) * 240 // 255
    pixels = np.rint(sample_pages.inked(paper, hand.ink, (90, 50, 40))).astype(np.uint8)
    (page,) = read_document(cv2.imencode(".png", pixels)[1].tobytes(), reader, RecognitionParams()).pages
    assert [number.text for number in page.numbers] == wanted
