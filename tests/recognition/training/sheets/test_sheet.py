from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.training.sheets.sheet import CLUTTER, NOBODY, TEXT, UNKNOWN, Sheet, shade

BLOT = np.ones((10, 6), np.float32)


def blot(*, rows: int = 2, columns: int = 2, strength: float = 1.0) -> np.ndarray:
    return np.full((rows, columns), strength, np.float32)


def test_a_blank_sheet_is_nobodys() -> None:
    sheet = Sheet.blank(3, 5)
    assert sheet.size == (3, 5)
    assert sheet.owner.dtype == np.int16
    assert not sheet.written.any()
    assert not sheet.printed.any()
    assert (sheet.owner == NOBODY).all()
    assert sheet.labels == []


@given(st.integers(-20, 50), st.integers(-20, 40))
def test_a_digit_is_written_where_it_fits_and_refused_elsewhere(x: int, y: int) -> None:
    sheet = Sheet.blank(30, 40)
    fits = sheet.digit(BLOT, 7, x, y)
    assert fits is (2 <= x <= 40 - 6 - 2 and 2 <= y <= 30 - 10 - 2)
    if fits:
        assert sheet.labels == [7]
        assert (sheet.owner[y : y + 10, x : x + 6] == 1).all()
    else:
        assert sheet.labels == []
    assert np.count_nonzero(sheet.owner) == np.count_nonzero(sheet.written) == (60 if fits else 0)


@given(st.integers(-20, 60), st.integers(-20, 60), st.sampled_from([TEXT, CLUTTER, UNKNOWN]))
def test_what_does_not_fit_is_cut_off(x: int, y: int, owner: int) -> None:
    written, printed = Sheet.blank(30, 40), Sheet.blank(30, 40)
    written.write(BLOT, x, y, owner)
    printed.print(BLOT, x, y, owner)
    expected = np.zeros((90, 100), np.int16)
    expected[y + 30 : y + 40, x + 30 : x + 36] = owner
    expected = expected[30:60, 30:70]
    for sheet, layer in ((written, written.written), (printed, printed.printed)):
        np.testing.assert_array_equal(sheet.owner, expected)
        np.testing.assert_array_equal(layer, expected != 0)


def test_where_digits_touch_the_stronger_has_the_pixel() -> None:
    sheet = Sheet.blank(6, 8)
    sheet.digit(blot(strength=0.6), 1, 2, 2)
    sheet.digit(blot(strength=0.9), 2, 3, 2)
    sheet.digit(blot(strength=0.5), 3, 4, 2)
    np.testing.assert_array_equal(sheet.owner[2], [0, 0, 1, 2, 2, 3, 0, 0])
    np.testing.assert_allclose(sheet.written[2], [0, 0, 0.6, 0.9, 0.9, 0.5, 0, 0])


def test_a_rule_under_writing_is_the_writings_whichever_came_first() -> None:
    before, after = Sheet.blank(8, 8), Sheet.blank(8, 8)
    rule = blot(rows=1, columns=8)
    before.print(rule, 0, 3, CLUTTER)
    before.digit(blot(strength=0.7), 1, 2, 3)
    after.digit(blot(strength=0.7), 1, 2, 3)
    after.print(rule, 0, 3, CLUTTER)
    for sheet in (before, after):
        np.testing.assert_array_equal(sheet.owner[3], [CLUTTER, CLUTTER, 1, 1, *[CLUTTER] * 4])


def test_pale_coverage_is_drawn_but_owned_by_nobody() -> None:
    sheet = Sheet.blank(5, 5)
    sheet.write(blot(strength=0.3), 1, 1)
    assert sheet.written.max() == pytest.approx(0.3)
    assert not sheet.owner.any()


def test_lines_and_frames_are_clutter() -> None:
    sheet = Sheet.blank(40, 40)
    sheet.line((-10, 5), (60, 5), 1)
    sheet.frame(10, 15, 20, 10, 1)
    assert (sheet.owner[5] == CLUTTER).all()
    assert (sheet.owner[[15, 25], 10:31] == CLUTTER).all()
    assert (sheet.owner[15:26, [10, 30]] == CLUTTER).all()
    assert not sheet.owner[16:25, 11:30].any()
    assert set(np.unique(sheet.owner)) == {NOBODY, CLUTTER}
    assert not sheet.written.any()


@given(st.tuples(*[st.floats(-50, 90)] * 4), st.integers(1, 5), st.floats(0.1, 1))
def test_a_line_may_lead_anywhere(ends: tuple[float, ...], thickness: int, strength: float) -> None:
    sheet = Sheet.blank(30, 40)
    sheet.line(ends[:2], ends[2:], thickness, strength)
    assert set(np.unique(sheet.owner)) <= {NOBODY, CLUTTER}
    assert sheet.printed.max() <= strength + 1e-6


def test_a_place_is_free_when_nothing_but_rules_is_in_it() -> None:
    sheet = Sheet.blank(40, 40)
    sheet.line((0, 20), (39, 20), 2)
    assert sheet.is_free(0, 0, 40, 40)
    sheet.write(blot(rows=4, columns=4), 30, 30)
    assert sheet.is_free(0, 0, 28, 40)
    assert not sheet.is_free(0, 0, 40, 40)
    for outside in ((-1, 0, 5, 5), (0, -1, 5, 5), (36, 0, 5, 5), (0, 36, 5, 5)):
        assert not sheet.is_free(*outside)


def test_ink_takes_its_share_of_the_papers_light() -> None:
    sheet = Sheet.blank(4, 4)
    sheet.write(blot(), 0, 0)
    sheet.print(blot(rows=1), 0, 0)
    page = shade(sheet, 200, pen=0.5, print_strength=0.75)
    assert page.dtype == np.uint8
    np.testing.assert_array_equal(page[:3, :3], [[25, 25, 200], [100, 100, 200], [200, 200, 200]])
