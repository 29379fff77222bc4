"""Fits the context network to drawn sheets, and writes it with its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from recognition.calibrate import fit_temperature
from recognition.classify import NOT_A_DIGIT
from recognition.training.backend import keras
from recognition.training.callbacks import show_progress
from recognition.training.context import (
    EPOCHS,
    build_context,
    compile_context,
    fit_context,
    is_whole,
    to_windows,
)
from recognition.training.dataset import load_mnist
from recognition.training.digits import fitted_part, held_out_part
from recognition.training.export import export, prepared
from recognition.training.options import SHEETS, TrainOptions
from recognition.training.saved import load_like
from recognition.training.sheets.obtain import obtain_pieces
from recognition.training.sheets.pieces import LOOKALIKE, Pieces

NAME = "context"
HELD_OUT_SHARE = 12
"""To so many sheets that are trained on, one is drawn with digits that no weight sees."""
SAMPLES = 500
"""So many held-out pieces set the ranges of the 8-bit integers."""


def train_context(options: TrainOptions, console: Console | None = None) -> Path:
    """Fits the context network to what the segmenter makes of drawn sheets, and writes NAME.keras, .tflite and .json.

    Args:
        options: what to train on, and where it goes; `pieces` names the file that keeps the harvest.
        console: where the progress is shown; stderr if None.

    Returns:
        The path of NAME.keras.

    Raises:
        DatasetError: MNIST or the file of pieces is missing or damaged.
        ModelLoadError: the model to resume cannot be loaded.
        TrainingError: an option is given that has no use here, or the model to resume is no context network.
        OSError: the output cannot be written.
    """
    console = console or Console(stderr=True)
    keras.utils.set_random_seed(options.seed)
    options.refuse_others(NAME, ("pieces", "sheets"))
    out = prepared(options.out or Path(NAME))
    model = build_context()
    compile_context(model)
    if options.resume is not None:
        model = load_like(options.resume, model)
    fitted_to, held_out = _pieces(options, console)
    with show_progress(console) as progress:
        history = fit_context(
            model,
            fitted_to,
            held_out,
            epochs=options.epochs or EPOCHS,
            seed=options.seed,
            callbacks=[progress],
        )
    whole = model.predict(to_windows(held_out), batch_size=1000, verbose=0)[:, 0]
    facts = {
        "name": NAME,
        "classes": 2,
        "temperature": fit_temperature(np.stack([1 - whole, whole], axis=1), is_whole(held_out).astype(np.int64)),
        "command": options.command,
        "metrics": _figures(whole, held_out) | {"parameters": model.count_params()},
        "history": {name: [float(value) for value in values] for name, values in history.items()},
    }
    return export(model, out, [part[:SAMPLES] for part in to_windows(held_out)], facts)


def _pieces(options: TrainOptions, console: Console) -> tuple[Pieces, Pieces]:
    data = load_mnist(options.data)
    path, sheets = options.pieces or Path("pieces.npz"), options.sheets or SHEETS
    fitted_to = obtain_pieces(path, fitted_part(data), seed=options.seed, sheets=sheets, console=console)
    held_out = obtain_pieces(
        path.with_stem(f"{path.stem}-held-out"),
        held_out_part(data),
        seed=options.seed + 1,
        sheets=max(1, sheets // HELD_OUT_SHARE),
        console=console,
    )
    return fitted_to, held_out


def _figures(whole: NDArray[np.float32], pieces: Pieces) -> dict[str, Any]:
    taken = whole > 0.5
    kinds = {"digits": pieces.labels < NOT_A_DIGIT, "lookalikes": pieces.labels == LOOKALIKE}
    kinds["others"] = pieces.labels == NOT_A_DIGIT
    return {f"taken_for_digits_of_{name}": float(taken[mask].mean()) for name, mask in kinds.items() if mask.any()}
