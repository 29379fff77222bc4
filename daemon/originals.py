"""Originals: read without following links, and moved without overwriting anything or taking another file's place."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import stat
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from daemon.atomic import PREFIX, SUFFIX, sync_folder
from daemon.documents import Identity

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
_CHUNK_BYTES = 1 << 20
_libc = ctypes.CDLL(None, use_errno=True)


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
    """Something else stands at the target; nothing was moved."""


def read_original(path: Path, identity: Identity) -> bytes:
    """The whole content of a regular file that is, before and after reading, the one that was seen.

    Raises:
        ChangedError: it is gone, replaced, written to, or no regular file.
        OSError: it could not be read; that may pass.
    """
    with _open_original(path) as file:
        _require_same(os.fstat(file.fileno()), identity)
        data = file.read()
        _require_same(os.fstat(file.fileno()), identity)
    return data


def move_original(source: Path, target: Path, identity: Identity, sha256: str | None) -> Move:
    """Moves a file out of the inbox; a move that a crash or a power cut interrupted is completed.

    Args:
        source: where it was claimed.
        target: where it is to go; the folder is made.
        identity: what it was when it was claimed.
        sha256: of its content; None when it was never read.

    Raises:
        OSError: it could not be moved; that may pass, and it is still in the inbox or, copied, in both places.
    """
    found = _identity(source)
    if holds(target, identity, sha256):
        if found == identity:
            source.unlink()
        return Move.MOVED
    if found != identity:
        return Move.GONE if found is None else Move.REPLACED
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        move_new(source, target)
    except FileExistsError:
        return Move.TAKEN
    if _identity(target) != identity and not holds(target, identity, sha256):
        _put_back(target, source)
        return Move.REPLACED
    return Move.MOVED


def move_new(source: Path, target: Path) -> None:
    """Moves a file to a name that nothing has, also to another file system.

    Raises:
        FileExistsError: something stands at the target.
        OSError: it could not be moved.
    """
    try:
        _rename_new(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_new(source, target)
        source.unlink()
    sync_folder(target.parent)
    with suppress(FileNotFoundError):  # the folder may have been removed with the file's leaving
        sync_folder(source.parent)


def _open_original(path: Path) -> BinaryIO:
    # O_NONBLOCK: opening a FIFO that took the file's place would wait for a writer for ever.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.fdopen(os.open(path, flags), "rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ChangedError("it is gone") from error
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EISDIR}:
            raise ChangedError("it is no regular file any more") from error
        raise


def _rename_new(source: Path, target: Path) -> None:
    """Renames without replacing, in one step where the file system can do that."""
    if _libc.renameat2(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE) == 0:
        return
    number = ctypes.get_errno()
    if number not in _UNSUPPORTED:
        raise OSError(number, os.strerror(number), str(source), None, str(target))
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)


def _copy_new(source: Path, target: Path) -> None:
    """Copies a file so that the target appears whole or not at all; the source must not change meanwhile."""
    mark = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]  # found and used again after a crash
    temporary = target.with_name(f"{PREFIX}{mark}{SUFFIX}")
    try:
        with _open_original(source) as reader, temporary.open("wb") as writer:
            before = Identity.of(os.fstat(reader.fileno()))
            shutil.copyfileobj(reader, writer, _CHUNK_BYTES)
            writer.flush()
            os.fsync(writer.fileno())
            _require_same(os.fstat(reader.fileno()), before)
        shutil.copystat(source, temporary, follow_symlinks=False)
        _rename_new(temporary, target)
    except ChangedError as error:
        raise BlockingIOError(errno.EAGAIN, "the file was written to while it was copied", str(source)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _put_back(target: Path, source: Path) -> None:
    """Returns a file that took the original's place in the very moment of the move."""
    number = 1
    while True:
        place = source if number == 1 else source.with_name(f"{source.stem}~{number}{source.suffix}")
        try:
            return _rename_new(target, place)
        except FileExistsError:
            number += 1


def holds(path: Path, identity: Identity, sha256: str | None) -> bool:
    """Whether a file stands at a path that has an original's content; without a hash, whether it is the original."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(status.st_mode) or status.st_size != identity.size:
        return False
    if sha256 is None:
        return Identity.of(status) == identity
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _identity(path: Path) -> Identity | None:
    try:
        return Identity.of(path.lstat())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _require_same(status: os.stat_result, identity: Identity) -> None:
    if not stat.S_ISREG(status.st_mode) or Identity.of(status) != identity:
        raise ChangedError("it was replaced or written to")
