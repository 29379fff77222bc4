"""Measures how fast and how small digitdrop is, beside other OCR programs in the same run.

    python tests/benchmarks/speed.py [--rapidocr PYTHON] [--tesseract PYTHON] [--rounds 5] [--quick] [--json FILE]

PYTHON is an interpreter of an environment with RapidOCR, or with OpenCV for Tesseract's command. `--quick` leaves out a
start on a million documents, and a run of 20,000 pages.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

# `page_speed` and `service_speed` stand beside this file, whose folder is on the path of a script.
from page_speed import Peer, measure_import, measure_page, measure_workers
from service_speed import measure_flat, measure_history, measure_service

sys.path.insert(0, str(Path(__file__).parents[1]))
from sample_pages import Digits, encode, plain_page, small_page

sys.path.pop(0)

Figures = dict[str, Any]


def main() -> None:
    """Measures everything, prints the table, and writes the JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rapidocr", help="Python with RapidOCR")
    parser.add_argument("--tesseract", help="Python with OpenCV; the command tesseract must be there")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    drawn = plain_page(np.random.default_rng([1, 6]), Digits.load(), dpi=300)
    page = encode("page.jpg", drawn)
    small = small_page(np.random.default_rng(1), Digits.load())
    peers = [Peer(python, name) for name in ("rapidocr", "tesseract") if (python := getattr(options, name))]
    figures: Figures = {
        "versions": versions(),
        "digits": sum(len(number) for line in drawn.lines for number in line),
        "page": measure_page(page, peers, options.rounds),
        "pages_per_s": measure_workers(page, (1, 2), pages=12),
        "import": measure_import(),
    }
    with tempfile.TemporaryDirectory(prefix="digitdrop-speed-") as folder:
        root = Path(folder)
        figures["service"] = measure_service(root / "service", page, latencies=60, rest_s=60)
        if not options.quick:
            figures["history"] = measure_history(root / "history")
            figures["flat"] = measure_flat(root / "flat", small, documents=20_000, window=1000)
    for line in table(figures):
        print(line)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def table(figures: Figures) -> list[str]:
    """The figures with what they have to reach."""
    page, service, pages = figures["page"], figures["service"], figures["pages_per_s"]
    own = page["digitdrop"]["seconds"]
    code = page["decode and encode"]
    rows = [
        (f"A4, 300 dpi, {figures['digits']} digits, one worker", f"{own:.3f} s", ""),
        ("that, over decoding and encoding it", f"{code['ratio']:.2f}", "<= 1.5"),
    ]
    for name, value in page.items():
        if isinstance(value, dict) and name not in ("digitdrop", "decode and encode"):
            text = f"{1 / value['ratio']:.1f} times as long ({value['seconds']:.2f} s, {value['peak_mb']} MB)"
            rows.append((name, text, ">= 20"))
    rows += [
        ("pages a second, two workers over one", f"{pages['2'] / pages['1']:.2f} ({pages['2']:.2f}/s)", ">= 1.8"),
        ("service idle, resident", memory(service["idle_mb"]), "<= 300"),
        ("service at work, resident", memory(service["working_mb"]), "<= 450"),
        ("start to READY", f"{service['ready_s']:.2f} s", "<= 1.5"),
        ("file moved in to results, median", f"{service['latency_s']['median']:.3f} s", "<= 0.5"),
        ("file moved in to results, 99 %", f"{service['latency_s']['p99']:.3f} s", "<= 1"),
        ("CPU at rest, of a core", f"{100 * service['cpu_at_rest']:.2f} %", "< 0.3 %"),
        ("import of recognition", f"{figures['import']['seconds']:.2f} s {figures['import']['heavy']}", "<= 0.6"),
    ]
    if "history" in figures:
        rows.append(("first result on a long history", f"{figures['history']['first_result_s']:.1f} s", "<= 10"))
        first, last = figures["flat"]["first"], figures["flat"]["last"]
        change = 100 * (last["cpu_s"] / first["cpu_s"] - 1)
        rows.append((f"cost of page {figures['flat']['documents']} over the first", f"{change:+.1f} %", "within 5 %"))
        grown = last["memory_mb"]["resident"] / first["memory_mb"]["resident"]
        rows.append(("resident memory then", f"{100 * (grown - 1):+.1f} %", "within 5 %"))
    return [f"{name:48}{value:34}{bar}" for name, value, bar in rows]


def memory(figures: dict[str, int]) -> str:
    """Memory both ways."""
    return f"{figures['resident']} MB ({figures['proportional']} MB shared out)"


def versions() -> dict[str, str]:
    """What the figures were made with."""
    names = ("digitdrop", "numpy", "opencv-python-headless", "ai-edge-litert", "pillow")
    return {
        "python": platform.python_version(),
        "cores": str(len(os.sched_getaffinity(0))),
        "opencv": cv2.__version__,
        **{name: version(name) for name in names},
    }


if __name__ == "__main__":
    main()
