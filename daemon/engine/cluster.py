"""The connection to a Dask cluster: kept up by a thread, made anew whenever it is lost.

The thread looks at the cluster every few seconds: which workers there are, and which of them may read, see `admission`.
What was in work when a connection is lost comes back as lost, and is nobody's fault.

All of Dask runs in the event loop of this thread, through all connections: a call from outside into a client that is
closed meanwhile would wait for ever, and with it all callbacks, which share one thread in Dask; and a client that
closes itself leaves a loop of its own running.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import queue
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Set
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.engine import task
from daemon.engine.admission import Admission
from daemon.engine.bundle import Bundle
from daemon.engine.connection import Connector
from daemon.engine.fitness import Fitness
from daemon.engine.interface import Job
from daemon.errors import EngineError

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""Between two looks at the cluster."""
MAX_PAUSE_S = 15.0
"""Between two tries to connect, so that documents go on soon after a cluster has come back."""
CLOSE_S = 2.0
SILENT_S = 20.0
"""After so long without an answer something is wrong with the cluster or the way to it."""
GIVE_UP_S = 60.0
"""After so long without an answer the connection is made anew: what stands between may keep a dead one for ever."""
_NO_WORKERS = "the Dask cluster {0} has no workers; start some with `dask worker {0}`"


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


@dataclass(slots=True, eq=False)
class _Sent:
    """A document on the cluster, which workers may read it and make its networks, and what waits for its answer."""

    workers: frozenset[str]
    makers: frozenset[str] = frozenset()
    waiting: asyncio.Task[None] | None = None

    def is_stranded(self, workers: Set[str]) -> bool:
        """Whether all that may do the one or the other are gone."""
        return not self.workers & workers or bool(self.makers and not self.makers & workers)


class Cluster:
    """The workers of a cluster that run this digitdrop.

    All public methods are for the thread that drives the engine; all others run in the event loop.

    Args:
        address: the scheduler's.
        bundle: what the workers need.
        wake: called from the event loop when something has come back or changed.

    Attributes:
        ended: what has come back.
    """

    def __init__(self, address: str, bundle: Bundle, wake: Callable[[], None]) -> None:
        self._address = address
        self._key, self._networks = f"{task.VERSION}-{bundle.key}", pickle.dumps(bundle)
        self._wake = wake
        self.ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self._lock = threading.Lock()  # for the following
        self._sent: dict[int, _Sent] = {}
        self._threads: dict[str, int] = {}  # of each worker that may read
        self._problem: str | None = f"the Dask scheduler {address} has not answered yet"
        self._fitness = Fitness()
        self._seen = time.monotonic()
        self._client: Client | None = None  # from here on the event loop's alone
        self._packed: Future | None = None
        self._makers: frozenset[str] = frozenset()  # the workers that may make it
        self._admission = Admission()
        self._connector = Connector(address)
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="digitdrop-cluster", daemon=True)

    def start(self) -> None:
        """Begins to connect; does not wait for it."""
        self._thread.start()

    def stop(self) -> None:
        """Lets go of the cluster; what is in work there is ended."""
        if self._thread.ident is not None:
            self._call(self._stopping.set)
            self._thread.join(CLOSE_S + LOOK_S)

    @property
    def slots(self) -> int:
        """How many documents may be on the cluster: one in each thread, and one more on the way to each worker."""
        with self._lock:
            fit = self._fitness.fit(self._threads)
            return 0 if self._problem else sum(self._threads[one] for one in fit) + len(fit)

    @property
    def problem(self) -> str | None:
        """What is wrong, in one sentence; None while documents are read."""
        silent_s = time.monotonic() - self._seen
        with self._lock:
            if self._problem is None and silent_s > SILENT_S:
                return f"the Dask scheduler {self._address} has not answered for {SILENT_S:g} seconds and more"
            return self._problem or self._fitness.problem(self._threads)

    def is_alive(self) -> bool:
        """Whether the thread is alive that keeps the connection."""
        return self._thread.is_alive()

    def submit(self, job: Job) -> None:
        """Sends a document; does not wait for it.

        Raises:
            EngineError: there is no connection just now.
        """
        with self._lock:
            if not self._threads:
                raise EngineError(self._problem or "no worker of the cluster is free")
            sent = self._sent[job.key] = _Sent(frozenset(self._fitness.fit(self._threads)))
        self._call(self._send, job, sent)

    def cancel(self, key: int, error: str) -> None:
        """Gives a document up."""
        with self._lock:
            sent = self._sent.pop(key, None)
        if sent is not None:
            self._call(_let_go, sent)
            self.ended.put(Ended(key, None, error))
            self._wake()

    def _call(self, function: Callable[..., object], *args: object) -> None:
        """Calls a function in the event loop, soon; it may have ended already, which lets go of everything."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *args)

    # In the event loop

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._live())

    async def _live(self) -> None:
        keeping = asyncio.create_task(self._keep())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([keeping, stopping], return_when=asyncio.FIRST_COMPLETED)
        keeping.cancel()
        await asyncio.wait([keeping])
        self._lose("the engine is not running")
        await self._connector.wait_closed(CLOSE_S)

    async def _keep(self) -> None:
        failures = 0
        while True:
            try:
                async with asyncio.timeout(GIVE_UP_S):
                    await self._look()
                pause_s, failures = LOOK_S, 0
            except Exception as error:  # noqa: BLE001 - it is told, and tried again
                failures += 1
                pause_s = min(MAX_PAUSE_S, 0.5 * 2**failures)
                ill = str(error) if isinstance(error, EngineError) else f"cannot be reached: {_told(error)}"
                self._lose(f"the Dask scheduler {self._address} {ill}")
            await asyncio.sleep(pause_s)

    async def _look(self) -> None:
        """Connects where there is no connection, and finds out which workers may read."""
        if self._client is None:
            self._client = await self._connector.connect()
        client = self._client
        if client.status != "running":
            raise EngineError("cannot be reached: the connection was lost")
        threads: Mapping[str, int] = await client.nthreads()
        self._seen = time.monotonic()
        accepted = {address: threads[address] for address in await self._admission.admit(client, threads)}
        problem = None if accepted else self._admission.problem or _NO_WORKERS.format(self._address)
        with self._lock:
            changed = problem != self._problem or not accepted.keys() <= self._threads.keys()
            self._threads, self._problem = accepted, problem
            self._fitness.forget_others(accepted)
            stranded = [key for key, sent in self._sent.items() if sent.is_stranded(accepted.keys())]
        for key in stranded:
            self.cancel(key, "the workers it was sent to are gone")
        if changed:
            who, do = ("worker", "reads") if len(accepted) == 1 else ("workers", "read")
            log.info("%d %s of the Dask cluster %s %s documents", len(accepted), who, self._address, do)
            self._wake()

    def _send(self, job: Job, sent: _Sent) -> None:
        with self._lock:
            wanted = self._sent.get(job.key) is sent
        if wanted and self._client is not None:
            sent.waiting = asyncio.create_task(self._read(job, sent, self._client))

    async def _read(self, job: Job, sent: _Sent, client: Client) -> None:
        """Has a document read, and tells how it ended unless it was given up meanwhile."""
        name = f"digitdrop-document-{uuid.uuid4().hex}"
        try:
            answer = await client.submit(
                task.read,
                job.data,
                self._sent_networks(client, sent),
                self._key,
                task.VERSION,
                key=name,
                pure=False,
                workers=sorted(sent.workers),
                allow_other_workers=False,
            )
            ended = Ended(job.key, answer)
            with self._lock:
                self._fitness.note(answer)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - whatever it is, it has to come back
            crashed = type(error).__name__ == "KilledWorker" and getattr(error, "task", None) == name
            ended = Ended(job.key, None, _told(error), crashed=crashed)
        with self._lock:
            if self._sent.get(job.key) is not sent:
                return  # it was given up, and may be on its way once more
            del self._sent[job.key]
        self.ended.put(ended)
        self._wake()

    def _sent_networks(self, client: Client, sent: _Sent) -> Future:
        """The networks as a task's result: so Dask sends them to each worker once, and makes them anew when lost.

        They are made where documents are read, for others may not answer. `bytes` gives what it is given: a worker of
        another version would not survive a task of ours.
        """
        failed = self._packed is None or self._packed.status in ("cancelled", "lost", "error")
        if failed or not self._makers & sent.workers:
            self._makers = sent.workers
            # A name of its own: what an earlier connection has left behind may wait for workers that are gone.
            name = f"digitdrop-networks-{self._key}-{uuid.uuid4().hex}"
            self._packed = client.submit(bytes, self._networks, key=name, workers=sorted(sent.workers))
        sent.makers = self._makers
        return self._packed

    def _lose(self, problem: str) -> None:
        """Lets go of a connection; everything on its way comes back as lost."""
        with self._lock:
            self._threads, sent, self._sent = {}, self._sent, {}
            told, self._problem, self._fitness = self._problem == problem, problem, Fitness()
        self._admission.close()
        client, self._client, self._packed, self._admission = self._client, None, None, Admission()
        for key, one in sent.items():
            _let_go(one)
            self.ended.put(Ended(key, None, problem))
        if not told:
            log.debug("%s", problem)
        self._wake()
        if client is not None:
            self._connector.close(client)


def _let_go(sent: _Sent) -> None:
    """Waits for an answer no longer; the cluster ends what nobody waits for."""
    if sent.waiting is not None:
        sent.waiting.cancel()


def _told(error: BaseException) -> str:
    if isinstance(error, CancelledError):
        return f"the Dask cluster let go of it: {getattr(error, 'reason', 'unknown')}"
    if isinstance(error, TimeoutError) and not str(error):
        return "it does not answer"
    return task.told(error)
