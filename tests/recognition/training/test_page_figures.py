from __future__ import annotations

import json

import pytest

from recognition.training.errors import DatasetError
from recognition.training.page_figures import group_key, summarize, threshold_table
from recognition.training.page_reading import Judged, Kind, Mistake, PageReading
from recognition.training.scoring import Counts
from recognition.training.truth import Truth

JUDGED = (
    Judged(0.99, right=True, acceptable=True),
    Judged(0.95, right=False, acceptable=True),
    Judged(0.99, right=True, acceptable=False),
    Judged(0.60, right=True, acceptable=True),
)


def page(name: str, numbers: int, exact: int, *mistakes: Mistake, **keys: object) -> PageReading:
    return PageReading(name, keys, Counts(pages=1, numbers=numbers, exact=exact), JUDGED[:exact], mistakes)


def wrong(confidence: float, *, accepted: bool) -> Mistake:
    return Mistake(Kind.WRONG, "p", "1", "7", confidence, accepted, b"")


def test_a_threshold_tells_what_is_accepted_and_what_of_it_is_wrong() -> None:
    half, high, higher = threshold_table(JUDGED, stand=5, thresholds=(0.96, 0.5, 0.9))
    assert (half.accept, half.accepted, half.coverage, half.right, half.slips) == (0.5, 3, 0.75, 0.4, 1)
    assert half.slips_per_1000 == pytest.approx(1000 / 3)
    assert (high.accept, high.accepted, high.slips_per_1000) == (0.9, 2, 500)
    assert (higher.accept, higher.accepted, higher.right, higher.slips) == (0.96, 1, 0.2, 0)


def test_a_threshold_that_nothing_reaches_lets_nothing_slip() -> None:
    [none] = threshold_table(JUDGED, stand=0, thresholds=(1.0,))
    assert (none.accepted, none.coverage, none.right, none.slips_per_1000) == (0, 0.0, None, 0.0)
    assert threshold_table((), stand=3, thresholds=(0.5,)) == []


def test_no_threshold_below_that_of_a_rejected_digit_is_offered() -> None:
    accepts = [one.accept for one in summarize("f", "", 0.88, 0.86, [page("a", 4, 4)]).thresholds]
    assert accepts[:3] == [0.88, 0.9, 0.93]


def test_pages_are_put_together_by_their_key() -> None:
    pages = [page("a", 4, 2, style="x"), page("b", 4, 4, style="x"), page("c", 2, 1, style=["y", "z"]), page("d", 1, 0)]
    figures = summarize("folder", "style", 0.9, 0.25, pages)
    assert {name: counts.figures()["exact"] for name, counts in figures.groups.items()} == {
        "-": 0,
        "x": 0.75,
        "y, z": 0.5,
    }
    assert figures.total == Counts(pages=4, numbers=11, exact=7)


def test_the_worst_mistakes_of_all_pages_come_first() -> None:
    pages = [page("a", 1, 0, wrong(0.9, accepted=True), wrong(0.99, accepted=False)), page("b", 1, 0)]
    pages.append(page("c", 1, 0, wrong(0.95, accepted=True)))
    worst = summarize("folder", "", 0.9, 0.25, pages).worst(Kind.WRONG, 2)
    assert [mistake.confidence for mistake in worst] == [0.95, 0.9]


def test_the_record_holds_what_the_text_says_and_is_json() -> None:
    broken = PageReading("b.jpg", {}, Counts(pages=1, numbers=1), (), (), "it ends too early")
    figures = summarize("folder", "style", 0.9, 0.25, [page("a.jpg", 2, 1, style="x"), broken])
    record = json.loads(json.dumps(figures.to_json(), allow_nan=False))
    assert record["figures"]["exact"] == pytest.approx(1 / 3)
    assert record["groups"]["x"]["exact"] == 0.5
    assert record["documents"][1] == {
        "name": "b.jpg",
        "figures": broken.counts.figures(),
        "error": "it ends too early",
    }
    assert "b.jpg could not be read: it ends too early" in list(figures.lines())
    assert f"expected calibration error {record['calibration_error']:.4f}" in list(figures.lines())


def test_nothing_read_at_all_is_a_result() -> None:
    figures = summarize("folder", "", 0.9, 0.25, [PageReading("a", {}, Counts(pages=1), (), ())])
    assert (figures.thresholds, figures.reliability(), figures.calibration_error) == ((), [], None)
    assert not any("calibration" in line for line in figures.lines())
    assert json.dumps(figures.to_json(), allow_nan=False)


def test_pages_are_grouped_by_what_was_asked_for_or_by_a_usual_key() -> None:
    truths = [Truth((), None, {"group": "paper"}), Truth((), None, {"writer": "a"})]
    assert group_key(truths, None) == "group"
    assert group_key(truths, "writer") == "writer"
    assert group_key(truths, "page") == "page"
    assert group_key([Truth((), None, {"writer": "a"})], None) == ""
    with pytest.raises(DatasetError, match=r"page, group, writer\. Received: style"):
        group_key(truths, "style")
