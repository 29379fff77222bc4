"""Which workers of a Dask cluster can read at all: what cannot, as for want of memory, says so each time."""

from __future__ import annotations

from collections.abc import Collection

from daemon.engine.interface import OutcomeKind
from daemon.engine.task import Answer


class Fitness:
    """What the workers of a cluster last answered."""

    def __init__(self) -> None:
        self._unfit: dict[str, str] = {}  # why

    def note(self, answer: Answer) -> None:
        """Takes note of how a document ended."""
        if answer.kind is OutcomeKind.LOST:
            self._unfit[answer.worker] = answer.error or "it does not say why"
        else:
            self._unfit.pop(answer.worker, None)

    def problem(self, workers: Collection[str]) -> str | None:
        """Why none of these can read; None while one can, or was not asked yet."""
        if not workers or not self._unfit.keys() >= set(workers):
            return None
        return f"no worker of the Dask cluster can read: {'; '.join(sorted({self._unfit[one] for one in workers}))}"
