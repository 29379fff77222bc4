"""Where the files stand that come with digitdrop."""

from __future__ import annotations

import sysconfig
from pathlib import Path

MODEL_NAME = "digits.tflite"
COMPANION_NAMES = "context.tflite", "sequence.tflite", "digits-b.tflite"

DEFAULT_FILE = Path(__file__).with_name("default.yaml")
"""Every key with its default and what it does; a configuration to start from."""


def shipped_model() -> Path:
    """Where the network stands that reads digits."""
    return _shipped(MODEL_NAME)


def shipped_companions() -> tuple[Path, ...]:
    """Where the networks stand that help it, in the order in which `recognition.reader.load_reader` takes them."""
    return tuple(map(_shipped, COMPANION_NAMES))


def _shipped(name: str) -> Path:
    """Beside the packages in a checkout, else in the environment's data folder."""
    checkout = Path(__file__).parent.parent / "models" / name
    if checkout.is_file():
        return checkout
    return Path(sysconfig.get_path("data")) / "share" / "digitdrop" / "models" / name
