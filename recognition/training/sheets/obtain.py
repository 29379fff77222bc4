"""Gets pieces to train on: from a file, or from sheets drawn for it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from recognition.training.dataset import Digits
from recognition.training.errors import DatasetError
from recognition.training.sheets.harvest import harvest
from recognition.training.sheets.pieces import Pieces
from recognition.training.workers import PROCESSES


def obtain_pieces(path: Path, digits: Digits, *, seed: int, sheets: int, console: Console) -> Pieces:
    """Returns the pieces of a file, which is made of newly drawn sheets when it is missing.

    Args:
        path: of the .npz file; its folder is made when it is missing.
        digits: MNIST's, of the split that is trained on.
        seed: of the sheets.
        sheets: how many are drawn.
        console: where the progress is shown.

    Raises:
        DatasetError: the file is damaged, of another kind, or of other sheets.
        OSError: it cannot be written.
    """
    if path.is_file():
        kept = Pieces.load(path)
        if kept.drawn not in (None, (seed, sheets)):
            raise DatasetError(
                f"{path} must hold pieces of {sheets} sheets drawn by the seed {seed}; name another file to have them "
                f"drawn. Received: those of {kept.drawn[1]} sheets by the seed {kept.drawn[0]}"
            )
        return kept
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = []
    with closing(harvest(digits, seed=seed, sheets=sheets, processes=PROCESSES)) as made:
        for part in made:
            parts.append(part)
            console.print(f"{sum(len(one.labels) for one in parts)} pieces of drawn sheets", highlight=False)
    pieces = replace(Pieces.concatenated(parts), drawn=(seed, sheets))
    pieces.save(path)
    return pieces
