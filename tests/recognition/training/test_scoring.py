"""Small pages whose figures were worked out by hand."""

from __future__ import annotations

import pytest

from recognition.training.scoring import Counts, PageScore, edit_distance, match, score_pages
from recognition.training.truth import TrueDigit, TrueNumber, Truth
from recognition.types import BoundingBox, Digit, Number


def read(text: str, x: int, y: int = 0, *, review: bool = False, line: int = 0) -> Number:
    """A number as it was read, ten pixels a digit and twenty high."""
    digits = tuple(
        Digit(0 if one == "?" else int(one), 0.9, BoundingBox(x + 10 * at, y, 10, 20)) for at, one in enumerate(text)
    )
    return Number(text, BoundingBox(x, y, 10 * len(text), 20), line, 0, 0.9, review, (), digits)


def stands(text: str, x: int, y: int = 0) -> TrueNumber:
    """A number that stands there, of the same size."""
    digits = tuple(TrueDigit(one, (x + 10 * at, y, 10, 20)) for at, one in enumerate(text))
    return TrueNumber(text, (x, y, 10 * len(text), 20), digits)


def boxed(*numbers: TrueNumber) -> Truth:
    return Truth((" ".join(one.text for one in numbers),), numbers, {})


def transcribed(*lines: str) -> Truth:
    return Truth(lines, None, {})


def score_page(truth: Truth, numbers: list[Number]) -> PageScore:
    """Compares one page with its truth."""
    return score_pages(truth, [numbers])


def test_a_page_read_without_a_mistake_is_exact() -> None:
    score = score_page(boxed(stands("12", 0), stands("345", 100)), [read("12", 0), read("345", 100)])
    assert score.counts == Counts(
        pages=1, numbers=2, exact=2, accepted_right=2, digits=5, found=5, digit_right=5, truth_digits=5
    )
    assert all(verdict.right for verdict in score.verdicts)
    assert score.missed == ()


def test_a_wrong_digit_makes_an_accepted_number_a_slip() -> None:
    score = score_page(boxed(stands("12", 0), stands("34", 100)), [read("17", 0), read("34", 100, review=True)])
    assert (score.counts.exact, score.counts.slips, score.counts.accepted_right, score.counts.edits) == (1, 1, 0, 1)
    assert (score.counts.found, score.counts.digit_right) == (4, 3)
    wrong, right = score.verdicts
    assert (wrong.right, wrong.alarm, wrong.truth) == (False, False, "12")
    assert right.right


def test_a_number_with_a_rejected_digit_is_never_accepted() -> None:
    score = score_page(boxed(stands("12", 0)), [read("1?", 0)])
    assert (score.counts.exact, score.counts.slips, score.counts.accepted_right) == (0, 0, 0)
    assert score.counts.edits == 1


def test_what_is_read_where_nothing_stands_is_a_false_alarm_and_what_is_not_read_is_missed() -> None:
    score = score_page(boxed(stands("12", 0)), [read("12", 300)])
    assert (score.counts.alarms, score.counts.slips, score.counts.exact, score.counts.found) == (1, 1, 0, 0)
    assert score.verdicts[0].alarm
    assert score.verdicts[0].truth is None
    assert [one.text for one in score.missed] == ["12"]


def test_each_number_of_a_transcription_is_found_once() -> None:
    score = score_page(
        transcribed("7 7", "12"), [read("7", 0), read("7", 50), read("7", 90), read("13", 0, 40, line=1)]
    )
    assert (score.counts.numbers, score.counts.exact, score.counts.alarms, score.counts.slips) == (3, 2, 1, 2)
    assert sum(verdict.right for verdict in score.verdicts[:3]) == 2
    assert not score.verdicts[3].right
    assert score.counts.truth_digits == 4
    assert score.counts.edits == 2  # 77713 for 7712: a 7 too many, a 3 for a 2
    assert score.counts.digits == 0


def test_a_wrong_number_between_right_ones_was_read_for_what_stands_there() -> None:
    score = score_page(transcribed("10 20 30"), [read("30", 200), read("28", 100), read("10", 0)])
    assert [(verdict.right, verdict.truth) for verdict in score.verdicts] == [
        (True, "30"),
        (False, "20"),
        (True, "10"),
    ]
    assert score.verdicts[1].alarm is None


def test_of_two_numbers_of_the_same_text_that_out_of_place_is_wrong() -> None:
    read_wrong = [read(text, 50 * place) for place, text in enumerate("13455")]
    score = score_page(transcribed("1 3 4 5 6"), read_wrong)
    assert [verdict.right for verdict in score.verdicts] == [True, True, True, True, False]
    score = score_page(transcribed("1 2 3 4 5"), [read(text, 50 * place) for place, text in enumerate("15345")])
    assert [(verdict.right, verdict.truth) for verdict in score.verdicts][1] == (False, "2")
    assert score.counts.exact == 4


def test_digits_are_put_into_reading_order_by_line_and_then_from_the_left() -> None:
    numbers = [read("3", 0, 40, line=1), read("2", 50), read("1", 0)]
    assert score_page(transcribed("12", "3"), numbers).counts.edits == 0


def test_a_document_is_read_page_by_page() -> None:
    pages = [[read("12", 0), read("3", 0, 40, line=1)], [read("45", 0), read("7", 0, 40, line=1)]]
    assert score_pages(transcribed("12", "3", "45", "7"), pages).counts.edits == 0
    score = score_pages(transcribed("12", "3", "46", "7"), pages)
    assert score.counts.edits == 1
    assert [verdict.truth for verdict in score.verdicts] == ["12", "3", "46", "7"]


def test_boxes_are_places_on_the_first_page() -> None:
    pages = [[read("3", 100)], [read("12", 0)]]
    score = score_pages(boxed(stands("12", 0), stands("3", 100)), pages)
    assert [verdict.alarm for verdict in score.verdicts] == [False, True]
    assert [one.text for one in score.missed] == ["12"]
    assert (score.counts.exact, score.counts.alarms, score.counts.digits, score.counts.found) == (1, 1, 3, 1)


def test_what_cannot_be_read_has_no_pages() -> None:
    score = score_pages(boxed(stands("12", 0)), [])
    assert (score.counts.exact, score.counts.edits, len(score.missed)) == (0, 2, 1)


def test_all_that_is_read_on_a_page_without_writing_is_a_false_alarm() -> None:
    score = score_page(transcribed(), [read("1", 0)])
    assert score.verdicts[0].alarm
    assert score.counts.alarms == 1


def test_a_page_without_writing_and_readings_has_nothing_to_take_a_share_of() -> None:
    figures = score_page(transcribed(), []).counts.figures()
    assert figures == {
        "pages": 1,
        "numbers": 0,
        "exact": None,
        "alarms/page": 0.0,
        "accepted": None,
        "slips/1000": 0.0,
        "found": None,
        "digit": None,
        "DER": None,
    }


def test_the_figures_of_several_pages_come_from_their_sums() -> None:
    first = Counts(pages=1, numbers=4, exact=2, alarms=3, accepted_right=2, slips=2, truth_digits=10, edits=1)
    second = Counts(pages=1, numbers=6, exact=6, accepted_right=4, digits=8, found=4, digit_right=3, truth_digits=10)
    figures = (first + second).figures()
    assert figures["exact"] == 0.8
    assert figures["alarms/page"] == 1.5
    assert figures["accepted"] == 0.6
    assert figures["slips/1000"] == 250
    assert (figures["found"], figures["digit"], figures["DER"]) == (0.5, 0.75, 0.05)


def test_boxes_are_paired_one_to_one_and_the_best_overlap_goes_first() -> None:
    stand = [(0.0, 0.0, 10.0, 10.0), (8.0, 0.0, 10.0, 10.0)]
    found = [(7.0, 0.0, 10.0, 10.0), (1.0, 0.0, 10.0, 10.0)]
    assert match(stand, found, 0.3) == {0: 1, 1: 0}
    assert match(stand[:1], found[:1], 0.1) == {0: 0}
    assert match(stand[:1], found[:1], 3 / 17) == {}
    assert match([], found, 0.3) == {}


@pytest.mark.parametrize(
    ("first", "second", "distance"), [("", "", 0), ("", "12", 2), ("12", "", 2), ("123", "13", 1), ("1?3", "124", 2)]
)
def test_the_edit_distance_counts_digits_to_replace_add_and_take_away(first: str, second: str, distance: int) -> None:
    assert edit_distance(first, second) == distance
