"""What a start repairs of a run that was killed."""

from __future__ import annotations

import logging
from pathlib import Path

from config.schema import Settings
from daemon.atomic import remove_leftovers
from daemon.documents import Entry, State
from daemon.ledger import Ledger
from daemon.outbox import TABLES, Outbox
from daemon.words import counted

log = logging.getLogger(__name__)

_MOST = 100_000
"""Documents in one state that are looked at: more than can have been on their way."""


def repair(settings: Settings, ledger: Ledger) -> None:
    """Takes back what the dead daemon had claimed, and removes the files that it had not finished.

    Args:
        settings: whose folders.
        ledger: of the dead daemon; what was on its way tells where its unfinished files can be.
    """
    if lost := ledger.recover():
        log.warning("the last run ended with %s in work, to be read again", counted(lost, "document"))
    for folder in sorted(_where_files_may_be_unfinished(settings, ledger)):
        try:
            if folder.is_dir() and (removed := remove_leftovers(folder)):
                log.info("removed %s from %s that the last run left unfinished", counted(removed, "file"), folder)
        except OSError as error:
            log.warning("unfinished files of the last run cannot be removed from %s: %s", folder, error.strerror)


def _where_files_may_be_unfinished(settings: Settings, ledger: Ledger) -> set[Path]:
    def on_the_way(state: State) -> list[Entry]:
        return ledger.due(state, 0.0, _MOST)

    outbox = Outbox(settings.outbox, settings.tables)
    folders = {settings.state, settings.outbox / TABLES}
    folders |= {outbox.folder_of(ledger.renewals.name(entry)) for entry in on_the_way(State.RECOGNIZED)}
    for state, place in ((State.PUBLISHED, settings.archive), (State.CONDEMNED, settings.failed)):
        if place is not None:
            folders |= {(place / entry.target).parent for entry in on_the_way(state) if entry.target}
    if settings.metrics_file is not None:
        folders.add(settings.metrics_file.parent)
    return folders
