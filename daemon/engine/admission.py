"""Which workers of a Dask cluster get documents: those that run the same digitdrop; the others are refused by name."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from daemon.engine import task

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger(__name__)

ANSWER_S = 1.0
"""How long a look at the cluster waits for workers that are asked; one that is stopped must not hold up the others."""
AGAIN_S = 30.0
"""A worker that was refused is asked again after so long: one started anew may have the address of the old one."""


class Admission:
    """What is known of the workers that one connection reaches."""

    def __init__(self) -> None:
        self._version = task.VERSION
        self._admitted: set[str] = set()
        self._refused: dict[str, str] = {}  # why
        self._refused_at: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[str | Exception]] = {}

    @property
    def problem(self) -> str | None:
        """Why none of the workers may read; None where one may, or none was asked yet."""
        if self._admitted or not (self._refused or self._asking):
            return None
        silent = (f"{address} does not answer" for address in self._asking if address not in self._refused)
        return f"no worker of the Dask cluster may read: {'; '.join(sorted([*self._refused.values(), *silent]))}"

    async def admit(self, client: Client, workers: Collection[str]) -> frozenset[str]:
        """Returns which of the workers may read; those that are new are asked for their version.

        One that does not answer soon is waited for in the next calls.
        """
        self._forget_others(workers)
        for address in sorted(set(workers) - self._admitted - self._asking.keys()):
            if time.monotonic() >= self._refused_at.get(address, 0.0) + AGAIN_S:
                self._asking[address] = asyncio.create_task(_version_of(client, address))
        if self._asking:
            await asyncio.wait(self._asking.values(), timeout=ANSWER_S)
        for address in [one for one, asking in self._asking.items() if asking.done()]:
            asking = self._asking.pop(address)
            if not asking.cancelled():  # which a connection does that is closing
                self._note(address, asking.result())
        return frozenset(self._admitted)

    def close(self) -> None:
        """Waits for no answers any more."""
        self._forget_others(())

    def _forget_others(self, workers: Collection[str]) -> None:
        self._admitted.intersection_update(workers)
        for address in self._refused.keys() - set(workers):
            del self._refused[address], self._refused_at[address]
        for address in self._asking.keys() - set(workers):
            self._asking.pop(address).cancel()

    def _note(self, address: str, found: str | Exception) -> None:
        if found == self._version:
            self._admitted.add(address)
            self._refused.pop(address, None)
            self._refused_at.pop(address, None)
        elif isinstance(found, (str, importlib.metadata.PackageNotFoundError)):
            self._refuse(address, found)
        # Another error says that it could not be asked just now; it is asked again.

    def _refuse(self, address: str, version: str | Exception) -> None:
        found = f"digitdrop {version}" if isinstance(version, str) else "no digitdrop"
        why = f"{address} has {found}, this is digitdrop {self._version}"
        if self._refused.get(address) != why:
            log.warning("a Dask worker gets no documents: %s; install the same version there", why)
        self._refused[address], self._refused_at[address] = why, time.monotonic()


async def _version_of(client: Client, address: str) -> str | Exception:
    """What a worker has, or why it could not be asked."""
    try:
        versions = await client.run(importlib.metadata.version, task.DISTRIBUTION, workers=[address], on_error="return")
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker is asked again
        return error
    found: str | Exception = versions[address]
    return found
