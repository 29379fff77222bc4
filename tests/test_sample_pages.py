from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from recognition.formats import sniff

_SPEC = importlib.util.spec_from_file_location("sample_pages", Path(__file__).with_name("sample_pages.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
pages = importlib.util.module_from_spec(_SPEC)
sys.modules.setdefault("sample_pages", pages)  # its dataclasses look their module up
_SPEC.loader.exec_module(pages)


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_page_is_the_same_for_the_same_seed_and_another_for_another(name: str) -> None:
    page, again, other = pages.draw(name), pages.draw(name), pages.draw(name, seed=1)
    assert page.lines == again.lines
    assert np.array_equal(page.pixels, again.pixels)
    assert page.lines != other.lines


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_page_has_numbers_on_it_and_is_a_file_of_its_kind(name: str) -> None:
    page = pages.draw(name)
    assert len(page.lines) >= 5
    assert all(text.isdecimal() for line in page.lines for text in line)
    kind = sniff(pages.encode(name, page))
    assert kind is not None
    assert kind.value == {"jpg": "JPEG", "png": "PNG"}[name.partition(".")[2]]


def test_numbers_are_written_from_the_left_at_the_height_asked_for() -> None:
    hand = pages.Hand(np.random.default_rng(0), pages.Digits.load(), (200, 600))
    hand.write("2026", 50, 80, 60)
    rows, columns = np.nonzero(hand.ink > 0.5)
    assert 70 <= rows.min() <= 90
    assert 130 <= rows.max() <= 150
    assert columns.min() >= 50
    assert 150 <= columns.max() - columns.min() <= 320


def test_the_sample_has_forty_digits_of_each_class() -> None:
    digits = pages.Digits.load()
    assert digits.images.shape == (400, 28, 28)
    assert np.bincount(digits.labels).tolist() == [40] * 10


def pieces_a_digit(page: pages.DrawnPage) -> float:
    """How many pieces of dark ink, crumbs aside, there are for each digit of the page."""
    mask = np.where(page.pixels[..., 0] < 140, np.uint8(255), np.uint8(0))
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    digits = sum(len(number) for line in page.lines for number in line)
    return int((stats[1:, cv2.CC_STAT_AREA] >= 12).sum()) / digits


def test_the_digits_of_a_plain_page_stand_apart_and_many_of_a_touching_page_touch() -> None:
    digits = pages.Digits.load()
    plain, touching = (draw(np.random.default_rng(1), digits) for draw in (pages.plain_page, pages.touching_page))
    assert plain.pixels.shape == touching.pixels.shape == (1754, 1240, 3)
    assert 380 <= sum(len(number) for line in plain.lines for number in line) <= 420
    assert pieces_a_digit(plain) > 0.95
    assert pieces_a_digit(touching) < 0.85
