"""A real Samba server on loopback with one share, and a real client."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 30.0
COMMAND_S = 120.0


class Share:
    """What a client sees.

    Args:
        port: of the server on loopback.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    def run(self, command: str) -> str:
        """Runs commands of smbclient(1), separated by `;`, on the share `inbox`; gives what it said.

        Raises:
            RuntimeError: one failed.
        """
        done = subprocess.run(
            ["smbclient", "//127.0.0.1/inbox", "-p", str(self._port), "-N", "-c", command],
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"smbclient failed: {done.stdout}{done.stderr}")
        return done.stdout


@contextmanager
def shared(folder: Path, place: Path) -> Iterator[Share]:
    """Shares a folder as `inbox` until the block ends; only root may.

    Args:
        folder: to be shared.
        place: an empty folder for the server's own files.
    """
    port = _free_port()
    log = place / "smbd.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            ["smbd", "-F", "--no-process-group", "-s", _configure(place, folder, port), "--debug-stdout"],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # it ends with SIGTERM to its whole process group, which must not be ours
        )
    try:
        _wait_for_port(port, server, log)
        yield Share(port)
    finally:
        server.terminate()
        server.wait(START_S)


def _configure(place: Path, share: Path, port: int) -> Path:
    places = {}
    for name in ("private dir", "lock directory", "pid directory", "state directory", "cache directory", "ncalrpc dir"):
        own = place / name.replace(" ", "-")
        own.mkdir()
        places[name] = own
    lines = [
        "[global]",
        f"smb ports = {port}",
        "interfaces = 127.0.0.1",
        "bind interfaces only = yes",
        "map to guest = bad user",
        "guest account = root",
        "load printers = no",
        "disable spoolss = yes",
        *(f"{name} = {own}" for name, own in places.items()),
        "[inbox]",
        f"path = {share}",
        "guest ok = yes",
        "read only = no",
    ]
    path = place / "smb.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"smbd did not come up:\n{log.read_text(errors='replace')}")
