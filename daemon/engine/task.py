"""What runs on the workers of a Dask cluster: one document, in a confined process of that machine.

A Dask worker's thread keeps a local engine of one worker process, so that a document that crashes or hangs what reads
it, or takes too much memory, costs that process and not the Dask worker, and a hostile one reaches nothing of it.
"""

from __future__ import annotations

import importlib.metadata
import pickle
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

from daemon.engine import wire
from daemon.engine.bundle import Bundle
from daemon.engine.interface import Job, Outcome, OutcomeKind
from daemon.engine.local import LocalEngine
from daemon.errors import EngineError

DISTRIBUTION = "digitdrop"
VERSION = importlib.metadata.version(DISTRIBUTION)
"""Of the code that is loaded here: a worker says what is installed, which may be newer."""

MAX_ENGINES = 2
"""Of each thread: so many daemons with other models can share a cluster without waiting for each other."""
START_S = 60.0
"""A worker process that died is replaced within this time, or the document goes back."""


class Answer(NamedTuple):
    """How a document ended on another machine, see `interface.Outcome`; `document` is as `wire` encodes one.

    It is LOST where that machine cannot read any document. `worker` is the Dask worker's address.
    """

    kind: OutcomeKind
    document: bytes
    seconds: float
    error: str | None
    worker: str


class _Engines(threading.local):
    """The engines of one thread, the one used last at the end."""

    def __init__(self) -> None:
        self.by_key: OrderedDict[str, LocalEngine] = OrderedDict()


_engines = _Engines()
_unpacked: set[Path] = set()
_unpacking = threading.Lock()


def read(data: bytes, packed: bytes, key: str, version: str) -> Answer:
    """Reads a document.

    Args:
        data: the whole file.
        packed: the networks and parameters, a pickled `Bundle`.
        key: the bundle's.
        version: the daemon's.
    """
    from distributed import get_worker  # the daemon's side of this module does without

    worker = get_worker().address
    start = time.monotonic()
    try:
        if version != VERSION:
            raise EngineError(f"{worker} still runs digitdrop {VERSION}, this is digitdrop {version}; start it anew")
        outcome = _read_here(data, packed, key)
    except Exception as error:  # noqa: BLE001 - whatever it is, the daemon has to know of which machine
        return Answer(OutcomeKind.LOST, b"", time.monotonic() - start, told(error), worker)
    document = b"" if outcome.document is None else b"".join(wire.encode_document(outcome.document))
    return Answer(outcome.kind, document, outcome.seconds, outcome.error, worker)


def _read_here(data: bytes, packed: bytes, key: str) -> Outcome:
    engine = _engine(packed, key)
    engine.poll(0.0)  # nobody has looked after its process since the last document
    deadline = time.monotonic() + START_S
    while engine.free() < 1:
        engine.poll(1.0)
        if time.monotonic() > deadline:
            raise EngineError(engine.healthy() or "the worker process does not get ready")
    engine.submit(Job(0, data))
    while not (outcomes := engine.poll(10.0)):
        pass
    return outcomes[0]


def told(error: BaseException) -> str:
    """An error in one line that is not too long."""
    return f"{' '.join(str(error).split()) or type(error).__name__:.300}"


def _engine(packed: bytes, key: str) -> LocalEngine:
    """This thread's engine for a bundle."""
    engines = _engines.by_key
    if key not in engines:
        bundle: Bundle = pickle.loads(packed)  # from the daemon, as the task itself
        while len(engines) >= MAX_ENGINES:
            engines.popitem(last=False)[1].stop()
        engine = LocalEngine(bundle.setup_in(_folder(bundle)), workers=1, timeout_s=bundle.timeout_s)
        engine.start()
        engines[key] = engine
    engines.move_to_end(key)
    return engines[key]


def _folder(bundle: Bundle) -> Path:
    """Where the networks of a bundle stand as long as the Dask worker lives; written once, for others may be reading.

    Dask removes the place with the worker, and that of one that was killed when the next one starts.
    """
    from distributed import get_worker

    folder = Path(get_worker().local_directory) / f"digitdrop-{bundle.sha256}"
    with _unpacking:
        if folder not in _unpacked:
            folder.mkdir(exist_ok=True)
            bundle.unpack(folder)
            _unpacked.add(folder)
    return folder
