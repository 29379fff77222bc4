"""Switches each step of recognition off in turn, and measures what that costs on each group of pages.

    python tests/benchmarks/ablation.py PAGES [PAGES …] [--by KEY] [--jobs 2] [--json FILE]

PAGES are folders of pages with truth files, as `digitdrop evaluate --pages` takes them. A step that costs nothing when
it is off has to go.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np

from config.shipped import shipped_companions, shipped_model
from recognition import boxes, layout, look, numbers, page, reader, recheck, rules, select, view
from recognition.arrays import Image
from recognition.binarize import find_ink
from recognition.combs import Combs
from recognition.context import ContextNetwork
from recognition.dash_rows import DashRows
from recognition.model_file import read_model
from recognition.normalize import normalize_all
from recognition.params import RecognitionParams
from recognition.prior import prior_of
from recognition.reader import Reader, load_reader
from recognition.reading import Reading
from recognition.recheck import Rechecked
from recognition.rules import Writing
from recognition.sequence import SequenceNetwork
from recognition.signs import Parted
from recognition.training.page_reading import PageReading, judge
from recognition.training.scoring import Counts
from recognition.training.truth import TruePage, load_pages_with_truth

PARAMS = RecognitionParams()
COLUMNS = {"DER": 9, "exact": 9, "alarms/page": 13, "accepted": 10, "slips/1000": 12}
"""The figures that are printed, and the widths of their columns."""


def from_black_and_white(inks: list[Image]) -> Image:
    """Normalizes digits from black and white ink."""
    return normalize_all([(ink > 127).astype(np.uint8) * np.uint8(255) for ink in inks])


def unchecked(numbers: Sequence[Sequence[Reading]], *_: object) -> list[Rechecked]:
    """Leaves numbers as they were read first."""
    return [Rechecked(list(digits), missed=False) for digits in numbers]


STEPS: dict[str, tuple[ModuleType, str, object] | None] = {
    "all on": None,
    "context network": None,
    "sequence network": None,
    "second network": None,
    "second reading": (page, "recheck", unchecked),
    "views": (page, "closely_read", lambda readings, *_: list(readings)),
    "slanted numbers": (recheck, "closely_spotted", lambda inks, network, _: network.spot(inks)),
    "blots": (page, "without_blots", lambda readings, *_: list(readings)),
    "like forms": (page, "agreed", lambda readings, *_: list(readings)),
    "soft edges": (
        look,
        "find_ink",
        lambda darkness, params: find_ink(darkness, replace(params, edge_share=params.core_share)),
    ),
    "temperatures": None,
    "sheet of paper": (view, "find_sheet", lambda *_: None),
    "digits at its edge": (look, "_digits_at_edge", lambda at_edge: []),
    "quarter turns": (look, "turn_deg", lambda *_: 0.0),
    "bold pens": (look, "too_bold_px", lambda *_: 0),
    "rings": (page, "without_rings", lambda readings, *_: list(readings)),
    "printed copies": (page, "without_copies", lambda readings, *_: list(readings)),
    "ticks": (page, "without_ticks", lambda readings, *_: list(readings)),
    "deskew": (look, "deskewed", lambda seen, *_: seen),
    "rules and boxes": (look, "remove_rules", lambda ink, _: Writing(ink.mask, ())),
    "combs": (rules, "find_combs", lambda *_: Combs(None, ())),
    "dashed dividers": (rules, "find_dividers", lambda *_: Combs(None, ())),
    "boxes apart": (boxes, "with_rows_of_boxes", lambda fields, *_: tuple(fields)),
    "dashes below digits": (page, "find_dash_rows", lambda *_: DashRows()),
    "print in boxes": (look, "without_placeholders", lambda pieces, *_: list(pieces)),
    "covered lines": (rules, "covered_lines", lambda *_: []),
    "highlights": (look, "without_highlights", lambda darkness, _: darkness),
    "show-through": (look, "without_show_through", lambda pieces, *_: list(pieces)),
    "smudges": (look, "without_smudges", lambda pieces, *_: list(pieces)),
    "paper's shading": (look, "without_shading", lambda pieces, *_: list(pieces)),
    "boxes by themselves": (page, "prior_of", lambda seen, height, _, params: prior_of(seen, height, (), params)),
    "underlines": (page, "without_underlines", lambda readings, darkness, *_: (list(readings), darkness)),
    "dotted lines and paper": (look, "without_dots", lambda readings, darkness, _: (list(readings), darkness)),
    "joining": (page, "join_broken", lambda readings, *_: list(readings)),
    "cutting": (page, "split_touching", lambda readings, *_: list(readings)),
    "rows and columns": (page, "filled", lambda readings, *_: list(readings)),
    "words": (select, "in_words", lambda *_: set()),
    "page's own gaps": (layout, "number_gap", lambda *_: PARAMS.layout.max_gap),
    "slight slopes": (look, "_is_clearer", lambda *_: False),
    "loose numbers": (page, "loosely_joined", lambda lines, *_: [False] * sum(map(len, lines))),
    "columns": (page, "part_at_columns", lambda lines, *_: list(lines)),
    "signs": (page, "part_at_signs", lambda lines, *_: Parted(list(lines), set(), [])),
    "brackets": (page, "without_brackets", lambda lines, *_: Parted(list(lines), set(), [])),
    "slashes": (page, "part_at_slashes", lambda lines, *_: Parted(list(lines), set(), [])),
    "slope of lines": (layout, "page_slope", lambda *_: 0.0),
    "what is against a digit": (
        numbers,
        "trusted",
        lambda readings, _: np.stack([reading.probabilities for reading in readings]),
    ),
    "unread beside": (page, "may_be_more", lambda numbers, *_: [False] * len(numbers)),
    "stray strokes": (page, "may_have_strays", lambda numbers, *_: [False] * len(numbers)),
    "ones on rules": (page, "may_be_rules", lambda numbers, *_: [False] * len(numbers)),
    "dashes before numbers": (page, "may_be_negative", lambda numbers, *_: [False] * len(numbers)),
    "struck-out numbers": (page, "may_be_struck_out", lambda numbers, *_: [False] * len(numbers)),
    "crowded numbers": (page, "may_share_digits", lambda numbers, *_: [False] * len(numbers)),
    "several digits in a box": (page, "may_share_boxes", lambda numbers, *_: [False] * len(numbers)),
    "pages that may lie": (page, "may_lie", lambda *_: False),
    "numbers across columns": (page, "may_span_columns", lambda numbers, *_: [False] * len(numbers)),
    "grey ink": (reader, "normalize_all", from_black_and_white),
}
"""What stands in for each step when it is off: in which module, under which name."""

_reader: Reader


def main() -> None:
    """Measures all pages with all steps, then with each off, prints the table, and writes the JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+", help="folders of pages with truth files")
    parser.add_argument("--by", default="group", help="key of the truth files by which pages are grouped")
    parser.add_argument("--steps", nargs="*", choices=list(STEPS), help="only these, beside `all on`")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    pages = [one for folder in options.pages for one in load_pages_with_truth(folder)]
    chosen = ["all on", *(options.steps or [step for step in STEPS if step != "all on"])]
    table = {step: measure(step, pages, options.by, options.jobs) for step in dict.fromkeys(chosen)}
    print_table(table)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


def measure(step: str, pages: list[TruePage], by: str, jobs: int) -> dict[str, dict[str, Any]]:
    """Reads all pages in fresh processes with a step off, and sums up each group."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, start, (step,)) as pool:
        readings = list(pool.map(read, pages))
    groups: dict[str, Counts] = {}
    for reading in readings:
        for name in (str(reading.keys.get(by, "-")), "ALL"):
            groups[name] = groups.get(name, Counts()) + reading.counts
    return {name: groups[name].figures() for name in sorted(groups)}


def start(step: str) -> None:
    """Loads the networks in a process and switches the step off."""
    global _reader
    cv2.setNumThreads(1)
    loaded = load_reader(shipped_model(), *shipped_companions())
    if step in ("context network", "sequence network", "second network"):
        loaded = replace(loaded, **{step.split()[0]: None})
    if step == "temperatures":
        loaded.classifier.info = replace(loaded.info, temperature=1.0)
        context, sequence, _ = (read_model(path)[0] for path in shipped_companions())
        loaded = replace(loaded, context=ContextNetwork(context), sequence=SequenceNetwork(sequence))
    _reader = loaded
    replaced = STEPS[step]
    if replaced is not None:
        setattr(*replaced)


def read(one: TruePage) -> PageReading:
    """Reads a page and compares it with its truth."""
    return judge(one, lambda data, params: page.read_document(data, _reader, params), PARAMS)


def print_table(table: dict[str, dict[str, dict[str, Any]]]) -> None:
    """Prints a line for each step: what being off changes in each group, and the figures with all on."""
    for group in table["all on"]:
        print(f"\n{group:24}" + "".join(f"{name:>{size}}" for name, size in COLUMNS.items()))
        for step, groups in table.items():
            cells = ("-" if groups[group][name] is None else f"{groups[group][name]:.3f}" for name in COLUMNS)
            print(f"{step:24}" + "".join(f"{cell:>{size}}" for cell, size in zip(cells, COLUMNS.values(), strict=True)))


if __name__ == "__main__":
    main()
