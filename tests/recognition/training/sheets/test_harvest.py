from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from recognition.binarize import binarize
from recognition.classify import NOT_A_DIGIT
from recognition.components import Component, find_components
from recognition.context import Windows
from recognition.params import RecognitionParams
from recognition.training.dataset import Digits
from recognition.training.errors import DatasetError
from recognition.training.sheets.draw import Drawn, draw
from recognition.training.sheets.fonts import Fonts, find_fonts, set_text
from recognition.training.sheets.harvest import MAX_OTHER, MAX_WHOLE, _Judge, gather
from recognition.training.sheets.obtain import obtain_pieces
from recognition.training.sheets.pieces import LOOKALIKE, Pieces
from recognition.training.sheets.sheet import CLUTTER, TEXT, UNKNOWN, Sheet, shade
from recognition.training.sheets.writer import Writer

PARAMS = RecognitionParams()
SIZE_PX = 40


def photo_of(sheet: Sheet, size_px: float = SIZE_PX) -> Drawn:
    """The sheet as a flawless scanner gives it."""
    return Drawn(shade(sheet, 230, 0.85, 0.85), sheet.owner, tuple(sheet.labels), size_px)


def found(drawn: Drawn) -> tuple[list[Component], _Judge]:
    """The pieces of ink from left to right, and who judges them."""
    ink = binarize(drawn.page, PARAMS.binarize)
    parts = find_components(ink.mask, ink.darkness, PARAMS.components)
    return sorted(parts, key=lambda part: part.bbox.x), _Judge(drawn, ink)


def bar(length: int = 40) -> np.ndarray:
    return np.ones((length, 8), np.float32)


@pytest.fixture(scope="module")
def writer(digits: Digits) -> Writer:
    plain = {field.name: False for field in fields(Writer) if field.type == "bool"}
    return Writer(digits, **plain, level=0.3, shear=0.0, unsteadiness=0.0, skips=0.0)


@pytest.fixture(scope="module")
def lone_digits(writer: Writer) -> Drawn:
    """Twelve digits far apart."""
    rng, sheet = np.random.default_rng(0), Sheet.blank(400, 520)
    for k in range(12):
        coverage, label = writer.digit(rng, SIZE_PX)
        while label == 5:  # whose bar often stands apart
            coverage, label = writer.digit(rng, SIZE_PX)
        assert sheet.digit(coverage, label, 40 + 120 * (k % 4), 40 + 120 * (k // 4))
    return photo_of(sheet)


def test_a_clean_digit_is_its_class(lone_digits: Drawn) -> None:
    parts, judge = found(lone_digits)
    labels = sorted(label for part in parts if (label := judge.label(part)) is not None and label < NOT_A_DIGIT)
    assert labels == sorted(lone_digits.labels)


def test_all_clean_digits_of_a_sheet_are_gathered(lone_digits: Drawn) -> None:
    pieces = gather(np.random.default_rng(1), lone_digits)
    whole = pieces.labels[pieces.labels < NOT_A_DIGIT].tolist()
    assert set(whole) == set(lone_digits.labels)
    assert len(whole) >= len(lone_digits.labels)
    assert LOOKALIKE not in pieces.labels
    count = len(pieces.labels)
    assert pieces.images.shape == (count, 28, 28)
    assert pieces.windows.near.shape == (count, 32, 32, 2)
    assert pieces.windows.far.shape == (count, 32, 64, 2)
    assert pieces.images.reshape(count, -1).any(axis=1).all()


def test_half_a_digit_is_no_digit_and_both_halves_together_are_one() -> None:
    sheet = Sheet.blank(120, 200)
    halves = np.zeros((44, 8), np.float32)
    halves[:19] = halves[25:] = 1
    sheet.digit(halves, 8, 60, 30)
    sheet.digit(bar(), 1, 140, 30)
    drawn = photo_of(sheet)
    parts, judge = found(drawn)
    assert [judge.label(part) for part in parts] == [NOT_A_DIGIT, NOT_A_DIGIT, 1]
    assert set(gather(np.random.default_rng(0), drawn).labels) == {1, 8, NOT_A_DIGIT}


@pytest.mark.parametrize(
    ("heights", "label"), [((38, 2), 4), ((30, 10), None), ((20, 20), NOT_A_DIGIT)], ids=["most", "some", "half"]
)
def test_what_is_missing_of_a_digit_decides_what_it_is(heights: tuple[int, int], label: int | None) -> None:
    sheet = Sheet.blank(120, 200)
    broken = np.zeros((46, 30), np.float32)
    broken[: heights[0], :8] = 1
    broken[: heights[1], 22:] = 1
    sheet.digit(broken, 4, 60, 30)
    (first, *_), judge = found(photo_of(sheet))
    assert judge.label(first) == label


def test_two_digits_that_touch_are_no_digit() -> None:
    sheet = Sheet.blank(120, 200)
    sheet.digit(bar(), 1, 60, 30)
    sheet.digit(bar(), 1, 68, 30)
    (both,), judge = found(photo_of(sheet))
    assert judge.label(both) == NOT_A_DIGIT


@pytest.mark.parametrize(
    ("owner", "label"), [(TEXT, LOOKALIKE), (CLUTTER, NOT_A_DIGIT), (UNKNOWN, None)], ids=["text", "clutter", "unknown"]
)
def test_what_is_no_digit_is_told_by_its_owner(owner: int, label: int | None) -> None:
    sheet = Sheet.blank(120, 200)
    sheet.write(bar(), 60, 30, owner)
    (piece,), judge = found(photo_of(sheet))
    assert judge.label(piece) == label


@pytest.mark.parametrize("owner", [TEXT, CLUTTER])
def test_a_digit_that_runs_into_something_else_is_not_its_class(owner: int) -> None:
    sheet = Sheet.blank(120, 200)
    sheet.digit(bar(), 1, 60, 30)
    sheet.write(bar(), 68, 30, owner)
    (both,), judge = found(photo_of(sheet))
    assert judge.label(both) == NOT_A_DIGIT


def test_ink_that_nobody_owns_does_not_spoil_a_digit() -> None:
    sheet = Sheet.blank(120, 200)
    sheet.digit(bar(), 1, 60, 30)
    drawn = photo_of(sheet)
    page = drawn.page.copy()
    page[30:70, 68:70] = page[35, 62]  # an edge that the owner's map does not have
    (piece,), judge = found(Drawn(page, drawn.owner, drawn.labels, SIZE_PX))
    assert judge.label(piece) == 1


def test_printed_text_is_alike_to_digits_but_none(fonts: Fonts) -> None:
    sheet = Sheet.blank(200, 500)
    face = next(path for path in fonts.printed if path.stem == "DejaVuSans")
    sheet.print(set_text("Bestellung 5038", face, 36), 20, 40)
    sheet.print(set_text("labels", face, 36), 20, 120)
    pieces = gather(np.random.default_rng(0), photo_of(sheet))
    assert len(pieces.labels) >= 15
    assert set(pieces.labels) == {LOOKALIKE}


def test_a_scribble_is_no_digit() -> None:
    sheet = Sheet.blank(200, 300)
    ring = np.zeros((60, 90), np.float32)
    cv2.ellipse(ring, (45, 30), (38, 24), 0, 0, 360, 1.0, 4)
    sheet.write(ring, 100, 60, CLUTTER)
    pieces = gather(np.random.default_rng(0), photo_of(sheet))
    assert set(pieces.labels) == {NOT_A_DIGIT}


@pytest.mark.parametrize("value", [0, 128, 240])
def test_a_blank_page_has_no_pieces(value: int) -> None:
    drawn = Drawn(np.full((100, 120), value, np.uint8), np.zeros((100, 120), np.int16), (), SIZE_PX)
    pieces = gather(np.random.default_rng(0), drawn)
    assert pieces.images.shape == (0, 28, 28)
    assert pieces.windows.near.shape == (0, 32, 32, 2)
    assert pieces.windows.far.shape == (0, 32, 64, 2)
    assert (pieces.labels.shape, pieces.labels.dtype) == ((0,), np.uint8)


def test_of_a_crowded_sheet_only_some_pieces_are_kept() -> None:
    sheet = Sheet.blank(400, 600)
    for k in range(15 * 25):
        x, y = 10 + 23 * (k % 25), 10 + 25 * (k // 25)
        if k % 2:
            sheet.digit(bar(16)[:, :4], 1, x, y)
        else:
            sheet.write(bar(16)[:, :4], x, y, CLUTTER)
    labels = gather(np.random.default_rng(0), photo_of(sheet, 16)).labels
    assert np.count_nonzero(labels == 1) == MAX_WHOLE
    assert np.count_nonzero(labels == NOT_A_DIGIT) == MAX_OTHER


def assert_same(one: Pieces, other: Pieces) -> None:
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.windows.near, other.windows.near)
    np.testing.assert_array_equal(one.windows.far, other.windows.far)


def test_the_same_seed_gathers_the_same_pieces(lone_digits: Drawn) -> None:
    one, again = (gather(np.random.default_rng(4), lone_digits) for _ in range(2))
    assert_same(one, again)


@pytest.mark.slow
def test_pieces_are_those_of_the_seeds_sheets_whoever_draws_them(digits: Digits, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "pieces.npz"
    console = Console(quiet=True)
    pieces = obtain_pieces(path, digits, seed=3, sheets=1, console=console)
    rng = np.random.default_rng((3, 0))
    assert_same(pieces, gather(rng, draw(rng, digits, find_fonts())))
    nothing = Digits(digits.images[:0], digits.labels[:0])
    assert_same(obtain_pieces(path, nothing, seed=3, sheets=1, console=console), pieces)


@pytest.mark.parametrize(("seed", "sheets"), [(9, 7), (3, 8)])
def test_pieces_of_other_sheets_than_were_asked_for_are_refused(
    digits: Digits, tmp_path: Path, seed: int, sheets: int
) -> None:
    path, console = tmp_path / "pieces.npz", Console(quiet=True)
    none = np.zeros((0, 28, 28), np.uint8)
    windows = Windows(np.zeros((0, 32, 32, 2), np.uint8), np.zeros((0, 32, 64, 2), np.uint8))
    Pieces(none, windows, np.zeros(0, np.uint8), (3, 7)).save(path)
    assert obtain_pieces(path, digits, seed=3, sheets=7, console=console).drawn == (3, 7)
    with pytest.raises(DatasetError, match=rf"must hold .* {sheets} sheets .* seed {seed}; .* those of 7 .* seed 3"):
        obtain_pieces(path, digits, seed=seed, sheets=sheets, console=console)


def test_pieces_of_sheets_that_are_not_known_are_taken(digits: Digits, tmp_path: Path) -> None:
    shapes = {"images": (0, 28, 28), "near": (0, 32, 32, 2), "far": (0, 32, 64, 2), "labels": (0,)}
    older = {name: np.zeros(shape, np.uint8) for name, shape in shapes.items()}
    np.savez(tmp_path / "older.npz", allow_pickle=False, **older)
    assert obtain_pieces(tmp_path / "older.npz", digits, seed=3, sheets=7, console=Console(quiet=True)).drawn is None
