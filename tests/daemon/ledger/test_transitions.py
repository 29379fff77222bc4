from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.documents import Candidate, Identity, State, Verdict
from daemon.ledger import Ledger, reports
from daemon.ledger.results import StoredResult
from daemon.ledger.schema import transaction

SEEN = Identity(7, 100, 1_000)
RESULT = StoredResult("2026-11-23", b'{"document": "scan.jpg"}', {1: b"jpeg", 2: b"jpeg 2"}, (b"crop", b""))


def arrive(ledger: Ledger, path: str = "scan.jpg", identity: Identity = SEEN) -> int:
    return ledger.arrive([Candidate(path, identity)], wall=1.0)


def recorded(ledger: Ledger, path: str = "scan.jpg", inode: int = 7, sha256: str = "aa") -> tuple[int, str]:
    """A document that has come as far as `recognized`, and its outbox name."""
    arrive(ledger, path, Identity(inode, 100, 1_000))
    entry = ledger.claim(0.0, 60.0)
    assert entry is not None
    ledger.identify(entry.key, sha256)
    return entry.key, ledger.record(entry.key, RESULT, lambda name: False)


def test_a_file_arrives_once_however_often_it_is_seen(ledger: Ledger) -> None:
    assert [arrive(ledger) for _ in range(3)] == [1, 0, 0]
    entry = ledger.claim(0.0, 60.0)
    assert entry is not None
    assert arrive(ledger) == 0
    ledger.give_back(entry.key)
    assert arrive(ledger) == 0


def test_a_waiting_file_that_changed_waits_as_what_it_is_now(ledger: Ledger) -> None:
    arrive(ledger)
    changed = Identity(7, 200, 2_000)
    assert arrive(ledger, identity=changed) == 1
    assert ledger.count(State.WAITING) == 1
    entry = ledger.claim(0.0, 60.0)
    assert entry is not None
    assert entry.identity == changed


def test_documents_are_claimed_in_the_order_in_which_they_arrived(ledger: Ledger) -> None:
    for path in ("c.jpg", "a.jpg", "b.jpg"):
        arrive(ledger, path)
    claimed = [ledger.claim(0.0, 60.0) for _ in range(4)]
    assert [entry and entry.path for entry in claimed] == ["c.jpg", "a.jpg", "b.jpg", None]


def test_what_was_put_off_comes_back_when_it_is_due_and_after_the_others(ledger: Ledger) -> None:
    arrive(ledger, "late.jpg")
    entry = ledger.claim(0.0, 60.0)
    assert entry is not None
    ledger.delays.postpone(entry.key, "no space", due=10.0, wall=5.0)
    assert ledger.claim(9.9, 60.0) is None
    assert ledger.next_due(0.0) == 10.0
    arrive(ledger, "fresh.jpg")
    order = [ledger.claim(10.0, 60.0) for _ in range(2)]
    assert [entry and entry.path for entry in order] == ["fresh.jpg", "late.jpg"]


def test_a_lease_runs_out_only_on_what_is_still_in_work(ledger: Ledger) -> None:
    for path in ("lost.jpg", "put off.jpg", "given back.jpg", "read.jpg"):
        arrive(ledger, path)
    lost, put_off, given_back, read = (ledger.claim(5.0, 60.0) for _ in range(4))
    assert lost is not None
    assert put_off is not None
    assert given_back is not None
    assert read is not None
    ledger.delays.postpone(put_off.key, "no space", due=10.0, wall=5.0)
    ledger.give_back(given_back.key)
    ledger.identify(read.key, "aa")
    ledger.record(read.key, RESULT, lambda name: False)
    assert ledger.expired(64.9) == []
    assert [entry.path for entry in ledger.expired(65.0)] == ["lost.jpg"]
    ledger.delays.lose(lost.key, "nothing was heard of it", due=70.0, wall=5.0)
    assert ledger.expired(1e9) == []
    assert [ledger.claim(70.0, 60.0) is not None for _ in range(4)] == [True, True, True, False]
    assert len(ledger.expired(130.0)) == 3


def test_a_restart_makes_everything_due_whatever_the_clock_says(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        arrive(ledger)
        entry = ledger.claim(0.0, 60.0)
        assert entry is not None
        ledger.delays.postpone(entry.key, "no space", due=1e9, wall=5.0)
    with Ledger(tmp_path) as ledger:
        assert ledger.claim(0.0, 60.0) is None
        assert ledger.recover() == 0
        assert ledger.claim(0.0, 60.0) is not None


def test_names_of_any_bytes_survive(ledger: Ledger) -> None:
    for path in ("byte\udcff.jpg", "new\nline.jpg", "ä/ö.jpg"):
        arrive(ledger, path)
        entry = ledger.claim(0.0, 60.0)
        assert entry is not None
        assert entry.path == path


def test_results_are_kept_and_pictures_only_until_they_are_published(ledger: Ledger) -> None:
    key, name = recorded(ledger)
    assert name == "scan.jpg"
    assert ledger.result(key) == StoredResult("2026-11-23", RESULT.json, {1: b"jpeg", 2: b"jpeg 2"})
    ledger.publish(key, ["scan.jpg.json"], "scan.jpg")
    assert ledger.result(key).pictures == {}
    assert ledger.result(key).json == RESULT.json


def test_outbox_names_are_unique_also_among_names_that_look_numbered(ledger: Ledger) -> None:
    names = [
        recorded(ledger, path, number, str(number))[1]
        for number, path in enumerate(["scan.jpg", "scan~2.jpg", "scan.jpg", "scan.jpg", "a/scan.jpg"])
    ]
    assert names == ["scan.jpg", "scan~2.jpg", "scan~3.jpg", "scan~4.jpg", "a/scan.jpg"]


def test_a_name_that_is_taken_in_the_outbox_is_not_given(ledger: Ledger) -> None:
    arrive(ledger)
    entry = ledger.claim(0.0, 60.0)
    assert entry is not None
    assert ledger.record(entry.key, RESULT, lambda name: name != "scan~3.jpg") == "scan~3.jpg"


def test_a_published_document_changes_its_day_until_the_table_is_written(ledger: Ledger) -> None:
    key, _ = recorded(ledger)
    assert ledger.days.changed() == []
    ledger.publish(key, ["scan.jpg.json", "scan.jpg.annotated.jpg"], None)
    (day,) = ledger.days.changed()
    (entry,) = ledger.days.entries(day.day)
    assert entry.result == {"document": "scan.jpg"}
    assert entry.crops == (b"crop",)
    assert entry.outputs == ("scan.jpg.json", "scan.jpg.annotated.jpg")
    second, _ = recorded(ledger, "other.jpg", 8, "bb")
    ledger.publish(second, [], None)
    ledger.days.written(day)
    assert [changed.day for changed in ledger.days.changed()] == ["2026-11-23"], "published while it was written"


def test_old_crops_are_dropped_only_when_their_table_stands(ledger: Ledger) -> None:
    key, _ = recorded(ledger)
    ledger.publish(key, [], None)
    assert ledger.days.drop_crops("2026-12-01") == 0
    ledger.days.written(ledger.days.changed()[0])
    assert ledger.days.drop_crops("2026-11-23") == 0
    assert ledger.days.drop_crops("2026-12-01") == 1


def test_a_transition_that_is_not_in_the_table_is_a_mistake(ledger: Ledger) -> None:
    arrive(ledger)
    entry = ledger.claim(0.0, 60.0)
    assert entry is not None
    with pytest.raises(RuntimeError, match="published"):
        ledger.finish(entry.key, wall=1.0)
    with pytest.raises(RuntimeError, match="recognized"):
        ledger.publish(entry.key, [], None)
    ledger.condemn(entry.key, Verdict("torn", "mend it"), "scan.jpg")
    with pytest.raises(RuntimeError, match="working"):
        ledger.give_back(entry.key)


def test_a_transaction_that_fails_changes_nothing(ledger: Ledger) -> None:
    arrive(ledger)
    entry = ledger.claim(0.0, 60.0)
    assert entry is not None

    def taken(name: str) -> bool:
        raise OSError("the outbox is away")

    with pytest.raises(OSError, match="away"):
        ledger.record(entry.key, RESULT, taken)
    assert ledger.record(entry.key, RESULT, lambda name: False) == "scan.jpg"


def test_claims_stay_quick_among_many_finished_documents(ledger: Ledger) -> None:
    plans = [
        "SELECT key FROM documents WHERE state = 'waiting' AND due <= 1 ORDER BY due, key LIMIT 1",
        "SELECT * FROM documents WHERE path = x'00' AND state IN ('waiting', 'working')",
        "SELECT 1 FROM documents WHERE path = x'00' AND state = 'done' AND target IS NULL AND size = 1",
        "SELECT * FROM documents WHERE sha256 = 'aa' AND state IN ('done', 'published')",
        "SELECT 1 FROM documents WHERE target = x'00' AND state IN ('published')",
        "SELECT 1 FROM documents WHERE name = x'00'",
        "SELECT COUNT(*) FROM documents WHERE state IN ('waiting')",
    ]
    for query in plans:
        plan = " ".join(row["detail"] for row in ledger.connection.execute(f"EXPLAIN QUERY PLAN {query}"))
        assert "SEARCH" in plan, plan
        assert "TEMP B-TREE" not in plan, plan


def work_of(connection: sqlite3.Connection, ask: Callable[[], object]) -> int:
    """How often SQLite went round while it answered."""
    rounds = itertools.count()
    connection.set_progress_handler(lambda: next(rounds) < 0, 1)
    ask()
    connection.set_progress_handler(None, 1)
    return next(rounds)


@pytest.mark.parametrize(
    "ask",
    [
        lambda ledger: ledger.archive.kept_since_before(4.0, 10),
        lambda ledger: ledger.archive.oldest(),
        lambda ledger: reports.done_since(ledger.connection, 4_000.0),
        lambda ledger: ledger.days.drop_crops("2026-12-01"),
    ],
    ids=["kept since before", "oldest", "done since", "drop crops"],
)
def test_questions_take_no_longer_the_more_was_ever_read(ledger: Ledger, ask: Callable[[Ledger], object]) -> None:
    with transaction(ledger.connection) as db:
        db.executemany(
            "INSERT INTO documents (path, inode, size, mtime_ns, state, target, arrived_at, finished_at) "
            "VALUES (x'00', 1, 2, 3, 'done', x'00', 0.0, ?)",
            [(finished,) for finished in range(4_000)],
        )
        db.execute("INSERT INTO results SELECT key, '2026-11-23', x'' FROM documents")
        db.execute("INSERT INTO days VALUES ('2026-11-23', 1, 1)")
        db.execute("INSERT INTO crops VALUES (1, 0, x'')")
    assert work_of(ledger.connection, lambda: ask(ledger)) < 400
