"""Reads pages with another OCR program, in an environment of its own: for each path on standard input, seconds.

    PYTHON tests/benchmarks/peer.py rapidocr|tesseract

RapidOCR: pip install rapidocr onnxruntime, 180-degree classifier off, because lines are flipped with it. Tesseract: its
command, psm 6 and digits only, on the page binarized by an adaptive threshold, without which it finds next to nothing.
Writes a first line with the program's version.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2


def rapidocr() -> tuple[str, Callable[[Any], None]]:
    """RapidOCR with the models it brings."""
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"Global.log_level": "error"})
    return f"RapidOCR {version('rapidocr')}", lambda page: engine(page, use_cls=False)


def tesseract() -> tuple[str, Callable[[Any], None]]:
    """Tesseract by its command; binarization belongs to reading, writing the picture down does, too."""
    found = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True).stdout

    def read(page: Any) -> None:
        gray = cv2.GaussianBlur(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), (5, 5), 0)
        ink = cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 51, 12)
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder) / "page.png"
            cv2.imwrite(str(picture), ink)
            words = ["tesseract", picture, Path(folder) / "out", "--psm", "6", "--dpi", "300"]
            subprocess.run(
                [*map(str, words), "-c", "tessedit_char_whitelist=0123456789", "tsv"], capture_output=True, check=True
            )

    return found.splitlines()[0].replace("tesseract", "Tesseract"), read


def main() -> None:
    """Answers each path with the seconds, and the end with the most memory."""
    name, read = {"rapidocr": rapidocr, "tesseract": tesseract}[sys.argv[1]]()
    print(name, flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        read(cv2.imread(line.strip()))
        print(time.perf_counter() - start, flush=True)
    who = resource.RUSAGE_SELF if sys.argv[1] == "rapidocr" else resource.RUSAGE_CHILDREN
    print(resource.getrusage(who).ru_maxrss // 1024, flush=True)


if __name__ == "__main__":
    main()
