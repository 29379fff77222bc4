"""The outbox: each document's results, published so that every file appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from config.schema import TablesSettings
from daemon.atomic import replacing, sync_folder
from daemon.errors import PublishError
from daemon.names import past_files, printable
from daemon.result import Result
from daemon.systemd import Beat, no_beat
from daemon.tables import write_csv

TABLES = "tables"
_JSON, _CSV, _PICTURE = ".json", ".csv", ".annotated.jpg"
_MAX_NAME_BYTES = 255  # of a name in a folder, on every usual file system
_MAX_JSON_BYTES = 512 << 20  # far more than the most pages with the most digits
_LONGEST_SUFFIX = f".p99999{_PICTURE}"
_AMBIGUOUS = re.compile(r"\.p\d+$|^\d{4}-\d\d-\d\d$")  # with a suffix, these would be a page's or a day's file


class Outbox:
    """Publishes results below a folder.

    A document's outbox name (`a/b/scan0001.jpg`, or `a/b/scan0001~2.jpg` for a second one of that name) is chosen by
    the caller; the files of a name are replaced when it is published again.

    Args:
        folder: made when something is published.
        tables: how the CSV is written.
    """

    def __init__(self, folder: Path, tables: TablesSettings) -> None:
        self._folder = folder
        self._tables = tables

    def publish(self, name: str, result: Result, beat: Beat = no_beat) -> tuple[str, ...]:
        """Writes a document's files: the annotated pictures, the CSV and, when all those stand, the JSON.

        Args:
            name: its outbox name, relative, with `/`.
            result: what was read, with the pages' annotated pictures.
            beat: called at each file.

        Returns:
            The files, relative to the outbox, in the order in which they were written.

        Raises:
            PublishError: one could not be written; publishing again later can help.
            ValueError: the name leads out of the outbox.
        """
        stem = self._stem(name)
        written = []
        try:
            stem.parent.mkdir(parents=True, exist_ok=True)
            self._remove_pages_after(stem, len(result.content.pages))
            for suffix, write in self._parts(result):
                beat()
                path = stem.with_name(stem.name + suffix)
                with replacing(path) as file:
                    write(file)
                written.append(path.relative_to(self._folder).as_posix())
            sync_folder(stem.parent)
        except OSError as error:
            raise PublishError(
                f"the results of {printable(result.document)} must be writable below {self._folder}. "
                f"Received: {error}. See to the outbox's permissions and free space"
            ) from error
        return tuple(written)

    def taken(self, name: str) -> bool:
        """Whether a file of a document with this outbox name stands there already."""
        stem = self._stem(name)
        return any(os.path.lexists(stem.with_name(stem.name + suffix)) for suffix in (_JSON, _CSV, _PICTURE))

    def holds(self, name: str) -> str | None:
        """The SHA-256 of the document whose complete results stand under a name; None where there are none."""
        stem = self._stem(name)
        try:
            value = json.loads(_content(stem.with_name(stem.name + _JSON)))
            return str(value["sha256"])
        except (OSError, ValueError, LookupError, TypeError, RecursionError):  # nothing there, or nothing of ours
            return None

    def is_anothers(self, name: str, sha256: str) -> bool:
        """Whether other content's results stand under a name; a document's own may, as when a ledger was lost."""
        return self.taken(name) and self.holds(name) != sha256

    def is_barred(self, name: str, sha256: str) -> bool:
        """Whether a document's files cannot stand under its name by now, whatever stood there when it was chosen.

        That is where other content's results stand, a file where a folder is to be, or a folder where a file is to be.
        Files without a JSON do not count: a publication that was killed leaves them to the next.
        """
        stem = self._stem(name)
        places = [stem.with_name(stem.name + suffix) for suffix in (_JSON, _CSV, _PICTURE)]
        if past_files(self._folder, name) != name or any(place.is_dir() for place in places):
            return True
        return os.path.lexists(places[0]) and self.holds(name) != sha256

    def folder_of(self, name: str) -> Path:
        """The folder that the files of an outbox name stand in."""
        return self._stem(name).parent

    def _parts(self, result: Result) -> Iterator[tuple[str, Callable[[BinaryIO], object]]]:
        """Each file's suffix and what writes it, in the order in which they are published."""
        value = result.to_json()
        for page in result.content.pages:
            if page.annotated:
                yield picture_suffix(page.page), partial(_write, page.annotated)
        yield _CSV, lambda file: write_csv(file, value, self._tables)
        yield _JSON, partial(_write, encode_json(value))

    def _remove_pages_after(self, stem: Path, pages: int) -> None:
        """Removes pictures of further pages that an earlier publication of the same name left."""
        with suppress(FileNotFoundError):
            for page in count(max(pages, 1) + 1):
                stem.with_name(stem.name + picture_suffix(page)).unlink()

    def _stem(self, name: str) -> Path:
        """The path that the suffixes are added to: the name's own, shortened where it would be too long."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.name or "\0" in name:
            raise ValueError(f"an outbox name must be relative and stay inside the outbox. Received: {name!r}")
        last = f"{path.name}~" if _AMBIGUOUS.search(path.name) else path.name
        room = _MAX_NAME_BYTES - len(_LONGEST_SUFFIX)
        if len(os.fsencode(last)) > room:
            last = _shortened(last, room)
        return self._folder / path.parent / last


def encode_json(value: object) -> bytes:
    r"""A result's JSON as UTF-8; bytes of a name that are no UTF-8 become `\udcXX` escapes, which JSON can hold."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace") + b"\n"


def picture_suffix(page: int) -> str:
    """What follows a document's outbox name in the name of a page's annotated picture."""
    return _PICTURE if page == 1 else f".p{page}{_PICTURE}"


def _content(path: Path) -> bytes:
    """What a file of ours holds. Anybody may have put something else there: a pipe would be waited on for ever."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_JSON_BYTES:
            raise ValueError("it is no result")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def _write(content: bytes, file: BinaryIO) -> None:
    file.write(content)


def _shortened(name: str, room: int) -> str:
    encoded = os.fsencode(name)
    mark = "~" + hashlib.sha256(encoded).hexdigest()[:12]
    kept = encoded[: room - len(mark)].decode("utf-8", "ignore")
    return kept + mark
