"""What opens and closes connections to a Dask scheduler."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from daemon.engine.task import DISTRIBUTION
from daemon.errors import EngineError

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 5.0
GREET_S = 15.0
"""So long a scheduler may take to answer who has reached it; Dask itself would wait for ever."""


class Connector:
    """Makes clients for the running event loop.

    Args:
        address: the scheduler's.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._closing: set[asyncio.Task[None]] = set()

    async def connect(self) -> Client:
        """Reaches the scheduler.

        Raises:
            EngineError: it cannot be used; the text goes behind its address.
            Exception: whatever Dask raises where it cannot be reached.
        """
        await _look_up(self._address)
        client = _client_of(self._address)
        try:
            async with asyncio.timeout(CONNECT_S + GREET_S):
                await client
                await _require_digitdrop(client)
        except TimeoutError as error:
            self.close(client)
            raise error if str(error) else EngineError("takes connections, but does not answer") from None
        except BaseException:
            self.close(client)
            raise
        return client

    def close(self, client: Client) -> None:
        """Ends a connection; does not wait for it, which takes long where a cluster does not answer."""
        closing = asyncio.create_task(_closed(client))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def wait_closed(self, timeout_s: float) -> None:
        """Waits until what is closed is closed, or for so long."""
        if self._closing:
            await asyncio.wait(self._closing, timeout=timeout_s)


async def _look_up(address: str) -> None:
    """Finds the scheduler's host, which Dask would only say took too long."""
    parts = urlsplit(address)
    try:
        await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port)
    except OSError as error:
        remedy = "put its name into /etc/hosts, or name its number"
        raise EngineError(f"cannot be reached: looking up {parts.hostname}: {error.strerror}; {remedy}") from None


def _client_of(address: str) -> Client:
    """A client that connects when it is awaited."""
    import dask
    from distributed import Client

    # Documents are sent in the graph on purpose: nobody but the scheduler has to be reached.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "2 GiB"})
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm", "distributed.batched"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is told here, once
    return Client(address, timeout=CONNECT_S, set_as_default=False, name="digitdrop", asynchronous=True)


async def _require_digitdrop(client: Client) -> None:
    """Makes sure that digitdrop is there beside the scheduler, which has to know what it passes on to the workers."""
    try:
        await client.run_on_scheduler(importlib.metadata.version, DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        raise EngineError("runs without digitdrop; start it in an environment that has it") from None


async def _closed(client: Client) -> None:
    with suppress(Exception):  # the cluster may be gone, which is as good
        await client.close(timeout=None)
