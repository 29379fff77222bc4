"""Files that appear whole or not at all, and names that are given without taking them from another file."""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

PREFIX, SUFFIX = ".digitdrop-", ".tmp"
ASIDE = "aside"
"""How the hidden name of an original ends that is put aside before it is removed."""

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
_libc = ctypes.CDLL(None, use_errno=True)


class NewFile:
    """A file beside `path`, under a hidden name until it takes that one's place; removed where it never does.

    It is made in the same folder, so that it inherits that folder's group and access list, and gets the mode the
    process's umask gives. What fails, also while it is written in its block, raises OSError that names `path`.

    Args:
        path: its folder must exist.

    Attributes:
        file: open for reading and writing bytes until the file is placed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}")
        self._is_placed = False
        with _naming(path, self._temporary):
            descriptor = os.open(self._temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        self.file: BinaryIO = os.fdopen(descriptor, "w+b")

    def finish(self) -> None:
        """Puts what was written on the disk."""
        with _naming(self._path, self._temporary):
            self.file.flush()
            os.fsync(self.file.fileno())

    def place(self) -> Path:
        """Gives the file, which is finished, the name that it is made for; returns that."""
        with _naming(self._path, self._temporary):
            self.file.close()
            self._temporary.replace(self._path)
        self._is_placed = True
        return self._path

    def discard(self) -> None:
        """Removes the file, unless it was placed."""
        if self._is_placed:
            return
        with suppress(OSError):  # what could not be written is not needed
            self.file.close()
        with suppress(OSError):  # the folder may be gone, which is then the error to report
            self._temporary.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()
        if isinstance(error, OSError):
            with _naming(self._path, self._temporary):
                raise error


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Opens a new file that takes the place of `path` when the block ends well, and is removed when it does not.

    The content is on the disk before the name is; see `NewFile`.

    Raises:
        OSError: it could not be written, or `path` could not be replaced; the error names `path`.
    """
    with NewFile(path) as new:
        yield new.file
        new.finish()
        new.place()


@contextmanager
def _naming(path: Path, temporary: Path) -> Iterator[None]:
    """Has errors name the file that is meant: a name that nobody has seen would make each try's error look new."""
    try:
        yield
    except OSError as error:
        if error.errno is None or (error.filename is not None and str(error.filename) != str(temporary)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def rename_new(source: Path, target: Path) -> None:
    """Renames without replacing, in one step where the file system can do that.

    Elsewhere an empty file takes the name first. A link and the source's removal would do, too, but remove whatever has
    taken the source's place by then.

    Raises:
        FileExistsError: something stands at the target.
        OSError: it could not be renamed.
    """
    if _libc.renameat2(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE) == 0:
        return
    number = ctypes.get_errno()
    if number not in _UNSUPPORTED:
        raise OSError(number, os.strerror(number), str(source), None, str(target))
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))
    try:
        source.rename(target)
    except OSError:
        with suppress(FileNotFoundError):
            if target.lstat().st_size == 0:  # a network share may have renamed and say that it has not
                target.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Puts a folder's entries on the disk, where its file system can do that.

    Raises:
        OSError: the folder is missing or the disk failed.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # network file systems without a folder's fsync
            raise
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> int:
    """Removes the unfinished files that a killed process left in a folder; returns how many there were.

    What was put aside to be removed stays: it may be the only copy of what somebody had put in its place.
    """
    leftovers = [Path(entry.path) for entry in os.scandir(folder) if _is_leftover(entry.name)]
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    return len(leftovers)


def _is_leftover(name: str) -> bool:
    return name.startswith(PREFIX) and name.endswith(SUFFIX) and not name.endswith(f"-{ASIDE}{SUFFIX}")
