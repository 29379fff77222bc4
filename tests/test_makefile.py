"""`make`, as far as it is seen without installing anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parent.parent / "Makefile"
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="needs make: apt-get install make")


@needs_make
@pytest.mark.parametrize("version", ["3.9", "3.14"])
def test_a_python_for_which_there_are_not_all_packages_is_refused_before_anything_is_installed(tmp_path, version):
    """Pip would say that some version of some package cannot be found."""
    shutil.copy(MAKEFILE, tmp_path)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    python = tmp_path / "python"
    major, minor = version.split(".")
    site = f"import sys; sys.version_info = ({major}, {minor}, 0, 'final', 0)"
    (tmp_path / "sitecustomize.py").write_text(site)
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec python3 "$@"\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "install", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"needed is Python 3.11 to 3.13, this one is {version}; name another" in done.stderr
    assert not (tmp_path / ".venv").exists()
