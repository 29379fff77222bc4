"""The demo, as those try it who are new to digitdrop: more than once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[1] / "demo.py"


def test_a_second_demo_is_as_the_first(tmp_path: Path) -> None:
    said = []
    for _ in range(2):
        done = subprocess.run([sys.executable, DEMO, tmp_path], capture_output=True, text=True, timeout=120, check=True)
        assert " WARNING " not in done.stderr
        said.append(done.stdout)
    assert said[0] == said[1]
    assert sorted(path.suffix for path in (tmp_path / "outbox" / "tables").iterdir()) == [".csv", ".xlsx"]
