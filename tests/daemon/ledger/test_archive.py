"""What the ledger knows of originals in archive/, of those left in the inbox, and what people ask it."""

from __future__ import annotations

import pytest

from daemon.documents import Candidate, Identity, State, Verdict
from daemon.ledger import Ledger, reports
from daemon.ledger.results import StoredResult

RESULT = StoredResult("2026-11-23", b"{}", {}, ())


def claimed(ledger: Ledger, path: str, sha256: str = "aa", inode: int = 7, wall: float = 1.0) -> int:
    assert ledger.arrive([Candidate(path, Identity(inode, 100, 1_000))], wall=wall) == 1
    entry = ledger.claim(0.0, 60.0)
    assert entry is not None
    ledger.identify(entry.key, sha256)
    return entry.key


def done(ledger: Ledger, path: str, target: str | None, wall: float, *, archived: bool = True) -> int:
    key = claimed(ledger, path, path)
    ledger.record(key, RESULT, lambda name: False)
    ledger.publish(key, [], target)
    ledger.finish(key, wall=wall, archived=archived)
    return key


def failed(ledger: Ledger, path: str, wall: float) -> int:
    key = claimed(ledger, path)
    ledger.condemn(key, Verdict("the file is cut off", "scan it again"), path)
    ledger.quarantine(key, wall=wall)
    return key


def test_originals_are_kept_until_they_are_expired_the_longest_first(ledger: Ledger) -> None:
    assert (ledger.archive.oldest(), ledger.archive.newest()) == (None, None)
    done(ledger, "b.jpg", "b.jpg", 20.0)
    first = done(ledger, "a.jpg", "a.jpg", 10.0)
    done(ledger, "left.jpg", None, 5.0)
    done(ledger, "gone.jpg", "gone.jpg", 6.0, archived=False)
    assert (ledger.archive.oldest(), ledger.archive.newest()) == (10.0, 20.0)
    assert [entry.path for entry in ledger.archive.kept_since_before(21.0, 9)] == ["a.jpg", "b.jpg"]
    assert [entry.path for entry in ledger.archive.kept_since_before(20.0, 9)] == ["a.jpg"]
    assert [entry.path for entry in ledger.archive.kept_since_before(21.0, 1)] == ["a.jpg"]
    ledger.archive.expire(first)
    assert ledger.archive.oldest() == 20.0
    assert ledger.entry(first).state is State.DONE, "its results are kept"


def test_originals_of_a_span_are_dated_otherwise_its_ends_among_them(ledger: Ledger) -> None:
    keys = [done(ledger, f"{wall}.jpg", f"{wall}.jpg", wall) for wall in (9.0, 10.0, 20.0, 21.0)]
    ledger.archive.shift(10.0, 20.0, 1000.0)
    assert [ledger.entry(key).finished_at for key in keys] == [9.0, 1010.0, 1020.0, 21.0]


def test_a_place_in_the_archive_is_the_last_originals_that_was_put_there(ledger: Ledger) -> None:
    first, second = done(ledger, "1.jpg", "scan.jpg", 10.0), done(ledger, "2.jpg", "scan.jpg", 20.0)
    assert ledger.archive.is_later_ones_place(ledger.entry(first))
    assert not ledger.archive.is_later_ones_place(ledger.entry(second))
    ledger.archive.expire(second)
    assert not ledger.archive.is_later_ones_place(ledger.entry(first))
    third = claimed(ledger, "3.jpg", "cc")
    ledger.duplicate(third, first, "scan.jpg")
    assert ledger.archive.is_later_ones_place(ledger.entry(first)), "it may be there before that is known"


def test_a_place_is_anothers_as_long_as_its_original_is_kept(ledger: Ledger) -> None:
    first, second = done(ledger, "1.jpg", "scan.jpg", 10.0), claimed(ledger, "2.jpg", "bb")
    assert ledger.archive.is_anothers_place(ledger.entry(second), "scan.jpg")
    assert not ledger.archive.is_anothers_place(ledger.entry(second), "other.jpg")
    assert not ledger.archive.is_anothers_place(ledger.entry(first), "scan.jpg")
    ledger.archive.expire(first)
    assert not ledger.archive.is_anothers_place(ledger.entry(second), "scan.jpg")


def test_an_outbox_name_leads_to_the_content(ledger: Ledger) -> None:
    done(ledger, "scan.jpg", None, 10.0)
    assert ledger.archive.content_of("scan.jpg") == "scan.jpg"  # its hash in these tests
    assert ledger.archive.content_of("other.jpg") is None


def test_a_file_that_is_left_in_the_inbox_does_not_arrive_again(ledger: Ledger) -> None:
    done(ledger, "scan.jpg", None, 10.0)
    again = Candidate("scan.jpg", Identity(7, 100, 1_000))
    assert ledger.arrive([again], wall=11.0) == 0
    for other in (Identity(7, 101, 1_000), Identity(7, 100, 1_001), Identity(8, 100, 1_000)):
        assert ledger.arrive([Candidate("scan.jpg", other)], wall=11.0) == 1


@pytest.mark.parametrize(("sha256", "same"), [("scan.jpg", True), ("other content", False)])
def test_a_file_that_is_left_is_known_by_its_content_after_its_share_was_mounted_anew(
    ledger: Ledger, sha256: str, same: bool
) -> None:
    first = done(ledger, "scan.jpg", None, 10.0)
    second = claimed(ledger, "scan.jpg", sha256, inode=8)
    assert ledger.relink(ledger.entry(second), sha256) == same
    assert ledger.entry(first).identity.inode == (8 if same else 7)
    assert ledger.count(State.WORKING) == (0 if same else 1)


def test_a_file_that_takes_the_place_of_one_in_work_waits_beside_it(ledger: Ledger) -> None:
    key = claimed(ledger, "scan.jpg")
    assert ledger.arrive([Candidate("scan.jpg", Identity(8, 100, 1_000))], wall=2.0) == 1
    assert ledger.entry(key).state is State.WORKING
    assert ledger.count(State.WAITING) == 1


def test_people_see_what_failed_and_whether_it_was_read_since(ledger: Ledger) -> None:
    read_later, before, other = (
        failed(ledger, "a.jpg", 10.0),
        failed(ledger, "b.jpg", 5.0),
        failed(ledger, "c.jpg", 7.0),
    )
    done(ledger, "a.jpg", None, 11.0)
    done(ledger, "b.jpg", None, 4.0)
    assert [entry.key for entry in reports.failures(ledger.connection)] == [before, other, read_later]
    assert reports.read_since(ledger.connection) == {read_later}
    assert [entry.path for entry in reports.recent(ledger.connection, 2)] == ["a.jpg", "a.jpg"]
    assert reports.recent(ledger.connection, 1)[0].state is State.DONE
    assert [reports.done_since(ledger.connection, wall) for wall in (4.0, 4.1, 11.0, 11.1)] == [2, 1, 1, 0]


def test_people_see_how_many_wait_since_when_and_what_is_in_the_way(ledger: Ledger) -> None:
    assert reports.oldest_waiting(ledger.connection) is None
    assert reports.faulty(ledger.connection, 9) == []
    for number, (since, fault) in enumerate([(20.0, "no space"), (10.0, "the share is away")]):
        key = claimed(ledger, f"{number}.jpg", str(number), wall=100.0 - number)
        ledger.delays.postpone(key, fault, due=50.0, wall=since)
    ledger.delays.postpone(key, "still away", due=60.0, wall=30.0)
    done(ledger, "done.jpg", None, 1.0)
    assert reports.oldest_waiting(ledger.connection) == 99.0
    assert reports.faulty(ledger.connection, 9) == [
        reports.Faulty("1.jpg", "still away", 10.0),
        reports.Faulty("0.jpg", "no space", 20.0),
    ]
    assert len(reports.faulty(ledger.connection, 1)) == 1
    counted = reports.counts(ledger.connection)
    assert {state: counted[state] for state in counted if counted[state]} == {State.WAITING: 2, State.DONE: 1}
    assert set(counted) == set(State)
