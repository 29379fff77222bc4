"""Measures a model: on sets of single digits, and by how it reads pages whose truth is known."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from recognition.classify import CLASSES
from recognition.model_file import read_model
from recognition.params import RecognitionParams
from recognition.reader import Reader, load_reader
from recognition.training.digit_sets import load_sets
from recognition.training.names import name_of
from recognition.training.page_figures import PageFigures, group_key, summarize
from recognition.training.page_reading import Models, PageReading, read_pages
from recognition.training.record import KERAS_SUFFIXES, make_writable, write_record
from recognition.training.set_figures import SetFigures, measure
from recognition.training.truth import TruePage, load_pages_with_truth
from recognition.types import ModelInfo
from recognition.views import closely_classified

RECORD, REPORT = "evaluation.json", "report.html"

Progress = Callable[[int], AbstractContextManager[Callable[[str, str], object]]]
"""Given a number of pages, gives what is told each page's name and what is to be said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions:
    """What is to be measured.

    Attributes:
        data: sets of digits, as `load_sets` takes them; none, and no pages, is MNIST, fetched by Keras.
        pages: folder of pages with truth files.
        by: key of the truth files by which pages are grouped; None lets them decide.
        out: folder for evaluation.json and report.html; it is made when it is missing.
        params: by which pages are read.
        companions: the networks that help it on pages, as `recognition.reader.load_reader` takes them.
        processes: how many read pages; None is one a core.
    """

    data: tuple[Path, ...] = ()
    pages: Path | None = None
    by: str | None = None
    out: Path | None = None
    params: RecognitionParams = field(default_factory=RecognitionParams)
    companions: tuple[Path, ...] = ()
    processes: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one model on all that it was measured on.

    Attributes:
        model: that was measured.
        sets: its figures on digits.
        pages: its figures on pages.
        companions: the networks that helped it.
    """

    model: ModelInfo
    sets: tuple[SetFigures, ...]
    pages: PageFigures | None
    companions: tuple[ModelInfo, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The figures as a JSON object."""
        return {
            "model": _named(self.model),
            "companions": [_named(companion) for companion in self.companions],
            "sets": [one.to_json() for one in self.sets],
            "pages": None if self.pages is None else self.pages.to_json(),
        }

    def lines(self) -> Iterator[str]:
        """The figures as lines of text with aligned columns."""
        yield f"model {self.model.name}"
        for part in (*self.sets, self.pages):
            if part is not None:
                yield ""
                yield from part.lines()


def evaluate(model: Path, options: EvaluateOptions, progress: Progress | None = None) -> Evaluation:
    """Measures a model and, if asked to, writes the figures as JSON and a report to look at.

    Args:
        model: a .keras, .h5 or .tflite file; what is measured is its LiteRT form, as the daemon runs it.
        options: what is to be measured.
        progress: is told how far the reading of pages has come.

    Raises:
        DatasetError: digits, pages or truths are missing, damaged or of another form.
        ModelLoadError: the model cannot be loaded, or is no classifier of digits.
        OutputError: there can be no folder for the output.
        OSError: the output cannot be written.
    """
    pages = load_pages_with_truth(options.pages) if options.pages is not None else []
    by = group_key([page.truth for page in pages], options.by) if pages else ""
    sets = load_sets(options.data) if options.data or not pages else []
    if options.out is not None:
        make_writable(options.out)  # before the work that would be lost
    with _as_litert(model) as converted:
        reader = load_reader(converted, *options.companions)
        figures = tuple(
            measure(
                replace(one, form=one.form + _closely(reader)),
                closely_classified(one.digits.images, reader, options.params.views),
            )
            for one in sets
        )
        readings = _read(pages, converted, options, progress or _untold)
    companions = tuple(read_model(companion)[1] for companion in options.companions)
    on_pages = _page_figures(options, by, readings) if readings else None
    evaluation = Evaluation(reader.info, figures, on_pages, companions)
    if options.out is not None:
        # It draws, and a table on the terminal needs no Matplotlib.
        from recognition.training.report import write_report

        write_record(options.out / RECORD, evaluation.to_json())
        write_report(options.out / REPORT, evaluation.model, evaluation.sets, evaluation.pages, companions)
    return evaluation


def _named(model: ModelInfo) -> dict[str, str]:
    return {"name": model.name, "sha256": model.sha256}


def _closely(reader: Reader) -> str:
    """What was done to digits in doubt: the figures are of all that read together, and not of the network alone."""
    if reader.info.classes != CLASSES:
        return ""
    second = "" if reader.second is None else f", also by {reader.second.info.name}"
    return f"; those in doubt read from several sides{second}"


def _read(pages: list[TruePage], model: Path, options: EvaluateOptions, progress: Progress) -> list[PageReading]:
    if not pages:
        return []
    processes = min(options.processes or len(os.sched_getaffinity(0)), len(pages))
    readings = []
    with progress(len(pages)) as told:
        for reading in read_pages(pages, Models(model, options.companions), options.params, processes):
            readings.append(reading)
            counts = reading.counts
            said = f"{counts.exact} of {counts.numbers} numbers right, {counts.alarms} false alarms"
            told(reading.name, reading.error or said)
    return readings


def _page_figures(options: EvaluateOptions, by: str, readings: list[PageReading]) -> PageFigures:
    thresholds = options.params.thresholds
    name = name_of(options.pages) if options.pages is not None else ""
    return summarize(name, by, thresholds.accept, thresholds.digit, readings)


def _untold(total: int) -> AbstractContextManager[Callable[[str, str], object]]:
    return nullcontext(lambda name, said: None)


@contextmanager
def _as_litert(model: Path) -> Iterator[Path]:
    if model.suffix.lower() not in KERAS_SUFFIXES:
        yield model
        return
    from recognition.training.convert import convert  # TensorFlow takes seconds, and a .tflite does not need it

    with tempfile.TemporaryDirectory() as folder:
        converted = Path(folder) / f"{model.stem}.tflite"
        convert(model, converted)
        yield converted
