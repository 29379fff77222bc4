from __future__ import annotations

import shutil
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.training.sheets.fonts import Fonts, find_fonts, set_text

DEJAVU = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def test_the_faces_that_matplotlib_brings_are_found() -> None:
    fonts = find_fonts()
    assert DEJAVU in fonts.printed
    assert not set(fonts.printed) & set(fonts.handwriting)


def test_faces_of_symbols_are_left_out(fonts: Fonts) -> None:
    names = [path.stem.lower() for path in (*fonts.printed, *fonts.handwriting)]
    assert names
    assert not [name for name in names if name.startswith(("stix", "cmex", "cmsy", "cmmi"))]


def test_faces_that_imitate_a_hand_are_told_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("Some.ttf", "deep/Humor-Sans.ttf", "deep/Z003-Italic.otf"):
        shutil.copyfile(DEJAVU, tmp_path / name)
    found = find_fonts([tmp_path])
    assert [path.name for path in found.printed] == ["Some.ttf"]
    assert {path.name for path in found.handwriting} == {"Humor-Sans.ttf", "Z003-Italic.otf"}


def test_a_damaged_file_is_no_face(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no typeface at all")
    (tmp_path / "cut.ttf").write_bytes(DEJAVU.read_bytes()[:2000])
    (tmp_path / "empty.otf").touch()
    assert find_fonts([tmp_path]) == Fonts((), ())


def test_without_folders_there_are_no_faces(tmp_path: Path) -> None:
    assert find_fonts([]) == find_fonts([tmp_path / "nowhere"]) == Fonts((), ())


@pytest.mark.parametrize("text", ["058", "axg", "Größe", "j", "."])
def test_text_is_cropped_to_its_ink(text: str) -> None:
    coverage = set_text(text, DEJAVU, 30)
    assert coverage.dtype == np.float32
    assert 0.9 < coverage.max() <= 1
    assert coverage.min() >= 0
    for edge in (coverage[0], coverage[-1], coverage[:, 0], coverage[:, -1]):
        assert edge.any()


@pytest.mark.parametrize("height_px", [9, 20, 60])
def test_capitals_are_about_as_high_as_asked_for(height_px: int) -> None:
    assert set_text("H", DEJAVU, height_px).shape[0] == pytest.approx(height_px, rel=0.15, abs=1)


def test_text_without_ink_is_a_single_empty_pixel() -> None:
    np.testing.assert_array_equal(set_text(" ", DEJAVU, 30), np.zeros((1, 1), np.float32))


def test_every_face_found_draws_letters_and_digits(fonts: Fonts) -> None:
    for path in fonts.printed:
        for text in ("ab", "47"):
            assert set_text(text, path, 24).max() > 0.5, path.name


@settings(max_examples=30)
@given(st.text(alphabet="abcdefghij0123456789.", min_size=1, max_size=12), st.integers(1, 80))
def test_longer_text_is_wider(text: str, height_px: int) -> None:
    alone, more = set_text(text, DEJAVU, height_px), set_text(text + "m", DEJAVU, height_px)
    assert alone.max() > 0
    assert more.shape[1] > alone.shape[1]
