"""`digitdrop read`: wires the model, the engine, the outbox and the report."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from config.schema import Settings, TablesSettings
from config.shipped import shipped_model
from config.values import usable_cores
from daemon.engine import local_engine
from daemon.engine.interface import Engine
from daemon.errors import PublishError
from daemon.model import prepare_model
from daemon.names import shown
from daemon.outbox import Outbox
from daemon.progress import read_progress
from daemon.read import Reading, Writer, find_files, read_files
from daemon.report import json_line, print_table, reading_line, summary
from daemon.result import Result
from daemon.words import said
from recognition.params import LoadParams, RecognitionParams, Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """The options of the command line; None is the default of the configuration.

    Attributes:
        out: folder for the files of the outbox.
        jobs: how many files are read at once.
        as_json: print JSON instead of a table.
    """

    out: Path | None = None
    model: Path | None = None
    accept: float | None = None
    digit: float | None = None
    dpi: int | None = None
    jobs: int | None = None
    as_json: bool = False

    def params(self) -> RecognitionParams:
        """What recognition is told."""
        thresholds = Thresholds()
        accept = thresholds.accept if self.accept is None else self.accept
        digit = min(thresholds.digit, accept) if self.digit is None else self.digit
        if digit > accept:
            raise typer.BadParameter(f"--digit must not exceed --accept. Received: {digit} > {accept}")
        load = LoadParams() if self.dpi is None else LoadParams(pdf_dpi=self.dpi)
        return RecognitionParams(load=load, thresholds=Thresholds(accept, digit))


def read_and_show(files: Sequence[Path], options: ReadOptions) -> int:
    """Reads files and shows or writes their results.

    Args:
        files: files, and folders whose scans are read.
        options: of the command line.

    Returns:
        How many of them could not be read.

    Raises:
        ModelLoadError: the model cannot be used.
        PublishError: the results could not be written.
        typer.BadParameter: options that contradict each other, or a folder for the results that cannot be made.
    """
    paths = find_files(files)
    params = options.params()
    if not paths:
        folders = ", ".join(shown(str(folder)) for folder in files)
        print(f"digitdrop: there are no scans directly in {folders}; name the folders that hold them", file=sys.stderr)
        return 0
    if options.out is not None:
        _make(options.out)
    engine = _engine(options, params, min(options.jobs or usable_cores(), len(paths)))
    try:
        engine.start()
        results, failed = _read(paths, engine, options)
    finally:
        engine.stop(0)
    if options.out is not None:
        text = f"{summary(results, failed)}; results in {options.out}"
        print(text, file=sys.stderr if options.as_json else sys.stdout)
    elif not options.as_json and results:
        print_table(results, Console(), failed)
    return failed


def _make(out: Path) -> None:
    """Makes the folder of the results before anything is read."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = "a file stands there" if isinstance(error, FileExistsError) else error.strerror
        rule = "--out must be a folder, or one that can be made"
        raise typer.BadParameter(f"{rule}. Received: {out}: {reason}") from error


def _engine(options: ReadOptions, params: RecognitionParams, workers: int) -> Engine:
    model = prepare_model(options.model or shipped_model(), _model_cache())
    return local_engine(Settings(), model, params, workers=workers)


def _model_cache() -> Path:
    """Where converted models are kept: the user's cache folder, as the XDG base directory specification says."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "digitdrop" / "models"


def _read(paths: Sequence[Path], engine: Engine, options: ReadOptions) -> tuple[list[Result], int]:
    """Reads, writes and shows one file after the other; returns the results without their pictures."""
    writer = Writer(Outbox(options.out, TablesSettings())) if options.out is not None else None
    results: list[Result] = []
    with read_progress(len(paths), Console(stderr=True)) as progress:
        for reading in read_files(paths, engine):
            name = shown(str(reading.path))
            if reading.result is None:
                print(f"digitdrop: {name}: {reading.error}", file=sys.stderr)
            else:
                for warning in reading.result.content.warnings:
                    print(f"digitdrop: {name}: {shown(warning)}", file=sys.stderr)
                results.append(_shown(reading, reading.result, writer, as_json=options.as_json))
            progress(name, reading_line(reading))
    return results, len(paths) - len(results)


def _shown(reading: Reading, result: Result, writer: Writer | None, *, as_json: bool) -> Result:
    if writer is not None:
        try:
            writer.write(reading)
        except PublishError as error:  # which speaks of the daemon's outbox
            rule = f"the results of {shown(result.document)} must be writable below the folder of --out"
            why = said(error.__cause__ or error)
            raise PublishError(f"{rule}. Received: {why}. See to its permissions and free space") from error
    if as_json:
        print(json_line(result), flush=True)
    return Result.from_json(result.to_json())
