"""Makes what a training needs next, in processes beside the one that fits."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

Task = TypeVar("Task")
Part = TypeVar("Part")


def made_ahead(
    epochs: Iterable[Sequence[Task]],
    make: Callable[[Task], Part],
    *,
    processes: int,
    start: Callable[..., None],
    arguments: tuple[Any, ...],
) -> Iterator[list[Part]]:
    """Yields the parts of each epoch in the order of its tasks, made while those of the one before are in use.

    The processes end before the last epoch is yielded.

    Args:
        epochs: the tasks of each.
        make: makes the part of a task; a function of a module, as for `multiprocessing`.
        processes: how many make them.
        start: called in each process before its first task.
        arguments: of `start`.
    """
    with multiprocessing.get_context("spawn").Pool(processes, start, arguments) as pool:
        coming = None
        for tasks in epochs:
            following = pool.map_async(make, tasks)
            if coming is not None:
                yield coming.get()
            coming = following
        last = None if coming is None else coming.get()
    if last is not None:
        yield last
