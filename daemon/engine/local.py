"""The local engine: worker processes of this machine, one document in each at a time."""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from daemon.engine import wire
from daemon.engine.answers import model_of, outcome_of, refusal_of
from daemon.engine.handle import EXIT_S, WorkerHandle, WorkerSetup
from daemon.engine.interface import HasFileno, Job, Outcome, OutcomeKind
from daemon.errors import EngineError, WorkerCrashedError
from daemon.words import said
from recognition.errors import ModelLoadError
from recognition.types import ModelInfo

log = logging.getLogger(__name__)

START_TIMEOUT_S = 120.0
"""A worker that has not loaded the model by then hangs; loading takes about a second on an idle core."""
START_TRIES = 3
"""How often a worker may crash at the start before the daemon gives up: the model does it, not chance."""
_WAITING_S = 1.0
MAX_PAUSE_S = 30.0
"""Between two tries to replace workers that die again and again."""


class LocalEngine:
    """Runs recognition in processes of its own, so that a native crash or a hang costs one document one try.

    Workers die with the thread that starts them, so `start` and `poll` belong to a thread that lasts.

    Args:
        setup: what each worker is told.
        workers: how many.
        timeout_s: a document that takes longer is given up, and its worker with it.
        start_timeout_s: a worker that takes longer to load the model is given up.
        clock: seconds, monotonic.
    """

    restart_helps = True

    def __init__(
        self,
        setup: WorkerSetup,
        *,
        workers: int,
        timeout_s: float,
        start_timeout_s: float = START_TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._setup = setup
        self._capacity = workers
        self._timeout_s = timeout_s
        self._start_timeout_s = start_timeout_s
        self._clock = clock
        self._workers: list[WorkerHandle] = []
        self._ended: list[Outcome] = []
        self._model: ModelInfo | None = None
        self._running = False
        self._failures = 0  # deaths since the last document that came through
        self._replace_at = 0.0
        self._trouble: Exception | None = None
        self._told_unconfined = False

    @property
    def capacity(self) -> int:
        """How many documents can be in work at once when everything is well."""
        return self._capacity

    @property
    def model(self) -> ModelInfo:
        """The model in use; known after `start`."""
        if self._model is None:
            raise EngineError("the engine must be started before its model is known")
        return self._model

    def start(self, while_waiting: Callable[[], None] = lambda: None) -> None:
        """Bring workers up; returns when the first has loaded the model.

        Args:
            while_waiting: called about once a second until then; what it raises ends the start.

        Raises:
            ModelLoadError: the workers cannot load the model (ModelMismatchError: it is no digit classifier).
            EngineError: no worker came up for another reason.
        """
        self._running = True
        self._forget_trouble()
        self._replace(self._replace_at)
        while not any(worker.ready for worker in self._workers):
            self.poll(_WAITING_S)
            while_waiting()
            may_pass = isinstance(self._trouble, WorkerCrashedError) and self._failures < START_TRIES * self._capacity
            if self._trouble is not None and not may_pass:
                self.stop(0)
                raise self._trouble

    def free(self) -> int:
        """How many jobs would be taken into work at once."""
        return sum(worker.free for worker in self._workers)

    def submit(self, job: Job) -> None:
        """Take a job into work; never blocks. A worker found dead is buried, and the next one takes it.

        Raises:
            EngineError: none is free just now; the caller keeps the job.
        """
        for worker in [worker for worker in self._workers if worker.free]:
            try:
                worker.submit(job, self._clock())
            except OSError:
                self._bury(worker)
            else:
                return
        raise EngineError("no worker is free; ask free() before")

    def readable(self) -> Sequence[HasFileno]:
        """What to wait on for reading: `poll` has something to do when one of them is readable. Changes over time."""
        return tuple(self._workers)

    def wait_s(self) -> float | None:
        """Seconds after which `poll` wants to be called though nothing was readable; None: never."""
        times = [limit for worker in self._workers if (limit := self._limit(worker)) is not None]
        if self._running and len(self._workers) < self._capacity:
            times.append(self._replace_at)
        return max(0.0, min(times) - self._clock()) if times else None

    def poll(self, timeout_s: float = 0.0) -> list[Outcome]:
        """What has ended, waiting at most `timeout_s` for the first; also replaces workers that died or hang."""
        wait_s = self.wait_s()
        for worker in self._answering(timeout_s if wait_s is None else min(timeout_s, wait_s)):
            self._hear(worker)
        now = self._clock()
        for worker in list(self._workers):
            limit = self._limit(worker)
            if limit is not None and now >= limit:
                self._give_up(worker)
        self._replace(now)
        ended, self._ended = self._ended, []
        return ended

    def healthy(self) -> str | None:
        """None, or what is wrong in one sentence: no worker can work, and why."""
        if not self._running:
            return "the engine is not running"
        if any(worker.ready for worker in self._workers) or self._trouble is None:
            return None
        return f"no worker is running: {self._trouble}"

    def stop(self, grace_s: float = 5.0) -> None:
        """End all workers, by force after `grace_s`; jobs in work give no outcome. May be called again."""
        self._running = False
        deadline = self._clock() + grace_s
        for worker in self._workers:
            worker.channel.close()
        for worker in self._workers:
            worker.end(max(0.0, deadline - self._clock()))
        self._workers.clear()
        self._ended.clear()

    def _answering(self, timeout_s: float) -> list[WorkerHandle]:
        poller = select.poll()
        by_descriptor = {worker.fileno(): worker for worker in self._workers}
        for descriptor in by_descriptor:
            poller.register(descriptor, select.POLLIN)
        return [by_descriptor[descriptor] for descriptor, _ in poller.poll(timeout_s * 1000)]

    def _hear(self, worker: WorkerHandle) -> None:
        try:
            message, block = wire.receive(worker.channel)
            if worker.job is None:
                self._begin(worker, message)
            else:
                self._ended.append(outcome_of(worker.job, message, block))
                worker.job = None
                self._forget_trouble()
        except (EOFError, OSError):
            self._bury(worker)
        except wire.WireError as error:
            self._bury(worker, str(error))
        except Exception as error:  # noqa: BLE001 - whatever a hostile file makes a worker say costs that worker alone
            self._bury(worker, f"its answer raised {error!r}")

    def _begin(self, worker: WorkerHandle, message: Mapping[str, Any]) -> None:
        """Take note of which model a new worker has loaded, or why it has not."""
        if "refused" in message:
            self._dismiss(worker, refusal_of(message))
            return
        model = model_of(message)
        if self._model is not None and self._model.sha256 != model.sha256:
            text = f"{self._setup.model} has changed since the start; restart the service to use the new model"
            self._dismiss(worker, ModelLoadError(text))
            return
        self._model, worker.ready = model, True
        if not message.get("confined") and not self._told_unconfined:
            self._told_unconfined = True
            log.warning("workers keep their access to files: this kernel has no Landlock (Linux 5.13 brings it)")
        log.debug("worker=%d is ready", worker.pid)

    def _dismiss(self, worker: WorkerHandle, trouble: Exception) -> None:
        worker.end(EXIT_S)
        self._remove(worker, trouble)

    def _bury(self, worker: WorkerHandle, nonsense: str | None = None) -> None:
        exited = worker.end(0 if nonsense else EXIT_S)
        ending = nonsense or exited
        kind = OutcomeKind.KILLED if worker.killed and not nonsense else OutcomeKind.CRASHED
        self._end_job(worker, kind, f"the process that read it crashed ({ending})")
        self._remove(worker, WorkerCrashedError(f"the worker process crashed {_at(worker)} ({ending})"))

    def _give_up(self, worker: WorkerHandle) -> None:
        worker.end()
        limit_s = self._timeout_s if worker.ready else self._start_timeout_s
        self._end_job(worker, OutcomeKind.TIMED_OUT, f"reading it took longer than {limit_s:g} seconds and was ended")
        self._remove(worker, EngineError(f"the worker process hung {_at(worker)} for more than {limit_s:g} seconds"))

    def _end_job(self, worker: WorkerHandle, kind: OutcomeKind, error: str) -> None:
        if worker.job is not None:
            self._ended.append(Outcome(worker.job, kind, None, self._clock() - worker.since, error))

    def _remove(self, worker: WorkerHandle, trouble: Exception) -> None:
        self._workers.remove(worker)
        pause_s = self._pause(trouble)
        level = logging.DEBUG if self._model is None else logging.WARNING  # at the start the caller is told
        log.log(level, "worker=%d is replaced in %.1f s: %s", worker.pid, pause_s, trouble)

    def _pause(self, trouble: Exception) -> float:
        """Puts off the next worker, for longer the more often it failed; returns by how many seconds."""
        self._failures += 1
        self._trouble = trouble
        pause_s = 0.0 if self._failures == 1 else min(MAX_PAUSE_S, 0.25 * 2 ** min(self._failures, 10))
        self._replace_at = self._clock() + pause_s
        return pause_s

    def _forget_trouble(self) -> None:
        self._failures, self._trouble, self._replace_at = 0, None, self._clock()

    def _replace(self, now: float) -> None:
        if not self._running or now < self._replace_at:
            return
        try:
            while len(self._workers) < self._capacity:
                self._workers.append(WorkerHandle(self._setup, now))
        except OSError as error:  # no memory, or too many processes; that may pass
            trouble = WorkerCrashedError(f"a worker process cannot be started: {said(error)}")
            log.warning("%s; trying again in %.1f s", trouble, self._pause(trouble))

    def _limit(self, worker: WorkerHandle) -> float | None:
        """When the worker has taken too long for what it does; None while it does nothing."""
        if not worker.ready:
            return worker.since + self._start_timeout_s
        return worker.since + self._timeout_s if worker.job is not None else None


def _at(worker: WorkerHandle) -> str:
    return "at its start" if not worker.ready else "while it waited" if worker.job is None else "over a document"
