"""`digitdrop evaluate`: wires the model, the parameters, the progress and the text."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from config.schema import Settings
from config.shipped import shipped_companions, shipped_model
from daemon.progress import read_progress
from recognition.params import RecognitionParams
from recognition.training.evaluate import REPORT, EvaluateOptions, evaluate


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateWords:
    """What stands on the command line.

    Attributes:
        settings: of the configuration; None is the defaults.
        jobs: how many pages are read at once.
    """

    model: Path | None
    data: tuple[Path, ...]
    pages: Path | None
    by: str | None
    out: Path | None
    settings: Settings | None
    jobs: int | None


def evaluate_and_show(words: EvaluateWords) -> int:
    """Measures a model, prints its figures, and says where the report is.

    Args:
        words: of the command line; a model named there goes before that of the configuration.

    Returns:
        How many pages could not be read.

    Raises:
        DatasetError: digits, pages or truths are missing or damaged.
        ModelLoadError: the model cannot be used.
        OutputError: there can be no folder for the report.
    """
    if words.by is not None and words.pages is None:
        raise typer.BadParameter("--by groups pages and needs --pages, the folder they are in")
    settings = words.settings
    options = EvaluateOptions(
        data=words.data,
        pages=words.pages,
        by=words.by,
        out=words.out,
        params=RecognitionParams() if settings is None else settings.recognition_params(),
        companions=shipped_companions(),
        processes=words.jobs,
    )
    model = words.model or (shipped_model() if settings is None else settings.model)
    evaluation = evaluate(model, options, lambda total: read_progress(total, Console(stderr=True)))
    for line in evaluation.lines():
        print(line)
    if words.out is not None:
        print(f"digitdrop: the report is {words.out / REPORT}", file=sys.stderr)
    return 0 if evaluation.pages is None else sum(bool(one.error) for one in evaluation.pages.readings)
