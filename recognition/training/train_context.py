"""How the context network is trained: on what the segmenter makes of drawn sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from recognition.calibrate import fit_temperature
from recognition.classify import NOT_A_DIGIT
from recognition.training.backend import keras
from recognition.training.companion import Companion, Run
from recognition.training.context import (
    EPOCHS,
    build_context,
    compile_context,
    fit_context,
    is_whole,
    to_windows,
)
from recognition.training.digits import fitted_part, held_out_part
from recognition.training.recipe import History
from recognition.training.sheets.obtain import obtain_pieces
from recognition.training.sheets.pieces import LOOKALIKE, Pieces

HELD_OUT_SHARE = 12
"""To so many sheets that are trained on, one is drawn with digits that no weight sees."""
SAMPLES = 500
"""So many held-out pieces set the ranges of the 8-bit integers."""


def _obtain(run: Run, console: Console) -> tuple[Pieces, Pieces]:
    path = run.pieces or Path("pieces.npz")
    fitted_to = obtain_pieces(path, fitted_part(run.data), seed=run.seed, sheets=run.sheets, console=console)
    held_out = obtain_pieces(
        path.with_stem(f"{path.stem}-held-out"),
        held_out_part(run.data),
        seed=run.seed + 1,
        sheets=max(1, run.sheets // HELD_OUT_SHARE),
        console=console,
    )
    return fitted_to, held_out


def _fit(model: keras.Model, fitted_to: Pieces, held_out: Pieces, run: Run) -> History:
    return fit_context(model, fitted_to, held_out, epochs=run.epochs, seed=run.own_seed, callbacks=run.callbacks)


def _judge(model: keras.Model, held_out: Pieces) -> tuple[float, dict[str, float]]:
    whole = model.predict(to_windows(held_out), batch_size=1000, verbose=0)[:, 0]
    temperature = fit_temperature(np.stack([1 - whole, whole], axis=1), is_whole(held_out).astype(np.int64))
    return temperature, _figures(whole, held_out)


def _figures(whole: NDArray[np.float32], pieces: Pieces) -> dict[str, float]:
    taken = whole > 0.5
    kinds = {"digits": pieces.labels < NOT_A_DIGIT, "lookalikes": pieces.labels == LOOKALIKE}
    kinds["others"] = pieces.labels == NOT_A_DIGIT
    return {f"taken_for_digits_of_{name}": float(taken[mask].mean()) for name, mask in kinds.items() if mask.any()}


def _typical(held_out: Pieces) -> list[NDArray[np.float32]]:
    return [part[:SAMPLES] for part in to_windows(held_out)]


CONTEXT = Companion(
    name="context",
    classes=2,
    build=build_context,
    compile=compile_context,
    obtain=_obtain,
    fit=_fit,
    judge=_judge,
    typical=_typical,
    epochs=EPOCHS,
    uses=("pieces", "sheets"),
)
