from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from recognition.training.dataset import Digits
from recognition.training.sheets.clutter import clutter, ruling
from recognition.training.sheets.desk import Desk, write_number
from recognition.training.sheets.draw import KINDS, draw
from recognition.training.sheets.fonts import Fonts
from recognition.training.sheets.form import _bubbles
from recognition.training.sheets.numbers import notes, numbers, table
from recognition.training.sheets.sheet import CLUTTER, NOBODY, TEXT, UNKNOWN
from recognition.training.sheets.texts import handwritten_page, imitations, printed_page

MakeDesk = Callable[..., Desk]

NO_DIGIT = {NOBODY, TEXT, CLUTTER, UNKNOWN}


def owners(desk: Desk) -> set[int]:
    return {int(owner) for owner in np.unique(desk.sheet.owner)}


def check(desk: Desk) -> None:
    """Labels and owners belong together, and what was drawn is coverage."""
    sheet = desk.sheet
    assert set(sheet.labels) <= set(range(10))
    assert owners(desk) <= NO_DIGIT | set(range(1, len(sheet.labels) + 1))
    for layer in (sheet.written, sheet.printed):
        assert layer.dtype == np.float32
        assert 0 <= layer.min() <= layer.max() <= 1 + 1e-6


def test_the_shares_of_all_kinds_are_one() -> None:
    assert sum(KINDS.values()) == pytest.approx(1)


@pytest.mark.parametrize("fill", KINDS, ids=lambda fill: fill.__name__)
def test_a_sheet_of_each_kind_is_filled_with_what_it_should_be(make_desk: MakeDesk, fill: Callable[..., None]) -> None:
    written, kept = 0, 0
    for seed, size_px in enumerate((20, 31, 48, 20, 31, 48)):
        desk = make_desk(seed, size_px)
        fill(desk)
        check(desk)
        assert desk.sheet.written.any() or desk.sheet.printed.any() or fill is notes
        written += len(desk.sheet.labels)
        kept += len(owners(desk) - NO_DIGIT)
    assert kept >= 0.98 * written, "each digit owns ink, unless another was written over it"
    assert (written > 0) is (fill is not printed_page)


@pytest.mark.parametrize("fill", KINDS, ids=lambda fill: fill.__name__)
def test_a_sheet_too_small_for_anything_is_no_error(make_desk: MakeDesk, fill: Callable[..., None]) -> None:
    for seed in range(3):
        desk = make_desk(seed, 60, (40, 50))
        fill(desk)
        check(desk)


def test_a_printed_page_is_of_text_alone(make_desk: MakeDesk) -> None:
    desk = make_desk(3, 25)
    printed_page(desk)
    assert owners(desk) == {NOBODY, TEXT}
    assert not desk.sheet.written.any()


def test_words_by_hand_are_no_digits(make_desk: MakeDesk) -> None:
    desk = make_desk(0, 40)
    while owners(desk) == {NOBODY}:
        handwritten_page(desk)
    assert TEXT in owners(desk)


def test_tables_have_rules_and_numbers_have_none(make_desk: MakeDesk) -> None:
    ruled = [make_desk(seed, 30) for seed in range(4)]
    for desk in ruled:
        table(desk)
    assert sum(CLUTTER in owners(desk) for desk in ruled) >= 2
    plain = make_desk(1, 30)
    numbers(plain)
    assert not plain.sheet.printed.any()


def test_clutter_and_ruled_paper_take_no_pixel_from_a_digit(make_desk: MakeDesk) -> None:
    for seed in range(3):
        desk = make_desk(seed, 30)
        write_number(desk, 20, 120, count=5, gap=0.2)
        before = desk.sheet.owner.copy()
        ruling(desk)
        imitations(desk)
        assert owners(desk) - NO_DIGIT == set(np.unique(before)) - {NOBODY}
        ruled = desk.sheet.owner.copy()
        clutter(desk)
        check(desk)
        changed = desk.sheet.owner != ruled
        assert set(np.unique(desk.sheet.owner[changed])) <= {CLUTTER, TEXT}


def test_imitations_are_unknown(make_desk: MakeDesk, fonts: Fonts) -> None:
    desk = make_desk(0, 30)
    faces = Fonts(fonts.printed, fonts.printed[:1])
    desk = Desk(desk.rng, desk.sheet, desk.writer, desk.scribe, faces, 30)
    for _ in range(8):
        imitations(desk)
    assert owners(desk) == {NOBODY, UNKNOWN}
    assert desk.sheet.labels == []


def test_a_number_goes_on_from_left_to_right(make_desk: MakeDesk) -> None:
    desk = make_desk(0, 30)
    end = write_number(desk, 20, 120, count=5, gap=0.2)
    middles = [np.nonzero(desk.sheet.owner == k)[1].mean() for k in range(1, 6)]
    assert middles == sorted(middles)
    assert middles[0] > 20
    assert middles[-1] < end


def test_a_number_in_boxes_has_one_digit_a_box(make_desk: MakeDesk) -> None:
    desk = make_desk(0, 30)
    assert write_number(desk, 20, 120, count=5, gap=0.0, pitch_px=50) == 20 + 5 * 50
    for k in range(1, 6):
        columns = np.nonzero(desk.sheet.owner == k)[1]
        assert 20 + 50 * (k - 1) <= columns.mean() <= 20 + 50 * k


@pytest.mark.parametrize("pitch_px", [None, 50])
def test_a_number_that_does_not_fit_is_left_out_and_the_line_goes_on(make_desk: MakeDesk, pitch_px: int | None) -> None:
    desk = make_desk(0, 30)
    assert write_number(desk, 390, 120, count=3, gap=0.2, pitch_px=pitch_px) > 390
    assert desk.sheet.labels == []
    assert owners(desk) == {NOBODY}


def test_a_desk_draws_whole_numbers_from_low_up_to_high(make_desk: MakeDesk) -> None:
    desk = make_desk(0)
    assert {desk.whole(2, 5) for _ in range(100)} == {2, 3, 4}
    assert {desk.whole(7, 3) for _ in range(20)} == {7}
    assert not any(desk.chance(0.0) for _ in range(20))
    assert all(desk.chance(1.0) for _ in range(20))


def test_the_same_seed_draws_the_same_sheet(digits: Digits, fonts: Fonts) -> None:
    one, again = (draw(np.random.default_rng(3), digits, fonts) for _ in range(2))
    assert one.page.shape == one.owner.shape
    assert (one.page.dtype, one.owner.dtype) == (np.uint8, np.int16)
    np.testing.assert_array_equal(one.page, again.page)
    np.testing.assert_array_equal(one.owner, again.owner)
    assert one.labels == again.labels
    assert one.owner.max() <= len(one.labels)


def test_bubbles_are_printed_and_no_digit_is_written_with_them(make_desk: MakeDesk) -> None:
    for seed in range(6):
        desk = make_desk(seed, 30)
        right = _bubbles(desk, 40, 200, 2)
        assert right > 40
        assert owners(desk) == {NOBODY, TEXT}
        assert not desk.sheet.labels
        check(desk)
