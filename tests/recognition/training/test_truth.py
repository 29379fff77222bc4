from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from recognition.training.errors import DatasetError
from recognition.training.truth import TrueDigit, TrueNumber, lines_of, load_pages_with_truth, read_truth

BOXED = {
    "style": "ruled",
    "numbers": [{"text": "05", "bbox": [10, 20, 30, 40], "digits": [{"digit": 0, "bbox": [10, 20, 15, 40]}]}],
}


def write(folder: Path, name: str, truth: object = None, picture: bool = True) -> None:
    if picture:
        cv2.imwrite(str(folder / name), np.full((20, 20), 255, np.uint8))
    if truth is not None:
        (folder / f"{Path(name).stem}.truth.json").write_text(json.dumps(truth))


def test_pages_come_with_the_truth_beside_them(tmp_path: Path) -> None:
    write(tmp_path, "b.png", BOXED)
    write(tmp_path, "a.jpg", {"lines": ["1 23"], "group": "paper"})
    (tmp_path / "notes.txt").write_text("no page")
    (tmp_path / ".hidden.png").write_bytes((tmp_path / "b.png").read_bytes())
    transcribed, boxed = load_pages_with_truth(tmp_path)
    assert transcribed.path == tmp_path / "a.jpg"
    assert (transcribed.truth.lines, transcribed.truth.numbers) == (("1 23",), None)
    assert transcribed.truth.keys == {"group": "paper"}
    assert boxed.truth.numbers == (TrueNumber("05", (10, 20, 30, 40), (TrueDigit("0", (10, 20, 15, 40)),)),)
    assert boxed.truth.lines == ("05",)


def test_numbers_with_boxes_stand_in_lines_that_may_rise() -> None:
    rising = [TrueNumber(str(at), (100.0 * at, 50.0 - 15 * at, 20.0, 30.0)) for at in range(4)]
    below = [TrueNumber("8", (150, 90, 20, 30)), TrueNumber("7", (0, 92, 20, 30))]
    assert lines_of([*below, *reversed(rising)]) == ["0 1 2 3", "7 8"]


def test_a_folder_without_pages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        load_pages_with_truth(tmp_path / "missing")
    with pytest.raises(DatasetError, match=r"page1\.truth\.json beside page1\.jpg.*0 pictures"):
        load_pages_with_truth(tmp_path)


def test_a_picture_without_its_truth_is_named_with_what_to_do(tmp_path: Path) -> None:
    write(tmp_path, "a.png", BOXED)
    write(tmp_path, "b.png")
    with pytest.raises(DatasetError, match=r"no truth file beside b\.png.*write b\.truth\.json"):
        load_pages_with_truth(tmp_path)


def test_a_truth_without_its_picture_is_named_with_what_to_do(tmp_path: Path) -> None:
    for at in range(5):
        write(tmp_path, f"{at}.png", BOXED, picture=False)
    with pytest.raises(DatasetError, match=r"0\.truth\.json, 1\.truth\.json, 2\.truth\.json and 2 more.*; add it"):
        load_pages_with_truth(tmp_path)


def test_two_pictures_of_one_truth_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.png", BOXED)
    write(tmp_path, "a.jpg")
    with pytest.raises(DatasetError, match=r"a\.jpg and a\.png.*rename"):
        load_pages_with_truth(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", r"Received: no object but \[\]$"),
        ("{}", r"""Received: no "lines" in \{\}$"""),
        ('{"lines": "12"}', 'Received: no list but "12"$'),
        ('{"lines": [12]}', "Received: no text but 12$"),
        ('{"numbers": [{"text": "1"}]}', r'Received: no "bbox" in \{"text": "1"\}$'),
        ('{"numbers": [{"text": "1", "bbox": [1, 2, 0, 4]}]}', "without area"),
        ('{"numbers": [{"text": "1", "bbox": [1, 2, 3]}]}', r"no list of four numbers, \[1, 2, 3\]$"),
        ('{"numbers": [7]}', 'Received: no "text" in 7$'),
        ('{"numbers": [{"text": "1", "bbox": [NaN, 2, 3, 4]}]}', "without end"),
        ('{"numbers": [{"text": "1", "bbox": [1, 2, 1e999, 4]}]}', "without end"),
        ('{"numbers": [{"text": "1 2", "bbox": [1, 2, 3, 4]}]}', '"1 2", which must be of digits alone'),
        ('{"numbers": [{"text": "", "bbox": [1, 2, 3, 4]}]}', '"", which must be of digits alone'),
        (
            '{"numbers": [{"text": "12", "bbox": [1, 2, 3, 4], "digits": [{"digit": 12, "bbox": [1, 2, 3, 4]}]}]}',
            '"12", which must be of one digit',
        ),
        ('{"lines": ["12", "7 2.98"]}', '"2.98", which must be of digits alone'),
        ('{"lines": ["1O"]}', '"1O", which must be of digits alone'),
    ],
)
def test_a_damaged_truth_file_is_named_with_what_is_wrong(content: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "page.truth.json"
    path.write_text(content)
    with pytest.raises(DatasetError, match=said) as caught:
        read_truth(path)
    assert str(path) in str(caught.value)


def test_a_truth_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "page.truth.json"
    path.write_text('{"lines": ["12 345"]}', "utf-8-sig")
    assert read_truth(path).lines == ("12 345",)
