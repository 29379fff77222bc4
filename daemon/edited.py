"""Tables that people changed after they were published: kept beside the new ones, which take their places."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import stat
from itertools import count
from pathlib import Path
from typing import BinaryIO

from daemon.documents import Identity
from daemon.ledger.days import DayBook, Published
from daemon.originals import ChangedError, move_new
from daemon.systemd import Beat, no_beat

log = logging.getLogger(__name__)

_CHUNK_BYTES = 1 << 20


def make_way(book: DayBook, path: Path, new: BinaryIO, beat: Beat = no_beat) -> None:
    """Keeps what stands in a table's place and was not published, right before a new table is put there.

    What was published is told by the file that it was, and read only where that is another by now. The new table is
    recorded before it stands in its place, so that a crash never lets it be taken for somebody's work.

    Args:
        book: what was published.
        path: where the table is to stand.
        new: the table, a file that is whole and gets this name.
        beat: called at each piece that is read.

    Raises:
        OSError: what stands there cannot be moved, or changes just now; nothing was done.
        LedgerError: the ledger refused.
    """
    published = Published(_digest(new, beat), Identity.of(os.fstat(new.fileno())))
    standing = None
    if os.path.lexists(path) and not path.is_dir():  # a folder cannot be replaced, and is told
        identity = Identity.of(path.lstat())
        known = book.published(path.name)
        standing = next((table for table in known if table.identity == identity), None)
        if standing is None:
            digest = _digest_of(path, beat)
            standing = next((table for table in known if table.sha256 == digest), None)
            if standing is None:
                _keep(path, identity, digest, beat)
    book.publishing(path.name, published, standing)


def _keep(path: Path, identity: Identity, digest: str | None, beat: Beat) -> None:
    """Moves a table to the first free name beside it, unless what it holds is kept there already."""
    for number in count(1):
        mark = ".edited" if number == 1 else f".edited-{number}"
        place = path.with_name(f"{path.stem}{mark}{path.suffix}")
        if os.path.lexists(place):
            if digest is not None and place.lstat().st_size == identity.size and _digest_of(place, beat) == digest:
                return
            continue
        try:
            move_new(path, place, identity, digest, beat)
        except FileExistsError:
            continue
        except ChangedError as error:
            raise OSError(errno.EBUSY, f"{error} just now", str(path)) from error
        log.warning("day=%s %s is not as digitdrop had left it; it is kept as %s", path.stem, path, place.name)
        return


def _digest_of(path: Path, beat: Beat) -> str | None:
    """The SHA-256 of a file; None where it is none, or one of somebody who lets nobody read it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EACCES}:
            return None
        raise
    with os.fdopen(descriptor, "rb") as file:
        return _digest(file, beat) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def _digest(file: BinaryIO, beat: Beat) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(_CHUNK_BYTES):
        beat()
        digest.update(piece)
    return digest.hexdigest()
