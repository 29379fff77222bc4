"""The figures of reading pages: over all, of each group of pages, and at each threshold of acceptance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recognition.training import metrics
from recognition.training.errors import DatasetError
from recognition.training.names import printable
from recognition.training.page_reading import Judged, Kind, Mistake, PageReading, severity
from recognition.training.scoring import Counts
from recognition.training.truth import Truth

EACH_PAGE = "page"
USUAL_KEYS = ("style", "group")
"""Pages are grouped by the first of these that a truth file has, where no key is named."""
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999)


@dataclass(frozen=True, slots=True)
class Threshold:
    """What accepting numbers from a confidence on gives.

    Attributes:
        accept: the confidence.
        accepted: how many numbers are accepted.
        coverage: their share of the numbers read.
        right: accepted and right, as a share of the numbers that stand there; None where none stands.
        slips: how many of the accepted are wrong.
        slips_per_1000: of 1000 accepted; 0 when none is.
    """

    accept: float
    accepted: int
    coverage: float
    right: float | None
    slips: int
    slips_per_1000: float


def threshold_table(judged: Sequence[Judged], stand: int, thresholds: Sequence[float]) -> list[Threshold]:
    """Finds what each threshold gives.

    A number with a rejected digit, or with a reason for review that no threshold takes away, is never accepted.

    Args:
        judged: every number that was read.
        stand: how many numbers stand on the pages.
        thresholds: in any order.

    Returns:
        One entry a threshold, ascending; none when nothing was read.
    """
    table = []
    for accept in sorted(set(thresholds)) if judged else ():
        right = [one.right for one in judged if one.acceptable and one.confidence >= accept]
        accepted, slips = len(right), len(right) - sum(right)
        table.append(
            Threshold(
                accept=accept,
                accepted=accepted,
                coverage=accepted / len(judged),
                right=sum(right) / stand if stand else None,
                slips=slips,
                slips_per_1000=1000 * slips / accepted if accepted else 0.0,
            )
        )
    return table


@dataclass(frozen=True, slots=True)
class PageFigures:
    """The figures of reading a folder of pages.

    Attributes:
        folder: its name.
        by: the key of the groups; empty where there are none.
        accept: the threshold that the pages were read with.
        total: counts of all pages.
        groups: counts of each group, by its name.
        readings: each page.
        thresholds: what other thresholds would give.
    """

    folder: str
    by: str
    accept: float
    total: Counts
    groups: Mapping[str, Counts]
    readings: tuple[PageReading, ...]
    thresholds: tuple[Threshold, ...]

    @property
    def judged(self) -> list[Judged]:
        """Every number that was read."""
        return [one for reading in self.readings for one in reading.judged]

    @property
    def calibration_error(self) -> float | None:
        """Expected calibration error of the numbers' confidence, 0 to 1; None where none was read."""
        return metrics.expected_calibration_error(*_confidence(self.judged)) if self.judged else None

    def reliability(self) -> list[metrics.Bin]:
        """Confidence of the numbers against the share of right ones."""
        return metrics.reliability(*_confidence(self.judged))

    def worst(self, kind: Kind, count: int) -> list[Mistake]:
        """The most confident mistakes of a kind."""
        mistakes = (mistake for reading in self.readings for mistake in reading.mistakes if mistake.kind == kind)
        return sorted(mistakes, key=severity)[:count]

    def count(self, kind: Kind) -> int:
        """How many mistakes of a kind there are, with those that are not kept."""
        kept = sum(mistake.kind == kind for reading in self.readings for mistake in reading.mistakes)
        return kept + sum(reading.left_out.get(kind, 0) for reading in self.readings)

    def to_json(self) -> dict[str, Any]:
        """The figures as a JSON object."""
        return {
            "folder": self.folder,
            "figures": self.total.figures(),
            "by": self.by,
            "groups": {name: counts.figures() for name, counts in self.groups.items()},
            "accept": self.accept,
            "thresholds": [asdict(one) for one in self.thresholds],
            "calibration_error": self.calibration_error,
            "reliability": [asdict(one) for one in self.reliability()],
            "documents": [
                {"name": one.name, "figures": one.counts.figures()} | ({"error": one.error} if one.error else {})
                for one in self.readings
            ],
        }

    def lines(self) -> Iterator[str]:
        """The figures as lines of text with aligned columns."""
        yield f"pages in {self.folder}: {self.total.pages}, numbers accepted from confidence {self.accept:g}"
        rows = [*self.groups.items(), ("all", self.total)]
        width = max(len(name) for name, _ in rows)
        yield f"{'':{width}}" + "".join(f"{name:>13}" for name in self.total.figures())
        for name, counts in rows:
            yield f"{name:{width}}" + "".join(f"{shown(value):>13}" for value in counts.figures().values())
        if self.calibration_error is not None:
            yield f"expected calibration error {self.calibration_error:.4f}"
        if self.thresholds:
            yield ""
            yield "accept  accepted  of the numbers read  wrong  of 1000 accepted"
        for one in self.thresholds:
            yield (
                f"{one.accept:6g}  {one.accepted:8}  {one.coverage:19.2%}  {one.slips:5}  {one.slips_per_1000:16.1f}"
            )
        for reading in self.readings:
            if reading.error:
                yield f"{reading.name} could not be read: {reading.error}"


def summarize(folder: str, by: str, accept: float, digit: float, readings: Sequence[PageReading]) -> PageFigures:
    """Sums up what became of pages.

    Args:
        folder: its name.
        by: key of the groups, as `group_key` gave it.
        accept: threshold that they were read with.
        digit: likewise, below which a digit is rejected; a threshold of acceptance is not below it.
        readings: of all pages, at least one.
    """
    groups: dict[str, Counts] = {}
    for reading in readings if by else ():
        name = reading.name if by == EACH_PAGE else _group(reading.keys.get(by))
        groups[name] = groups.get(name, Counts()) + reading.counts
    total = sum((reading.counts for reading in readings), Counts())
    judged = [one for reading in readings for one in reading.judged]
    thresholds = [accept, *(one for one in THRESHOLDS if one >= digit)]
    table = threshold_table(judged, total.numbers, thresholds)
    return PageFigures(folder, by, accept, total, dict(sorted(groups.items())), tuple(readings), tuple(table))


def group_key(truths: Sequence[Truth], by: str | None) -> str:
    """Chooses the key by which pages are grouped.

    Args:
        truths: of all pages.
        by: what was asked for; None lets the truth files decide.

    Returns:
        The key; empty when none was asked for and there is no usual one.

    Raises:
        DatasetError: no truth file has the key that was asked for.
    """
    known = {key for truth in truths for key in truth.keys}
    if by is None:
        return next((key for key in USUAL_KEYS if key in known), "")
    if by != EACH_PAGE and by not in known:
        has = ", ".join([EACH_PAGE, *sorted(known)])
        raise DatasetError(f"pages can be grouped by a key of their truth files, which are {has}. Received: {by}")
    return by


def _group(value: Any) -> str:
    if value is None:
        return "-"
    return printable(", ".join(map(str, value)) if isinstance(value, list) else str(value))


def _confidence(judged: Sequence[Judged]) -> tuple[Any, Any]:
    return np.array([one.confidence for one in judged], float), np.array([one.right for one in judged], bool)


def shown(value: float | None) -> str:
    """A figure for people: counts as they are, shares with four decimals, `-` where there is none."""
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
