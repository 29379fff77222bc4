"""Where the files stand that come with digitdrop."""

from __future__ import annotations

import sysconfig
from pathlib import Path

MODEL_NAME = "digits.tflite"

DEFAULT_FILE = Path(__file__).with_name("default.yaml")
"""Every key with its default and what it does; a configuration to start from."""


def shipped_model() -> Path:
    """Where the shipped model stands: beside the packages in a checkout, else in the environment's data folder."""
    checkout = Path(__file__).parent.parent / "models" / MODEL_NAME
    if checkout.is_file():
        return checkout
    return Path(sysconfig.get_path("data")) / "share" / "digitdrop" / "models" / MODEL_NAME
