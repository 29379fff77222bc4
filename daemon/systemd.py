"""Tells systemd how the service is, by the protocol of sd_notify(3)."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

EXTENSION_S = 30.0
"""How much longer a start may take, each time it says that it goes on."""

Beat = Callable[[], None]
"""Says in the middle of long work that it goes on; may be called as often as one likes."""

_PATIENCE_S = 1.0
"""For a manager that does not read its messages just now."""


def no_beat() -> None:
    """A beat that nobody hears."""


class Notifier:
    """Sends states to the service manager; does nothing where there is none.

    Args:
        environment: where NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID stand.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ is how the environment writes the zero byte of an abstract socket's name.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_s = _watchdog_s(environment)
        self._status = ""

    def ready(self) -> None:
        """The service does its work from now on."""
        self._send("READY=1")

    def stopping(self) -> None:
        """The service is about to end."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """The service works, or waits for what comes back by itself; to be sent at least every `watchdog_s` seconds."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; the same line again is not sent."""
        if text != self._status:
            self._send(f"STATUS={text.replace(chr(10), ' ')}")
            self._status = text

    def extend_timeout(self, seconds: float) -> None:
        """Starting or stopping goes on, and is to be waited for this long from now."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(_PATIENCE_S)
                sender.sendto(state.encode(errors="backslashreplace"), self._address)
        except OSError as error:  # the service goes on; systemd will act on the silence if it has to
            log.warning("systemd could not be told %s: %s", state, error)


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """How often systemd wants to hear from this very process, None when it does not."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1_000_000 if microseconds.isdecimal() and int(microseconds) > 0 else None
