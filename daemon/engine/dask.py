"""The Dask engine: the workers of a cluster, which get bytes and give bytes, and share no disk with the daemon."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence

from daemon.engine import wire
from daemon.engine.answers import document_of
from daemon.engine.bundle import Bundle
from daemon.engine.cluster import Cluster, Ended
from daemon.engine.handle import WorkerSetup
from daemon.engine.interface import HasFileno, Job, Outcome, OutcomeKind
from daemon.errors import EngineError
from daemon.wake import Wake
from recognition.errors import ModelLoadError
from recognition.model_file import read_model
from recognition.types import ModelInfo

QUEUE_S = 900.0
"""How much longer than its own time a document may take on a cluster that others use, too."""


class DaskEngine:
    """Runs recognition on a Dask cluster.

    It can be started while there is no cluster: documents wait until there is one.

    Args:
        address: of the scheduler, such as tcp://scheduler:8786. TLS is set up as Dask's own configuration says.
        setup: what each worker is told.
        timeout_s: a document that takes longer is given up.
        clock: seconds, monotonic.
    """

    def __init__(
        self, address: str, setup: WorkerSetup, *, timeout_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = address
        self._setup = setup
        self._timeout_s = timeout_s
        self._clock = clock
        self._wake: Wake | None = None
        self._model: ModelInfo | None = None
        self._cluster: Cluster | None = None
        self._since: dict[int, float] = {}

    @property
    def restart_helps(self) -> bool:
        """Whether the thread has ended that keeps the connection; a cluster that is away is waited for."""
        return self._cluster is not None and not self._cluster.is_alive()

    @property
    def capacity(self) -> int:
        """How many documents can be in work at once just now."""
        return 0 if self._cluster is None else self._cluster.slots

    @property
    def model(self) -> ModelInfo:
        """The model in use; known after `start`."""
        if self._model is None:
            raise EngineError("the engine must be started before its model is known")
        return self._model

    def start(self, while_waiting: Callable[[], None] = lambda: None) -> None:
        """Reads the model and begins to connect; does not wait for the cluster.

        Args:
            while_waiting: never called.

        Raises:
            ModelLoadError: a network's file is missing or damaged.
        """
        _, self._model = read_model(self._setup.model)
        try:
            bundle = Bundle.of(self._setup, self._timeout_s)
        except OSError as error:
            raise ModelLoadError(f"cannot read {error.filename}: {error.strerror}") from error
        self._wake = Wake()
        self._cluster = Cluster(self._address, bundle, self._wake.set)
        self._cluster.start()

    def free(self) -> int:
        """How many jobs would be taken into work at once."""
        return max(0, self.capacity - len(self._since))

    def submit(self, job: Job) -> None:
        """Take a job into work; never blocks.

        Raises:
            EngineError: none is free just now; the caller keeps the job.
        """
        if self._cluster is None:
            raise EngineError("the engine is not running")
        if self.free() < 1:
            raise EngineError(self._cluster.problem or "no worker is free; ask free() before")
        self._cluster.submit(job)
        self._since[job.key] = self._clock()

    def readable(self) -> Sequence[HasFileno]:
        """What to wait on for reading: `poll` has something to do when one of them is readable."""
        return () if self._wake is None else (self._wake,)

    def wait_s(self) -> float | None:
        """Seconds after which `poll` wants to be called though nothing was readable; None: never."""
        if not self._since:
            return None
        return max(0.0, min(self._since.values()) + self._timeout_s + QUEUE_S - self._clock())

    def poll(self, timeout_s: float = 0.0) -> list[Outcome]:
        """What has ended, waiting at most `timeout_s` for the first."""
        cluster = self._cluster
        if cluster is None or self._wake is None:
            return []
        self._wake.clear()
        for key, since in self._since.items():
            if self._clock() >= since + self._timeout_s + QUEUE_S:
                cluster.cancel(key, "the Dask cluster did not come to it")
        outcomes: list[Outcome] = []
        try:
            outcomes.append(self._outcome(cluster.ended.get(block=timeout_s > 0, timeout=timeout_s or None)))
            while True:
                outcomes.append(self._outcome(cluster.ended.get_nowait()))
        except queue.Empty:
            return outcomes

    def healthy(self) -> str | None:
        """None, or what is wrong in one sentence."""
        if self._cluster is None or not self._cluster.is_alive():
            return "the engine is not running"
        return self._cluster.problem

    def stop(self, grace_s: float = 5.0) -> None:
        """Let go of the cluster; jobs in work give no outcome. May be called again."""
        if self._cluster is not None and self._wake is not None:
            self._cluster.stop()
            if not self._cluster.is_alive():  # else it may still set what another file would have by then
                self._wake.close()
            self._cluster = self._wake = None
        self._since.clear()

    def _outcome(self, ended: Ended) -> Outcome:
        since = self._since.pop(ended.key, self._clock())
        answer = ended.answer
        if answer is None:
            kind = OutcomeKind.CRASHED if ended.crashed else OutcomeKind.LOST
            return Outcome(ended.key, kind, None, self._clock() - since, ended.error)
        try:
            document = document_of(answer.document) if answer.kind is OutcomeKind.READ else None
        except wire.WireError as error:
            return Outcome(ended.key, OutcomeKind.FAILED, None, answer.seconds, str(error))
        return Outcome(ended.key, answer.kind, document, answer.seconds, answer.error)
