"""A worker process: reads the documents that come through its socket until the socket closes.

Run as `python -m daemon.engine.process FD PARENT_PID`. It imports recognition and the interface, nothing else of the
daemon, and stays small for it. Before it sees a document it gives up what it does not need, see `sandbox`.
"""

from __future__ import annotations

import ctypes
import dataclasses
import faulthandler
import importlib.util
import os
import pickle
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.engine import wire
from daemon.engine.heap import give_back, keep_freed
from daemon.engine.interface import OutcomeKind
from daemon.engine.sandbox import Limits, confine, limit_document, no_core_dump, taken_mb
from recognition.errors import ModelLoadError, RecognitionError, UnreadableImageError
from recognition.types import Document

PR_SET_PDEATHSIG = 1
OPENCV_NO_MEMORY = -4
"""`code` of OpenCV's error when it gets no memory (cv::Error::StsNoMem)."""

KEPT_MB = 128
"""So much address space that a document took is kept while others wait, enough for most pages."""
REST_S = 0.5
"""A worker that has nothing to do for so long is at rest."""

Reader = Callable[[bytes], Document]


def main(descriptor: int, parent_pid: int) -> int:
    """Serve the daemon at the other end of the socket; the process's exit code comes back."""
    _prepare(parent_pid)
    with socket.socket(fileno=descriptor) as channel:
        try:
            setup, block = wire.receive(channel)
            reader = _load(channel, setup, block)
            loaded_mb = taken_mb()
            while reader is not None:
                _serve(channel, reader)
                if taken_mb() > loaded_mb + KEPT_MB or not _comes(channel):
                    give_back()
        except (EOFError, BrokenPipeError, ConnectionResetError):  # the daemon has gone or lets this worker go
            return 0
    return 1


def _prepare(parent_pid: int) -> None:
    """Die with the daemon, leave to it the signals that go to all, and show where a native crash happened."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died before that took hold
        sys.exit(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    faulthandler.enable()
    no_core_dump()
    keep_freed()


def _load(channel: socket.socket, setup: dict[str, Any], block: bytes) -> Reader | None:
    """Load the model and tell the daemon which it is, or why not."""
    limits: Limits | None
    try:
        params, limits = pickle.loads(block)  # from the daemon, never from a file
        models = [Path(model) for model in setup["models"]]
        confined = confine({model.parent for model in models} | _our_folders())
        read = _named(setup["reader"])
        loaded = _named(setup["loader"])(*models)
    except Exception as error:  # noqa: BLE001 - whatever it is, the daemon has to tell it
        kind = type(error).__name__ if isinstance(error, ModelLoadError) else ""
        wire.send(channel, {"refused": kind, "error": _text(error)})
        return None
    wire.send(channel, {"ready": dataclasses.asdict(loaded.info), "confined": confined})
    loaded_mb = taken_mb()

    def read_next(data: bytes) -> Document:
        if limits is not None:
            limit_document(limits, loaded_mb)
        document: Document = read(data, loaded, params)
        return document

    return read_next


def _our_folders() -> set[Path]:
    """Where the packages stand that a worker imports from: in a checkout no folder of the import path."""
    specs = [importlib.util.find_spec(name) for name in ("daemon", "recognition")]
    return {Path(place) for spec in specs if spec for place in spec.submodule_search_locations or ()}


def _serve(channel: socket.socket, reader: Reader) -> None:
    """Read the next document; nothing of it is kept afterwards."""
    message, data = wire.receive(channel)
    start = time.perf_counter()
    kind, document, error = _attempt(reader, data)
    outcome = {"key": message["key"], "kind": kind, "error": error, "seconds": time.perf_counter() - start}
    wire.send(channel, outcome, None if document is None else wire.encode_document(document))


def _comes(channel: socket.socket) -> bool:
    """Whether the next document, or the end, comes before this worker is at rest."""
    return bool(select.select([channel], [], [], REST_S)[0])


def _attempt(reader: Reader, data: bytes) -> tuple[OutcomeKind, Document | None, str | None]:
    try:
        return OutcomeKind.READ, reader(data), None
    except UnreadableImageError as error:
        kind = OutcomeKind.INCOMPLETE if error.incomplete else OutcomeKind.UNREADABLE
        return kind, None, _text(error)
    except Exception as error:  # noqa: BLE001 - one document's fault is not the next one's
        if isinstance(error, MemoryError) or getattr(error, "code", None) == OPENCV_NO_MEMORY:
            return OutcomeKind.FAILED, None, "reading it takes more memory than engine.memory_mb allows"
        traceback.print_exc()
        return OutcomeKind.FAILED, None, _text(error)


def _named(path: str) -> Any:
    module, name = path.split(":")
    return getattr(importlib.import_module(module), name)


def _text(error: Exception) -> str:
    text = str(error) if isinstance(error, RecognitionError) else f"{type(error).__name__}: {error}"
    return text[: wire.MAX_TEXT_CHARS]


if __name__ == "__main__":
    # At once: what interpreters do at their end, such as writing files, a worker may no longer do.
    os._exit(main(int(sys.argv[1]), int(sys.argv[2])))
