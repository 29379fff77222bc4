"""Pages dropped over the network: a real Samba server on the inbox, and a real client."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.skipif(
        shutil.which("smbd") is None or shutil.which("smbclient") is None,
        reason="needs a Samba server and client: apt-get install samba smbclient",
    ),
    pytest.mark.skipif(os.geteuid() != 0, reason="smbd changes users and so must be started by root"),
]

Client = Callable[[str], str]


@pytest.fixture(scope="module")
def client(running, tmp_path_factory) -> Iterator[Client]:
    """Runs commands of smbclient on the share `inbox`."""
    folder = tmp_path_factory.mktemp("samba")
    port = _free_port()
    log = folder / "smbd.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            ["smbd", "-F", "--no-process-group", "-s", _configure(folder, running.inbox, port), "--debug-stdout"],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # it ends with SIGTERM to its whole process group, which must not be ours
        )
    try:
        _wait_for_port(port, server, log)
        yield lambda command: _run_client(port, command)
    finally:
        server.terminate()
        server.wait(30)


def _configure(folder: Path, share: Path, port: int) -> Path:
    places = {}
    for name in ("private dir", "lock directory", "pid directory", "state directory", "cache directory", "ncalrpc dir"):
        place = folder / name.replace(" ", "-")
        place.mkdir()
        places[name] = place
    lines = [
        "[global]",
        f"smb ports = {port}",
        "interfaces = 127.0.0.1",
        "bind interfaces only = yes",
        "map to guest = bad user",
        "guest account = root",
        "load printers = no",
        "disable spoolss = yes",
        *(f"{name} = {place}" for name, place in places.items()),
        "[inbox]",
        f"path = {share}",
        "guest ok = yes",
        "read only = no",
    ]
    path = folder / "smb.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"smbd did not come up:\n{log.read_text(errors='replace')}")


def _run_client(port: int, command: str) -> str:
    done = subprocess.run(
        ["smbclient", "//127.0.0.1/inbox", "-p", str(port), "-N", "-c", command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_scan_put_on_the_share_is_read(running, client, draw_page, tmp_path):
    (tmp_path / "scan.jpg").write_bytes(data := draw_page(101))
    client(f"lcd {tmp_path}; put scan.jpg")
    put = time.monotonic()
    running.result("scan.jpg")
    print(f"results {time.monotonic() - put:.2f} s after the client ended")
    assert running.wait_for(running.archive / "scan.jpg").read_bytes() == data
    assert "scan.jpg" not in client("ls")


def test_a_scan_renamed_on_the_share_is_read_under_its_final_name(running, client, draw_page, tmp_path):
    (tmp_path / "upload.part").write_bytes(draw_page(102))
    client(f"lcd {tmp_path}; mkdir office; put upload.part office/upload.part; rename office/upload.part office/a.jpg")
    running.result("office/a.jpg")
    assert not (running.outbox / "office" / "upload.part.json").exists()


def test_many_scans_put_in_one_go_are_all_read(running, client, draw_page, tmp_path):
    names = [f"batch {number:02}.jpg" for number in range(12)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(draw_page(200 + number))
    client(f"lcd {tmp_path}; prompt; mput batch*")
    for name in names:
        running.result(name)
        running.wait_for(running.archive / name)
