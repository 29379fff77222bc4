"""Pictures beside a trained model, for the screen and for black-and-white print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from recognition.training.record import write_whole

# Blue and orange stay apart for colour-blind readers; the line style and the marker keep them apart without colour.
TRAINED_ON: dict[str, Any] = {"color": "#1f5fa8", "linestyle": "-", "marker": "o", "label": "training digits"}
VALIDATED_ON: dict[str, Any] = {"color": "#c8590a", "linestyle": "--", "marker": "s", "label": "validation digits"}

MISTAKES = LinearSegmentedColormap.from_list("mistakes", ["#ffffff", "#f6c9a3", "#c8590a"])
RIGHT = "#e6edf5"
DPI = 150


def learning_curve(history: Mapping[str, Sequence[float]], title: str, path: Path) -> None:
    """Draws loss and accuracy against the epochs, on training and validation digits.

    Args:
        history: a figure an epoch under `loss`, `accuracy`, `val_loss` and `val_accuracy`; what is missing is left out.
        title: above the picture.
        path: of the PNG.
    """
    figure = Figure(figsize=(9, 4), dpi=DPI, layout="constrained")
    figure.suptitle(title)
    loss, accuracy = figure.subplots(1, 2)
    _draw_curve(loss, history, "loss")
    loss.set_ylim(bottom=0)
    _draw_curve(accuracy, history, "accuracy")
    accuracy.yaxis.set_major_formatter(PercentFormatter(1.0))
    _write(figure, path)


def confusion_matrix(counts: NDArray[np.int64], title: str, path: Path | BytesIO) -> None:
    """Draws how often each true digit was read as each digit; the mistakes are coloured, the right ones only counted.

    Args:
        counts: (n, n), the truth in rows.
        title: above the picture.
        path: of the PNG, or memory to write it into.
    """
    figure = Figure(figsize=(7, 6.6), dpi=DPI, layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots()
    mistakes = counts * ~np.eye(len(counts), dtype=bool)
    axes.imshow(mistakes, cmap=MISTAKES, vmin=0, vmax=max(int(mistakes.max()), 1))
    for truth, decided in np.ndindex(*counts.shape):
        _write_count(axes, truth, decided, int(counts[truth, decided]), int(mistakes.max()))
    axes.set(xlabel="read as", ylabel="written", xticks=range(len(counts)), yticks=range(len(counts)))
    axes.set_xticks(np.arange(0.5, len(counts) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(counts) - 1), minor=True)
    axes.tick_params(which="both", length=0)
    axes.grid(which="minor", color="#d0d0d0", linewidth=0.6)
    _write(figure, path)


def _draw_curve(axes: Axes, history: Mapping[str, Sequence[float]], name: str) -> None:
    for key, style in ((name, TRAINED_ON), (f"val_{name}", VALIDATED_ON)):
        if history.get(key):
            values = history[key]
            axes.plot(range(1, len(values) + 1), values, markersize=4, **style)
    axes.set(title=name, xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False)


def _write_count(axes: Axes, truth: int, decided: int, count: int, most_mistakes: int) -> None:
    if truth == decided:
        axes.add_patch(Rectangle((decided - 0.5, truth - 0.5), 1, 1, color=RIGHT))
    elif not count:
        return  # an empty cell is easier to pass over than a zero
    strong = truth != decided and count > 0.75 * most_mistakes
    axes.text(decided, truth, f"{count}", ha="center", va="center", fontsize=10, color="white" if strong else "black")


def _write(figure: Figure, path: Path | BytesIO) -> None:
    picture = BytesIO() if isinstance(path, Path) else path
    FigureCanvasAgg(figure).print_png(picture)
    if isinstance(path, Path):
        write_whole(path, picture.getvalue())
