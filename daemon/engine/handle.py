"""The daemon's end of one worker process: starts it, talks to it, ends it."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from daemon.children import child_environment, describe_exit, python_module
from daemon.engine import wire
from daemon.engine.interface import Job
from daemon.engine.sandbox import Limits
from recognition.params import RecognitionParams

EXIT_S = 1.0
"""A process that has closed its socket is given this long to be gone."""

ONE_THREAD = dict.fromkeys(("OPENCV_FOR_THREADS_NUM", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""Each worker computes in one thread: the workers together use the cores."""


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker is told at its start.

    Attributes:
        model: a .tflite file.
        params: those of recognition.
        loader: "module:function" that makes what reads pieces of ink of the models' paths.
        reader: "module:function" that makes a document of bytes, of what the loader made and of the parameters.
        companions: the .tflite files of the networks that help it, as the loader takes them after the model.
        limits: what one document may take; None for no limits.
    """

    model: Path
    params: RecognitionParams
    loader: str = "recognition.reader:load_reader"
    reader: str = "recognition.page:read_document"
    companions: tuple[Path, ...] = ()
    limits: Limits | None = None


class WorkerHandle:
    """One worker process and what it is doing.

    Attributes:
        since: when it began what it is doing, on the engine's clock.
        job: key of the document it reads, None when it reads none.
        ready: it has loaded the model.
        killed: it has ended by SIGKILL, and not from here.

    Raises:
        OSError: the process could not be started.
    """

    def __init__(self, setup: WorkerSetup, now: float) -> None:
        self.since = now
        self.job: int | None = None
        self.ready = self.killed = False
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.setblocking(False)
        models = [str(path) for path in (setup.model, *setup.companions)]
        told = {"models": models, "loader": setup.loader, "reader": setup.reader}
        try:
            with theirs:  # told before it is there, so that it cannot be gone already
                wire.send(self.channel, told, [pickle.dumps((setup.params, setup.limits))])
                self._process = _spawn(theirs.fileno())
        except OSError:
            self.channel.close()
            raise
        self.pid = self._process.pid

    def fileno(self) -> int:
        """Readable when the worker has answered or died."""
        return self.channel.fileno()

    @property
    def free(self) -> bool:
        """Whether it would begin with a document at once."""
        return self.ready and self.job is None

    def submit(self, job: Job, now: float) -> None:
        """Give it a document to read.

        Raises:
            OSError: it is gone.
        """
        wire.send(self.channel, {"key": job.key}, [job.data])
        self.job, self.since = job.key, now

    def end(self, grace_s: float = 0.0) -> str:
        """End the process, by force after `grace_s`, and tell how it ended."""
        self.channel.close()
        try:
            self.killed = self._process.wait(grace_s) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return describe_exit(self._process.returncode)


def _spawn(descriptor: int) -> subprocess.Popen[bytes]:
    """A fresh interpreter with the import path of this one, in a session of its own so that Ctrl-C is the daemon's."""
    return subprocess.Popen(
        python_module("daemon.engine.process", str(descriptor), str(os.getpid())),
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=sys.__stderr__,
        env=child_environment() | ONE_THREAD,
        cwd="/",
        start_new_session=True,
    )
