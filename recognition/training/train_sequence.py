"""How the sequence network is trained: on drawn numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from recognition.calibrate import Probabilities, fit_temperature
from recognition.classify import CLASSES, NOT_A_DIGIT
from recognition.sequence import STRIP_HEIGHT_PX, spotted_frames
from recognition.training.backend import keras
from recognition.training.companion import Companion, Run
from recognition.training.digits import fitted_part, held_out_part
from recognition.training.recipe import History
from recognition.training.sequence import EPOCHS, build_sequence, compile_sequence, fit_sequence
from recognition.training.strings import MAX_WIDTH_PX, String, draw_strings, string_epochs
from recognition.training.workers import PROCESSES

STRINGS_A_SHEET = 60
"""Numbers drawn for each epoch in place of each sheet that the options ask for."""
HELD_OUT_SHARE = 20
"""To so many numbers that are trained on, one is drawn with digits that no weight sees."""
SAMPLES = 300
"""So many held-out numbers set the ranges of the 8-bit integers."""


def _obtain(run: Run, console: Console) -> tuple[Iterator[list[String]], list[String]]:
    count = run.sheets * STRINGS_A_SHEET
    drawn = string_epochs(fitted_part(run.data), seed=run.own_seed, count=count, epochs=run.epochs, processes=PROCESSES)
    rest = max(1, count // HELD_OUT_SHARE)
    held_out = draw_strings(held_out_part(run.data), seed=run.own_seed + 1, count=rest, processes=PROCESSES)
    console.print(f"{count} drawn numbers an epoch", highlight=False)
    return drawn, held_out


def _fit(model: keras.Model, drawn: Iterator[list[String]], _: list[String], run: Run) -> History:
    """A network that is gone on with gets the mean of its weights before and after.

    What it learned of drawn numbers, it paid for in part on real pages, and the mean has nearly all of the one at none
    of the cost. After Wortsman et al., "Robust Fine-tuning of Zero-shot Models", CVPR 2022.
    """
    before = model.get_weights()
    history = fit_sequence(model, drawn, epochs=run.epochs, seed=run.own_seed, callbacks=run.callbacks)
    if run.resumed:
        model.set_weights([(old + new) / 2 for old, new in zip(before, model.get_weights(), strict=True)])
    return history


def _judge(model: keras.Model, held_out: list[String]) -> tuple[float, dict[str, float]]:
    frames = read_frames(model, held_out)
    return _temperature(frames, held_out), _figures(frames, held_out)


def read_frames(model: keras.Model, strings: Sequence[String]) -> list[Probabilities]:
    """Returns what a model says of each frame of drawn numbers, float32 (width / 2, 11) each."""
    result: list[Probabilities] = []
    for start in range(0, len(strings), 500):
        part = strings[start : start + 500]
        frames = model.predict(_images(part), batch_size=100, verbose=0)[:, 0]
        result += [row[: len(string.targets)] for row, string in zip(frames, part, strict=True)]
    return result


def _images(strings: Sequence[String]) -> NDArray[np.float32]:
    images = np.zeros((len(strings), STRIP_HEIGHT_PX, MAX_WIDTH_PX, 1), np.float32)
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


def _figures(frames: Sequence[Probabilities], strings: Sequence[String]) -> dict[str, float]:
    """The share of numbers read exactly, over all and by their length; those with cut digits do not count."""
    right = defaultdict(list)
    for row, string in zip(frames, strings, strict=True):
        if string.whole:
            text = "".join(str(int(one[:NOT_A_DIGIT].argmax())) for _, one in spotted_frames(row))
            right[len(string.text)].append(text == string.text)
    every = [hit for hits in right.values() for hit in hits]
    figures = {f"exact_of_{length}": float(np.mean(right[length])) for length in sorted(right)}
    return {"exact": float(np.mean(every)) if every else 0.0, **figures}


def _typical(held_out: list[String]) -> list[NDArray[np.float32]]:
    return [_images(held_out[:SAMPLES])]


SEQUENCE = Companion(
    name="sequence",
    classes=CLASSES,
    build=build_sequence,
    compile=compile_sequence,
    obtain=_obtain,
    fit=_fit,
    judge=_judge,
    typical=_typical,
    epochs=EPOCHS,
    uses=("sheets",),
)
