from __future__ import annotations

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
