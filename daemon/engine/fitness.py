"""Which workers of a Dask cluster can read at all: what cannot, as for want of memory, says so each time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from daemon.engine.interface import OutcomeKind
from daemon.engine.task import Answer

REST_S = 60.0
"""So long a worker that could not read gets nothing while others can: it would be free for each next document first."""


class Fitness:
    """What the workers of a cluster last answered.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._unfit: dict[str, tuple[str, float]] = {}  # why, and since when

    def note(self, answer: Answer) -> None:
        """Takes note of how a document ended."""
        if answer.kind is OutcomeKind.LOST:
            self._unfit[answer.worker] = (answer.error or "it does not say why", self._clock())
        else:
            self._unfit.pop(answer.worker, None)

    def forget_others(self, workers: Collection[str]) -> None:
        """Forgets those that are gone."""
        self._unfit = {one: known for one, known in self._unfit.items() if one in workers}

    def problem(self, workers: Collection[str]) -> str | None:
        """Why none of these can read; None while one can, or was not asked yet."""
        if not workers or not self._unfit.keys() >= set(workers):
            return None
        return f"no worker of the Dask cluster can read: {'; '.join(sorted({self._unfit[one][0] for one in workers}))}"

    def fit(self, workers: Collection[str]) -> list[str]:
        """Those of these that are to get documents: all of them where none can read, as far as is known."""
        now = self._clock()
        resting = {one for one, (_, since) in self._unfit.items() if now < since + REST_S}
        return sorted(set(workers) - resting or workers)
