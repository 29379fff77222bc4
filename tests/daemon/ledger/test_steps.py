"""What each step of a document through the ledger leaves there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.documents import Candidate, Entry, Identity, State, Verdict
from daemon.ledger import Ledger
from daemon.ledger.reports import faulty
from daemon.ledger.results import StoredResult

RESULT = StoredResult("2026-11-23", b'{"document": "scan.jpg"}', {1: b"jpeg"}, ())


def claimed(ledger: Ledger, path: str = "scan.jpg", sha256: str = "aa", now: float = 0.0) -> int:
    """A document in work, whose content is known."""
    ledger.arrive([Candidate(path, Identity(len(path), 100, 1_000))], wall=1.0)
    entry = ledger.claim(now, 60.0)
    assert entry is not None
    ledger.identify(entry.key, sha256)
    return entry.key


def published(ledger: Ledger, path: str = "scan.jpg", sha256: str = "aa") -> int:
    key = claimed(ledger, path, sha256)
    ledger.record(key, RESULT, lambda name: False)
    ledger.publish(key, [f"{path}.json"], f"archived/{path}")
    return key


def test_a_lost_document_waits_and_a_loss_and_a_fault_are_counted(ledger: Ledger) -> None:
    key = claimed(ledger)
    ledger.delays.lose(key, "its worker was killed", due=16.0, wall=5.0)
    entry = ledger.entry(key)
    assert (entry.state, entry.losses, entry.attempts, entry.faults) == (State.WAITING, 1, 0, 1)
    assert entry.fault == "its worker was killed"
    assert ledger.claim(15.9, 60.0) is None
    assert ledger.claim(16.0, 60.0) is not None


def test_a_blamed_document_waits_and_an_attempt_is_counted_and_no_fault(ledger: Ledger) -> None:
    entry = ledger.delays.blame(claimed(ledger), "it crashed", due=1.0, wall=5.0)
    assert (entry.state, entry.losses, entry.attempts, entry.faults) == (State.WAITING, 0, 1, 0)


@pytest.mark.parametrize(("losses", "attempts", "poison"), [(2, 2, False), (3, 2, True), (0, 3, True), (8, 0, False)])
def test_three_losses_weigh_as_much_as_an_attempt(ledger: Ledger, losses: int, attempts: int, poison: bool) -> None:
    entry = replace(ledger.entry(claimed(ledger)), losses=losses, attempts=attempts)
    assert entry.is_poison(3) == poison


def test_a_dead_daemons_documents_wait_again_and_a_loss_is_counted(ledger: Ledger) -> None:
    key, growing = claimed(ledger), claimed(ledger, "growing.jpg", "bb")
    ledger.delays.postpone(growing, "it ends too early", due=9.0, wall=5.0, incomplete_since=3.0)
    assert ledger.recover() == 1
    assert (ledger.entry(key).state, ledger.entry(key).losses) == (State.WAITING, 1)
    assert ledger.entry(growing).incomplete_since is None, "the clock begins anew with each boot"
    assert len(ledger.due(State.WAITING, 0.0, 9)) == 2


def test_documents_of_a_folder_can_be_left(ledger: Ledger) -> None:
    for number, path in enumerate(["a/1.jpg", "2.jpg", "a/b/3.jpg"]):
        ledger.arrive([Candidate(path, Identity(number, 100, 1_000))], wall=1.0)
    found = [ledger.claim(0.0, 60.0, ["a", ""]), ledger.claim(0.0, 60.0, ["a", ""]), ledger.claim(0.0, 60.0, ["a"])]
    assert [entry and entry.path for entry in found] == ["a/b/3.jpg", None, "2.jpg"]


@pytest.mark.parametrize("without", [[""], None])
def test_of_a_folder_that_is_left_only_what_is_not_claimed_is_not_waited_for(
    ledger: Ledger, without: list[str] | None
) -> None:
    claimed(ledger)
    published(ledger, "published.jpg", "bb")
    ledger.arrive([Candidate("waiting.jpg", Identity(1, 100, 1_000))], wall=1.0)
    assert (ledger.open(0), ledger.open(0, without)) == (3, 2)


def test_what_is_in_the_way_of_all_is_so_since_the_first_time(ledger: Ledger) -> None:
    published(ledger)
    for now in (10.0, 20.0):
        ledger.delays.postpone_all(State.PUBLISHED, now, "the archive is away", due=now + 1, wall=now)
    assert [held.since for held in faulty(ledger.connection, 9)] == [10.0]


def test_what_is_put_off_till_later_is_so_also_while_something_is_in_the_way_of_all(ledger: Ledger) -> None:
    later = published(ledger)
    published(ledger, "other.jpg", "bb")
    ledger.delays.postpone(later, "it cannot be moved", due=100.0, wall=5.0)
    ledger.delays.postpone_all(State.PUBLISHED, 10.0, "the archive is away", due=12.0, wall=9.0)
    assert [entry.path for entry in ledger.due(State.PUBLISHED, 12.0, 9)] == ["other.jpg"]
    assert ledger.entry(later).fault == "it cannot be moved"


def test_the_next_that_is_due_is_the_first_of_all_states(ledger: Ledger) -> None:
    waiting, done = claimed(ledger, "1.jpg"), published(ledger, "22.jpg", "bb")
    assert ledger.next_due(0.0) is None
    ledger.delays.postpone(waiting, "no space", due=20.0, wall=5.0)
    ledger.delays.postpone(done, "the archive is away", due=10.0, wall=5.0)
    assert ledger.next_due(0.0) == 10.0
    assert ledger.next_due(10.0) == 20.0
    assert ledger.next_due(20.0) is None


def test_a_fault_is_forgotten_with_the_next_step(ledger: Ledger) -> None:
    key = claimed(ledger)
    ledger.delays.postpone(key, "the file is locked", due=1.0, wall=4.0)
    ledger.claim(1.0, 60.0)
    ledger.record(key, RESULT, lambda name: False)
    ledger.publish(key, ["scan.jpg.json"], "archived/scan.jpg")
    ledger.delays.postpone(key, "the archive is away", due=10.0, wall=5.0)
    assert [held.since for held in faulty(ledger.connection, 9)] == [5.0]
    assert (ledger.open(0), ledger.open(1)) == (0, 1)
    ledger.finish(key, wall=9.0)
    entry = ledger.entry(key)
    assert (entry.state, entry.fault, entry.faults, entry.finished_at) == (State.DONE, None, 0, 9.0)
    assert ledger.open(1) == 0


def test_a_document_of_the_same_content_takes_the_results_of_the_first(ledger: Ledger) -> None:
    first, second = published(ledger), claimed(ledger, "copy.jpg", "bb")
    twin = ledger.identify(second, "aa")
    assert twin is not None
    assert twin.key == first
    ledger.duplicate(second, first, "archived/copy.jpg")
    entry = ledger.entry(second)
    assert (entry.state, entry.duplicate_of, entry.target) == (State.PUBLISHED, first, "archived/copy.jpg")
    assert ledger.renewals.name(entry) == "scan.jpg"


def test_a_document_whose_twin_is_in_work_waits_for_it(ledger: Ledger) -> None:
    first, second = claimed(ledger), claimed(ledger, "copy.jpg", "bb")
    twin = ledger.identify(second, "aa")
    assert twin is not None
    ledger.give_back(second, twin=twin.key)
    assert ledger.claim(0.0, 60.0) is None
    ledger.record(first, RESULT, lambda name: False)
    again = ledger.claim(0.0, 60.0)
    assert again is not None
    assert again.key == second


def test_a_document_in_work_is_found_by_one_of_its_content_that_arrived_before_it(ledger: Ledger) -> None:
    first = claimed(ledger, "locked.jpg")
    ledger.delays.postpone(first, "the file is locked", due=10.0, wall=5.0)
    second = claimed(ledger, "copy.jpg")
    ledger.claim(10.0, 60.0)
    twin = ledger.identify(first, "aa")
    assert twin is not None
    assert twin.key == second


def test_results_that_are_published_once_more_are_the_first_ones_outputs(ledger: Ledger) -> None:
    first, second = published(ledger), claimed(ledger, "copy.jpg")
    ledger.renewals.renew(second, first, RESULT, differs=False, tabulate=False)
    assert ledger.renewals.outputs(second) == ()
    ledger.publish(second, ["scan.jpg.json", "scan.jpg.csv"], None)
    assert ledger.renewals.outputs(first) == ("scan.jpg.json", "scan.jpg.csv")


def test_a_name_that_became_barred_is_changed_for_another(ledger: Ledger) -> None:
    key = claimed(ledger, "a/scan.jpg")
    ledger.record(key, RESULT, lambda name: False)
    assert ledger.rename(key, "b/scan.jpg", lambda name: name == "b/scan.jpg") == "b/scan~2.jpg"
    assert ledger.entry(key).name == "b/scan~2.jpg"


def test_a_place_that_is_taken_is_changed_for_another_and_known_as_the_documents(ledger: Ledger) -> None:
    key = published(ledger)
    ledger.aim(key, "archived/scan~2.jpg")
    assert ledger.entry(key).target == "archived/scan~2.jpg"
    assert ledger.is_target("archived/scan~2.jpg", State.PUBLISHED)
    assert not ledger.is_target("archived/scan~2.jpg", State.CONDEMNED)
    assert not ledger.is_target("archived/scan.jpg", State.PUBLISHED)


def test_a_failed_document_has_its_reason_until_a_person_puts_it_back(ledger: Ledger) -> None:
    key = claimed(ledger)
    ledger.condemn(key, Verdict("the file is cut off", "scan it again"), "scan.jpg")
    ledger.quarantine(key, wall=9.0, day="2026-11-23", hook=True)
    entry = ledger.entry(key)
    assert (entry.state, entry.reason, entry.remedy) == (State.FAILED, "the file is cut off", "scan it again")
    assert [changed.day for changed in ledger.days.changed()] == ["2026-11-23"]
    assert ledger.count(State.FAILED) == 1
    ledger.release(key)
    assert ledger.count(State.FAILED) == 0
    with pytest.raises(LookupError, match=f"no document {key}"):
        ledger.entry(key)


def test_hooks_wait_for_documents_that_have_one_and_go_with_what_is_put_back(ledger: Ledger) -> None:
    ledger.finish(published(ledger, "1.jpg", "bb"), wall=2.0)
    done = published(ledger)
    ledger.finish(done, wall=3.0, hook=True)
    copy = claimed(ledger, "copy.jpg")
    ledger.duplicate(copy, done, None)
    ledger.finish(copy, wall=4.0, hook=True)
    torn = claimed(ledger, "torn.jpg", "cc")
    ledger.condemn(torn, Verdict("the file is cut off", "scan it again"), "torn.jpg")
    ledger.quarantine(torn, wall=5.0, hook=True)
    waiting = [(one.entry.path, one.outputs) for one in ledger.hooks.waiting(9)]
    assert waiting == [("scan.jpg", ("scan.jpg.json",)), ("copy.jpg", ("scan.jpg.json",)), ("torn.jpg", ())]
    ledger.release(torn)
    ledger.hooks.ended(ledger.hooks.waiting(1)[0].number)
    assert [one.entry.path for one in ledger.hooks.waiting(9)] == ["copy.jpg"]


@pytest.mark.parametrize("step", [Ledger.forget, Ledger.release])
def test_results_are_never_dropped_with_their_file(ledger: Ledger, step: object) -> None:
    key = published(ledger)
    with pytest.raises(RuntimeError, match="must be in one of the states"):
        step(ledger, key)  # type: ignore[operator]
    assert isinstance(ledger.entry(key), Entry)
