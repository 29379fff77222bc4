"""`digitdrop learn`: teaches the network of digits what people have said of doubtful ones, if that makes it better."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import typer
from rich.console import Console

from config.schema import Settings
from config.values import usable_cores
from daemon.engine import local_engine
from daemon.errors import DaemonError
from daemon.ledger import Ledger
from daemon.lessons import Lesson, LookedOver, lessons_of, looked_over, right
from daemon.model import KERAS, model_cache, prepare_model
from daemon.names import shown
from daemon.progress import read_progress
from daemon.read import read_files
from daemon.report import reading_line
from daemon.words import counted
from recognition.params import AnnotateParams
from recognition.training.record import beside
from recognition.types import PICTURE_PX, Document

if TYPE_CHECKING:
    from recognition.training.dataset import Digits
    from recognition.training.learn import Learned

MIN_LESSONS, MIN_HELD_BACK = 150, 50
"""Digits to learn from and to judge by: with fewer, chance would decide."""
MAX_CHANCE = 0.05
"""What is gained on the digits held back may come about by chance with this probability."""
MAX_LOSS = 1.1
"""The digits of others may be wrong so many times as often afterwards."""
SUFFIXES = (".keras", ".tflite", ".json")


class NothingLearnedError(DaemonError):
    """There is too little to learn from, or what was learned makes nothing better; nothing was written."""

    exit_code = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnOptions:
    """What stands on the command line.

    Attributes:
        out: of the new network, without a suffix.
        data: folder with MNIST; None lets Keras fetch it.
        epochs: how many; None is the usual number.
        seed: of all that is drawn.
        command: the whole line.
    """

    out: Path
    data: Path | None = None
    epochs: int | None = None
    seed: int = 1
    command: str = ""


@dataclass(frozen=True, slots=True)
class _Taught:
    """A document, how many of its numbers are read as people say, and what is learned from it."""

    document: LookedOver
    right: int
    lessons: tuple[Lesson, ...]


def learn_and_show(settings: Settings, options: LearnOptions) -> None:
    """Teaches, judges, and says what came of it; a daemon may run meanwhile.

    Args:
        settings: whose ledger, originals and network.
        options: of the command line.

    Raises:
        NothingLearnedError: see there.
        LedgerError: there is no ledger, or it cannot be read.
        DatasetError: MNIST is missing or damaged.
        ModelLoadError: the network cannot be loaded, or no Keras model of it is there.
        TrainingError: it is of another form than `digits`.
        typer.BadParameter: something stands where the new network is to go, or there can be no folder for it.
    """
    from recognition.training.learn import load_to_teach  # with Keras, which takes seconds

    base = _base(settings.model)
    _check(options.out)
    load_to_teach(base)  # before anything is read that it may not learn from
    with Ledger(settings.state, create=False) as ledger:
        documents = list(looked_over(settings, ledger))
    taught = [
        _Taught(one, right(one.numbers, read), tuple(lessons_of(one.numbers, read)))
        for one, read in _read(documents, settings, settings.model)
    ]
    held = [one for one in taught if one.document.is_held_back]
    lessons = _digits([one for one in taught if not one.document.is_held_back])
    judges = _digits(held)
    print(_found(taught, held, len(lessons.labels), len(judges.labels)))
    _require_enough(len(lessons.labels), len(judges.labels))
    with tempfile.TemporaryDirectory(prefix=".digitdrop-", dir=options.out.parent) as folder:
        made = Path(folder) / options.out.name
        learned = _train(base, lessons, judges, made, options)
        again = _read([one.document for one in held], settings, beside(made, ".tflite"))
        before = sum(one.right for one in held)
        after = sum(right(one.numbers, read) for one, read in again)
        total = sum(len(one.document.numbers) for one in held)
        for line in _figures(learned, total, before, after):
            print(line)
        _require_better(learned, before, after)
        for suffix in SUFFIXES:
            beside(made, suffix).rename(beside(options.out, suffix))
    network = beside(options.out, ".tflite").absolute()
    print(f"it is the better for it. To read with it, set `model: {network}` and start digitdrop anew")


def _base(model: Path) -> Path:
    """The Keras model of a network, which alone can be trained on."""
    from recognition.errors import ModelLoadError

    base = model if model.suffix.lower() in KERAS else model.with_suffix(".keras")
    if not base.is_file():
        rule = "the network to teach must be a Keras model, or have one of its name beside it"
        raise ModelLoadError(f"{rule}; name one with --set model=FILE.keras. Received: {model}")
    return base


def _check(out: Path) -> None:
    for suffix in SUFFIXES:
        if beside(out, suffix).exists():
            rule = "the new network must have a name of its own; give another"
            raise typer.BadParameter(f"{rule}. Received: {shown(str(out))}, where {out.name}{suffix} stands")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        rule = "the folder of the new network must be one that can be made"
        raise typer.BadParameter(f"{rule}. Received: {shown(str(out.parent))}: {error.strerror}") from error


def _read(documents: Sequence[LookedOver], settings: Settings, model: Path) -> Iterator[tuple[LookedOver, Document]]:
    """The documents as a network reads them, with the pictures of their digits; those that are gone are left out."""
    if not documents:
        return
    params = replace(settings.recognition_params(), annotate=AnnotateParams(digits=True))
    prepared = prepare_model(model, model_cache(settings.state))
    engine = local_engine(settings, prepared, params, workers=min(usable_cores(), len(documents)))
    try:
        engine.start()
        with read_progress(len(documents), Console(stderr=True)) as told:
            readings = read_files([one.original for one in documents], engine)
            for one, reading in zip(documents, readings, strict=True):
                told(shown(str(reading.path)), reading_line(reading))
                if reading.result is not None and reading.result.sha256 == one.sha256:
                    yield one, reading.result.content
    finally:
        engine.stop(0)


def _digits(taught: Sequence[_Taught]) -> Digits:
    from recognition.training.dataset import Digits

    lessons = [lesson for one in taught for lesson in one.lessons]
    pictures = np.frombuffer(b"".join(lesson.pictures for lesson in lessons), np.uint8)
    labels = np.array([int(digit) for lesson in lessons for digit in lesson.text], np.uint8)
    return Digits(pictures.reshape(-1, PICTURE_PX, PICTURE_PX), labels)


def _train(base: Path, lessons: Digits, held_back: Digits, out: Path, options: LearnOptions) -> Learned:
    from recognition.training.learn import learn
    from recognition.training.lessons import EPOCHS

    count = options.epochs or EPOCHS
    return learn(
        base, lessons, held_back, out, data=options.data, seed=options.seed, count=count, command=options.command
    )


def _found(taught: Sequence[_Taught], held: Sequence[_Taught], lessons: int, judges: int) -> str:
    numbers = sum(len(one.document.numbers) for one in taught)
    return (
        f"people have looked at {counted(numbers, 'number')} of {counted(len(taught), 'document')} whose originals "
        f"are there: "
        f"{counted(lessons, 'digit')} to learn from, {judges} of {counted(len(held), 'document')} to judge by"
    )


def _require_enough(lessons: int, judges: int) -> None:
    if lessons < MIN_LESSONS or judges < MIN_HELD_BACK:
        raise NothingLearnedError(
            f"there must be {MIN_LESSONS} digits to learn from and {MIN_HELD_BACK} to judge by. Received: {lessons} "
            f"and {judges}; look over more numbers with `digitdrop review`"
        )


def _figures(learned: Learned, total: int, before: int, after: int) -> Iterator[str]:
    for name, score in (("digits held back", learned.held_back), ("digits of others", learned.others)):
        yield f"{name}: {score.before} of {score.count} were read wrong, {score.after} are now"
    yield f"numbers held back, on their pages: {before} of {total} were read right, {after} are now"


def _require_better(learned: Learned, before: int, after: int) -> None:
    held, others = learned.held_back, learned.others
    wants = {
        "more of the digits held back must be right than chance would bring about": held.by_chance <= MAX_CHANCE,
        f"the digits of others must not be wrong more than {MAX_LOSS} times as often": others.after
        <= MAX_LOSS * others.before,
        "no fewer of the numbers held back may be right": after >= before,
    }
    missed = [want for want, true in wants.items() if not true]
    if missed:
        raise NothingLearnedError(
            f"the network is not the better for it, and was not written: {'; '.join(missed)}. "
            "Look over more numbers with `digitdrop review`"
        )
