"""Makes what a training needs next, in processes beside the one that fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from recognition.training.workers import workers

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

    Raises:
        ChildProcessError: one of the processes is gone.
    """
    with workers(processes, start, arguments) as pool:
        coming = None
        for tasks in epochs:
            following = pool.map(make, tasks)  # which hands them over at once
            if coming is not None:
                yield list(coming)
            coming = following
        last = None if coming is None else list(coming)
    if last is not None:
        yield last
