"""Configurations as a person writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.errors import ConfigError
from config.loader import load_settings
from config.schema import Settings


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Settings]:
    def write_and_load(text: str | bytes, overrides: dict[str, Any] | None = None) -> Settings:
        path = tmp_path / "digitdrop.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_settings(path, overrides)

    return write_and_load


@pytest.fixture
def mistakes(load: Callable[..., Settings]) -> Callable[..., tuple[str, ...]]:
    def write_and_fail(text: str | bytes, overrides: dict[str, Any] | None = None) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as caught:
            load(text, overrides)
        return caught.value.mistakes

    return write_and_fail
