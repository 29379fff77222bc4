"""What tests of several rooms share: sample pages."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def sample_pages() -> ModuleType:
    """The pages that the demo draws, with their truth."""
    path = Path(__file__).with_name("sample_pages.py")
    spec = importlib.util.spec_from_file_location("sample_pages", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def draw_page(sample_pages: ModuleType) -> Callable[[int], bytes]:
    """A JPEG of a small page with four handwritten numbers on it, different for each seed."""
    digits = sample_pages.Digits.load()

    def draw(seed: int) -> bytes:
        rng = np.random.default_rng(seed)
        hand = sample_pages.Hand(rng, digits, (600, 800))
        for y in (60, 190, 320, 450):
            hand.write(sample_pages.number(rng, 5), 90, y, 70)
        page = sample_pages.inked(sample_pages.paper(rng, 600, 800, (245, 245, 245)), hand.ink, (45, 40, 40))
        ok, data = cv2.imencode(".jpg", page.astype(np.uint8))
        assert ok
        return bytes(data)

    return draw
