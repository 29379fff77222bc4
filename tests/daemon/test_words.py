from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.words import counted, said


def test_one_of_a_thing_is_no_plural() -> None:
    assert [counted(count, "page") for count in (0, 1, 2)] == ["0 pages", "1 page", "2 pages"]


def test_an_error_of_the_system_is_its_words_and_its_files(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Errno") as opened:
        (tmp_path / "no\n.jpg").open()
    assert said(opened.value) == f"No such file or directory: {tmp_path}/no\\n.jpg"
    with pytest.raises(OSError, match="Errno") as moved:
        os.rename(os.fsencode(tmp_path / "a"), tmp_path / "b")  # noqa: PTH104 - a name as bytes
    assert said(moved.value) == f"No such file or directory: {tmp_path}/a -> {tmp_path}/b"


def test_another_error_is_what_it_says() -> None:
    assert said(OSError("no space")) == "no space"
    assert said(PermissionError(13, "Permission denied")) == "Permission denied"
    assert said(ValueError("it is torn")) == "it is torn"
