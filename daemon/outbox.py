"""The outbox: each document's results, published so that every file appears whole or not at all."""

from __future__ import annotations

import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from config.schema import TablesSettings
from daemon.atomic import replacing, sync_folder
from daemon.errors import PublishError
from daemon.names import MAX_NAME_BYTES, placed, printable, shortened
from daemon.result import Result
from daemon.systemd import Beat, no_beat
from daemon.tables import write_csv
from daemon.words import said

TABLES = "tables"
_JSON, _CSV, _PICTURE = ".json", ".csv", ".annotated.jpg"
_MAX_FILE_BYTES = 512 << 20  # far more than the JSON of the most pages with the most digits, and than any picture
_LONGEST_SUFFIX = f".p99999{_PICTURE}"
Write = Callable[[BinaryIO], object]
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
            self._remove_pages_after(stem, result)
            for suffix, write in self._parts(stem, result):
                beat()
                path = stem.with_name(stem.name + suffix)
                with replacing(path) as file:
                    write(file)
                written.append(path.relative_to(self._folder).as_posix())
            sync_folder(stem.parent)
        except OSError as error:
            raise PublishError(
                f"the results of {printable(result.document)} must be writable below {self._folder}. "
                f"Received: {said(error)}. See to the outbox's permissions and free space"
            ) from error
        return tuple(written)

    def holds(self, name: str) -> str | None:
        """The SHA-256 of the document whose complete results stand under a name; None where there are none."""
        standing = _standing(self._stem(name))
        return None if standing is None else standing["sha256"]

    def is_of_others(self, name: str, sha256: str | None) -> bool:
        """Whether anything stands under a name that is not of the results of this content."""
        stem = self._stem(name)
        stands = any(os.path.lexists(stem.with_name(stem.name + suffix)) for suffix in (_PICTURE, _CSV, _JSON))
        return stands and self.holds(name) != sha256

    def is_anothers(self, name: str, result: Result) -> bool:
        """Whether publishing a result under a name would overwrite what is not its own.

        Its own are results of the same content, which may stand there as when a ledger was lost, but not a table that
        somebody changed; and, where there is no JSON, files that hold just what they are to hold, as a publication that
        was killed leaves them.
        """
        stem = self._stem(name)
        if not any(os.path.lexists(stem.with_name(stem.name + suffix)) for suffix in _suffixes(result)):
            return False
        standing = _standing(stem)
        if standing is not None and standing["sha256"] != result.sha256:
            return True
        return any(not self._is_own(stem, suffix, write, standing) for suffix, write in self._parts(stem, result))

    def is_barred(self, name: str, result: Result) -> bool:
        """Whether a result cannot be published under its name by now, whatever stood there when it was chosen.

        That is where something stands that is not its own, or a file where a folder is to be, and where no path can be
        as long as it.
        """
        return placed(self._folder, name) != name or self.is_anothers(name, result)

    def lacks(self, outputs: Iterable[str]) -> bool:
        """Whether any of the files that `publish` has written is gone.

        Raises:
            OSError: the outbox cannot be looked into.
        """
        return not all(_is_there(self._folder / output) for output in outputs)

    def folder_of(self, name: str) -> Path:
        """The folder that the files of an outbox name stand in."""
        return self._stem(name).parent

    def _parts(self, stem: Path, result: Result) -> Iterator[tuple[str, Write]]:
        """Each file's suffix and what writes it, in the order in which they are published."""
        value = result.to_json()
        for page in result.content.pages:
            if page.annotated:
                yield picture_suffix(page.page), partial(_write, page.annotated)
        yield _CSV, lambda file: write_csv(file, value, self._name(stem), self._tables)
        yield _JSON, partial(_write, encode_json(value))

    def _is_own(self, stem: Path, suffix: str, write: Write, standing: dict[str, Any] | None) -> bool:
        """Whether nothing stands in a file's place, or something of the same result, whose JSON is `standing`."""
        path = stem.with_name(stem.name + suffix)
        if not os.path.lexists(path):
            return True
        if standing is None:
            return _content_is(path, _written(write))
        if suffix == _CSV:
            tables = (_written(write), *self._csvs_of(standing, stem))
            return any(_content_is(path, table) for table in tables)
        return not path.is_dir()

    def _csvs_of(self, standing: dict[str, Any], stem: Path) -> Iterator[bytes]:
        """The table that belongs to a JSON, also as 0.1.0 wrote it; none where that is not as ours are."""
        with suppress(LookupError, ValueError, TypeError):
            for name in (self._name(stem), standing["document"]):
                yield _written(partial(write_csv, result=standing, name=name, settings=self._tables))

    def _name(self, stem: Path) -> str:
        """What a document is called in its table: as its files, so that it leads from the numbers to them."""
        return stem.relative_to(self._folder).as_posix()

    def _remove_pages_after(self, stem: Path, result: Result) -> None:
        """Removes pictures of further pages that an earlier publication of the same content left."""
        standing = _standing(stem)
        if standing is not None and standing["sha256"] == result.sha256:
            for page in range(len(result.content.pages) + 1, len(standing["pages"]) + 1):
                stem.with_name(stem.name + picture_suffix(page)).unlink(missing_ok=True)

    def _stem(self, name: str) -> Path:
        """The path that the suffixes are added to: the name's own, shortened where it would be too long."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.name or "\0" in name:
            raise ValueError(f"an outbox name must be relative and stay inside the outbox. Received: {name!r}")
        last = f"{path.name}~" if _AMBIGUOUS.search(path.name) else path.name
        return self._folder / path.parent / shortened(last, MAX_NAME_BYTES - len(_LONGEST_SUFFIX))


def encode_json(value: object) -> bytes:
    r"""A result's JSON as UTF-8; bytes of a name that are no UTF-8 become `\udcXX` escapes, which JSON can hold."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace") + b"\n"


def _suffixes(result: Result) -> list[str]:
    """What follows the outbox name in the names of all files of a result."""
    return [*(picture_suffix(page.page) for page in result.content.pages if page.annotated), _CSV, _JSON]


def picture_suffix(page: int) -> str:
    """What follows a document's outbox name in the name of a page's annotated picture."""
    return _PICTURE if page == 1 else f".p{page}{_PICTURE}"


def _standing(stem: Path) -> dict[str, Any] | None:
    """The JSON of ours that stands beside a document's other files; None where there is none."""
    try:
        value = dict(json.loads(content_of(stem.with_name(stem.name + _JSON))))
        return value | {"sha256": str(value["sha256"]), "pages": list(value["pages"])}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):  # nothing there, or nothing of ours
        return None


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _content_is(path: Path, content: bytes) -> bool:
    try:
        return content_of(path, len(content)) == content
    except (OSError, ValueError):
        return False


def content_of(path: Path, max_bytes: int = _MAX_FILE_BYTES) -> bytes:
    """What a file of ours holds. Anybody may have put something else there: a pipe would be waited on for ever.

    Raises:
        OSError: it is not there, or cannot be read.
        ValueError: something else stands in its place.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > max_bytes:
            raise ValueError("it is no result")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def _written(write: Write) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def _write(content: bytes, file: BinaryIO) -> None:
    file.write(content)
