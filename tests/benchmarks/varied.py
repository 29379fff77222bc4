"""Reads real pages as another scanner, phone or light would have given them: what hangs by a thread shows.

    python tests/benchmarks/varied.py PAGES… [--jobs 2] [--by group] [--only NAME…] [--json FILE]

There are few real pages, and what was tuned on them may hold for them only. None of these changes would keep a person
from reading a page, so that no figure should change much from one to the next; `disturbed.py` goes farther.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from disturbed import aslant, blurred, compressed, noisy, reduced, turned
from grounds import Disturb, Pixels, as_pixels

from config.shipped import shipped_companions, shipped_model
from recognition.params import RecognitionParams
from recognition.training.page_reading import Models, PageReading, Read, judge, load_read
from recognition.training.scoring import Counts
from recognition.training.truth import TruePage, load_pages_with_truth

_read: Read


def exposed(page: Pixels, gamma: float) -> Pixels:
    """The page lighter, with a gamma below 1, or darker."""
    return as_pixels(255 * (page / 255) ** gamma)


def unevenly_lit(page: Pixels) -> Pixels:
    """The page with a lamp to its left."""
    return as_pixels(page * np.linspace(1, 0.75, page.shape[1])[:, None])


def in_lamplight(page: Pixels) -> Pixels:
    """The page under a warm lamp, as a camera has it that does not allow for that."""
    return as_pixels(page * np.array([0.7, 0.88, 1]))


def without_color(page: Pixels) -> Pixels:
    """The page as a grey scan."""
    return as_pixels(cv2.cvtColor(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))


def enlarged(page: Pixels, scale: float) -> Pixels:
    """The page at a higher resolution."""
    return as_pixels(cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))


VARIATIONS: dict[str, Disturb] = {
    "as it is": lambda page: page,
    "0.6 of the size": partial(reduced, scale=0.6),
    "0.8 of the size": partial(reduced, scale=0.8),
    "1.25 of the size": partial(enlarged, scale=1.25),
    "1.6 of the size": partial(enlarged, scale=1.6),
    "turned by 1.5 degrees": partial(turned, angle_deg=1.5),
    "turned by -3 degrees": partial(turned, angle_deg=-3),
    "turned by 4 degrees": partial(turned, angle_deg=4),
    "aslant by 0.025": partial(aslant, share=0.025),
    "lighter": partial(exposed, gamma=0.8),
    "darker": partial(exposed, gamma=1.35),
    "unevenly lit": unevenly_lit,
    "in lamplight": in_lamplight,
    "without color": without_color,
    "blur of 0.9 px": partial(blurred, deviation_px=0.9),
    "grain of 6": partial(noisy, deviation=6),
    "JPEG quality 40": partial(compressed, quality=40),
}


def main() -> None:
    """Reads all pages in all variations, prints the table, and writes the JSON if asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+", help="folders of pages with truth files")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--by", default="group", help="key of the truth files by which pages are grouped")
    parser.add_argument("--only", nargs="*", choices=list(VARIATIONS), default=list(VARIATIONS))
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    pages = [one for folder in options.pages for one in load_pages_with_truth(folder)]
    groups = sorted({str(one.truth.keys.get(options.by, "-")) for one in pages})
    sums = {name: dict.fromkeys(groups, Counts()) for name in (*options.only, "all but as it is")}
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn"), start) as pool:
        for name in options.only:
            for reading in pool.map(partial(read, name), pages):
                group = str(reading.keys.get(options.by, "-"))
                for row in (name, "all but as it is")[: 1 if name == "as it is" else 2]:
                    sums[row][group] += reading.counts
    table = {name: {group: counts.figures() for group, counts in of_groups.items()} for name, of_groups in sums.items()}
    for group in groups:
        print(f"{group:26}{'DER':>8}{'exact':>8}{'accepted':>10}{'slips/1000':>12}{'alarms/page':>13}")
        for name, figures in table.items():
            shares = "".join(
                f"{'-' if figures[group][key] is None else format(figures[group][key], '.3f'):>{width}}"
                for key, width in {"DER": 8, "exact": 8, "accepted": 10}.items()
            )
            print(f"  {name:24}{shares}{figures[group]['slips/1000']:12.1f}{figures[group]['alarms/page']:13.2f}")
    if options.json:
        options.json.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


def start() -> None:
    """Loads the networks in a process."""
    global _read
    cv2.setNumThreads(1)
    _read = load_read(Models(shipped_model(), shipped_companions()))


def read(name: str, one: TruePage) -> PageReading:
    """Varies a page and compares what is read of it with its truth."""
    page = VARIATIONS[name](as_pixels(cv2.imread(str(one.path), cv2.IMREAD_COLOR)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{one.path.stem}.png"
        path.write_bytes(cv2.imencode(".png", page, (cv2.IMWRITE_PNG_COMPRESSION, 1))[1].tobytes())
        return judge(replace(one, path=path), _read, RecognitionParams())


if __name__ == "__main__":
    main()
