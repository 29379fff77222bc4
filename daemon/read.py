"""Reads files that are named, without a daemon: the engine gets them as it has room, results come in their order."""

from __future__ import annotations

import hashlib
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from stat import S_ISREG

from config.schema import IGNORED
from daemon.documents import MAX_DOCUMENT_BYTES, size_rule
from daemon.engine.interface import Engine, Job, Outcome
from daemon.errors import EngineError
from daemon.names import first_free, shown
from daemon.outbox import Outbox
from daemon.result import Result
from recognition.formats import sniff

log = logging.getLogger(__name__)

_HEAD_BYTES = 4096  # enough to tell a file's kind


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one file.

    Attributes:
        path: as it was given or found.
        result: None when it could not be read.
        error: why not, as a sentence.
        outputs: the files written for it, relative to the folder of the outputs.
    """

    path: Path
    result: Result | None
    error: str = ""
    outputs: tuple[str, ...] = ()


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files to read: those that are named, and of a folder those directly in it that can be scans.

    A file that is named is never left out, so that it is reported when it cannot be read.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [entry for entry in sorted(path.iterdir()) if _is_scan(entry)]
        else:
            found.append(path)
    return found


def _is_scan(path: Path) -> bool:
    if any(fnmatch(path.name, pattern) for pattern in IGNORED) or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return sniff(file.read(_HEAD_BYTES)) is not None
    except OSError:
        return True  # named again, with the reason, when it is read


def read_files(paths: Sequence[Path], engine: Engine) -> Iterator[Reading]:
    """Reads files and yields each one's reading, in the order of the files.

    Args:
        paths: files.
        engine: started; it has no other user.
    """
    readings: dict[int, Reading] = {}
    digests: dict[int, str] = {}
    waiting = deque(enumerate(paths))
    following = 0
    while following < len(paths):
        while waiting and engine.free():
            key, path = waiting[0]
            try:
                data = _content(path)
                engine.submit(Job(key, data))
                digests[key] = hashlib.sha256(data).hexdigest()
            except OSError as error:
                readings[key] = Reading(path, None, f"cannot be read: {error.strerror}")
            except EngineError:  # its worker has ended meanwhile; the next one takes it
                break
            waiting.popleft()
        while following in readings:
            yield readings.pop(following)
            following += 1
        if digests or not engine.free():  # a worker that died is replaced while polling
            for outcome in engine.poll(1.0):
                readings[outcome.key] = _reading(paths[outcome.key], outcome, digests.pop(outcome.key), engine)


def _content(path: Path) -> bytes:
    """All bytes of a regular file; a pipe or a device is refused, as it might never end, and a file that is no scan."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not S_ISREG(status.st_mode):
            raise OSError(None, "it is no regular file")
        if status.st_size > MAX_DOCUMENT_BYTES:
            raise OSError(None, size_rule(status.st_size))
        return file.read()


def _reading(path: Path, outcome: Outcome, sha256: str, engine: Engine) -> Reading:
    if outcome.document is None:
        return Reading(path, None, outcome.error or f"was not read ({outcome.kind})")
    moment = datetime.now().astimezone()
    return Reading(path, Result(path.name, sha256, moment, engine.model, outcome.seconds, outcome.document))


class Writer:
    """Writes results as the daemon would for files in the inbox itself, and never over those of another content.

    Args:
        outbox: where to.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def write(self, reading: Reading) -> Reading:
        """Publishes a reading's result; a reading without one stays as it is.

        Raises:
            PublishError: the files could not be written.
        """
        if reading.result is None:
            return reading
        result = reading.result
        name = first_free(result.document, lambda name: self._outbox.is_anothers(name, result))
        outputs = self._outbox.publish(name, result)
        log.debug("document=%s written as %s", shown(str(reading.path)), shown(name))
        return Reading(reading.path, result, outputs=outputs)
