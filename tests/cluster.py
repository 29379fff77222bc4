"""A real Dask cluster of processes on this machine, each on loopback or in a network namespace of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

END_S = 20.0
QUICK = {
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "3s",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "12s",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "15s",
    "DASK_DISTRIBUTED__WORKER__LIFETIME__RESTART": "false",
}
"""Dask's patience for tests: what is gone is noticed after seconds instead of half a minute."""


class Cluster:
    """A scheduler, and workers of one thread.

    Args:
        place: an empty folder for logs and the workers' own files.
        host: of the scheduler.
        scheme: tcp or tls.
        environment: of all processes, besides this one's.
    """

    def __init__(
        self, place: Path, host: str = "127.0.0.1", scheme: str = "tcp", environment: Mapping[str, str] | None = None
    ) -> None:
        self._place = place
        self._host = host
        self._scheme = scheme
        self._environment = {**os.environ, **QUICK, **(environment or {})}
        self._port = free_port()
        self._log = (place / "dask.log").open("ab")
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return f"{self._scheme}://{self._host}:{self._port}"

    @property
    def log(self) -> str:
        """What all processes have said."""
        return (self._place / "dask.log").read_text(errors="replace")

    def start_scheduler(self, before: Sequence[str] = ()) -> None:
        """Starts the scheduler, also once more at the same address; `before` stands before the command."""
        port = ["--host", f"{self._scheme}://{self._host}", "--port", str(self._port)]
        self.scheduler = self._start("scheduler", [*port], before, {})

    def start_worker(
        self, before: Sequence[str] = (), *, again: bool = False, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Starts a worker of one thread; with `again`, it is started again whenever it ends, as systemd does it.

        A Dask worker that has lost its scheduler ends.
        """
        folder = ["--local-directory", str(self._place / f"worker-{len(self.workers)}")]
        words = [self.address, "--nthreads", "1", "--no-nanny", "--death-timeout", "120", *folder]
        supervised = ["sh", "-c", 'while :; do "$@"; sleep 0.5; done', "sh"] if again else []
        self.workers.append(self._start("worker", words, [*before, *supervised], environment))
        return self.workers[-1]

    def stop(self) -> None:
        """Ends everything."""
        for process in (*self.workers, self.scheduler):
            if process is not None:
                end(process)
        self._log.close()

    def _start(
        self, role: str, words: list[str], before: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*before, sys.executable, "-m", f"distributed.cli.dask_{role}", *words, "--no-dashboard"],
            stdout=self._log,
            stderr=self._log,
            env={**self._environment, **environment},
            start_new_session=True,
            cwd=self._place,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process and all that it has started, by force: nothing of it is needed any more."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(END_S)


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def namespace(name: str, subnet: str) -> Iterator[Namespace]:
    """A network namespace that one cable joins with this machine's network; only root may.

    Args:
        name: of the namespace; the cable's end here is called so, too.
        subnet: the first three bytes, such as 10.77.1; this end is .1, the other .2.
    """
    inside = ("ip", "netns", "exec", name)
    _run("ip", "netns", "add", name)
    try:
        _run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "addr", "add", f"{subnet}.1/24", "dev", name)
        _run("ip", "link", "set", name, "up")
        _run(*inside, "ip", "addr", "add", f"{subnet}.2/24", "dev", "eth0")
        _run(*inside, "ip", "link", "set", "eth0", "up")
        _run(*inside, "ip", "link", "set", "lo", "up")
        _run(*inside, "ip", "route", "add", "default", "via", f"{subnet}.1")
        yield Namespace(name, f"{subnet}.1", f"{subnet}.2", inside)
    finally:
        with suppress(RuntimeError):  # else the kernel takes the cable away some time after the namespace
            _run("ip", "link", "del", name)
        _run("ip", "netns", "del", name)


class Namespace:
    """A network namespace.

    Args:
        name: of it, and of the cable's end on this machine.
        gateway: this machine's address as seen from inside.
        host: its own address.
        inside: what stands before a command that is to run in it.
    """

    def __init__(self, name: str, gateway: str, host: str, inside: tuple[str, ...]) -> None:
        self.name, self.gateway, self.host, self.inside = name, gateway, host, inside

    def cut(self) -> None:
        """Pulls the cable out."""
        _run("ip", "link", "set", self.name, "down")

    def join(self) -> None:
        """Puts the cable in again."""
        _run("ip", "link", "set", self.name, "up")
        with suppress(RuntimeError):  # the route goes with the cable, on some kernels
            _run(*self.inside, "ip", "route", "add", "default", "via", self.gateway)


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{words} failed: {done.stderr}")
