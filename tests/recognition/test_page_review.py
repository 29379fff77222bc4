"""What of a page needs review, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from recognition.params import ComponentParams, RecognitionParams, SplitParams, Thresholds, TrustParams
from recognition.reader import load_reader
from recognition.types import REJECTED, Reason

PARAMS = RecognitionParams()
AS_READ = replace(PARAMS, trust=TrustParams(others=1, none=1))


def test_a_sure_number_needs_no_review(certain, note, numbers_on):
    (number,) = numbers_on(note(("88", 200, 100)), certain(8, 0.97), AS_READ)
    assert (number.text, number.needs_review, number.reasons) == ("88", False, ())
    assert number.confidence == pytest.approx(0.97, abs=1e-3)


def test_a_doubtful_number_needs_review(certain, note, numbers_on):
    (number,) = numbers_on(note(("8", 200, 100)), certain(8, 0.8))
    assert (number.text, number.needs_review, number.reasons) == ("8", True, (Reason.LOW_CONFIDENCE,))


def test_a_rejected_digit_is_a_question_mark_and_its_best_guess_stays(certain, note, numbers_on):
    params = replace(PARAMS, thresholds=Thresholds(digit=0.5))
    (number,) = numbers_on(note(("8", 200, 100)), certain(8, 0.45), params)
    assert number.text == REJECTED
    assert [digit.digit for digit in number.digits] == [8]
    assert number.needs_review


@pytest.mark.parametrize(("accept", "doubtful"), [(0.79, False), (0.81, True)])
def test_the_threshold_decides_what_is_doubtful(certain, note, accept, doubtful, numbers_on):
    params = replace(AS_READ, thresholds=Thresholds(accept=accept))
    (number,) = numbers_on(note(("8", 200, 100)), certain(8, 0.8), params)
    assert number.needs_review is doubtful


def test_what_may_be_no_digit_is_said_to_be_doubtful_for_that(certain, note, numbers_on):
    (number,) = numbers_on(note(("8", 200, 100)), certain(8, 0.6, rubbish=0.35))
    assert number.reasons == (Reason.LOW_CONFIDENCE, Reason.NOT_A_DIGIT)


def test_a_number_at_the_edge_of_the_page_is_cut_off(certain, note, numbers_on):
    pixels = note(("88", 200, 100))[:, 210:]  # through the first digit
    strict = replace(PARAMS, thresholds=Thresholds(accept=0.99))
    (number,) = numbers_on(pixels, certain(8, 0.95), strict)
    assert number.bbox.x <= 1
    assert number.reasons == (Reason.LOW_CONFIDENCE, Reason.CUT_OFF)


def test_where_there_is_more_ink_than_is_read_every_number_needs_review(note, reader, read_pixels):
    pixels = note(("4871", 200, 100), ("2903", 230, 200))
    enough, few = (
        read_pixels(pixels, reader, replace(PARAMS, components=ComponentParams(max_count=count))) for count in (8, 7)
    )
    assert [number.text for number in enough.pages[0].numbers] == ["4871", "2903"]
    assert (enough.warnings, [number.needs_review for number in enough.pages[0].numbers]) == ((), [False, False])
    assert "1 of the smallest were left out" in few.warnings[0]
    assert all(Reason.NOT_A_DIGIT in number.reasons for number in few.pages[0].numbers)


def test_where_more_digits_touch_than_are_cut_apart_every_number_needs_review(
    reader, sample_pages, touching, read_pixels
):
    hand = sample_pages.Hand(np.random.default_rng(4), sample_pages.Digits.load(), (300, 600))
    hand.write("2047", 60, 30, 60)
    hand.place(touching("68", 2), 100, 150)
    pixels = np.rint(sample_pages.inked(np.full((300, 600, 3), 240, np.uint8), hand.ink, (60, 40, 40))).astype(np.uint8)
    all_cut, none_cut = (
        read_pixels(pixels, reader, replace(PARAMS, split=SplitParams(max_parts=count))) for count in (30_000, 0)
    )
    assert all_cut.warnings == ()
    assert not all_cut.pages[0].numbers[0].needs_review
    assert "more touching digits than are cut apart" in none_cut.warnings[0]
    assert none_cut.pages[0].numbers[0].text == "2047"
    assert all(Reason.TOUCHING in number.reasons for number in none_cut.pages[0].numbers)


def test_a_number_at_the_edge_of_a_sheet_is_cut_off(note, reader, numbers_on):
    pixels = note(("4871", 200, 100), ("2903", 230, 200), shape=(400, 600))
    pixels[:, :215] = 30  # the table, through the first digit of one
    first, second = numbers_on(pixels, reader)
    assert (first.text, first.reasons) == ("871", (Reason.CUT_OFF,))
    assert (second.text, second.reasons) == ("2903", ())


def test_digits_that_stand_on_the_edge_of_a_sheet_are_read_and_need_review(note, reader, numbers_on):
    pixels = note(("4871", 200, 100), ("2903", 230, 240), shape=(400, 600))
    foot = int(np.flatnonzero((pixels < 128).any(axis=(1, 2)))[-1])
    pixels[foot - 1 :] = 30  # the table
    first, second = numbers_on(pixels, reader)
    assert (first.text, first.reasons) == ("4871", ())
    assert second.text[1:] == "903"  # of the 2 nothing tells the edge from its foot
    assert Reason.CUT_OFF in second.reasons


@pytest.mark.parametrize(("from_first", "doubted"), [(34, [False, True]), (21, [False, False]), (None, [False, False])])
def test_a_dash_that_is_far_nearer_to_the_second_of_two_numbers_may_be_its_minus(
    from_first, doubted, reader, sample_pages, numbers_on
):
    hand = sample_pages.Hand(np.random.default_rng(4), sample_pages.Digits.load(), (200, 400))
    hand.write("47", 40, 60, 50)
    end = int(np.flatnonzero((hand.ink > 0.3).any(axis=0))[-1])
    hand.write("38", end + 60, 60, 50)
    ink = hand.ink.copy()
    if from_first is not None:
        cv2.line(ink, (end + from_first, 87), (end + from_first + 18, 87), 1.0, 4, cv2.LINE_AA)
    pixels = np.rint(sample_pages.inked(np.full((200, 400, 3), 240, np.uint8), ink, (60, 40, 40))).astype(np.uint8)
    numbers = numbers_on(pixels, reader)
    assert [number.text for number in numbers] == ["47", "38"]
    assert [number.needs_review for number in numbers] == doubted


def test_digits_that_were_cut_apart_are_said_to_have_touched(reader, sample_pages, touching, numbers_on):
    hand = sample_pages.Hand(np.random.default_rng(4), sample_pages.Digits.load(), (300, 600))
    hand.write("2047", 60, 30, 60)
    hand.place(touching("68", 2), 100, 150)
    pixels = np.rint(sample_pages.inked(np.full((300, 600, 3), 240, np.uint8), hand.ink, (60, 40, 40))).astype(np.uint8)
    strict = replace(PARAMS, thresholds=Thresholds(accept=1.0))
    apart, together = numbers_on(pixels, reader, strict)
    assert (apart.text, together.text) == ("2047", "68")
    assert Reason.TOUCHING not in apart.reasons
    assert Reason.TOUCHING in together.reasons


def test_alternatives_are_the_next_best_digits_and_rubbish_is_none_of_them(write_model, note, numbers_on):
    bias = [0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 1.0, 0.0, 0.5, 1.4]
    (number,) = numbers_on(
        note(("8", 200, 100)),
        load_reader(write_model(bias, temperature=0.5)),
        replace(PARAMS, thresholds=Thresholds(digit=0.1)),
    )
    (digit,) = number.digits
    assert digit.digit == 4
    assert [alternative for alternative, _ in digit.alternatives] == [7, 9]
    assert [probability for _, probability in digit.alternatives] == sorted(
        (probability for _, probability in digit.alternatives), reverse=True
    )
