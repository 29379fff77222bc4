"""Reads pages as worse scanners, phones and desks would have left them: small, blurred, bent, in a shadow, smudged.

    python tests/benchmarks/disturbed.py PAGES… [--jobs 2] [--only NAME…] [--json FILE]

`limits.py` shows where reading ends on one plain page; this is what becomes of forms, ruled and squared paper before.
A number counts as read where the page has one of that text, wherever it stands: the pages change their form.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import grounds
import numpy as np
from grounds import Disturb, Pixels, as_pixels

from config.shipped import shipped_companions, shipped_model
from recognition.page import read_document
from recognition.params import RecognitionParams
from recognition.reader import Reader, load_reader
from recognition.training.scoring import is_accepted
from recognition.training.truth import TruePage, load_pages_with_truth
from recognition.types import Number

HEADINGS = f"{'exact':>8}{'accepted':>10}{'slips/1000':>12}"
FIGURES = "{exact:8.3f}{accepted:10.3f}{slips/1000:12.1f}"
"""Of a line of the table, below the headings."""

_reader: Reader


def reduced(page: Pixels, scale: float) -> Pixels:
    """The page as a scanner of so much fewer dots an inch has it."""
    return as_pixels(cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def blurred(page: Pixels, deviation_px: float) -> Pixels:
    """The page out of focus."""
    return as_pixels(cv2.GaussianBlur(page, (0, 0), deviation_px))


def noisy(page: Pixels, deviation: float) -> Pixels:
    """The page with grain of that standard deviation, of 255."""
    return as_pixels(page + np.random.default_rng(0).normal(0, deviation, page.shape))


def turned(page: Pixels, angle_deg: float) -> Pixels:
    """The page turned counter-clockwise, with room for all of it."""
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = round(height * sine + width * cosine), round(height * cosine + width * sine)
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return as_pixels(cv2.warpAffine(page, matrix, size, borderMode=cv2.BORDER_REPLICATE))


def aslant(page: Pixels, share: float) -> Pixels:
    """The page from the side: each corner moved by up to so much of its sides."""
    height, width = page.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    moved = corners + np.random.default_rng(0).uniform(-share, share, (4, 2)) * (width, height)
    moved = (moved - moved.min(axis=0)).astype(np.float32)
    size = np.ceil(moved.max(axis=0)).astype(int).tolist()
    matrix = cv2.getPerspectiveTransform(corners, moved)
    return as_pixels(cv2.warpPerspective(page, matrix, size, borderMode=cv2.BORDER_REPLICATE))


def bent(page: Pixels, depth_px: float) -> Pixels:
    """The page of a curled notebook: its lines run in waves so deep."""
    height, width = page.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    rows = y + np.float32(depth_px) * np.sin(x / width * 3 * np.pi, dtype=np.float32)
    return as_pixels(cv2.remap(page, x, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def in_shadow(page: Pixels, light: float) -> Pixels:
    """The page with a shadow across it that leaves so much of the light, and whose edge is 50 pixels wide."""
    height, width = page.shape[:2]
    corners = np.array([(0.3 * width, 0), (0.6 * width, 0), (0.9 * width, height), (0.45 * width, height)])
    lit = np.ones((height, width), np.float32)
    cv2.fillPoly(lit, [np.rint(corners).astype(np.int32)], light)
    return as_pixels(page * cv2.GaussianBlur(lit, (0, 0), 12)[..., None])


def showing_through(page: Pixels, share: float) -> Pixels:
    """The page with its own mirror image on its back, so dark and blurred; a board has no back."""
    paper = float(np.median(page))
    if paper < 128:
        return page
    back = cv2.GaussianBlur(np.ascontiguousarray(page[:, ::-1]), (0, 0), 2.5).astype(np.float32)
    return as_pixels(np.minimum(page, paper - (paper - back) * share))


def bolder(page: Pixels, wider_px: int) -> Pixels:
    """The page written with a pen whose strokes are so much wider."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wider_px + 1, wider_px + 1))
    return as_pixels(cv2.dilate(page, disc) if np.median(page) < 128 else cv2.erode(page, disc))


def compressed(page: Pixels, quality: int) -> Pixels:
    """The page as a JPEG of that quality leaves it."""
    data = cv2.imencode(".jpg", page, (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
    return as_pixels(cv2.imdecode(data, cv2.IMREAD_COLOR))


def folded(page: Pixels, depth: float) -> Pixels:
    """The page of a book, of which the fold along its left side takes so much of the light."""
    across = np.arange(page.shape[1]) / page.shape[1]
    return as_pixels(page * (1 - depth * np.exp(-((across / 0.07) ** 2)))[:, None])


def streaked(page: Pixels) -> Pixels:
    """The page with the streaks that five grains of dust leave in a scanner that draws its pages in."""
    result = page.copy()
    result[:, np.random.default_rng(4).integers(0, page.shape[1], 5)] = (40, 220, 60)
    return result


def noted(page: Pixels) -> Pixels:
    """The page with a yellow note in its middle, as if some of it were written on that."""
    height, width = page.shape[:2]
    result = page.copy()
    part = result[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    part[:] = as_pixels(part * np.array((0.35, 0.9, 1)))
    return result


def smudged(page: Pixels) -> Pixels:
    """The page with smudges of a thumb or an eraser that take up to 0.3 of the light."""
    height, width = page.shape[:2]
    rng = np.random.default_rng(10)
    dark = np.zeros((height, width), np.float32)
    for _ in range(25):
        middle = int(rng.integers(0, width)), int(rng.integers(0, height))
        axes = int(rng.integers(30, 120)), int(rng.integers(10, 35))
        cv2.ellipse(dark, middle, axes, int(rng.integers(0, 180)), 0, 360, float(rng.uniform(0.05, 0.3)), cv2.FILLED)
    return as_pixels(page * (1 - cv2.GaussianBlur(dark, (0, 0), 6))[..., None])


def overprinted(page: Pixels) -> Pixels:
    """The page with large pale letters behind its writing, as of a copier that marks copies."""
    height, width = page.shape[:2]
    letters = np.full((height, width), 255, np.uint8)
    for row in range(3):
        place = (20, (1 + row) * height // 4)
        cv2.putText(letters, "COPY 2024", place, cv2.FONT_HERSHEY_SIMPLEX, width / 260, 209, width // 60, cv2.LINE_AA)
    return as_pixels(page * (letters[..., None] / 255))


def black_and_white(page: Pixels, scale: float) -> Pixels:
    """The page as a scanner or fax has it that knows only black and white, of so many fewer dots an inch."""
    height, width = page.shape[:2]
    gray = cv2.cvtColor(reduced(page, scale), cv2.COLOR_BGR2GRAY)
    gray = ~gray if np.median(gray) < 128 else gray
    plain = cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 101, 30)
    whole = cv2.resize(plain, (width, height), interpolation=cv2.INTER_NEAREST)
    return as_pixels(cv2.cvtColor(whole, cv2.COLOR_GRAY2BGR))


DISTURBANCES: dict[str, Disturb] = {
    "none": lambda page: page,
    "half the size": partial(reduced, scale=0.5),
    "a third of the size": partial(reduced, scale=0.35),
    "blur of 1.5 px": partial(blurred, deviation_px=1.5),
    "grain of 15": partial(noisy, deviation=15),
    "turned by 5 degrees": partial(turned, angle_deg=5),
    "aslant by a tenth": partial(aslant, share=0.1),
    "bent by 18 px": partial(bent, depth_px=18),
    "in a shadow of 0.45": partial(in_shadow, light=0.45),
    "showing through at 0.08": partial(showing_through, share=0.08),
    "showing through at 0.25": partial(showing_through, share=0.25),
    "strokes 6 px wider": partial(bolder, wider_px=6),
    "strokes 8 px wider": partial(bolder, wider_px=8),
    "JPEG quality 10": partial(compressed, quality=10),
    "a fold of 0.9": partial(folded, depth=0.9),
    "streaks of dust": streaked,
    "a note on it": noted,
    "smudges": smudged,
    "large pale print": overprinted,
    "dots 47 px apart": partial(grounds.dotted, pitch_px=47),
    "dots 24 px apart": partial(grounds.dotted, pitch_px=24),
    "black and white": partial(black_and_white, scale=1.0),
    "fax at 0.66 of the size": partial(black_and_white, scale=0.66),
    "light blue ink": partial(grounds.written_in, color=grounds.LIGHT_BLUE),
    "orange ink": partial(grounds.written_in, color=grounds.ORANGE),
    "orange millimeter paper": partial(grounds.on_millimeter_paper, color=grounds.PALE_ORANGE),
    "green millimeter paper": partial(grounds.on_millimeter_paper, color=grounds.PALE_GREEN),
    "grey millimeter paper": partial(grounds.on_millimeter_paper, color=grounds.BLUE_GREY),
    "halftone of 5 px": partial(grounds.on_halftone, pitch_px=5),
    "guilloche at 190": partial(grounds.on_guilloche, brightness=190),
    "blue stamps": partial(grounds.stamped, color=grounds.BLUE),
    "red stamps": partial(grounds.stamped, color=grounds.RED),
    "violet stamps": partial(grounds.stamped, color=grounds.VIOLET),
}


def main() -> None:
    """Reads all pages with each disturbance, prints the table, and writes the JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+", help="folders of pages with truth files that name their numbers")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", nargs="*", choices=list(DISTURBANCES), default=list(DISTURBANCES))
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    pages = [one for folder in options.pages for one in load_pages_with_truth(folder)]
    table = {}
    print(f"{'':26}{HEADINGS}")
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn"), start) as pool:
        for name in options.only:
            counts = sum(pool.map(partial(read, name), pages), Counter())
            table[name] = rates(counts)
            print(f"{name:26}" + FIGURES.format_map(table[name]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


def rates(counts: Counter[str]) -> dict[str, float]:
    """The figures of what `compared` counted."""
    accepted = counts["accepted right"] + counts["slips"]
    return {
        "exact": round(counts["exact"] / counts["numbers"], 4),
        "accepted": round(counts["accepted right"] / counts["numbers"], 4),
        "slips/1000": round(1000 * counts["slips"] / max(1, accepted), 1),
    }


def start() -> None:
    """Loads the networks in a process."""
    global _reader
    cv2.setNumThreads(1)
    _reader = load_reader(shipped_model(), *shipped_companions())


def numbers_on(page: Pixels) -> tuple[Number, ...]:
    """Reads a page; `start` was called."""
    data = cv2.imencode(".png", page, (cv2.IMWRITE_PNG_COMPRESSION, 1))[1].tobytes()
    return read_document(data, _reader, RecognitionParams()).pages[0].numbers


def read(name: str, one: TruePage) -> Counter[str]:
    """Disturbs a page, reads it and counts."""
    page = DISTURBANCES[name](as_pixels(cv2.imread(str(one.path), cv2.IMREAD_COLOR)))
    numbers = numbers_on(page)
    return compared(Counter(number.text for number in one.truth.numbers or ()), numbers)


def compared(stand: Counter[str], numbers: Sequence[Number]) -> Counter[str]:
    """Counts what stands on a page, what of it was read and accepted, and what else was accepted."""
    accepted = Counter(number.text for number in numbers if is_accepted(number))
    return Counter(
        {
            "numbers": stand.total(),
            "exact": (stand & Counter(number.text for number in numbers)).total(),
            "accepted right": (stand & accepted).total(),
            "slips": (accepted - stand).total(),
        }
    )


if __name__ == "__main__":
    main()
