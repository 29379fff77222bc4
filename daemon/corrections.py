"""Writes the files of documents again whose numbers a person has looked over."""

from __future__ import annotations

import json
import logging
import math
import sqlite3

from config.schema import Settings
from daemon.errors import LedgerError, PublishError
from daemon.ledger import Ledger
from daemon.ledger.reviews import Amended
from daemon.mounts import require_folder
from daemon.names import shown
from daemon.outbox import Outbox
from daemon.result import Result
from daemon.setbacks import backoff_s
from daemon.systemd import Beat, no_beat
from daemon.words import said

log = logging.getLogger(__name__)

_BATCH = 20
"""Documents in one step, so that it stays short."""


class Corrections:
    """Publishes the CSV and the JSON of corrected documents once more.

    Files that somebody has taken out of the outbox, or has changed there, stay as they are: the correction stands in
    the tables of the day.

    Args:
        settings: whose outbox.
        ledger: knows what was corrected.
        outbox: where the files stand.
    """

    def __init__(self, settings: Settings, ledger: Ledger, outbox: Outbox) -> None:
        self._settings = settings
        self._ledger = ledger
        self._outbox = outbox
        self._not_before = -math.inf
        self._faults = 0

    def next_due(self) -> float | None:
        """When there is something to do, in monotonic seconds; None when every file is as it is to be."""
        return self._not_before if self._ledger.reviews.amended(1) else None

    def run_once(self, now: float, beat: Beat = no_beat) -> bool:
        """Writes the files of some documents; returns whether there were any.

        Args:
            now: monotonic seconds.
            beat: called at each file.
        """
        if now < self._not_before:
            return False
        waiting = self._ledger.reviews.amended(_BATCH)
        for amended in waiting:
            try:
                self._publish(amended, beat)
            except (LedgerError, sqlite3.Error):
                raise
            except (PublishError, OSError) as error:
                level = logging.DEBUG if self._faults else logging.WARNING
                log.log(level, "corrected results wait: %s; trying again until it passes", shown(said(error)))
                return self._put_off(now)
            except Exception:  # a mistake of ours must not hold up the documents
                log.exception("the results of document %d could not be written again", amended.document)
                return self._put_off(now)
        self._faults, self._not_before = 0, -math.inf
        return bool(waiting)

    def _put_off(self, now: float) -> bool:
        self._not_before = now + backoff_s(self._faults)
        self._faults += 1
        return False

    def _publish(self, amended: Amended, beat: Beat) -> None:
        require_folder(self._settings.outbox)
        entry = self._ledger.entry(amended.document)
        result = Result.from_json(json.loads(self._ledger.result(entry.key).json))
        name = self._ledger.renewals.name(entry)
        hook = False
        if self._outbox.holds(name) != entry.sha256 or self._outbox.is_anothers(name, result):
            log.warning(
                "document=%s was corrected; its files in the outbox were taken away or changed, and stay as they are",
                shown(entry.path),
            )
        else:
            self._outbox.publish(name, result, beat)
            log.info("document=%s was corrected; its results are written again", shown(entry.path))
            hook = self._settings.hooks.on_corrected is not None
        self._ledger.reviews.published(amended, hook=hook)
