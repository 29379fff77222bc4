"""The report of an evaluation: one HTML file with its pictures inside, to be opened, printed or sent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from recognition.training import markup
from recognition.training.page_figures import PageFigures
from recognition.training.record import write_whole
from recognition.training.report_pages import page_section
from recognition.training.report_sets import set_section, set_table
from recognition.training.set_figures import SetFigures
from recognition.types import ModelInfo


def write_report(
    path: Path,
    model: ModelInfo,
    sets: tuple[SetFigures, ...],
    pages: PageFigures | None,
    companions: tuple[ModelInfo, ...] = (),
) -> None:
    """Writes the report, whole or not at all.

    Args:
        path: of the HTML file.
        model: that was measured.
        sets: its figures on digits.
        pages: its figures on pages.
        companions: the networks that helped it.
    """
    # A truth may hold half a character.
    write_whole(path, report(model, sets, pages, companions).encode("utf-8", "backslashreplace"))


def report(
    model: ModelInfo,
    sets: tuple[SetFigures, ...],
    pages: PageFigures | None,
    companions: tuple[ModelInfo, ...] = (),
) -> str:
    """The report as HTML; arguments as for `write_report`."""
    sections = [("pages", f"Pages in {pages.folder}")] if pages else []
    sections += [(f"set-{at}", f"Digits of {one.name}") for at, one in enumerate(sets, 1)]
    body = markup.contents(sections) if len(sections) > 1 else ""
    if len(sets) > 1:
        body += markup.subheading("Sets of digits") + set_table(sets)
    if pages:
        body += markup.heading(sections[0][1], "pages") + "".join(page_section(pages))
    for (anchor, title), one in zip(sections[-len(sets) :] if sets else (), sets, strict=True):
        body += markup.heading(title, anchor) + "".join(set_section(one))
    facts = f"Model SHA-256 {model.sha256}, measured {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}"
    if companions:
        helpers = ", ".join(f"{one.name} (SHA-256 {one.sha256[:12]}…)" for one in companions)
        facts += f"; helped by {helpers}"
    return markup.page(f"How well the model {model.name} reads", facts, body)
