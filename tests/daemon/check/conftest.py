"""A configuration whose folders are there, in a place that every user may enter."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.loader import load_settings
from config.schema import Settings


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that every user may enter, unlike `tmp_path`."""
    folder = Path(tempfile.mkdtemp(prefix="digitdrop-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def settings(root: Path) -> Settings:
    path = root / "digitdrop.yaml"
    path.write_text("inbox: in\noutbox: out\narchive: done\nfailed: failed\nstate: state\n")
    for name in ("in", "out", "done", "failed", "state"):
        (root / name).mkdir()
    return load_settings(path)
