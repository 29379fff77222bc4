"""The reconciling scan: what stands in the inbox, whatever events said."""

from __future__ import annotations

import fnmatch
import logging
import os
import re
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from config.schema import WatchSettings
from daemon.atomic import PREFIX
from daemon.documents import Identity
from daemon.names import shown
from daemon.systemd import Beat, no_beat

log = logging.getLogger(__name__)

_PICTURES = (".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".heic", ".heif")
_DOCUMENT_SUFFIXES = frozenset((*_PICTURES, ".pdf"))
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


class NameFilter:
    """Which names of the inbox are taken: patterns with * and ?, upper and lower case alike.

    Args:
        settings: `include` is for names of files, `ignore` for names of files and of folders.
    """

    def __init__(self, settings: WatchSettings) -> None:
        self._include = _pattern(settings.include)
        self._ignore = _pattern((*settings.ignore, f"{PREFIX}*"))

    def takes(self, path: str) -> bool:
        """Whether a file is taken, by all parts of its path relative to the inbox."""
        *folders, name = PurePosixPath(path).parts
        return self.takes_file(name) and all(self.enters(folder) for folder in folders)

    def takes_file(self, name: str) -> bool:
        """Whether a file of this name is taken."""
        folded = name.casefold()
        return self._include.fullmatch(folded) is not None and self._ignore.fullmatch(folded) is None

    def enters(self, name: str) -> bool:
        """Whether a folder of this name is entered: not when ignored, nor when it is named like a document."""
        return self._ignore.fullmatch(name.casefold()) is None and not looks_like_document(name)


@dataclass(slots=True)
class Found:
    """What one scan found.

    Attributes:
        files: what the regular files are that are taken, by path relative to the inbox with `/`.
        refused: what stands under a name that would be taken but is no regular file, with what it is.
        problems: folders that could not be read, with why; the scan is complete when there are none.
        folders: how many were entered, the inbox itself among them.
    """

    files: dict[str, Identity] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    folders: int = 0


def scan(inbox: Path, names: NameFilter, *, recursive: bool, beat: Beat = no_beat) -> Found:
    """Looks at everything in the inbox, following no links.

    Args:
        inbox: the folder.
        names: which files are taken.
        recursive: whether subfolders are entered.
        beat: called at each folder and each name, as a slow share takes minutes for many.

    Raises:
        OSError: the inbox itself cannot be read.
    """
    found = Found()
    folders = [""]
    while folders:
        folder = folders.pop()
        beat()
        try:
            entries = deque(_entries(inbox, folder))  # each of which keeps all that it was asked for, until it is done
        except OSError as error:
            if not folder:
                raise
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                found.problems[folder] = error.strerror or str(error)
            continue
        found.folders += 1
        while entries:
            path, entry = entries.popleft()
            beat()
            try:
                _sort_in(found, folders if recursive else None, path, entry, names)
            except FileNotFoundError:
                continue
            except OSError as error:
                found.problems[path] = error.strerror or str(error)
    return found


def looks_like_document(name: str) -> bool:
    """Whether a name ends as those of pictures and documents do."""
    return PurePosixPath(name).suffix.casefold() in _DOCUMENT_SUFFIXES


def leads_out(inbox: Path, path: str) -> bool:
    """Whether a folder on a document's path is a link by now: what stands behind it is not the inbox's.

    The inbox itself may be one.
    """
    return any((inbox / folder).is_symlink() for folder in PurePosixPath(path).parents[:-1])


class Refusals:
    """Names what is refused or cannot be read in the log, once each as long as it stays.

    Attributes:
        refused: what the last scan refused, with what it is.
    """

    def __init__(self) -> None:
        self._named: dict[str, str] = {}
        self.refused: dict[str, str] = {}

    def report(self, found: Found) -> None:
        """Logs what is new since the last scan."""
        for path, kind in found.refused.items():
            if self._named.get(path) != kind:
                log.warning("document=%s is refused: it is %s; only regular files are read", shown(path), kind)
        for path, problem in found.problems.items():
            if self._named.get(path) != problem:
                log.warning("document=%s cannot be looked at: %s; it is tried again", shown(path), problem)
        self._named = {**found.refused, **found.problems}
        self.refused = found.refused


def _entries(inbox: Path, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(inbox / folder) as entries:
        for entry in entries:
            yield (f"{folder}/{entry.name}" if folder else entry.name), entry


def _sort_in(found: Found, folders: list[str] | None, path: str, entry: os.DirEntry[str], names: NameFilter) -> None:
    status = entry.stat(follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode):
        if folders is not None and names.enters(entry.name):
            folders.append(path)
        elif looks_like_document(entry.name) and names.takes_file(entry.name):
            found.refused[path] = "a folder"
    elif names.takes_file(entry.name):
        if stat.S_ISREG(status.st_mode):
            found.files[path] = Identity.of(status)
        else:
            found.refused[path] = next((text for test, text in _KINDS if test(status.st_mode)), "no regular file")


def _pattern(patterns: Iterable[str]) -> re.Pattern[str]:
    """One expression for all; a trailing `/`, as .gitignore has it for folders, is not part of the name."""
    return re.compile("|".join(fnmatch.translate(pattern.casefold().rstrip("/")) for pattern in patterns))
