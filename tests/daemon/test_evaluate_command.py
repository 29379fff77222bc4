"""`digitdrop evaluate`, run as people run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

SAMPLE = Path(__file__).parents[1] / "data" / "mnist_sample.npz"


def evaluate(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "daemon", "evaluate", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=180, check=False, env={"PATH": "/usr/bin:/bin"}
    )


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder with two pages, each with the digits 0 to 3 of the sample wide apart."""
    with np.load(SAMPLE) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    folder = tmp_path / "pages <b>"
    folder.mkdir()
    for name, kind in (("first", "plain"), ("second", "dark")):
        ink = np.zeros((300, 700), np.float32)
        for digit in range(4):
            glyph = cv2.resize(images[labels == digit][0], (70, 70), interpolation=cv2.INTER_CUBIC)
            ink[100:170, 60 + 160 * digit : 130 + 160 * digit] = glyph
        cv2.imwrite(str(folder / f"{name}.png"), ink if kind == "dark" else 255 - ink)
        (folder / f"{name}.truth.json").write_text(json.dumps({"lines": ["0 1 2 3"], "kind": kind}))
    return folder


def test_digits_and_pages_are_measured_into_one_report(pages: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = evaluate("--data", SAMPLE, "--pages", pages, "--by", "kind", "--jobs", "2", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "mnist_sample.npz: " in done.stdout
    assert "pages in pages <b>: 2, numbers accepted from confidence 0.9" in done.stdout
    assert "2/2 second.png: " in done.stderr
    assert str(out / "report.html") in done.stderr
    record = json.loads((out / "evaluation.json").read_text("utf-8"))
    assert list(record["pages"]["groups"]) == ["dark", "plain"]
    assert record["pages"]["groups"]["plain"]["exact"] == 1.0
    assert "pages &lt;b&gt;" in (out / "report.html").read_text("utf-8")


def test_pages_are_read_as_a_configuration_says(pages: Path, tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text("thresholds: {accept: 0.5}\n")
    done = evaluate("--pages", pages, "--config", tmp_path / "d.yaml", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "numbers accepted from confidence 0.5" in done.stdout
    (tmp_path / "d.yaml").write_text("thresholds: {accept: 5}\n")
    assert evaluate("--pages", pages, "--config", tmp_path / "d.yaml").returncode == 78


def test_what_cannot_be_measured_ends_with_2_and_one_line_that_says_what_to_do(pages: Path, tmp_path: Path) -> None:
    (pages / "first.truth.json").unlink()
    (tmp_path / "digits.npz").write_text("no archive")
    for words, said in (
        (["--pages", pages], "write first.truth.json"),
        (["--pages", tmp_path / "missing"], "no such folder"),
        (["--data", tmp_path / "digits.npz"], "fetch or write it again"),
        (["--data", SAMPLE, "--out", SAMPLE], f"Received: {SAMPLE}: a file stands there"),
    ):
        done = evaluate(*words)
        assert done.returncode == 2
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_page_that_cannot_be_read_counts_as_missed_and_ends_with_1(pages: Path) -> None:
    first = pages / "first.png"
    first.write_bytes(first.read_bytes()[: first.stat().st_size // 2])
    done = evaluate("--pages", pages, "--by", "page", "--jobs", "1")
    assert done.returncode == 1
    assert "first.png could not be read: the PNG " in done.stdout
    (row,) = (line.split() for line in done.stdout.splitlines() if line.startswith("first.png  "))
    assert row[1:4] == ["1", "4", "0.0000"]


def test_a_key_to_group_by_needs_pages() -> None:
    done = evaluate("--by", "style")
    assert done.returncode == 2
    assert "--pages" in done.stderr
    assert "Traceback" not in done.stderr
