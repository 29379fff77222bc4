"""Processes beside the one that trains or measures: Ctrl-C ends them quietly, and one that is killed is missed."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

PROCESSES = 2
"""So many make what a training needs next, beside the one that fits."""


@contextmanager
def workers(processes: int, start: Callable[..., None], arguments: tuple[Any, ...]) -> Iterator[ProcessPoolExecutor]:
    """Gives processes that work for this one; what they have not begun is dropped when they are no longer needed.

    Args:
        processes: how many.
        start: called in each process before its first task; a function of a module, as for `multiprocessing`.
        arguments: of `start`.

    Raises:
        ChildProcessError: one of them is gone; a `multiprocessing.Pool` would wait for its work for good.
    """
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _begin, (start, arguments))
    try:
        yield pool
    except BrokenProcessPool as error:
        raise ChildProcessError(
            f"each of the {processes} processes that work for this one must last. Received: the end of one, perhaps "
            "for want of memory; free some, and start again"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the process that waits for them, which lets them go
    start(*arguments)
