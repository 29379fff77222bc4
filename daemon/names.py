"""Names of documents: their folders, with a number for a second one of the same name, and as people see them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath

from daemon.documents import Taken

MAX_NAME_BYTES = 255
"""Of one name in a folder, on every usual file system."""
_MAX_FOLDERS_BYTES = 3000
"""Of a document's folders: Linux takes paths of 4,095 bytes, with the outbox before them and a name after them.

It is the same for all, so that results and their original have one name wherever outbox and archive stand.
"""

_ROOM = MAX_NAME_BYTES - len(".reason.json")
"""For a document's name, to which quarantine adds that."""
_MAX_SUFFIX_BYTES = 16
"""What is longer is no suffix that tells a format."""

_SEARCHED_THROUGH = 32
"""So many numbers of a name are tried one by one."""


def folder_of(path: str) -> str:
    """The folder of a document's path; empty for the inbox itself."""
    return path.rpartition("/")[0]


def numbered(path: str, number: int) -> str:
    """The path itself for 1, else with `~number` before its suffix; shortened where a folder could not hold it.

    Args:
        path: relative, with `/`.
        number: from 1.
    """
    pure = PurePosixPath(path)
    mark = "" if number == 1 else f"~{number}"
    name = f"{pure.stem}{mark}{pure.suffix}"
    suffix = pure.suffix if len(os.fsencode(pure.suffix)) <= _MAX_SUFFIX_BYTES else ""
    return str(pure.with_name(shortened(name, _ROOM, suffix)))


def shortened(name: str, room: int, suffix: str = "") -> str:
    """The name itself where it fits, else one that differs where the long names differ.

    Args:
        name: of a file, without folders.
        room: in bytes, for all of it.
        suffix: its end, which a shortened name keeps.
    """
    encoded = os.fsencode(name)
    if len(encoded) <= room:
        return name
    end = os.fsencode(f"~{hashlib.sha256(encoded).hexdigest()[:12]}{suffix}")
    return encoded[: room - len(end)].decode("utf-8", "ignore") + os.fsdecode(end)


def first_free(path: str, taken: Taken) -> str:
    """The first of path, path~2, path~3 and so on that is not taken.

    Where very many are taken it is searched for between one that is and one that is not, and a gap below may be missed:
    a scanner that calls every page scan0001.jpg must not make the search longer with each.
    """
    for number in range(1, _SEARCHED_THROUGH + 1):
        if not taken(name := numbered(path, number)):
            return name
    low, high = _SEARCHED_THROUGH, 2 * _SEARCHED_THROUGH
    while taken(numbered(path, high)):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if taken(numbered(path, middle)) else (low, middle)
    return numbered(path, high)


def placed(root: Path, path: str) -> str:
    """The path that a file can have below a folder: past all files, and as `fitting` has it.

    Args:
        root: the folder, which need not be there.
        path: relative, with `/`.
    """
    return past_files(root, fitting(path))


def fitting(path: str) -> str:
    """The path itself, or one with shorter folders where those could not be made below every folder.

    A share may hold longer names than other disks, and what fits below the inbox may not below another folder.

    Args:
        path: relative, with `/`.
    """
    pure = PurePosixPath(path)
    folders = shortened(str(pure.parent), _MAX_FOLDERS_BYTES).split("/")
    return str(PurePosixPath(*(shortened(folder, MAX_NAME_BYTES) for folder in folders), pure.name))


def past_files(root: Path, path: str, *, follow: bool = True) -> str:
    """The path with a number in the name of each folder that cannot be made, because no folder has that name.

    Args:
        root: the folder the path is relative to.
        path: relative, with `/`.
        follow: whether a link to a folder is one; in the inbox it is not, as nothing behind it is read.
    """

    def taken(place: str) -> bool:
        folder = root / place
        return os.path.lexists(folder) and not (folder.is_dir() and (follow or not folder.is_symlink()))

    *folders, name = PurePosixPath(path).parts
    clear = PurePosixPath()
    for folder in folders:
        place = clear / folder
        clear = PurePosixPath(first_free(str(place), taken)) if taken(str(place)) else place
    return str(clear / name)


def printable(name: str) -> str:
    r"""A document's name with bytes that are no UTF-8 as `\xff`, for tables, logs and terminals."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shown(name: str) -> str:
    r"""A name on one line of a log: bytes that are no UTF-8 and control characters as escapes.

    A line break in a file name must not begin a line of the log that digitdrop did not write.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in printable(name))
