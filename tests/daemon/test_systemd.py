from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.systemd import Notifier

TIMEOUT_S = 10.0


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """The service manager's end, and the environment it gives."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        name = str(tmp_path / "notify") if request.param == "file" else f"@digitdrop-test-{os.getpid()}"
        receiver.bind(name if request.param == "file" else "\0" + name[1:])
        yield receiver, {"NOTIFY_SOCKET": name}


def received(receiver: socket.socket) -> list[str]:
    messages = []
    while select.select([receiver], [], [], 0)[0]:
        messages.append(receiver.recv(4096).decode())
    return messages


def test_every_state_reaches_the_manager(manager: tuple[socket.socket, dict[str, str]]) -> None:
    receiver, environment = manager
    notifier = Notifier(environment)
    notifier.extend_timeout(1.5)
    notifier.ready()
    notifier.alive()
    notifier.status("3 waiting\nREADY=1")
    notifier.stopping()
    assert received(receiver) == [
        "EXTEND_TIMEOUT_USEC=1500000", "READY=1", "WATCHDOG=1", "STATUS=3 waiting READY=1", "STOPPING=1",
    ]  # fmt: skip


def test_a_status_that_names_a_folder_of_any_bytes_is_sent(manager: tuple[socket.socket, dict[str, str]]) -> None:
    receiver, environment = manager
    Notifier(environment).status("/caf\udcff/inbox is missing")
    assert received(receiver) == ["STATUS=/caf\\udcff/inbox is missing"]


def test_the_same_status_is_sent_once(manager: tuple[socket.socket, dict[str, str]]) -> None:
    receiver, environment = manager
    notifier = Notifier(environment)
    for text in ("idle", "idle", "busy", "idle"):
        notifier.status(text)
    assert received(receiver) == ["STATUS=idle", "STATUS=busy", "STATUS=idle"]


def test_without_a_manager_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    Notifier({}).ready()
    assert caplog.records == []


def test_a_manager_that_is_gone_does_not_end_the_service(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).alive()
    assert "WATCHDOG=1" in caplog.text


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdogs_interval_counts_for_this_process_only(
    environment: dict[str, str], seconds: float | None
) -> None:
    assert Notifier(environment).watchdog_s == seconds
