"""Which workers of a Dask cluster get documents: those that run the same digitdrop; the others are refused by name."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger(__name__)

DISTRIBUTION = "digitdrop"


class Admission:
    """What is known of the workers that one connection reaches."""

    def __init__(self) -> None:
        self._version = importlib.metadata.version(DISTRIBUTION)
        self._admitted: frozenset[str] = frozenset()
        self._refused: dict[str, str] = {}  # why

    @property
    def problem(self) -> str | None:
        """Why none of the workers may read; None where one may, or none was refused."""
        if self._admitted or not self._refused:
            return None
        return f"no worker of the Dask cluster may read: {'; '.join(sorted(self._refused.values()))}"

    async def admit(self, client: Client, workers: Collection[str]) -> frozenset[str]:
        """Returns which of the workers may read; those that are new are asked for their version."""
        self._refused = {address: why for address, why in self._refused.items() if address in workers}
        admitted = {address for address in self._admitted if address in workers}
        fresh = sorted(set(workers) - admitted - self._refused.keys())
        if fresh:
            versions = await client.run(importlib.metadata.version, DISTRIBUTION, workers=fresh, on_error="return")
            for address in fresh:
                found = versions.get(address)
                if found == self._version:
                    admitted.add(address)
                elif isinstance(found, (str, importlib.metadata.PackageNotFoundError)):
                    self._refuse(address, found)
                # Another error says that it could not be asked just now; it is asked again.
        self._admitted = frozenset(admitted)
        return self._admitted

    def _refuse(self, address: str, version: str | Exception) -> None:
        found = f"digitdrop {version}" if isinstance(version, str) else "no digitdrop"
        why = self._refused[address] = f"{address} has {found}, this is digitdrop {self._version}"
        log.warning("a Dask worker gets no documents: %s; install the same version there", why)
