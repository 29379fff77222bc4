"""The failed/ folder: originals that cannot be read, each with the reason beside it, and their way back."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from config.schema import Settings
from daemon.atomic import replacing, sync_folder
from daemon.documents import Entry, Identity, State
from daemon.errors import MoveError, UnknownNameError
from daemon.ledger import Ledger
from daemon.ledger.reports import failures
from daemon.ledger.schema import transaction
from daemon.mounts import require_folder
from daemon.names import first_free, numbered, past_files, placed, shown
from daemon.originals import ChangedError, move_new
from daemon.words import said

log = logging.getLogger(__name__)

REASON = ".reason.json"


def reason_path(failed: Path, target: str) -> Path:
    """Where the reason of a failed original stands."""
    return failed / f"{target}{REASON}"


def free_place(failed: Path, path: str, ledger: Ledger) -> str:
    """A name in failed/ for an original, under which neither a file nor a reason stands or is to stand."""

    def taken(name: str) -> bool:
        places = (failed / name, reason_path(failed, name))
        return ledger.is_target(name, State.CONDEMNED) or any(os.path.lexists(place) for place in places)

    return first_free(placed(failed, path), taken)


def write_reason(failed: Path, entry: Entry, time: datetime) -> None:
    """Says beside a failed original why it failed and what can be done.

    Raises:
        OSError: it could not be written.
    """
    reason = {
        "document": entry.path,
        "reason": entry.reason,
        "remedy": entry.remedy,
        "attempts": entry.attempts,
        "time": time.isoformat(timespec="seconds"),
        "sha256": entry.sha256,
    }
    path = reason_path(failed, entry.target or entry.path)
    text = json.dumps(reason, ensure_ascii=False, indent=2)
    with replacing(path) as file:
        file.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sync_folder(path.parent)


def retry(settings: Settings, names: Collection[str] = ()) -> list[str]:
    """Puts failed documents back into the inbox, where a daemon finds them like new ones.

    Args:
        settings: whose folders.
        names: as they stand in failed/ or stood in the inbox, or as they are shown; none stands for all.

    Returns:
        The names of those put back, relative to the inbox.

    Raises:
        MoveError: one could not be put back.
        UnknownNameError: a name is not among the failed ones.
        LedgerError: the ledger cannot be used.
    """
    with Ledger(settings.state, create=False) as ledger:
        entries = failures(ledger.connection)
        chosen = _named(entries, names) if names else entries
        if chosen:
            _require_mounted(settings, by_name=bool(names))
        return [path for entry in chosen if (path := _put_back(settings, ledger, entry)) is not None]


def strike_off(settings: Settings) -> list[str]:
    """Strikes off the list the failed documents whose originals somebody has taken out of failed/; nothing is moved.

    Returns:
        Their names, relative to the inbox.

    Raises:
        MoveError: failed/ is away, or cannot be looked into.
        LedgerError: the ledger cannot be used.
    """
    rule = f"failed documents are looked for in {settings.failed}"
    _require_folder(settings.failed, rule)
    with Ledger(settings.state, create=False) as ledger:
        try:
            gone = [entry for entry in failures(ledger.connection) if not _original(settings, entry).exists()]
            for entry in gone:
                ledger.release(entry.key)
                reason_path(settings.failed, entry.target or entry.path).unlink(missing_ok=True)
        except OSError as error:
            raise MoveError(f"{rule}. Received: {said(error)}. See to its permissions") from error
    return [entry.path for entry in gone]


def _original(settings: Settings, entry: Entry) -> Path:
    return settings.failed / (entry.target or entry.path)


def _named(entries: Sequence[Entry], names: Collection[str]) -> list[Entry]:
    """The documents of these names, in their order."""
    chosen: set[int] = set()
    unknown = []
    for name in names:
        keys = {entry.key for entry in entries if name in (entry.path, entry.target)}
        keys = keys or {entry.key for entry in entries if name in (shown(entry.path), shown(entry.target or ""))}
        if not keys:
            unknown.append(shown(name))
        chosen |= keys
    if unknown:
        listed = ", ".join(sorted(unknown))
        rule = "only failed documents can be put back"
        raise UnknownNameError(f"{rule}. Received: {listed}; `digitdrop status` lists them")
    return [entry for entry in entries if entry.key in chosen]


def _require_mounted(settings: Settings, *, by_name: bool) -> None:
    """Refuses what a share that is not mounted has in its place: no folder, or an empty one."""
    rule = f"failed documents go back from {settings.failed} to {settings.inbox}"
    for folder in (settings.failed, settings.inbox):
        _require_folder(folder, rule)
    if not by_name and next(settings.failed.iterdir(), None) is None:
        raise MoveError(
            f"{rule}. Received: {settings.failed} is empty, is its share mounted? If they were taken away, "
            "`digitdrop retry --gone` strikes them off the list"
        )


def _require_folder(folder: Path, rule: str) -> None:
    try:
        require_folder(folder)
    except OSError as error:
        raise MoveError(f"{rule}. Received: {folder}: {error.strerror}") from error


def _put_back(settings: Settings, ledger: Ledger, entry: Entry) -> str | None:
    """Moves first and releases then: what a crash leaves between is a file in the inbox, which is read anyway."""
    target = entry.target or entry.path
    with transaction(ledger.connection):
        pass  # a ledger that refuses is to do so before the original moves
    try:
        path = _move_back(_original(settings, entry), settings.inbox, entry.path)
        ledger.release(entry.key)
        reason_path(settings.failed, target).unlink(missing_ok=True)
    except (OSError, ChangedError) as error:
        raise MoveError(
            f"{shown(target)} must be movable from {settings.failed} to {settings.inbox}. Received: {said(error)}. "
            "See to the permissions; run it as the user digitdrop runs as"
        ) from error
    if path is None:
        log.warning("document=%s is no longer in %s; it is struck off the list", shown(entry.path), settings.failed)
    return path


def _move_back(source: Path, inbox: Path, path: str) -> str | None:
    number = 1
    while source.exists():
        name = numbered(past_files(inbox, path, follow=False), number)
        try:
            (inbox / name).parent.mkdir(parents=True, exist_ok=True)
            move_new(source, inbox / name, Identity.of(source.lstat()), None)
        except FileExistsError:
            number += 1
        else:
            return name
    return None
