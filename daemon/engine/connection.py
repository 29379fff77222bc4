"""What opens and closes a connection to a Dask scheduler."""

from __future__ import annotations

import importlib.metadata
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from daemon.engine.task import DISTRIBUTION
from daemon.errors import EngineError

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 5.0


def client_of(address: str) -> Client:
    """A client for the running event loop that connects to a scheduler when it is awaited."""
    import dask
    from distributed import Client

    # Documents are sent in the graph on purpose: nobody but the scheduler has to be reached.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "2 GiB"})
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm", "distributed.batched"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is told here, once
    return Client(address, timeout=CONNECT_S, set_as_default=False, name="digitdrop", asynchronous=True)


async def require_digitdrop(client: Client) -> None:
    """Makes sure that digitdrop is there beside the scheduler, which has to know what it passes on to the workers.

    Raises:
        EngineError: it is not.
    """
    try:
        await client.run_on_scheduler(importlib.metadata.version, DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        raise EngineError("runs without digitdrop; start it in an environment that has it") from None


async def closed(client: Client) -> None:
    """Ends a connection, which takes long where a cluster does not answer."""
    with suppress(Exception):  # the cluster may be gone, which is as good
        await client.close(timeout=None)
