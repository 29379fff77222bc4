"""The networks that help the classifier to read pages: what each states, and how all of them are trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from recognition.training.backend import keras
from recognition.training.callbacks import show_progress
from recognition.training.dataset import Mnist, load_mnist
from recognition.training.export import export, prepared
from recognition.training.options import SHEETS, TrainOptions, seed_of_keras
from recognition.training.recipe import History
from recognition.training.record import read_record
from recognition.training.saved import load_like

Fitted = TypeVar("Fitted")
HeldOut = TypeVar("HeldOut")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of training, as a companion's functions see it.

    Attributes:
        data: MNIST as uint8.
        epochs: how many.
        sheets: how many are drawn, or what stands for them.
        seed: of everything that is drawn.
        pieces: the file that keeps what the segmenter makes of drawn sheets; None where the options name none.
        resumed: whether the model was trained before.
        past_epochs: of those trainings, as far as the record beside the model tells.
        callbacks: for Keras' `fit`; they show the progress.
    """

    data: Mnist
    epochs: int
    sheets: int
    seed: int
    pieces: Path | None = None
    resumed: bool = False
    past_epochs: int = 0
    callbacks: Sequence[keras.callbacks.Callback] = ()

    @property
    def own_seed(self) -> int:
        """Of what is drawn for this run alone: a resumed one shall not draw once more what the first one drew."""
        return self.seed + self.past_epochs


@dataclass(frozen=True, slots=True)
class Companion(Generic[Fitted, HeldOut]):
    """A network that helps the classifier, and how it is trained.

    Attributes:
        name: of the architecture.
        classes: how many it tells apart.
        build: makes the model with fresh weights.
        compile: gives a new model its optimizer and loss.
        obtain: gives what is fitted to, and what is held out: made of digits that no weight sees.
        fit: trains a compiled model.
        judge: gives the temperature and the figures of a fitted model, by what is held out.
        typical: gives values of each input, of what is held out, which set the ranges of the 8-bit integers.
        epochs: how many, unless the options say otherwise.
        uses: which of `options.NOT_FOR_ALL` it has a use for.
    """

    name: str
    classes: int
    build: Callable[[], keras.Model]
    compile: Callable[[keras.Model], None]
    obtain: Callable[[Run, Console], tuple[Fitted, HeldOut]]
    fit: Callable[[keras.Model, Fitted, HeldOut, Run], History]
    judge: Callable[[keras.Model, HeldOut], tuple[float, dict[str, float]]]
    typical: Callable[[HeldOut], Sequence[NDArray[np.float32]]]
    epochs: int
    uses: tuple[str, ...]


def train_companion(companion: Companion[Any, Any], options: TrainOptions, console: Console | None = None) -> Path:
    """Fits a companion or goes on with one, and writes NAME.keras, .tflite and .json.

    Args:
        companion: which.
        options: what to train on, how much of it, and where it goes.
        console: where the progress is shown; stderr if None.

    Returns:
        The path of NAME.keras.

    Raises:
        DatasetError: MNIST or the file of pieces is missing or damaged.
        ModelLoadError: the model to resume cannot be loaded.
        TrainingError: an option is given that has no use here, or the model to resume is another network.
        OutputError: there can be no folder for the output.
        OSError: the output cannot be written.
    """
    console = console or Console(stderr=True)
    options.refuse_others(companion.name, companion.uses)
    out = prepared(options.out, companion.name)
    keras.utils.set_random_seed(options.seed)
    model = companion.build()
    companion.compile(model)
    past: History = {}
    if options.resume is not None:
        model = load_like(options.resume, model)
        past = read_record(options.resume).get("history", {})
    run = _run(companion, options, past)
    if run.past_epochs:
        keras.utils.set_random_seed(seed_of_keras(run.own_seed))
    fitted_to, held_out = companion.obtain(run, console)
    with show_progress(console) as progress:
        history = companion.fit(model, fitted_to, held_out, replace(run, callbacks=(progress,)))
    temperature, figures = companion.judge(model, held_out)
    facts = {
        "name": companion.name,
        "classes": companion.classes,
        "temperature": temperature,
        "command": options.command,
        "metrics": {**figures, "parameters": model.count_params()},
        "history": {name: [*past.get(name, []), *map(float, values)] for name, values in history.items()},
    }
    return export(model, out, companion.typical(held_out), facts)


def _run(companion: Companion[Any, Any], options: TrainOptions, past: History) -> Run:
    return Run(
        load_mnist(options.data),
        epochs=options.epochs or companion.epochs,
        sheets=options.sheets or SHEETS,
        seed=options.seed,
        pieces=options.pieces,
        resumed=options.resume is not None,
        past_epochs=len(past.get("loss", ())),
    )
