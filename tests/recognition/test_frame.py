"""What the picture's frame cuts off, of a page that lies level or turned and of a sheet on a table."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.page import read_document
from recognition.params import RecognitionParams

WIDTH, HEIGHT, DIGIT_PX, GAP_PX = 1000, 900, 46, 9
SIDE = 2 * WIDTH
"""Of the paper, whose middle is the picture's."""
LEFT, WHOLE = 2, 4
"""So many digits are left of a number that lost one, and so many has one that lost none."""


@pytest.fixture
def picture(sample_pages):
    """Draws a picture, PNG, of paper that is turned counter-clockwise, with eight lines of three numbers.

    The frame goes through the first digit of each first number and the last of each last; of a sheet on a table, which
    runs out of the picture on the left alone, only through the first.
    """
    digits = sample_pages.Digits.load()

    def ink(rng, length):
        hand = sample_pages.Hand(rng, digits, (2 * DIGIT_PX, 400))
        hand.write(sample_pages.number(rng, length), 20, DIGIT_PX // 2, DIGIT_PX)
        columns = np.flatnonzero(hand.ink.max(axis=0) > 0.3)
        return hand.ink[:, columns[0] : columns[-1] + 1]

    def write_line(rng, hand, y, start, end, sheet):
        first, rest = ink(rng, 1), ink(rng, LEFT)
        seen = round(rng.uniform(0.3, 0.6) * first.shape[1])
        hand.place(first, start + seen - first.shape[1], y)
        hand.place(rest, start + seen + GAP_PX, y)
        middle = ink(rng, WHOLE)
        hand.place(middle, (start + end - middle.shape[1]) // 2, y)
        if sheet:
            whole = ink(rng, WHOLE)
            hand.place(whole, end - 120 - whole.shape[1], y)
            return
        rest, last = ink(rng, LEFT), ink(rng, 1)
        seen = round(rng.uniform(0.3, 0.6) * last.shape[1])
        hand.place(last, end - seen, y)
        hand.place(rest, end - seen - GAP_PX - rest.shape[1], y)

    def draw(angle_deg, seed, *, sheet=False):
        rng = np.random.default_rng(seed)
        matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), angle_deg, 1)
        matrix[:, 2] += (WIDTH - SIDE) / 2, (HEIGHT - SIDE) / 2
        hand = sample_pages.Hand(rng, digits, (SIDE, SIDE))
        for y in range(SIDE // 2 - 320, SIDE // 2 + 300, 84):
            # Where the frame crosses the line on the paper.
            ends = [(x - matrix[0, 1] * (y + DIGIT_PX) - matrix[0, 2]) / matrix[0, 0] for x in (0, WIDTH)]
            write_line(rng, hand, y, round(ends[0]), round(ends[1]), sheet)
        paper = sample_pages.inked(sample_pages.paper(rng, SIDE, SIDE, (240, 244, 246)), hand.ink, (45, 40, 40))
        if sheet:
            table = sample_pages.paper(rng, SIDE, SIDE, (58, 74, 96)).astype(np.float32)
            lying = np.s_[SIDE // 2 - 370 : SIDE // 2 + 370, : SIDE // 2 + 440]
            table[lying] = paper[lying]
            paper = table
        done, data = cv2.imencode(".png", sample_pages.grain(rng, cv2.warpAffine(paper, matrix, (WIDTH, HEIGHT)), 3))
        assert done
        return data.tobytes()

    return draw


def read(data, reader):
    """The texts that were accepted, and those that were not."""
    (page,) = read_document(data, reader, RecognitionParams()).pages
    return ([number.text for number in page.numbers if number.needs_review is doubtful] for doubtful in (False, True))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("angle_deg", [0, 4, 7, 12, -9])
def test_no_number_is_accepted_that_lost_a_digit_to_the_frame_of_a_turned_page(picture, reader, angle_deg, seed):
    accepted, doubtful = read(picture(angle_deg, seed), reader)
    assert [text for text in accepted if len(text) != WHOLE] == []
    assert len(accepted) >= 5
    assert len(doubtful) >= 14


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("angle_deg", [0, 3, 6, -5])
def test_no_number_is_accepted_that_lost_a_digit_to_the_frame_of_a_sheets_photo(picture, reader, angle_deg, seed):
    accepted, doubtful = read(picture(angle_deg, seed, sheet=True), reader)
    assert [text for text in accepted if len(text) != WHOLE] == []
    assert len(accepted) >= 12
    assert len(doubtful) >= 7
