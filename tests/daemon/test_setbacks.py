"""Documents that are put off: for how long, what is kept of the reason, and what the log says."""

from __future__ import annotations

import errno
import logging
import os
from datetime import UTC, datetime

import pytest

from daemon.documents import Candidate, Entry, Identity, State
from daemon.ledger import Ledger
from daemon.setbacks import Setbacks, backoff_s

AT = datetime(2026, 11, 23, 21, 2, tzinfo=UTC)
NO_SPACE = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/srv/outbox")


@pytest.fixture
def setbacks(ledger: Ledger) -> Setbacks:
    return Setbacks(ledger, lambda: AT)


def claimed(ledger: Ledger, now: float = 0.0, path: str = "scan.jpg") -> Entry:
    ledger.arrive([Candidate(path, Identity(len(path), 100, 1_000))], wall=1.0)
    entry = ledger.claim(now, 60.0)
    assert entry is not None
    return entry


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    return [(record.levelno, record.getMessage()) for record in caplog.records]


def test_each_pause_is_twice_as_long_as_the_last_up_to_a_minute() -> None:
    assert [backoff_s(faults) for faults in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert backoff_s(10**6) == 60


def test_a_document_waits_for_what_passes_and_no_attempt_is_counted(ledger: Ledger, setbacks: Setbacks) -> None:
    for now, due in [(100.0, 101.0), (101.0, 103.0), (103.0, 107.0)]:
        setbacks.postpone(claimed(ledger, now), NO_SPACE, now)
        assert ledger.next_due(now) == due
    entry = claimed(ledger, 107.0)
    assert (entry.fault, entry.faults, entry.attempts) == ("No space left on device: /srv/outbox", 3, 0)


def test_what_is_in_the_way_is_named_once_until_it_is_something_else(
    ledger: Ledger, setbacks: Setbacks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "daemon.setbacks")
    for now, error in [(0.0, NO_SPACE), (10.0, NO_SPACE), (20.0, OSError("the share is away"))]:
        setbacks.postpone(claimed(ledger, now), error, now)
    put_off = "document=scan.jpg is put off: {}; trying again until it passes"
    assert told(caplog) == [
        (logging.WARNING, put_off.format("No space left on device: /srv/outbox")),
        (logging.DEBUG, put_off.format("No space left on device: /srv/outbox")),
        (logging.WARNING, put_off.format("the share is away")),
    ]


def test_a_folder_that_is_away_puts_all_documents_of_the_state_off(ledger: Ledger, setbacks: Setbacks) -> None:
    ledger.arrive([Candidate(f"{k}.jpg", Identity(k, 100, 1_000)) for k in range(3)], wall=1.0)
    setbacks.postpone_all(ledger.due(State.WAITING, 0.0, 1)[0], NO_SPACE, 50.0)
    assert ledger.due(State.WAITING, 50.9, 9) == []
    assert len(ledger.due(State.WAITING, 51.0, 9)) == 3
    setbacks.postpone_all(ledger.due(State.WAITING, 51.0, 1)[0], NO_SPACE, 51.0)
    assert ledger.next_due(51.0) == 53.0, "a night without the folder must not be one of tries"


def test_the_rest_of_a_document_is_waited_for_without_counting_a_fault(
    ledger: Ledger, setbacks: Setbacks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "daemon.setbacks")
    for now in (100.0, 110.0):
        setbacks.wait_for_rest(claimed(ledger, now), now + 10.0, 100.0)
    entry = claimed(ledger, 120.0)
    assert (entry.incomplete_since, entry.faults, entry.attempts) == (100.0, 0, 0)
    assert told(caplog) == [(logging.INFO, "document=scan.jpg ends too early; waiting for the rest")]


def test_an_attempt_is_counted_against_a_document_that_waits_longer_each_time(
    ledger: Ledger, setbacks: Setbacks
) -> None:
    entry = setbacks.blame(claimed(ledger), "crashed\nby signal 11", 100.0)
    assert (entry.attempts, entry.losses, entry.fault) == (1, 0, r"crashed\nby signal 11")
    assert ledger.next_due(0.0) == 101.0
    assert setbacks.blame(claimed(ledger, 101.0), "crashed", 101.0).attempts == 2
    assert ledger.next_due(101.0) == 103.0


def test_where_memory_is_short_the_first_pause_is_long_and_no_attempt_is_counted(
    ledger: Ledger, setbacks: Setbacks, caplog: pytest.LogCaptureFixture
) -> None:
    setbacks.lose(claimed(ledger, path="a\nb.jpg"), "the kernel killed its worker", 100.0)
    assert ledger.next_due(0.0) == 116.0
    entry = claimed(ledger, 116.0, path="a\nb.jpg")
    assert (entry.attempts, entry.losses) == (0, 1)
    assert told(caplog) == [(logging.WARNING, r"document=a\nb.jpg is put off: the kernel killed its worker")]
