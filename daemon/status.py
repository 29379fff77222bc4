"""What `digitdrop status` says: from the ledger, and from what a running daemon last said of itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from config.schema import Settings
from daemon.documents import Entry, State
from daemon.health import Problem, Report
from daemon.ledger import Ledger, reports
from daemon.ledger.reports import Faulty
from daemon.lock import running_pid
from daemon.names import shown
from daemon.words import counted

_LISTED = 20
_LAST_RESULTS = 5


@dataclass(frozen=True, slots=True)
class Finished:
    """A document at its end; times are seconds since the epoch.

    Attributes:
        results: outbox name of its results; None for one that failed, or whose content was read before.
        reason: why it failed, with what can be done; None for one that was read.
        outputs: the files of its results, relative to the outbox, the JSON last; none where it failed, or where the
            results of the same content stood there already.
        place: of the original in failed/, relative to that; None for one that was read.
        read_since: it failed, and another document of the same path was read later.
        twin: outbox name of the results of the same content, where that was read before; None for any other.
    """

    path: str
    finished: float
    results: str | None
    reason: str | None
    outputs: tuple[str, ...]
    place: str | None
    read_since: bool
    twin: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How the service stands; times are seconds since the epoch.

    Attributes:
        pid: of the running daemon, None when none runs.
        waiting: documents to be claimed.
        in_work: documents claimed, or with results that are not published or whose original is not moved yet.
        done: documents done ever.
        done_today: documents done since midnight.
        oldest: when the oldest unfinished document arrived.
        to_review: how many numbers people are to look at, by the day, the last one first; only days that have any.
        failed: documents in failed/, oldest first.
        recent: documents finished last, newest first.
        held_up: documents something is in the way of.
        problems: what is in the way of the service itself, as the running daemon last said.
        daemon: how the running daemon is, as it last said.
    """

    pid: int | None
    waiting: int
    in_work: int
    done: int
    done_today: int
    oldest: float | None
    to_review: dict[str, int]
    failed: tuple[Finished, ...]
    recent: tuple[Finished, ...]
    held_up: tuple[Faulty, ...]
    problems: tuple[Problem, ...]
    daemon: Report | None

    def to_json(self) -> str:
        r"""The status as a JSON object; bytes of a name that are no UTF-8 become `\udcXX` escapes."""
        return json.dumps(asdict(self), indent=2)

    def lines(self, now: float | None = None) -> list[str]:
        """The status as text; `now` in seconds since the epoch."""
        return list(_lines(self, time.time() if now is None else now))


def report(settings: Settings, *, now: float | None = None) -> Status:
    """The status of the service on a configuration's state folder; `now` in seconds since the epoch.

    Raises:
        LedgerError: there is no ledger, or it cannot be read.
    """
    wall = time.time() if now is None else now
    midnight = datetime.fromtimestamp(wall).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    pid = running_pid(settings.state)
    said = Report.read(settings.state) if pid is not None else None
    if said and pid and said.pid != pid:  # the run before said it; this one is still starting
        said = None
    with Ledger(settings.state, create=False) as ledger:
        db = ledger.connection
        counts, since = reports.counts(db), reports.read_since(db)
        at_work = (State.WORKING, State.RECOGNIZED, State.PUBLISHED, State.CONDEMNED)
        return Status(
            pid=pid,
            waiting=counts[State.WAITING],
            in_work=sum(counts[state] for state in at_work),
            done=counts[State.DONE],
            done_today=reports.done_since(db, midnight),
            oldest=reports.oldest_waiting(db),
            to_review={day: numbers for day, numbers in ledger.reviews.days().items() if numbers},
            failed=tuple(_finished(entry, read_since=entry.key in since) for entry in reports.failures(db)),
            recent=tuple(_recent(entry, ledger) for entry in reports.recent(db, _LISTED)),
            held_up=tuple(reports.faulty(db, _LISTED)),
            problems=said.problems if said else (),
            daemon=said,
        )


def _recent(entry: Entry, ledger: Ledger) -> Finished:
    twin = None if entry.duplicate_of is None else ledger.renewals.name(entry)
    return replace(_finished(entry, ledger.renewals.outputs(entry.key)), twin=twin)


def _finished(entry: Entry, outputs: tuple[str, ...] = (), *, read_since: bool = False) -> Finished:
    failed = entry.state is State.FAILED
    reason = f"{entry.reason}. {entry.remedy}" if failed else None
    place = entry.target if failed else None
    return Finished(entry.path, entry.finished_at or 0.0, entry.name, reason, outputs, place, read_since)


def _lines(status: Status, now: float) -> Iterator[str]:
    yield from _service(status, now)
    waiting = f"{status.waiting} waiting, {status.in_work} in work"
    if status.oldest is not None:
        waiting += f", the oldest for {_span(now - status.oldest)}"
    yield f"documents: {waiting}"
    yield f"done: {status.done_today} today, {status.done} in all"
    for done in [finished for finished in status.recent if finished.reason is None][:_LAST_RESULTS]:
        yield f"  {shown(done.path)}: {_results(done)} ({_span(now - done.finished)} ago)"
    if status.to_review:
        numbers = counted(sum(status.to_review.values()), "number")
        yield f"to review: {numbers} of {counted(len(status.to_review), 'day')}, by `digitdrop review`"
    for problem in status.problems:
        yield f"problem: {problem.part}: {problem.text} (for {_span(now - problem.since)})"
    for held in status.held_up:
        yield f"held up: {shown(held.path)}: {held.fault} (for {_span(now - held.since)})"
    if status.daemon and status.daemon.unread:
        unread, in_all = status.daemon.unread, status.daemon.unread_in_all
        yield f"left unread in the inbox: {in_all}"
        yield from (f"  {shown(path)}: {why}" for path, why in unread.items())
        if in_all > len(unread):
            yield f"  and {in_all - len(unread)} more"
    again = sum(failure.read_since for failure in status.failed)
    yield f"failed: {len(status.failed)}" + (f", {again} with another of the same name read since" if again else "")
    for failure in status.failed[: -_LISTED - 1 : -1]:
        moved = failure.place or failure.path
        place = f" ({shown(moved)} in failed/)" if moved != failure.path else ""
        since = ", another of this name was read since" if failure.read_since else ""
        yield f"  {shown(failure.path)}{place}: {failure.reason} ({_span(now - failure.finished)} ago{since})"
    if len(status.failed) > _LISTED:
        yield f"  and {len(status.failed) - _LISTED} older ones"


def _results(done: Finished) -> str:
    if not done.outputs:
        return f"read before as {shown(done.twin)}" if done.twin else "read before"
    again = "read again, " if done.results is None else ""
    return f"{again}results in {shown(done.outputs[-1])}"


def _service(status: Status, now: float) -> Iterator[str]:
    if status.pid is None:
        yield "service: not running"
        return
    said = status.daemon
    if said is None:
        yield f"service: starting as process {status.pid}"
        return
    yield f"service: running as process {status.pid} for {_span(now - said.started)}"
    scanned = "not scanned yet" if said.scanned is None else f"last scan {_span(now - said.scanned)} ago"
    yield f"inbox: scanned every {said.rescan_s:g} s, {scanned}"
    for folder, events in said.watched.items():
        yield f"  {shown(folder)}: {'events' if events else 'scan only'}"
    yield f"model: {said.model}"


def _span(seconds: float) -> str:
    """A length of time in its largest whole unit."""
    for unit, length_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
