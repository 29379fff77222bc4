"""Files that appear whole or not at all, and names that are given without taking them from another file."""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PREFIX, SUFFIX = ".digitdrop-", ".tmp"

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def replacing(path: Path, prepare: Callable[[BinaryIO], object] | None = None) -> Iterator[BinaryIO]:
    """Opens a new file that takes the place of `path` when the block ends well, and is removed when it does not.

    The content is on the disk before the name is. The new file is made in the same folder, so that it inherits that
    folder's group and access list, and gets the mode the process's umask gives.

    Args:
        path: its folder must exist.
        prepare: called with the file when all of it is on the disk, right before it takes the place.

    Yields:
        The new file, open for reading and writing bytes.

    Raises:
        OSError: it could not be written, or `path` could not be replaced; the error names `path`.
    """
    temporary = path.with_name(f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}")
    with _naming(path, temporary):
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if prepare is not None:
                    prepare(file)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):  # the folder may be gone, which is then the error to report
                temporary.unlink()
            raise


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
    """Removes the unfinished files that a killed process left in a folder; returns how many there were."""
    leftovers = [Path(entry.path) for entry in os.scandir(folder) if _is_leftover(entry.name)]
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    return len(leftovers)


def _is_leftover(name: str) -> bool:
    return name.startswith(PREFIX) and name.endswith(SUFFIX)
