"""What a report says of a set of single digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO

from recognition.training import markup, plots, report_plots
from recognition.training.markup import Card
from recognition.training.metrics import reliability
from recognition.training.page_figures import shown
from recognition.training.set_figures import SetFigures, percent

RELIABILITY = "Reliability: below the diagonal, confidence promises too much. Bars at the points: 95 % intervals."


def set_table(sets: Sequence[SetFigures]) -> str:
    """A line of figures a set."""
    return markup.table(
        ["set", "digits", "right", "wrong", "calibration error", "taken for no digit"],
        [
            [one.name, str(one.digits), f"{one.accuracy:.2%}", str(one.errors), f"{one.calibration_error:.4f}",
             str(one.rejected)]
            for one in sets
        ],
    )  # fmt: skip


def set_section(one: SetFigures) -> Iterator[str]:
    """The parts of the section about a set of digits, as HTML."""
    yield markup.paragraph(f"{one.digits} digits: {one.form}.")
    yield set_table((one,))
    matrix = BytesIO()
    plots.confusion_matrix(one.counts, f"{one.accuracy:.2%} right, {one.errors} wrong", matrix)
    bins = reliability(one.confidence, one.correct)
    risk = report_plots.risk_coverage_diagram(one.confidence, one.correct, "digits", total=one.digits)
    yield markup.diagrams(
        [
            (report_plots.png(report_plots.reliability_diagram(bins, "digits")), RELIABILITY),
            (
                report_plots.png(risk),
                "Risk against coverage: the fewer digits are accepted, the fewer of them are wrong.",
            ),
            (matrix.getvalue(), "Confusion: how often each digit was read as each; mistakes are coloured."),
        ]
    )
    yield markup.subheading("How each digit fares")
    yield markup.table(
        ["digit", "count", "precision", "recall", "most often read as"],
        [
            [str(c.label), str(c.count), percent(c.precision), percent(c.recall), shown(c.taken_for)]
            for c in one.classes
        ],
    )
    yield markup.subheading("Risk against coverage")
    yield markup.table(
        ["accepted", "from confidence", "wrong", "of 1000 accepted"],
        [[f"{r.coverage:.1%}", f"{r.threshold:.4f}", str(r.errors), f"{1000 * r.risk:.2f}"] for r in one.risks],
    )
    if one.mistakes:
        yield markup.subheading("The surest mistakes")
        yield markup.paragraph(f"{len(one.mistakes)} of {one.errors}, as the network saw them.")
        cards = (Card(m.crop, f"{m.truth} → {m.read}", [f"{m.confidence:.3f}"]) for m in one.mistakes)
        yield markup.sheet(cards, "digits")
