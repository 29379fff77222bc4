"""A worker process: reads the documents that come through its socket until the socket closes.

Run as `python -m daemon.engine.process FD PARENT_PID`. It imports recognition and the interface, nothing else of the
daemon, and stays small for it.
"""

from __future__ import annotations

import ctypes
import dataclasses
import faulthandler
import importlib
import os
import pickle
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.engine import wire
from daemon.engine.interface import OutcomeKind
from recognition.errors import ModelLoadError, RecognitionError, UnreadableImageError
from recognition.types import Document

PR_SET_PDEATHSIG = 1

Reader = Callable[[bytes], Document]


def main(descriptor: int, parent_pid: int) -> int:
    """Serve the daemon at the other end of the socket; the process's exit code comes back."""
    _prepare(parent_pid)
    with socket.socket(fileno=descriptor) as channel:
        try:
            setup, block = wire.receive(channel)
            reader = _load(channel, setup, block)
            while reader is not None:
                _serve(channel, reader)
        except (EOFError, BrokenPipeError, ConnectionResetError):  # the daemon has gone or lets this worker go
            return 0
    return 1


def _prepare(parent_pid: int) -> None:
    """Die with the daemon, leave Ctrl-C and SIGTERM to it, and show where a native crash happened."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died before that took hold
        sys.exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    faulthandler.enable()


def _load(channel: socket.socket, setup: dict[str, Any], block: bytes) -> Reader | None:
    """Load the model and tell the daemon which it is, or why not."""
    try:
        params = pickle.loads(block)  # from the daemon, never from a file
        read = _named(setup["reader"])
        loaded = _named(setup["loader"])(*map(Path, setup["models"]))
    except Exception as error:  # noqa: BLE001 - whatever it is, the daemon has to tell it
        kind = type(error).__name__ if isinstance(error, ModelLoadError) else ""
        wire.send(channel, {"refused": kind, "error": _text(error)})
        return None
    wire.send(channel, {"ready": dataclasses.asdict(loaded.info)})
    return lambda data: read(data, loaded, params)


def _serve(channel: socket.socket, reader: Reader) -> None:
    """Read the next document; nothing of it is kept afterwards."""
    message, data = wire.receive(channel)
    start = time.perf_counter()
    kind, document, error = _attempt(reader, data)
    outcome = {"key": message["key"], "kind": kind, "error": error, "seconds": time.perf_counter() - start}
    wire.send(channel, outcome, None if document is None else wire.encode_document(document))


def _attempt(reader: Reader, data: bytes) -> tuple[OutcomeKind, Document | None, str | None]:
    try:
        return OutcomeKind.READ, reader(data), None
    except UnreadableImageError as error:
        kind = OutcomeKind.INCOMPLETE if error.incomplete else OutcomeKind.UNREADABLE
        return kind, None, _text(error)
    except Exception as error:  # noqa: BLE001 - one document's fault is not the next one's
        traceback.print_exc()
        return OutcomeKind.FAILED, None, _text(error)


def _named(path: str) -> Any:
    module, name = path.split(":")
    return getattr(importlib.import_module(module), name)


def _text(error: Exception) -> str:
    text = str(error) if isinstance(error, RecognitionError) else f"{type(error).__name__}: {error}"
    return text[: wire.MAX_TEXT_CHARS]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
