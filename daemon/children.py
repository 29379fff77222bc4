"""Python processes that the daemon starts: with its own import path, without what only the daemon may use."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

DAEMON_ONLY = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")
"""Of the environment: by these a process talks to the service manager in the daemon's name."""


def python_module(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module with this interpreter; the current folder is not searched for it."""
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """The environment for it: it imports the same code as this process, however that was found."""
    environment = {name: value for name, value in os.environ.items() if name not in DAEMON_ONLY}
    environment["PYTHONPATH"] = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    return environment


def describe_exit(returncode: int) -> str:
    """How a process ended, for people; `returncode` as subprocess gives it, negative for a signal."""
    if returncode >= 0:
        return f"exit code {returncode}"
    name = signal.Signals(-returncode).name if -returncode in set(signal.Signals) else f"signal {-returncode}"
    return f"{name}, perhaps for want of memory" if name == "SIGKILL" else name
