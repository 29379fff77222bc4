"""Fits a network or goes on with one, and writes the model with its record and pictures."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from recognition.errors import ModelLoadError
from recognition.training import metrics, plots
from recognition.training.architectures import ARCHITECTURES
from recognition.training.backend import keras, tensorflow
from recognition.training.callbacks import show_progress
from recognition.training.companion import train_companion
from recognition.training.convert import convert
from recognition.training.dataset import Digits, Mnist, load_mnist
from recognition.training.digits import DIGITS, fitted_part
from recognition.training.digits_b import DIGITS_B
from recognition.training.errors import TrainingError
from recognition.training.export import prepared
from recognition.training.options import SHEETS, TrainOptions, seed_of_keras
from recognition.training.recipe import VALIDATION_SHARE, History, Recipe, Session, to_inputs
from recognition.training.record import beside, read_record, sha256_of, write_record
from recognition.training.saved import load_to_resume, save_model
from recognition.training.shapes import input_shape, output_classes
from recognition.training.sheets.obtain import obtain_pieces
from recognition.training.sheets.pieces import Pieces
from recognition.training.teachers import Teachers
from recognition.training.train_context import CONTEXT
from recognition.training.train_sequence import SEQUENCE

__all__ = ["DEFAULT_ARCHITECTURE", "RECIPES", "TrainOptions", "train"]

DEFAULT_ARCHITECTURE = "cnn"

COMPANIONS = {one.name: one for one in (CONTEXT, SEQUENCE)}
"""The networks that are no classifiers of digits."""

RECIPES: dict[str, Recipe] = {name: Recipe(build) for name, build in ARCHITECTURES.items()} | {
    "digits": DIGITS,
    "digits-b": DIGITS_B,
}


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a run begins: the name of its recipe, a compiled model, and the history of its training so far."""

    name: str
    model: keras.Model
    history: History = field(default_factory=dict)


def train(options: TrainOptions, console: Console | None = None) -> Path:
    """Fits a network or goes on with one, and writes NAME.keras, .h5, .tflite, .json, .curve.png and .confusion.png.

    Args:
        options: what to train, on what, and where it goes.
        console: where the progress is shown; stderr if None.

    Returns:
        The path of NAME.keras.

    Raises:
        TrainingError: the architecture is unknown, does not go with the resumed model, or has no use for an option.
        DatasetError: MNIST is missing or damaged.
        ModelLoadError: the model to resume cannot be loaded, or is no classifier of digits.
        OutputError: there can be no folder for the output.
        OSError: the output cannot be written.
    """
    console = console or Console(stderr=True)
    keras.utils.set_random_seed(options.seed)
    resumed = None if options.resume is None else load_to_resume(options.resume)
    name = _name(options, resumed)
    if name in COMPANIONS:
        return train_companion(COMPANIONS[name], options, console)
    start = _fresh(name) if options.resume is None else _resumed(name, resumed, options.resume)
    options.refuse_others(name, _used(RECIPES[name], options))
    out = prepared(options.out, name)
    data = load_mnist(options.data)
    pieces = _pieces(options, data, console)
    teachers = None if options.teachers is None else Teachers(options.teachers)
    began_s = time.monotonic()
    with show_progress(console) as progress:
        session = replace(_session(options, start, data, progress), pieces=pieces, teachers=teachers)
        if session.epochs.start:
            keras.utils.set_random_seed(seed_of_keras(session.seed))
        fitted = RECIPES[start.name].fit(start.model, session)
    seconds_per_epoch = (time.monotonic() - began_s) / len(session.epochs)
    record = _record(options, start, session)
    record["history"] = {name: [*start.history.get(name, []), *map(float, fitted[name])] for name in fitted}
    calibrate = RECIPES[start.name].calibrate
    if calibrate is not None:
        record["temperature"] = calibrate(start.model, session)
    counts = _confusion_on(data.test, start.model)
    record["metrics"] = _figures(start.model, counts, record["history"]) | {"seconds_per_epoch": seconds_per_epoch}
    typical = RECIPES[start.name].typical
    samples = None if typical is None else _as_litert_takes(typical(session))
    _write(out, start.model, record, counts, samples)
    console.print(f"{out}.keras: {_summary(record['metrics'])}", highlight=False, soft_wrap=True)
    return beside(out, ".keras")


def _name(options: TrainOptions, resumed: keras.Model | None) -> str:
    names = (*RECIPES, *COMPANIONS)
    # A model from elsewhere has a name of its own and is trained in the default way.
    own = resumed.name if resumed is not None and resumed.name in names else None
    name = options.architecture or own or DEFAULT_ARCHITECTURE
    if name not in names:
        raise TrainingError(f"an architecture must be one of {', '.join(names)}. Received: {name}")
    if own not in (None, name):
        raise TrainingError(
            f"the architecture to resume {options.resume} with must be its own, {own}. Received: {name}"
        )
    return name


def _fresh(name: str) -> _Start:
    model = RECIPES[name].build()
    RECIPES[name].compile(model)
    return _Start(name, model)


def _resumed(name: str, model: keras.Model, path: Path) -> _Start:
    input_shape(model)
    classes, wanted = output_classes(model), RECIPES[name].classes
    if wanted not in (None, classes):
        raise TrainingError(f"{name} goes on from a model that gives {wanted} classes. Received: {path} with {classes}")
    return _Start(name, model, read_record(path).get("history", {}))


def _session(options: TrainOptions, start: _Start, data: Mnist, progress: keras.callbacks.Callback) -> Session:
    recipe = RECIPES[start.name]
    batch_size = options.batch_size or recipe.batch_size
    first = _epochs_so_far(start, data, batch_size)
    return Session(
        data=data,
        epochs=range(first, first + (options.epochs or recipe.epochs)),
        batch_size=batch_size,
        seed=options.seed + first,  # a resumed run shall not draw once more what the first one drew
        callbacks=(progress,),
    )


def _epochs_so_far(start: _Start, data: Mnist, batch_size: int) -> int:
    if start.history:
        return len(start.history["loss"])
    # Without a record the optimizer's count of steps tells, as far as the steps were of this size.
    steps_per_epoch = math.ceil(len(data.train.labels) * (1 - VALIDATION_SHARE) / batch_size)
    return int(start.model.optimizer.iterations) // steps_per_epoch


def _confusion_on(digits: Digits, model: keras.Model) -> NDArray[np.int64]:
    probabilities = model.predict(to_inputs(model, digits.images), batch_size=500, verbose=0)
    return metrics.confusion(digits.labels, metrics.decide(probabilities)[0])


def _record(options: TrainOptions, start: _Start, session: Session) -> dict[str, Any]:
    return {
        "name": start.name,
        "command": options.command,
        "options": {
            "architecture": start.name,
            # The folders' places mean nothing elsewhere.
            "data": options.data.name if options.data else "keras",
            "resume": options.resume.name if options.resume else None,
            "epochs": len(session.epochs),
            "batch_size": session.batch_size,
            "seed": options.seed,
            "pieces": options.pieces.name if options.pieces else None,
            "sheets": (options.sheets or SHEETS) if options.pieces else None,
            "teachers": [teacher.name for teacher in options.teachers or ()],
        },
        "versions": {"keras": keras.__version__, "tensorflow": tensorflow.__version__},
    }


def _figures(model: keras.Model, counts: NDArray[np.int64], history: History) -> dict[str, Any]:
    right, total = int(np.trace(counts)), int(counts.sum())
    return {
        "test_accuracy": right / total,
        "test_errors": total - right,
        **{name: values[-1] for name, values in history.items()},
        "epochs": len(history["loss"]),
        "parameters": model.count_params(),
    }


def _summary(figures: dict[str, Any]) -> str:
    epochs = "1 epoch" if figures["epochs"] == 1 else f"{figures['epochs']} epochs"
    return f"{figures['test_accuracy']:.2%} of MNIST's test split right, {figures['test_errors']} wrong, after {epochs}"


def _used(recipe: Recipe, options: TrainOptions) -> tuple[str, ...]:
    used = ["batch_size"]
    if recipe.takes_teachers:
        used.append("teachers")
    if recipe.takes_pieces:
        used += ["pieces"] if options.pieces is None else ["pieces", "sheets"]
    return tuple(used)


def _pieces(options: TrainOptions, data: Mnist, console: Console) -> Pieces | None:
    if options.pieces is None:
        return None
    sheets = options.sheets or SHEETS
    return obtain_pieces(options.pieces, fitted_part(data), seed=options.seed, sheets=sheets, console=console)


def _as_litert_takes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images[..., None].astype(np.float32) / np.float32(255)


def _write(
    out: Path,
    model: keras.Model,
    record: dict[str, Any],
    counts: NDArray[np.int64],
    samples: NDArray[np.float32] | None,
) -> None:
    models = [beside(out, suffix) for suffix in (".keras", ".h5")]
    for path in models:
        save_model(model, path)
    record["files"] = {path.name: sha256_of(path) for path in models}
    try:
        # It writes the record, with its own hash and shapes: until it is done, the one there is of the old conversion.
        convert(models[0], beside(out, ".tflite"), samples, record)
    except ModelLoadError:
        write_record(beside(out, ".json"), record)  # to go on with the Keras model
        raise
    summary = _summary(record["metrics"])
    plots.learning_curve(record["history"], f"{record['name']}: {summary}", beside(out, ".curve.png"))
    plots.confusion_matrix(counts, f"{record['name']}: {summary}", beside(out, ".confusion.png"))
