"""Documents' way through the engine: claimed, read, recognized, and their results recorded."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from config.schema import Settings
from daemon import verdicts
from daemon.clock import Clock
from daemon.days import CROP_DAYS
from daemon.deliver import Delivery
from daemon.documents import MAX_DOCUMENT_BYTES, READ, Entry, State, Verdict
from daemon.engine.interface import Engine, Job, Outcome, OutcomeKind
from daemon.errors import EngineError, LedgerError, ReadError
from daemon.ledger import Ledger
from daemon.ledger.results import StoredResult
from daemon.ledger.reviews import is_of_a_person
from daemon.names import shown
from daemon.originals import ChangedError, read_original
from daemon.outbox import Outbox
from daemon.result import Result, to_review
from daemon.scan import leads_out
from daemon.setbacks import Setbacks
from daemon.systemd import Beat, no_beat
from daemon.words import said

log = logging.getLogger(__name__)

_CLAIMS = 50
"""Documents claimed in one step at most, so that thousands of duplicates do not make it long."""

LEASE_SPARE_S = 3600.0
"""Of a lease, beyond what reading a document may take: for its file on a slow share, and a place on a busy cluster."""


class Worker:
    """Moves documents from state to state, one short step at a time.

    Args:
        settings: whose folders and limits.
        ledger: the documents.
        engine: started, runs recognition.
        outbox: where results go.
        drop: told the path of each file that is no longer followed as what it was.
        wall: the time of day.

    Attributes:
        claiming: whether new documents are taken into work; off when the daemon is to stop.
        delivery: what publishes and moves, with its counts.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        engine: Engine,
        outbox: Outbox,
        *,
        drop: Callable[[str], None],
        wall: Clock,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._engine = engine
        self._outbox = outbox
        self._drop = drop
        self._wall = wall
        self._setbacks = Setbacks(ledger, wall)
        self._lease_s = settings.engine.timeout_seconds + LEASE_SPARE_S
        self._outcomes: deque[Outcome] = deque()
        self._in_work: dict[int, Entry] = {}
        self._stranded: set[int] = set()
        self.claiming = True
        self.delivery = Delivery(settings, ledger, outbox, drop=drop, wall=wall)

    @property
    def in_work(self) -> int:
        """How many documents the engine has, or has given back without that it is recorded yet."""
        return len(self._in_work)

    def run_once(self, now: float, beat: Beat = no_beat) -> bool:
        """Takes every document that can go on a step further; returns whether any did.

        Args:
            now: monotonic seconds.
            beat: called at each document that is read, written or moved, and at each piece of a large one.

        Raises:
            LedgerError: the ledger refused a transition; the next step takes it up again.
            sqlite3.Error: the ledger could not be read; likewise.
        """
        self._free_stranded()
        outcomes = self._settle_outcomes(now)
        self._take_back_expired(now)
        delivered = self.delivery.run_once(now, beat)
        claimed = self._claim(now, beat) if self.claiming else 0
        return bool(outcomes or delivered or claimed)

    def give_back(self) -> int:
        """Makes everything in work wait again, for a stop that cannot be held up; returns how much there was."""
        self._stranded |= self._in_work.keys()
        self._in_work.clear()
        self._outcomes.clear()
        count = len(self._stranded)
        self._free_stranded()
        return count

    def _free_stranded(self) -> None:
        """Gives back what was claimed and did not reach the engine, because something failed in between."""
        for key in list(self._stranded):
            if self._ledger.entry(key).state is State.WORKING:
                self._ledger.give_back(key)
            self._stranded.discard(key)

    def _take_back_expired(self, now: float) -> None:
        """Has documents read anew whose end nobody told: a mistake of an engine's or of ours must not lose one."""
        for entry in self._ledger.expired(now):
            self._in_work.pop(entry.key, None)
            self._setbacks.lose(entry, "nothing was heard of it since it was claimed", now)

    @contextmanager
    def _guarded(self, entry: Entry, now: float) -> Iterator[None]:
        """Counts a mistake of ours against the document that brought it out, so that the others go on."""
        try:
            yield
        except (LedgerError, sqlite3.Error):  # of which the document is innocent
            raise
        except Exception as error:
            log.exception("document=%s met a mistake of digitdrop's", shown(entry.path))
            self._blame(entry, f"{type(error).__name__}: {error}", now)

    # Into the engine

    def _claim(self, now: float, beat: Beat) -> int:
        crowded = self.delivery.crowded()
        if crowded is None:
            return 0
        for claimed in range(_CLAIMS):
            entry = self._ledger.claim(now, self._lease_s, crowded) if self._engine.free() > 0 else None
            if entry is None:
                return claimed
            self._stranded.add(entry.key)
            beat()
            with self._guarded(entry, now):
                self._take(entry, now, beat)
            self._stranded.discard(entry.key)
        return _CLAIMS

    def _take(self, entry: Entry, now: float, beat: Beat) -> None:
        """Reads a claimed document and hands it to the engine, or finds out why that is not to be."""
        if entry.identity.size > MAX_DOCUMENT_BYTES:
            return self._condemn(entry, verdicts.too_large(entry))
        inbox = self._settings.inbox
        try:
            if leads_out(inbox, entry.path):
                raise ChangedError("a folder on its path is a link by now")
            data = read_original(inbox / entry.path, entry.identity, beat)
        except ChangedError as error:
            log.info("document=%s is left: %s", shown(entry.path), error)
            self._ledger.forget(entry.key)
            return self._drop(entry.path)
        except OSError as error:
            rule, remedy = "it must be readable", "See to the permissions of the file and of its folder"
            return self._setbacks.postpone(entry, ReadError(f"{rule}. Received: {said(error)}. {remedy}"), now)
        sha256 = hashlib.sha256(data).hexdigest()
        if not self._ledger.relink(entry, sha256) and not self._is_known(entry, sha256, now):
            self._submit(entry, data, now)
        return None

    def _is_known(self, entry: Entry, sha256: str, now: float) -> bool:
        """Whether the same content was read before or is in work, which settles the document for now.

        Where somebody took the results out of the outbox the content is read again, as it is dropped to have them.
        """
        twin = self._ledger.identify(entry.key, sha256)
        if twin is None:
            return False
        try:
            lacking = twin.state in READ and self.delivery.lacks_results(twin.key)
        except OSError as error:
            self._setbacks.postpone(entry, error, now)
            return True
        busy = self._ledger.renewals.in_work(entry.key, sha256) if lacking else None
        if busy or twin.state is State.WORKING:
            self._ledger.give_back(entry.key, twin=(busy or twin).key)
        elif lacking:
            log.info(
                "document=%s has the same content as %s, whose results are gone from the outbox; it is read again",
                shown(entry.path), shown(twin.path),
            )  # fmt: skip
            return False
        else:
            log.info(
                "document=%s has the same content as %s; its results stand in the outbox as %s",
                shown(entry.path), shown(twin.path), shown(twin.name or twin.path),
            )  # fmt: skip
            self._ledger.duplicate(entry.key, twin.key, self.delivery.archive_place(entry.path, sha256))
        return True

    def _submit(self, entry: Entry, data: bytes, now: float) -> None:
        if entry.is_poison(self._settings.engine.attempts):
            self._condemn(entry, verdicts.poison(entry))
        else:  # whether it is whole, too, is for the engine to find out: what files say of themselves may lead anywhere
            try:
                self._engine.submit(Job(entry.key, data))
                self._in_work[entry.key] = entry
            except EngineError as error:
                self._setbacks.postpone(entry, error, now)

    # Out of the engine

    def _settle_outcomes(self, now: float) -> int:
        """Records what the engine has ended; an outcome is let go of only when it is in the ledger."""
        self._outcomes.extend(self._engine.poll(0))
        settled = 0
        while self._outcomes:
            outcome = self._outcomes[0]
            if outcome.key in self._in_work:
                entry = self._ledger.entry(outcome.key)
                with self._guarded(entry, now):
                    self._settle(entry, outcome, now)
                del self._in_work[outcome.key]
            self._outcomes.popleft()
            settled += 1
        return settled

    def _settle(self, entry: Entry, outcome: Outcome, now: float) -> None:
        error = outcome.error or str(outcome.kind)
        match outcome.kind:
            case OutcomeKind.READ:
                self._record(entry, outcome)
            case OutcomeKind.UNREADABLE:
                self._condemn(entry, verdicts.unreadable(error))
            case OutcomeKind.INCOMPLETE:
                self._wait_for_rest(entry, error, now)
            case OutcomeKind.LOST:
                self._setbacks.postpone(entry, EngineError(error), now)
            case OutcomeKind.KILLED:
                self._setbacks.lose(entry, error, now)
            case OutcomeKind.CRASHED | OutcomeKind.TIMED_OUT | OutcomeKind.FAILED:
                self._blame(entry, error, now)

    def _record(self, entry: Entry, outcome: Outcome) -> None:
        if outcome.document is None or entry.sha256 is None:
            raise RuntimeError(f"an outcome that was read must have a document. Received: {outcome}")
        model, time = self._engine.model, self._wall()
        before = self._ledger.renewals.read_before(entry.key, entry.sha256)
        path = entry.path if before is None else before.path
        result = Result(path, entry.sha256, time, model, outcome.seconds, outcome.document)
        if before is not None:
            return self._renew(entry, before, result)
        self._ledger.record(entry.key, _stored(result, time.date()), lambda name: self.delivery.is_taken(name, result))
        self.delivery.offer(entry.key, result)
        return None

    def _renew(self, entry: Entry, before: Entry, result: Result) -> None:
        """Has results published once more: as recorded, unless reading finds others and nobody has corrected them."""
        recorded = self._ledger.result(before.key)
        day = date.fromisoformat(recorded.day)
        new = _stored(result, day)
        standing = json.loads(recorded.json)
        differs = json.loads(new.json)["pages"] != standing["pages"] and not is_of_a_person(standing)
        # Without the crops of its other numbers an old day's table stays as it is.
        tabulate = day >= result.processed_at.date() - timedelta(CROP_DAYS)
        self._ledger.renewals.renew(entry.key, before.key, new, differs=differs, tabulate=tabulate)

    def _blame(self, entry: Entry, error: str, now: float) -> None:
        limit = self._settings.engine.attempts
        blamed = self._setbacks.blame(entry, error, now)
        if not blamed.is_poison(limit):
            log.warning("document=%s attempt %d of %d: %s", shown(entry.path), blamed.attempts, limit, error)

    def _wait_for_rest(self, entry: Entry, error: str, now: float) -> None:
        since = now if entry.incomplete_since is None else entry.incomplete_since
        due = since + self._settings.watch.incomplete_seconds
        if now < due:
            return self._setbacks.wait_for_rest(entry, due, since)
        return self._condemn(entry, verdicts.incomplete(error, self._settings.watch.incomplete_seconds))

    def _condemn(self, entry: Entry, verdict: Verdict) -> None:
        self._ledger.condemn(entry.key, verdict, self.delivery.failed_place(entry.path))


def _stored(result: Result, day: date) -> StoredResult:
    content = result.to_json()
    return StoredResult(
        day.isoformat(),
        json.dumps(content, separators=(",", ":")).encode(),
        {page.page: page.annotated for page in result.content.pages if page.annotated},
        result.crops(),
        to_review(content),
    )
