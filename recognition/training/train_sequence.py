"""Fits the sequence network to drawn numbers, and writes it with its record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from recognition.calibrate import Probabilities, fit_temperature
from recognition.classify import CLASSES, NOT_A_DIGIT
from recognition.sequence import STRIP_HEIGHT_PX, spotted_frames
from recognition.training.backend import keras
from recognition.training.callbacks import show_progress
from recognition.training.dataset import load_mnist
from recognition.training.digits import PROCESSES, fitted_part, held_out_part
from recognition.training.export import export, prepared
from recognition.training.options import SHEETS, TrainOptions
from recognition.training.saved import load_like
from recognition.training.sequence import EPOCHS, build_sequence, compile_sequence, fit_sequence
from recognition.training.strings import MAX_WIDTH_PX, String, draw_strings, string_epochs

NAME = "sequence"
STRINGS_A_SHEET = 60
"""Numbers drawn for each epoch in place of each sheet that the options ask for."""
HELD_OUT_SHARE = 20
"""To so many numbers that are trained on, one is drawn with digits that no weight sees."""
SAMPLES = 300
"""So many held-out numbers set the ranges of the 8-bit integers."""


def train_sequence(options: TrainOptions, console: Console | None = None) -> Path:
    """Fits the sequence network to drawn numbers, and writes NAME.keras, .tflite and .json.

    A network that is gone on with gets the mean of its weights before and after: what it learned of drawn numbers, it
    paid for in part on real pages, and the mean has nearly all of the one at none of the cost. After Wortsman et al.,
    "Robust Fine-tuning of Zero-shot Models", CVPR 2022.

    Args:
        options: what to train on, how much of it, and where it goes.
        console: where the progress is shown; stderr if None.

    Returns:
        The path of NAME.keras.

    Raises:
        DatasetError: MNIST is missing or damaged.
        ModelLoadError: the model to resume cannot be loaded.
        TrainingError: an option is given that has no use here, or the model to resume is no sequence network.
        OSError: the output cannot be written.
    """
    console = console or Console(stderr=True)
    keras.utils.set_random_seed(options.seed)
    options.refuse_others(NAME, ("sheets",))
    out = prepared(options.out or Path(NAME))
    model = build_sequence()
    compile_sequence(model)
    if options.resume is not None:
        model = load_like(options.resume, model)
    data = load_mnist(options.data)
    count, epochs = (options.sheets or SHEETS) * STRINGS_A_SHEET, options.epochs or EPOCHS
    rest = max(1, count // HELD_OUT_SHARE)
    drawn = string_epochs(fitted_part(data), seed=options.seed, count=count, epochs=epochs, processes=PROCESSES)
    held_out = draw_strings(held_out_part(data), seed=options.seed + 1, count=rest, processes=PROCESSES)
    console.print(f"{count} drawn numbers an epoch", highlight=False)
    before = model.get_weights()
    with show_progress(console) as progress:
        history = fit_sequence(model, drawn, epochs=epochs, seed=options.seed, callbacks=[progress])
    if options.resume is not None:
        model.set_weights([(old + new) / 2 for old, new in zip(before, model.get_weights(), strict=True)])
    frames = read_frames(model, held_out)
    facts = {
        "name": NAME,
        "classes": CLASSES,
        "temperature": _temperature(frames, held_out),
        "command": options.command,
        "metrics": _figures(frames, held_out) | {"parameters": model.count_params()},
        "history": {name: [float(value) for value in values] for name, values in history.items()},
    }
    return export(model, out, [_images(held_out[:SAMPLES], MAX_WIDTH_PX)], facts)


def read_frames(model: keras.Model, strings: Sequence[String]) -> list[Probabilities]:
    """Returns what a model says of each frame of drawn numbers, float32 (width / 2, 11) each."""
    result: list[Probabilities] = []
    for start in range(0, len(strings), 500):
        part = strings[start : start + 500]
        frames = model.predict(_images(part, MAX_WIDTH_PX), batch_size=100, verbose=0)[:, 0]
        result += [row[: len(string.targets)] for row, string in zip(frames, part, strict=True)]
    return result


def _images(strings: Sequence[String], width: int) -> NDArray[np.float32]:
    images = np.zeros((len(strings), STRIP_HEIGHT_PX, width, 1), np.float32)
    for image, string in zip(images, strings, strict=True):
        image[:, : string.image.shape[1], 0] = string.image / np.float32(255)
    return images


def _temperature(frames: Sequence[Probabilities], strings: Sequence[String]) -> float:
    """Fitted to the frames that show a digit's middle, and as many of the others."""
    shown, truth = np.concatenate(frames), np.concatenate([string.targets for string in strings])
    digits, others = np.flatnonzero(truth < NOT_A_DIGIT), np.flatnonzero(truth == NOT_A_DIGIT)
    others = others[:: max(1, len(others) // max(1, len(digits)))]
    chosen = np.concatenate([digits, others])
    return fit_temperature(shown[chosen], truth[chosen].astype(np.int64))


def _figures(frames: Sequence[Probabilities], strings: Sequence[String]) -> dict[str, Any]:
    """The share of numbers read exactly, over all and by their length; those with cut digits do not count."""
    right = defaultdict(list)
    for row, string in zip(frames, strings, strict=True):
        if string.whole:
            text = "".join(str(int(one[:NOT_A_DIGIT].argmax())) for _, one in spotted_frames(row))
            right[len(string.text)].append(text == string.text)
    every = [hit for hits in right.values() for hit in hits]
    figures = {f"exact_of_{length}": float(np.mean(right[length])) for length in sorted(right)}
    return {"exact": float(np.mean(every)) if every else 0.0, **figures}
