"""What decoding gives, of whatever kind the file was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """One page of a document.

    Attributes:
        pixels: (height, width, 3) uint8, BGR, upright, on white where the page is transparent.
        warnings: what a person should know about how it was decoded, as sentences.
        damaged: parts of the picture may be missing, or stand elsewhere than they did.
    """

    pixels: NDArray[np.uint8]
    warnings: tuple[str, ...] = ()
    damaged: bool = False
