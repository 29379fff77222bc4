from __future__ import annotations

import os
from pathlib import Path

import pytest

from recognition.training.names import name_of, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zählung 5 → 6.jpg", "Zählung 5 → 6.jpg"),
        ("a\nb\t.jpg", r"a\nb\t.jpg"),
        (os.fsdecode(b"od\xe4d.jpg"), r"od\xe4d.jpg"),
        ("\ud800", r"\ud800"),
    ],
)
def test_whatever_a_name_is_made_of_it_is_text_on_one_line(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).encode("utf-8")


def test_a_name_is_that_of_the_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scans").mkdir()
    monkeypatch.chdir(tmp_path / "scans")
    assert name_of(tmp_path / "scans" / "a.jpg") == "a.jpg"
    assert name_of(Path()) == "scans"
