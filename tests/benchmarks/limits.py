"""Finds where reading ends: how small, pale, blurred, noisy and tilted writing may be, one fault at a time.

    python tests/benchmarks/limits.py --data MNIST [--each 2] [--seed 5] [--json FILE]

An A4 page of 400 digits 6.5 mm high, from MNIST's test split, is scanned worse and worse.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

# `pages` stands beside this file, and finds the drawing code; its folder is on the path of a script.
from pages import Digits, DrawnPage, plain_page, rates, score

from config.shipped import shipped_companions, shipped_model
from recognition.reader import Reader, load_reader
from recognition.training.dataset import load_test

Pixels = NDArray[np.uint8]
Fault = Callable[[np.random.Generator, Pixels, float], Pixels]

DPI = 200
DIGIT_MM = 6.5


def smaller(_: np.random.Generator, page: Pixels, height_px: float) -> Pixels:
    """The page reduced until its digits are so high."""
    scale = height_px / (DIGIT_MM / 25.4 * DPI)
    return as_pixels(cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def paler(_: np.random.Generator, page: Pixels, contrast: float) -> Pixels:
    """The page with so much of the contrast between ink and paper."""
    return as_pixels(np.clip(235 + (page.astype(np.float32) - 235) * contrast, 0, 255))


def blurred(_: np.random.Generator, page: Pixels, share: float) -> Pixels:
    """The page out of focus: the blur's standard deviation as a share of the digits' height."""
    return as_pixels(cv2.GaussianBlur(page, (0, 0), share * DIGIT_MM / 25.4 * DPI))


def noisier(rng: np.random.Generator, page: Pixels, deviation: float) -> Pixels:
    """The page with grain of that standard deviation, of 255."""
    return as_pixels(np.clip(page + rng.normal(0, deviation, page.shape), 0, 255))


def tilted(_: np.random.Generator, page: Pixels, angle_deg: float) -> Pixels:
    """The page turned counter-clockwise on white."""
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 0.8)
    return as_pixels(cv2.warpAffine(page, matrix, (width, height), borderValue=(240, 244, 246)))


def shadowed(_: np.random.Generator, page: Pixels, darkest: float) -> Pixels:
    """The page half in a shadow that leaves so much of the light."""
    along = np.linspace(-1, 1, page.shape[1], dtype=np.float32)
    light = darkest + (1 - darkest) / (1 + np.exp(-along * 12))
    return as_pixels(np.clip(page * light[None, :, None], 0, 255))


FAULTS: dict[str, tuple[Fault, tuple[float, ...]]] = {
    "digit height in px": (smaller, (51, 32, 24, 20, 16, 14, 12, 10, 8)),
    "contrast": (paler, (1.0, 0.5, 0.3, 0.2, 0.15, 0.1)),
    "blur, share of digit height": (blurred, (0.02, 0.05, 0.08, 0.11, 0.15)),
    "grain": (noisier, (0, 10, 20, 30, 45)),
    "tilt in degrees": (tilted, (0, 3, 6, 10, 20, 45, 90, 180)),
    "light in the shadow": (shadowed, (1.0, 0.6, 0.4, 0.25, 0.15)),
}


def as_pixels(values: object) -> Pixels:
    """Values as pixels."""
    return np.asarray(values).astype(np.uint8)


def main() -> None:
    """Measures each fault at each strength, prints the table, and writes the JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST's IDX files")
    parser.add_argument("--each", type=int, default=2, help="pages at each strength")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    digits = Digits(*load_test(options.data))
    pages = [plain_page(np.random.default_rng([options.seed, k]), digits, dpi=DPI) for k in range(options.each)]
    reader = load_reader(shipped_model(), *shipped_companions())
    found: dict[str, dict[str, Mapping[str, float]]] = {}
    for name, (fault, strengths) in FAULTS.items():
        print(f"{name:28}{'exact':>8}{'digit errors':>14}{'accepted':>10}{'wrong per 1000':>16}")
        found[name] = {}
        for strength in strengths:
            share = rates(measure(pages, fault, strength, reader))
            found[name][str(strength)] = share
            print(
                f"{strength:28g}{share['exact']:8.1%}{share['digit_error_rate']:14.2%}"
                f"{share['accepted']:10}{share['wrong_per_1000_accepted']:16.1f}"
            )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def measure(pages: list[DrawnPage], fault: Fault, strength: float, reader: Reader) -> Counter[str]:
    """Counts what is read right and wrong on the pages with the fault."""
    rng = np.random.default_rng(0)
    faulty = [replace(page, pixels=fault(rng, page.pixels, strength)) for page in pages]
    return sum((score(page, reader) for page in faulty), Counter())


if __name__ == "__main__":
    main()
