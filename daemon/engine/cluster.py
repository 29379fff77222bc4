"""The connection to a Dask cluster: kept up by a thread, made anew whenever it is lost.

The thread looks at the cluster every few seconds: which workers there are, and which of them run the same digitdrop.
Only these get documents; the others are refused by name. What was in work when a connection is lost comes back as lost,
and is nobody's fault.
"""

from __future__ import annotations

import importlib.metadata
import logging
import queue
import threading
import time
import uuid
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.engine import task
from daemon.engine.bundle import Bundle
from daemon.engine.interface import Job
from daemon.errors import EngineError

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""Between two looks at the cluster."""
MAX_PAUSE_S = 15.0
"""Between two tries to connect, so that documents go on soon after a cluster has come back."""
CONNECT_S = 5.0
SILENT_S = 20.0
"""After so long without an answer something is wrong with the cluster or the way to it."""
DISTRIBUTION = "digitdrop"


@dataclass(frozen=True, slots=True)
class Ended:
    """A document that came back.

    Attributes:
        key: the job's.
        answer: None where there is none.
        error: why there is none.
        crashed: it may be the document that took its workers down, one after the other.
    """

    key: int
    answer: task.Answer | None
    error: str = ""
    crashed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    """A document on the cluster."""

    future: Future
    workers: frozenset[str]


class Cluster:
    """The workers of a cluster that run this digitdrop.

    All methods but the thread's own are for the thread that drives the engine.

    Args:
        address: the scheduler's.
        bundle: what the workers need.
        wake: called from other threads when something has come back or changed.

    Attributes:
        ended: what has come back.
    """

    def __init__(self, address: str, bundle: Bundle, wake: Callable[[], None]) -> None:
        self._address = address
        self._bundle = bundle
        self._wake = wake
        self._version = importlib.metadata.version(DISTRIBUTION)
        self.ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._packed: Future | None = None
        self._sent: dict[int, _Sent] = {}
        self._threads: dict[str, int] = {}  # of each worker that may read
        self._refused: dict[str, str] = {}  # why a worker may not
        self._problem: str | None = "not connected yet"
        self._seen = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="digitdrop-cluster", daemon=True)

    def start(self) -> None:
        """Begins to connect; does not wait for it."""
        self._thread.start()

    def stop(self) -> None:
        """Lets go of the cluster; what is in work there is ended."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(CONNECT_S + LOOK_S)

    @property
    def slots(self) -> int:
        """How many documents may be on the cluster: one in each thread, and one more on the way to each worker."""
        with self._lock:
            return 0 if self._problem else sum(self._threads.values()) + len(self._threads)

    @property
    def problem(self) -> str | None:
        """What is wrong, in one sentence; None while documents are read."""
        silent_s = time.monotonic() - self._seen
        with self._lock:
            if self._problem is None and silent_s > SILENT_S:
                return f"the Dask scheduler {self._address} has not answered for {silent_s:.0f} seconds"
            return self._problem

    def is_alive(self) -> bool:
        """Whether the thread is alive that keeps the connection."""
        return self._thread.is_alive()

    def submit(self, job: Job) -> None:
        """Sends a document; does not wait for it.

        Raises:
            EngineError: there is no connection just now.
        """
        with self._lock:
            client, workers = self._client, frozenset(self._threads)
            if client is None or not workers:
                raise EngineError(self._problem or "no worker of the cluster is free")
            if self._packed is None or self._packed.status in ("cancelled", "lost", "error"):
                # The key is the content's: daemons with the same networks share them on the workers.
                self._packed = client.submit(task.pack, self._bundle, key=f"digitdrop-networks-{self._bundle.key}")
            future: Future = client.submit(
                task.read,
                job.data,
                self._packed,
                key=f"digitdrop-document-{uuid.uuid4().hex}",
                pure=False,
                workers=sorted(workers),
                allow_other_workers=False,
            )
            self._sent[job.key] = _Sent(future, workers)
            client.loop.add_callback(self._take, job.key, future)

    def cancel(self, key: int, error: str) -> None:
        """Gives a document up."""
        with self._lock:
            sent = self._sent.pop(key, None)
        if sent is not None:
            sent.future.client.loop.add_callback(_cancel, sent.future)
            self.ended.put(Ended(key, None, error))
            self._wake()

    async def _take(self, key: int, future: Future) -> None:
        """Takes an answer once it is there.

        Runs in the client's own event loop and ends with it. A thread that waited for an answer would wait for ever
        where the client is closed meanwhile, and all of Dask's callbacks behind it.
        """
        try:
            ended = Ended(key, await future)
        except CancelledError as error:
            reason = getattr(error, "reason", "the engine stopped")
            ended = Ended(key, None, f"the Dask cluster {self._address} let go of it: {reason}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the document has to come back
            ended = Ended(key, None, _told(error), crashed=type(error).__name__ == "KilledWorker")
        with self._lock:
            sent = self._sent.get(key)
            if sent is None or sent.future is not future:
                return  # it was given up, and may be on its way once more
            del self._sent[key]
        self.ended.put(ended)
        self._wake()

    # The thread that keeps the connection

    def _keep(self) -> None:
        pause_s, failures = 0.0, 0
        while not self._stop.wait(pause_s):
            try:
                self._look()
                pause_s, failures = LOOK_S, 0
            except Exception as error:  # noqa: BLE001 - it is told, and tried again
                failures += 1
                pause_s = min(MAX_PAUSE_S, 0.5 * 2**failures)
                self._lose(f"the Dask scheduler {self._address} cannot be reached: {_told(error)}")
        self._lose("the engine is not running")

    def _look(self) -> None:
        """Connects where there is no connection, and finds out which workers may read."""
        client = self._client
        if client is None:
            client = self._connected()
        elif client.status != "running":
            raise EngineError("the connection was lost")
        threads: Mapping[str, int] = client.nthreads()
        self._seen = time.monotonic()
        fresh = sorted(threads.keys() - self._threads.keys() - self._refused.keys())
        refused = {address: why for address, why in self._refused.items() if address in threads}
        accepted = {address: count for address, count in threads.items() if address in self._threads}
        if fresh:
            versions = client.run(importlib.metadata.version, DISTRIBUTION, workers=fresh, on_error="return")
            for address in fresh:
                if versions.get(address) == self._version:
                    accepted[address] = threads[address]
                elif address in versions:
                    refused[address] = self._refuse(address, versions[address])
        with self._lock:
            self._client, self._threads, self._refused = client, accepted, refused
            stranded = [key for key, sent in self._sent.items() if not sent.workers & accepted.keys()]
            problem = None if accepted else self._nobody()
            changed, self._problem = problem != self._problem, problem
        for key in stranded:
            self.cancel(key, "the workers it was sent to are gone")
        if fresh or changed:
            log.info("%d workers of the Dask cluster %s read documents", len(accepted), self._address)
            self._wake()

    def _connected(self) -> Client:
        import dask
        from distributed import Client

        # Documents are sent in the graph on purpose: nobody but the scheduler has to be reached.
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "2 GiB"})
        for name in (
            "distributed",
            "distributed.client",
            "distributed.core",
            "distributed.comm",
            "distributed.batched",
        ):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is told here, once
        return Client(self._address, timeout=CONNECT_S, set_as_default=False, name="digitdrop")

    def _refuse(self, address: str, version: Any) -> str:
        found = f"digitdrop {version}" if isinstance(version, str) else "no digitdrop"
        why = f"{address} has {found}, this is digitdrop {self._version}"
        log.warning("a Dask worker gets no documents: %s; install the same version there", why)
        return why

    def _nobody(self) -> str:
        if self._refused:
            return f"no worker of the Dask cluster may read: {'; '.join(sorted(self._refused.values()))}"
        return f"the Dask cluster {self._address} has no workers"

    def _lose(self, problem: str) -> None:
        """Lets go of a connection; everything on its way comes back as lost."""
        with self._lock:
            client, self._client, self._packed = self._client, None, None
            self._threads, self._refused, sent, self._sent = {}, {}, self._sent, {}
            told, self._problem = self._problem == problem, problem
        for key in sent:
            self.ended.put(Ended(key, None, problem))
        if not told:
            log.debug("%s", problem)
        self._wake()
        if client is not None:
            with suppress(Exception):  # it is gone, which is as good
                client.close(timeout=1)


async def _cancel(future: Future) -> None:
    """Tells the cluster that nobody wants an answer any more."""
    with suppress(Exception):  # the cluster may be gone, which is as good
        await future.cancel()


def _told(error: BaseException) -> str:
    return f"{' '.join(str(error).split()) or type(error).__name__:.300}"
