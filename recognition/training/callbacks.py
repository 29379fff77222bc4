"""Shows how training goes on: a bar on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from recognition.training.backend import keras

FIGURES = ("loss", "accuracy", "val_loss", "val_accuracy")


@contextmanager
def show_progress(console: Console) -> Iterator[keras.callbacks.Callback]:
    """Gives the callback that suits where the console writes; a terminal is left tidy, also after an interruption."""
    if not console.is_terminal:
        yield EpochLines(console)
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[figures]}"),
        console=console,
    ) as progress:
        yield ProgressBar(progress)


def figures_text(logs: Mapping[str, Any]) -> str:
    """Formats the figures Keras has so far, in a fixed order and width."""
    return "  ".join(f"{name} {float(logs[name]):.4f}" for name in FIGURES if name in logs)


class EpochLines(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no type stubs
    """Writes one line an epoch, for a log.

    Args:
        console: where to.
        clock: seconds, monotonic.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._console = console
        self._clock = clock
        self._began_s = 0.0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Notes the time."""
        self._began_s = self._clock()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Writes the epoch's figures."""
        number = f"epoch {epoch + 1}/{self.params['epochs']}"
        seconds = f"{self._clock() - self._began_s:.1f} s"
        self._console.print(f"{number}  {figures_text(logs or {})}  {seconds}", highlight=False, soft_wrap=True)


class ProgressBar(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no type stubs
    """Moves a bar an epoch, with loss and accuracy; those of past epochs stay as a table above it."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Adds the epoch's bar."""
        description = f"epoch {epoch + 1}/{self.params['epochs']}"
        self._task = self._progress.add_task(description, total=self.params["steps"], figures="")

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Moves the bar on."""
        self._progress.update(self._task, completed=batch + 1, figures=figures_text(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Adds the validation's figures."""
        self._progress.update(self._task, figures=figures_text(logs or {}))
