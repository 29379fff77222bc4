from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import pytest

from recognition.look import look_upright
from recognition.params import RecognitionParams


@pytest.mark.parametrize("angle_deg", [-44, -35, 35, 44])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_sheet_at_half_a_right_angle_is_not_turned_by_a_quarter_first(angle_deg, seed, sample_pages, reader):
    sheet = sample_pages.log_sheet(np.random.default_rng(seed), sample_pages.Digits.load()).pixels
    sheet = cv2.resize(sheet, None, fx=700 / sheet.shape[0], fy=700 / sheet.shape[0], interpolation=cv2.INTER_AREA)
    height, width = sheet.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1)
    matrix[:, 2] += 600 - width / 2, 600 - height / 2
    photo = cv2.warpAffine(sheet, matrix, (1200, 1200), borderValue=(40, 45, 50))
    _, rotation, look = look_upright(photo, reader, RecognitionParams())
    assert rotation == 0
    assert sum(reading.confidence > 0.9 for reading in look.readings) > 110


@pytest.mark.parametrize(("angle_deg", "ruled", "level"), [(3, True, True), (-4, True, True), (3, False, False)])
def test_a_slight_slope_is_taken_off_where_rules_are_found_only_then(angle_deg, ruled, level, sample_pages, reader):
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (1200, 1200))
    for row in range(12):
        for column in range(8):
            hand.write("37", 140 + 120 * column, 140 + 80 * row, 44)
    page = np.rint(sample_pages.inked(np.full((1200, 1200, 3), 240, np.uint8), hand.ink, (60, 40, 40)))
    if ruled:
        for k in range(9):
            cv2.line(page, (120 + 120 * k, 120), (120 + 120 * k, 1080), (90, 90, 90), 1)
        for k in range(13):
            cv2.line(page, (120, 120 + 80 * k), (1080, 120 + 80 * k), (90, 90, 90), 1)
    matrix = cv2.getRotationMatrix2D((600, 600), angle_deg, 1)
    page = cv2.warpAffine(page, matrix, (1200, 1200), borderValue=(240, 240, 240)).astype(np.uint8)
    page = cv2.resize(page, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)  # so thin for their length they get lost
    _, _, look = look_upright(page, reader, RecognitionParams())
    slope_deg = float(np.rad2deg(np.arctan2(look.to_page[1, 0], look.to_page[0, 0])))
    assert slope_deg == pytest.approx(-angle_deg if level else 0, abs=0.8)


def test_a_level_page_of_close_dots_stays_level_and_shows_the_writing_alone(sample_pages, reader):
    hand = sample_pages.Hand(np.random.default_rng(3), sample_pages.Digits.load(), (1400, 1400))
    for row, column in product(range(8), range(5)):
        hand.write("37", 150 + 220 * column, 140 + 140 * row, 60)
    page = np.rint(sample_pages.inked(np.full((1400, 1400, 3), 240, np.uint8), hand.ink, (60, 40, 40))).astype(np.uint8)
    for x, y in product(range(12, 1400, 24), range(12, 1400, 24)):
        cv2.circle(page, (x, y), 3, (150, 150, 150), cv2.FILLED, cv2.LINE_AA)
    _, rotation, look = look_upright(page, reader, RecognitionParams())
    assert rotation == 0
    assert look.to_page[1, 0] == 0
    assert 80 <= len(look.readings) <= 100
