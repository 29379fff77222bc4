"""Processes that the daemon starts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from daemon.children import child_environment, describe_exit, python_module


def test_a_child_imports_what_its_parent_can_import_but_nothing_from_where_it_stands(tmp_path, monkeypatch):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "told_once.py").write_text("print('from the library')")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "told_once.py").write_text("print('from the current folder')")
    monkeypatch.syspath_prepend(str(tmp_path / "library"))
    done = subprocess.run(
        python_module("told_once"), env=child_environment(), cwd=tmp_path / "here", capture_output=True, check=True
    )
    assert done.stdout == b"from the library\n"


def test_a_relative_place_in_the_import_path_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    assert child_environment()["PYTHONPATH"].split(":")[0] == str(Path.cwd())


@pytest.mark.parametrize(
    ("returncode", "text"),
    [(0, "exit code 0"), (3, "exit code 3"), (-11, "SIGSEGV"), (-9, "SIGKILL, perhaps for want of memory"),
     (-40, "signal 40")],
)  # fmt: skip
def test_the_end_of_a_process_is_told_in_words(returncode, text):
    assert describe_exit(returncode) == text
