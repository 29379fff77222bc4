"""Days in the ledger: which documents their tables name, and which tables were published."""

from __future__ import annotations

import pytest

from daemon.documents import Candidate, Identity, Verdict
from daemon.ledger import Ledger
from daemon.ledger.days import Aside, Published
from daemon.ledger.results import StoredResult

DAY = "2026-11-23"
RESULT = StoredResult(DAY, b'{"document": "scan.jpg"}', {1: b"jpeg"}, (b"", b"crop of the second"))
FIRST, SECOND, THIRD = (Published(name * 32, Identity(7, 10, 20)) for name in ("aa", "bb", "cc"))


def claimed(ledger: Ledger, path: str) -> int:
    ledger.arrive([Candidate(path, Identity(len(path), 100, 1_000))], wall=1.0)
    entry = ledger.claim(0.0, 60.0)
    assert entry is not None
    return entry.key


def done(ledger: Ledger, path: str) -> int:
    key = claimed(ledger, path)
    ledger.record(key, RESULT, lambda name: name == "scan.jpg")
    ledger.publish(key, ["scan~2.jpg.json"], None)
    ledger.finish(key, wall=2.0, day=DAY)
    return key


def test_a_day_names_what_was_read_before_and_what_failed_in_the_order_in_which_it_came(ledger: Ledger) -> None:
    first = done(ledger, "scan.jpg")
    for path, target in [("copy.jpg", "archived/copy.jpg"), ("left.jpg", None)]:
        copy = claimed(ledger, path)
        ledger.duplicate(copy, first, target)
        ledger.finish(copy, wall=3.0, day=DAY)
    torn = claimed(ledger, "torn.jpg")
    ledger.condemn(torn, Verdict("the file is cut off", "scan it again"), "torn~2.jpg")
    ledger.quarantine(torn, wall=4.0, day=DAY)
    assert list(ledger.days.asides(DAY)) == [
        Aside("archived/copy.jpg", twin="scan~2.jpg", outputs=("scan~2.jpg.json",)),
        Aside("left.jpg", twin="scan~2.jpg", outputs=("scan~2.jpg.json",)),
        Aside("torn~2.jpg", reason="the file is cut off", remedy="scan it again"),
    ]
    assert list(ledger.days.asides("2026-11-24")) == []


def test_a_table_has_what_is_published_and_nothing_that_waits_for_that(ledger: Ledger) -> None:
    done(ledger, "scan.jpg")
    ledger.record(claimed(ledger, "held up.jpg"), RESULT, lambda name: False)
    ledger.record(key := claimed(ledger, "to be moved.jpg"), RESULT, lambda name: False)
    ledger.publish(key, ["to be moved.jpg.csv"], "to be moved.jpg")
    assert [entry.name for entry in ledger.days.entries(DAY)] == ["scan.jpg", "to be moved.jpg"]


def test_a_copy_may_end_before_the_results_that_are_its_own_are_published(ledger: Ledger) -> None:
    first, copy = claimed(ledger, "scan.jpg"), claimed(ledger, "copy.jpg")
    ledger.record(first, RESULT, lambda name: False)
    ledger.duplicate(copy, first, "archived/copy.jpg")
    ledger.finish(copy, wall=3.0, day=DAY)
    assert list(ledger.days.asides(DAY)) == [Aside("archived/copy.jpg", twin="scan.jpg", outputs=())]


def test_what_is_read_otherwise_once_more_takes_the_place_of_the_crops_too(ledger: Ledger) -> None:
    first, again = done(ledger, "scan.jpg"), claimed(ledger, "copy.jpg")
    result = StoredResult(DAY, b'{"document": "scan.jpg"}', {}, (b"crop of the only one",))
    ledger.renewals.renew(again, first, result, differs=True, tabulate=True)
    assert [entry.crops for entry in ledger.days.entries(DAY)] == [(b"crop of the only one",)]


def test_each_document_that_ends_and_each_result_read_otherwise_changes_its_day(ledger: Ledger) -> None:
    def is_changed() -> bool:
        days = ledger.days.changed()
        for day in days:
            ledger.days.written(day)
        return bool(days)

    first = done(ledger, "scan.jpg")
    assert is_changed()
    for path in ("copy.jpg", "another copy.jpg"):
        copy = claimed(ledger, path)
        ledger.duplicate(copy, first, None)
        ledger.finish(copy, wall=3.0, day=DAY)
        assert is_changed()
    ledger.renewals.renew(claimed(ledger, "once more.jpg"), first, RESULT, differs=True, tabulate=True)
    assert is_changed()
    ledger.renewals.renew(claimed(ledger, "and again.jpg"), first, RESULT, differs=True, tabulate=False)
    assert not is_changed()


def test_a_document_with_results_of_its_own_is_no_aside_and_changes_no_day_when_it_ends(ledger: Ledger) -> None:
    key = claimed(ledger, "scan.jpg")
    ledger.record(key, RESULT, lambda name: False)
    ledger.publish(key, [], None)
    ledger.days.written(ledger.days.changed()[0])
    ledger.finish(key, wall=2.0, day="2026-11-24")
    assert list(ledger.days.asides("2026-11-24")) == []
    assert ledger.days.changed() == []


def test_a_number_without_a_crop_leaves_the_others_theirs(ledger: Ledger) -> None:
    done(ledger, "scan.jpg")
    assert [entry.crops for entry in ledger.days.entries(DAY)] == [(b"", b"crop of the second")]


@pytest.mark.parametrize(("standing", "kept"), [(None, [THIRD]), (FIRST, [FIRST, THIRD]), (SECOND, [SECOND, THIRD])])
def test_of_the_tables_of_a_name_the_one_that_stands_and_the_one_that_comes_are_kept_in_mind(
    ledger: Ledger, standing: Published | None, kept: list[Published]
) -> None:
    assert ledger.days.published("day.csv") == []
    ledger.days.publishing("day.csv", FIRST, None)
    ledger.days.publishing("day.csv", SECOND, FIRST)
    ledger.days.publishing("day.xlsx", SECOND, None)
    ledger.days.publishing("day.csv", THIRD, standing)
    assert ledger.days.published("day.csv") == kept
    assert ledger.days.published("day.xlsx") == [SECOND]
