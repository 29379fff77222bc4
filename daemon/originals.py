"""Originals: read without following links, and moved without overwriting anything or taking another file's place."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import stat
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from daemon.atomic import ASIDE, PREFIX, SUFFIX, rename_new, sync_folder
from daemon.documents import Identity
from daemon.systemd import Beat, no_beat

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK_BYTES = 1 << 20
_UNSYNCED_BYTES = 32 << 20
"""Of a copy, that may be on their way to the disk: what the system gathers of a huge file takes minutes to write."""


class ChangedError(Exception):
    """A file is gone, or is no longer the one that was seen; what stands there now is another document."""


class Move(StrEnum):
    """How moving an original ended."""

    MOVED = "moved"
    """It stands at its target and no longer in the inbox."""
    GONE = "gone"
    """It is in neither place: someone took it away."""
    REPLACED = "replaced"
    """Another file stands under its name, which was left alone."""
    TAKEN = "taken"
    """Something else stands at the target, or where its folder is to be; nothing was moved."""


def read_original(path: Path, identity: Identity, beat: Beat = no_beat) -> bytes:
    """The whole content of a regular file that is, before and after reading, the one that was seen.

    Args:
        path: where it stands.
        identity: what was seen.
        beat: called at each piece that is read.

    Raises:
        ChangedError: it is gone, replaced, written to, or no regular file.
        OSError: it could not be read; that may pass.
    """
    data = io.BytesIO()  # gives what it gathered without copying it once more
    with _open_original(path, beat) as file:
        _require_same(os.fstat(file.fileno()), identity)
        left = identity.size + 1  # as much as tells one that grows, which may be to any size
        while left and (piece := file.read(min(left, _CHUNK_BYTES))):
            left -= data.write(piece)
        _require_same(os.fstat(file.fileno()), identity)
    return data.getvalue()


def move_original(source: Path, target: Path, identity: Identity, sha256: str | None, beat: Beat = no_beat) -> Move:
    """Moves a file out of the inbox; a move that a crash or a power cut interrupted is completed.

    Args:
        source: where it was claimed.
        target: where it is to go; the folder is made.
        identity: what it was when it was claimed.
        sha256: of its content; None when it was never read.
        beat: called at each piece that is copied or compared.

    Raises:
        OSError: it could not be moved; that may pass, and it is still in the inbox or, copied, in both places.
    """
    if holds(target, identity, sha256, beat):
        _remove_copied(source, target, identity, sha256, beat)
        return Move.MOVED
    _take_from(_hidden(source, ASIDE), source)  # without a copy it may be all that is left
    found = _identity(source)
    if found != identity:
        return Move.GONE if found is None else Move.REPLACED
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        return Move.TAKEN
    try:
        move_new(source, target, identity, sha256, beat)
    except FileExistsError:
        return Move.TAKEN
    except ChangedError:
        return Move.GONE if _identity(source) is None else Move.REPLACED
    return Move.MOVED


def move_new(source: Path, target: Path, identity: Identity, sha256: str | None, beat: Beat = no_beat) -> None:
    """Moves a file to a name that nothing has, also to another file system.

    Args:
        source: where it stands.
        target: the folder is there.
        identity: what it is.
        sha256: of its content; None when that is not known.
        beat: called at each piece that is copied or compared.

    Raises:
        ChangedError: it is gone, or another file by now, which was left or put back.
        FileExistsError: something stands at the target.
        OSError: it could not be moved.
    """
    try:
        rename_new(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_new(source, target, identity, beat)
        _remove_copied(source, target, identity, sha256, beat)
    else:
        if not _is_original(target, identity, sha256, beat):
            _put_back(target, source)
            raise ChangedError("it was replaced")
        sync_folder(target.parent)
        _sync_left(source.parent)


def put_back_taken(target: Path, source: Path) -> bool:
    """Returns the file that was moved in an original's place, by a run that was killed before it saw that.

    Args:
        target: where the original was to go; nobody else is known to have put a file there.
        source: where it stood; nothing does now.

    Returns:
        Whether there was one.

    Raises:
        OSError: it could not be returned.
    """
    try:
        if not stat.S_ISREG(target.lstat().st_mode):
            return False
        _put_back(target, source)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.EXDEV}:  # from another disk it would have been copied
            return False
        raise
    return True


class _HeardFile(io.FileIO):
    """A file that says at each piece read that it goes on."""

    def __init__(self, path: Path, flags: int, beat: Beat) -> None:
        super().__init__(path, opener=lambda name, mode: os.open(name, flags | os.O_CLOEXEC))
        self._beat = beat

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._beat()
        return super().readinto(buffer)


def _open_original(path: Path, beat: Beat) -> io.BufferedReader:
    # O_NONBLOCK: opening a FIFO that took the file's place would wait for a writer for ever.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return io.BufferedReader(_HeardFile(path, flags, beat))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ChangedError("it is gone") from error
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EISDIR}:
            raise ChangedError("it is no regular file any more") from error
        raise


def _copy_new(source: Path, target: Path, identity: Identity, beat: Beat) -> None:
    """Copies a file that is the same before and after, so that the target appears whole or not at all."""
    temporary = _hidden(target, "copy")
    temporary.unlink(missing_ok=True)  # of a killed run, or somebody's link to a file that must not be written to
    try:
        with _open_original(source, beat) as reader, temporary.open("xb") as writer:
            _require_same(os.fstat(reader.fileno()), identity)
            _copy(reader, writer)
            writer.flush()
            os.fsync(writer.fileno())
            _require_same(os.fstat(reader.fileno()), identity)
        with suppress(PermissionError):  # of a share whose files are all another user's; the content is what counts
            shutil.copystat(source, temporary, follow_symlinks=False)
        rename_new(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _copy(reader: BinaryIO, writer: BinaryIO) -> None:
    unsynced = 0
    while piece := reader.read(_CHUNK_BYTES):
        writer.write(piece)
        unsynced += len(piece)
        if unsynced >= _UNSYNCED_BYTES:
            writer.flush()
            os.fdatasync(writer.fileno())
            unsynced = 0


def _remove_copied(source: Path, target: Path, identity: Identity, sha256: str | None, beat: Beat) -> None:
    """Removes an original that stands whole at its target; a file that took its place meanwhile is left.

    A file is removed by its name alone, whatever stands under it by then. So it is first put aside, under a name that
    nobody else gives to a file, and looked at there. What a killed run had put aside is settled before.
    """
    sync_folder(target.parent)  # a power cut must not take the copy's name after the original is gone
    aside = _hidden(source, ASIDE)
    _settle(aside, source, identity, sha256, beat)
    if _identity(source) == identity:
        rename_new(source, aside)
        _settle(aside, source, identity, sha256, beat)
    _sync_left(source.parent)


def _settle(aside: Path, source: Path, identity: Identity, sha256: str | None, beat: Beat) -> None:
    if _is_original(aside, identity, sha256, beat):
        aside.unlink()
    else:
        _take_from(aside, source)


def _take_from(aside: Path, source: Path) -> None:
    """Returns what a killed run had put aside, if anything."""
    if os.path.lexists(aside):
        _put_back(aside, source)


def _hidden(path: Path, role: str) -> Path:
    """A name beside a file that no scan takes, the same each time: what a crash leaves is found again."""
    mark = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f"{PREFIX}{mark}-{role}{SUFFIX}")


def _sync_left(folder: Path) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):  # it may have been removed with the file's leaving
        sync_folder(folder)


def _put_back(moved: Path, source: Path) -> None:
    """Returns a file that took the original's place in the very moment in which that was moved or removed."""
    number = 1
    while True:
        place = source if number == 1 else source.with_name(f"{source.stem}~{number}{source.suffix}")
        try:
            return rename_new(moved, place)
        except FileExistsError:
            number += 1


def holds(path: Path, identity: Identity, sha256: str | None, beat: Beat = no_beat) -> bool:
    """Whether a file stands at a path that has an original's content; without a hash, whether its size and time.

    A copy on another file system has these, and an inode of its own. `beat` is called at each piece that is hashed.
    """
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(status.st_mode) or status.st_size != identity.size:
        return False
    if sha256 is None:
        return Identity.of(status).mtime_ns == identity.mtime_ns
    with io.BufferedReader(_HeardFile(path, os.O_RDONLY, beat)) as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _is_original(path: Path, identity: Identity, sha256: str | None, beat: Beat) -> bool:
    """Whether it is, or has the content of, what was claimed: some network shares number files anew at will."""
    return _identity(path) == identity or holds(path, identity, sha256, beat)


def _identity(path: Path) -> Identity | None:
    try:
        return Identity.of(path.lstat())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _require_same(status: os.stat_result, identity: Identity) -> None:
    if not stat.S_ISREG(status.st_mode) or Identity.of(status) != identity:
        raise ChangedError("it was replaced or written to")
