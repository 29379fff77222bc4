"""Work that takes long, in a thread beside the main loop, whose steps stay short."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event, Thread
from typing import Generic, TypeVar

from daemon.systemd import Beat

Result = TypeVar("Result")

_STOP_S = 5.0
"""How long a stop waits for work that calls no beat, such as on a share that does not answer."""


class StoppedError(Exception):
    """Ends work that is no longer wanted, from within its beat."""


class Background(Generic[Result]):
    """A piece of work, begun at once.

    Args:
        work: gets a beat, which it calls at each small piece.
        ended: called in the work's thread when that is done.
        clock: monotonic seconds.

    Attributes:
        heard: when the work called its beat last, by the clock.
    """

    def __init__(
        self, work: Callable[[Beat], Result], ended: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._outcome: Future[Result] = Future()
        self._clock = clock
        self._stopped = Event()
        self.heard = clock()
        self._thread = Thread(target=self._run, args=(work, ended), name="digitdrop-background", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether `result` has something to return or to raise."""
        return self._outcome.done()

    def result(self) -> Result:
        """What the work returned; raises what it raised."""
        return self._outcome.result(timeout=0)

    def stop(self) -> bool:
        """Has the work raise StoppedError from its next beat; returns whether it came to its end within seconds."""
        self._stopped.set()
        self._thread.join(_STOP_S)
        return self.is_done

    def _run(self, work: Callable[[Beat], Result], ended: Callable[[], None]) -> None:
        try:
            self._outcome.set_result(work(self._beat))
        except Exception as error:  # noqa: BLE001 - raised again where the result is taken
            self._outcome.set_exception(error)
        ended()

    def _beat(self) -> None:
        if self._stopped.is_set():
            raise StoppedError
        self.heard = self._clock()
        time.sleep(0)  # lets go of the interpreter's lock: the loop need not wait for it until the next switch
