"""What a report says of the reading of pages."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from recognition.training import markup, report_plots
from recognition.training.markup import Card
from recognition.training.metrics import likely_share
from recognition.training.page_figures import PageFigures, Threshold, shown
from recognition.training.page_reading import MAX_SHOWN, Kind, Mistake
from recognition.training.scoring import Counts

ALL = "all"
MAX_PAGES = 40
"""Pages in the table of those with the most mistakes."""

LEGEND = (
    "Exact: numbers read without a mistake, of those that stand there. Alarms/page: numbers read where none stands. "
    "Accepted: right and accepted without a review, of those that stand there. Slips/1000: wrong of 1000 accepted. "
    "Found: digits read in their place, where the truth has boxes. Digit: right ones of the found. DER: digit error "
    "rate, digits to replace, add or take away for each digit that stands there."
)
HEADINGS = {
    Kind.WRONG: "Wrong numbers",
    Kind.ALARM: "False alarms: numbers read where none stands",
    Kind.MISSED: "Missed numbers",
}
RELIABILITY = (
    "Reliability: a number is as sure as its weakest digit. Below the diagonal, confidence promises too much. "
    "Bars at the points: 95 % intervals."
)
RISK = (
    "Risk against coverage: the fewer numbers are accepted, the fewer of them are wrong. The line ends where "
    "no threshold accepts what is left."
)
GRAVE = "Those in a thick orange frame were accepted, so nobody would have looked."
UNKNOWN = " Unknown: the truth has no boxes, and the order of the numbers does not tell what stands there."
CHOICE = (
    "Choose the lowest threshold whose wrong of 1000 accepted you can live with, and set thresholds.accept to it. On "
    "other pages like these they are likely within the 95 % interval, which is wide where few numbers were accepted. "
    "Numbers with a rejected digit, or with a reason for review that no threshold takes away, are never accepted."
)


def page_section(pages: PageFigures) -> Iterator[str]:
    """The parts of the section about pages, as HTML."""
    rows = [(name, counts) for name, counts in pages.groups.items()]
    yield _counts_table(pages.by or "pages", [*rows, (ALL, pages.total)])
    yield markup.paragraph(LEGEND)
    if pages.judged:
        yield markup.subheading("Confidence of the numbers")
        reliability = report_plots.reliability_diagram(pages.reliability(), "numbers")
        yield markup.diagrams([(report_plots.png(reliability), RELIABILITY), (report_plots.png(risk_of(pages)), RISK)])
        yield markup.paragraph(f"Expected calibration error: {pages.calibration_error:.4f}.")
    yield from _thresholds(pages)
    for kind, title in HEADINGS.items():
        yield from _mistakes(pages, kind, title)
    yield from _worst_pages(pages)


def risk_of(pages: PageFigures) -> Figure:
    """The diagram of risk against coverage; what no threshold accepts counts among the numbers read alone."""
    judged = [one for one in pages.judged if one.acceptable]
    confidence = np.array([one.confidence for one in judged], np.float64)
    correct = np.array([one.right for one in judged], np.bool_)
    return report_plots.risk_coverage_diagram(
        confidence, correct, "numbers read", total=len(pages.judged), accept=pages.accept
    )


def _counts_table(first: str, rows: list[tuple[str, Counts]]) -> str:
    names = [first, *Counts().figures()]
    return markup.table(names, [[name, *map(_figure, counts.figures().values())] for name, counts in rows], strong=ALL)


def _figure(value: float | None) -> str:
    return f"{value:.3f}" if isinstance(value, float) else shown(value)


def _thresholds(pages: PageFigures) -> Iterator[str]:
    yield markup.subheading("Choosing a threshold of acceptance")
    if not pages.thresholds:
        yield markup.paragraph("No number was read.")
        return
    names = [
        "accept from",
        "accepted",
        "of the numbers read",
        "right, of those on the pages",
        "wrong",
        "of 1000 accepted",
        "95 % interval",
    ]
    rows = [
        [
            f"{one.accept:g}" + (" (as read)" if one.accept == pages.accept else ""),
            str(one.accepted),
            f"{one.coverage:.1%}",
            "-" if one.right is None else f"{one.right:.1%}",
            str(one.slips),
            *_risk(one),
        ]
        for one in pages.thresholds
    ]
    yield markup.table(names, rows, strong=f"{pages.accept:g} (as read)")
    yield markup.paragraph(CHOICE)


def _risk(one: Threshold) -> tuple[str, str]:
    """Wrong of 1000 accepted, and their interval."""
    if not one.accepted:
        return "-", "-"
    low, high = likely_share(one.slips / one.accepted, one.accepted)
    return f"{one.slips_per_1000:.1f}", f"{1000 * low:.1f} to {1000 * high:.1f}"


def _mistakes(pages: PageFigures, kind: Kind, title: str) -> Iterator[str]:
    worst = pages.worst(kind, MAX_SHOWN)
    if not worst:
        return
    yield markup.subheading(title)
    total = pages.count(kind)
    shown_of = f"Shown: {len(worst)} of {total}" if len(worst) < total else f"Shown: all {total}"
    if kind == Kind.MISSED:
        yield markup.paragraph(f"{shown_of}, in the order of the pages.")
    else:
        unknown = UNKNOWN if any(one.truth is None for one in worst) and kind == Kind.WRONG else ""
        yield markup.paragraph(f"{shown_of}, the accepted first, then by confidence. {GRAVE}{unknown}")
    yield markup.sheet(map(_mistake_card, worst))


def _mistake_card(mistake: Mistake) -> Card:
    match mistake.kind:
        case Kind.MISSED:
            return Card(mistake.crop, f"{mistake.truth} missed", [mistake.page])
        case Kind.ALARM:
            title = f"read as {mistake.read}"
        case Kind.WRONG:
            title = f"{mistake.truth or 'unknown'} → {mistake.read}"
    verdict = "accepted" if mistake.accepted else "for review"
    return Card(mistake.crop, title, [f"{mistake.confidence:.3f}, {verdict}", mistake.page], mistake.accepted)


def _worst_pages(pages: PageFigures) -> Iterator[str]:
    yield markup.subheading("Pages")
    order = sorted(pages.readings, key=lambda one: (-one.counts.edits, -one.counts.slips, one.name))
    if len(order) > MAX_PAGES:
        yield markup.paragraph(f"The {MAX_PAGES} of {len(order)} pages with the most digits to mend.")
    yield markup.table(
        ["page", "numbers", "exact", "alarms", "accepted and right", "slips", "digits to mend", "of"],
        [
            [one.name + (f" (could not be read: {one.error})" if one.error else ""), *_page_counts(one.counts)]
            for one in order[:MAX_PAGES]
        ],
    )


def _page_counts(counts: Counts) -> list[str]:
    values = (counts.numbers, counts.exact, counts.alarms, counts.accepted_right, counts.slips, counts.edits)
    return [str(value) for value in (*values, counts.truth_digits)]
