"""The diagrams of a report; for the screen and for black-and-white print."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter, StrMethodFormatter
from numpy.typing import NDArray

from recognition.training.metrics import Bin, likely_share, risk_curve

BLUE, ORANGE, GREY = "#1f5fa8", "#c8590a", "#666666"
DPI = 160
SIZE_IN = (5.4, 4.6)
FEW = 30
"""Fewer steps are marked one by one."""


def reliability_diagram(bins: Sequence[Bin], what: str) -> Figure:
    """Draws how often decisions are right against how confident they are, and how many there are of each confidence.

    Args:
        bins: as `metrics.reliability` gives them; without any, the diagonal stands alone.
        what: was decided, in the plural.
    """
    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="as sure as it is right")
    confidence = [one.confidence for one in bins]
    right = [one.right for one in bins]
    spans = np.array([likely_share(one.right, one.count) for one in bins]).reshape(-1, 2).T
    errors = np.abs(spans - np.array(right))
    axes.errorbar(
        confidence, right, yerr=errors, color=BLUE, ecolor=GREY, elinewidth=1, capsize=2, marker="o", markersize=5,
        label=f"{what} of about this confidence",
    )  # fmt: skip
    axes.set(ylabel="share right", xlim=(0, 1.01), ylim=(-0.02, 1.02))
    figure.legend(frameon=False, loc="outside upper center", ncols=2, fontsize=9)
    below.bar(
        [one.low for one in bins], [one.count for one in bins], [one.high - one.low for one in bins], align="edge",
        color=BLUE, edgecolor="white", linewidth=0.8,
    )  # fmt: skip
    below.set(xlabel="confidence", ylabel=what, yscale="log", ylim=(0.6, None))
    below.yaxis.set_major_locator(FixedLocator(_ticks(max((one.count for one in bins), default=1))))
    below.yaxis.set_minor_locator(NullLocator())
    below.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    for one in (axes, below):
        _grid(one)
    return figure


def risk_coverage_diagram(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], what: str, *, total: int, accept: float | None = None
) -> Figure:
    """Draws how many of 1000 accepted decisions are wrong against the share that is accepted.

    Args:
        confidence: of those that may be accepted, (n,).
        correct: whether they are right, (n,).
        what: was decided, in the plural.
        total: how many there are, with those that are never accepted.
        accept: threshold to be marked.
    """
    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
    axes = figure.subplots()
    accepted, risk = risk_curve(confidence, correct)
    marker = "o" if accepted.size < FEW else None  # a line of one point shows nothing
    axes.step(accepted / max(1, total), 1000 * risk, where="post", color=BLUE, marker=marker, markersize=4)
    if accept is not None and (confidence >= accept).any():
        share = (confidence >= accept).sum() / max(1, total)
        wrong = 1000 * (~correct[confidence >= accept]).mean()
        axes.plot([share], [wrong], marker="s", color=ORANGE, linestyle="none", label=f"accepted from {accept:g}")
        figure.legend(frameon=False, loc="outside upper center", fontsize=9)
    axes.set(xlabel=f"share of the {what} that is accepted", ylabel="wrong of 1000 accepted", xlim=(0, 1.01))
    top = max(1.0, 1.1 * _settled(accepted, risk))
    axes.set_ylim(-0.02 * top, top)  # a line along zero is not half hidden by the frame
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    _grid(axes)
    return figure


def _ticks(most: int) -> list[int]:
    """Counts that stand at a logarithmic axis: the powers of ten, or the highest where there is but one of them."""
    powers = [10**exponent for exponent in range(len(str(most)))]
    return powers if len(powers) > 1 else sorted({1, most})


def _settled(accepted: NDArray[np.int64], risk: NDArray[np.float64]) -> float:
    """The highest risk in wrong of 1000, without the first few decisions, of which one wrong one means nothing."""
    later = risk[accepted >= min(50, accepted[-1])] if accepted.size else risk
    return 1000 * float(later.max(initial=0.0))


def _grid(axes: Axes) -> None:
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def png(figure: Figure) -> bytes:
    """A diagram as a picture."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
