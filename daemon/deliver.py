"""From recorded results to the end: outputs into the outbox, then the original out of the inbox."""

from __future__ import annotations

import errno
import json
import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from config.schema import Settings
from daemon import quarantine
from daemon.clock import Clock
from daemon.documents import Entry, State
from daemon.errors import LedgerError, MoveError, PublishError
from daemon.ledger import Ledger
from daemon.ledger.results import picture_bytes
from daemon.mounts import FolderAwayError, require_folder
from daemon.names import first_free, fitting, folder_of, placed, shown
from daemon.originals import Move, holds, move_original, put_back_taken
from daemon.outbox import Outbox
from daemon.result import Result
from daemon.scan import leads_out
from daemon.setbacks import Setbacks
from daemon.systemd import Beat, no_beat
from daemon.words import counted, said

log = logging.getLogger(__name__)

_BATCH = 50
"""Documents of a state taken in one step, so that a step stays short after a long outage."""

MAX_UNPUBLISHED = 64
"""Results that may wait for the outbox before no more are made of documents in folders that hold any up."""

MAX_UNPUBLISHED_BYTES = 256 << 20
"""Of pictures that may wait for it before no more results are made at all: they fill the ledger's disk."""

_NAMED = 5
"""Folders that hold results up and are named."""


class Delivery:
    """Publishes results and moves originals, in steps that can each be repeated.

    Args:
        settings: whose folders.
        ledger: what is to be delivered.
        outbox: where results go.
        drop: told the path of each original that has left the inbox; another may stand in its place.
        wall: the time of day.

    Attributes:
        done: documents finished since the start.
        failed: documents quarantined since the start.
        problem: why documents wait that nothing is in the way of but the results of others; None when none do.
    """

    def __init__(
        self, settings: Settings, ledger: Ledger, outbox: Outbox, *, drop: Callable[[str], None], wall: Clock
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._outbox = outbox
        self._drop = drop
        self._wall = wall
        self._setbacks = Setbacks(ledger, wall)
        self._fresh: dict[int, Result] = {}
        self._summaries: dict[int, str] = {}
        self._held_up: set[str] = set()
        self.done = 0
        self.failed = 0
        self.problem: str | None = None

    def offer(self, key: int, result: Result) -> None:
        """Keeps a result that was just recorded until the next step, which then need not read it back."""
        self._fresh[key] = result

    def run_once(self, now: float, beat: Beat = no_beat) -> bool:
        """Takes every document one step or two further that is due; returns whether there was any.

        `beat` is called at each and within each: to another file system originals are copied, which may take long.
        """
        entries = []
        for state, step in (
            (State.RECOGNIZED, self._publish),
            (State.PUBLISHED, self._move_to_archive),
            (State.CONDEMNED, self._move_to_failed),
        ):
            for entry in self._ledger.due(state, now, _BATCH):
                entries.append(entry)
                beat()
                try:
                    step(entry, beat)
                except (LedgerError, sqlite3.Error):  # of which the document is innocent
                    raise
                except FolderAwayError as error:
                    self._setbacks.postpone_all(entry, error, now)
                    break
                except (PublishError, MoveError, OSError) as error:
                    self._setbacks.postpone(entry, error, now)
                except Exception as error:  # a mistake of ours must not hold up the other documents
                    log.exception("document=%s could not be delivered", shown(entry.path))
                    self._setbacks.postpone(entry, error, now)
        self._fresh.clear()
        return bool(entries)

    def crowded(self) -> frozenset[str] | None:
        """Folders of the inbox whose documents are to wait, because too many results do; None when all are to.

        Where a single folder of the outbox cannot be used, the documents of the others go on. Nothing is counted while
        no folder holds results up: what there are then goes out with the next step.
        """
        self.problem, folders = None, frozenset(self._held_up)
        if not folders or self._ledger.count(State.RECOGNIZED) < MAX_UNPUBLISHED:
            return frozenset()
        rule = "too many results cannot be published; until they can, no more documents are read"
        if picture_bytes(self._ledger.connection) >= MAX_UNPUBLISHED_BYTES:
            self.problem = rule
            return None
        named = [shown(folder) or "the inbox itself" for folder in sorted(folders)[:_NAMED]]
        rest = [f"{len(folders) - _NAMED} more"] if len(folders) > _NAMED else []
        self.problem = f"{rule} of {', '.join([*named, *rest])}"
        return folders

    def lacks_results(self, key: int) -> bool:
        """Whether results that were published are no longer in the outbox, or not all of them.

        Raises:
            OSError: the outbox is missing, or cannot be looked into.
        """
        require_folder(self._settings.outbox)
        return self._outbox.lacks(self._ledger.renewals.outputs(key))

    def is_taken(self, name: str, result: Result) -> bool:
        """Whether a name cannot be that of a document's results and of its original: other content has it.

        Results that stand under it and are the document's own keep it, as when a ledger was lost.
        """
        if self._outbox.is_anothers(name, result):
            return True
        return self._is_archived(name) and self._outbox.holds(name) != result.sha256

    def archive_place(self, name: str, sha256: str | None) -> str | None:
        """A free name in archive/ for an original; None when originals are left in the inbox.

        The results of no other content have that name in the outbox, so that it leads from results to their original.
        """
        archive = self._settings.archive
        if archive is None:
            return None
        return first_free(
            placed(archive, name), lambda place: self._is_archived(place) or self._is_of_others(place, sha256)
        )

    def _is_archived(self, name: str) -> bool:
        """Whether an original stands in the archive under a name, or is to be moved there."""
        archive = self._settings.archive
        if archive is None:
            return False
        place = placed(archive, name)
        return os.path.lexists(archive / place) or self._ledger.is_target(place, State.PUBLISHED)

    def _is_of_others(self, name: str, sha256: str | None) -> bool:
        """Whether an outbox name is that of the results of other content."""
        known = self._ledger.archive.content_of(name)
        return self._outbox.is_of_others(name, sha256) if known is None else known != sha256

    def failed_place(self, path: str) -> str:
        """A free name in failed/ for an original."""
        return quarantine.free_place(self._settings.failed, path, self._ledger)

    def _publish(self, entry: Entry, beat: Beat) -> None:
        self._held_up.add(folder_of(entry.path))
        require_folder(self._settings.outbox)
        result = self._fresh.get(entry.key) or self._stored(entry.key)
        name = self._ledger.renewals.name(entry)
        is_own = entry.name is not None
        if self._outbox.is_barred(name, result):
            name, is_own = self._renamed(entry, result), True
        outputs = self._outbox.publish(name, result, beat)
        self._ledger.publish(entry.key, outputs, self.archive_place(name if is_own else entry.path, entry.sha256))
        self._held_up.discard(folder_of(entry.path))
        self._summaries[entry.key] = _summary(outputs, result)

    def _renamed(self, entry: Entry, result: Result) -> str:
        """Another outbox name: what bars the one it has came after that was chosen, or while the outbox was away."""
        path = placed(self._settings.outbox, entry.path)
        return self._ledger.rename(entry.key, path, lambda name: self.is_taken(name, result))

    def _stored(self, key: int) -> Result:
        """The result as the ledger has it, with its annotated pages."""
        stored = self._ledger.result(key)
        result = Result.from_json(json.loads(stored.json))
        pages = tuple(replace(page, annotated=stored.pictures.get(page.page, b"")) for page in result.content.pages)
        return replace(result, content=replace(result.content, pages=pages))

    def _move_to_archive(self, entry: Entry, beat: Beat) -> None:
        archive = self._settings.archive
        place = partial(self.archive_place, sha256=entry.sha256)
        outcome = None if archive is None else self._move(entry, archive, place, beat)
        hook = self._settings.hooks.on_done is not None
        time, archived = self._wall(), outcome is Move.MOVED
        day = time.date().isoformat()
        self._ledger.finish(entry.key, wall=time.timestamp(), day=day, archived=archived, hook=hook)
        self.done += 1
        ends = {
            None: "the original is left in the inbox",
            Move.MOVED: "the original is in the archive",
            Move.GONE: "the original is no longer in the inbox",
            Move.REPLACED: "another file has taken its place in the inbox",
        }
        summary = self._summaries.pop(entry.key, "its results were published before")
        log.info("document=%s done: %s; %s", shown(entry.path), summary, ends[outcome])
        if outcome is not None:
            self._drop(entry.path)

    def _move_to_failed(self, entry: Entry, beat: Beat) -> None:
        outcome = self._move(entry, self._settings.failed, self.failed_place, beat)
        if outcome is not Move.MOVED:
            log.warning("document=%s is no longer the file that failed; that is forgotten", shown(entry.path))
            self._ledger.forget(entry.key)
        else:
            entry = self._ledger.entry(entry.key)
            time = self._wall()
            quarantine.write_reason(self._settings.failed, entry, time)
            hook = self._settings.hooks.on_failed is not None
            self._ledger.quarantine(entry.key, wall=time.timestamp(), day=time.date().isoformat(), hook=hook)
            self.failed += 1
            log.error("document=%s failed: %s. %s", shown(entry.path), entry.reason, entry.remedy)
        self._drop(entry.path)

    def _move(self, entry: Entry, folder: Path, place: Callable[[str], str | None], beat: Beat) -> Move:
        """Moves an original to its target, or to another one when that is taken by now, or longer than paths can be."""
        source, target = self._settings.inbox / entry.path, entry.target or entry.path
        while True:
            require_folder(folder)
            if leads_out(self._settings.inbox, entry.path):
                return Move.MOVED if holds(folder / target, entry.identity, entry.sha256, beat) else Move.GONE
            try:
                outcome = move_original(source, folder / target, entry.identity, entry.sha256, beat)
                if outcome is Move.GONE and not self._ledger.archive.is_anothers_place(entry, target):
                    outcome = Move.REPLACED if put_back_taken(folder / target, source) else Move.GONE
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG or fitting(target) == target:
                    raise MoveError(
                        f"the original must be movable from {source.parent} to {folder}. Received: {said(error)}. "
                        "See to the permissions of both folders and to free space"
                    ) from error
                outcome = Move.TAKEN
            if outcome is not Move.TAKEN:
                return outcome
            target = place(target) or target
            self._ledger.aim(entry.key, target)


def _summary(outputs: Sequence[str], result: Result) -> str:
    numbers = list(result.content.numbers)
    doubtful = sum(number.needs_review for number in numbers)
    pages = len(result.content.pages)
    return (
        f"{counted(len(numbers), 'number')} on {counted(pages, 'page')}, {doubtful} to review, "
        f"in {result.seconds:.2f} s, results in {shown(outputs[-1])}{_warned(result.content.warnings)}"
    )


def _warned(warnings: Sequence[str]) -> str:
    if not warnings:
        return ""
    return f"; {counted(len(warnings), 'warning')}: {shown('; '.join(warnings))}"
