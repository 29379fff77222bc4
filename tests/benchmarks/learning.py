"""Measures what it is worth to learn from what people say of doubtful numbers (`digitdrop learn`).

    python tests/benchmarks/learning.py --mnist FOLDER --hands SET.npz [--pages 16] [--seed 1]

SET.npz holds digits of other hands than MNIST's (`images`, bright ink, and `labels`). Log sheets are drawn with one
half of them and read as a service would; somebody says of each number that goes to review what is written there; the
network learns from that. Then as many sheets of the other half are read by the network as it was and as it is, and as
many of MNIST's test digits.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))
from sample_pages import Digits, DrawnPage, encode, log_sheet

sys.path.pop(0)

from config.loader import load_settings
from config.shipped import shipped_companions, shipped_model
from daemon.ledger import Ledger
from daemon.ledger.reviews import Change
from daemon.result import NumberJson, numbers_of
from daemon.review.answers import settled
from recognition.page import read_document
from recognition.params import RecognitionParams
from recognition.reader import load_reader
from recognition.training.dataset import load_test
from recognition.training.digit_sets import load_set

TOP_PX, PITCH_PX = 190 + 92 - 62, 92
LEFTS_PX = (200, 480, 870)
"""Where the numbers of a log sheet stand."""


def main() -> None:
    """Draws, reads, teaches, reads again, and prints the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", type=Path, required=True, help="folder with MNIST's IDX files")
    parser.add_argument("--hands", type=Path, required=True, help=".npz of images and labels")
    parser.add_argument("--pages", type=int, default=16, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    hands, rng = Digits(*load_set(options.hands).digits), np.random.default_rng(options.seed)
    order = rng.permutation(len(hands.labels))
    first, second = (Digits(hands.images[half], hands.labels[half]) for half in np.array_split(order, 2))
    test = Digits(*load_test(options.mnist))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = configured(folder)
        taught = {f"{page:03}.png": log_sheet(rng, first) for page in range(options.pages)}
        for file, page in taught.items():
            (folder / "inbox" / file).write_bytes(encode(file, page))
        subprocess.run([sys.executable, "-m", "daemon", "once", "--config", config], check=True)
        print(f"numbers that somebody looked at: {look_over(config, taught)}", flush=True)
        command = ["learn", folder / "own", "--data", options.mnist, "--config", config, "--seed", str(options.seed)]
        done = subprocess.run([sys.executable, "-m", "daemon", *command], check=False)
        models = {"before": shipped_model()} | ({} if done.returncode else {"after": folder / "own.tflite"})
        later = {"the same hands": second, "MNIST": test}
        for kind, digits in later.items():
            pages = [log_sheet(rng, digits) for _ in range(options.pages)]
            for when, model in models.items():
                print(f"{kind}, {when}: {told(measured(pages, model))}", flush=True)


def configured(folder: Path) -> Path:
    """The configuration of a service in a folder, with an inbox."""
    names = ("inbox", "outbox", "archive", "failed", "state")
    (folder / "inbox").mkdir()
    config = folder / "digitdrop.yaml"
    config.write_text(yaml.safe_dump({name: name for name in names} | {"watch": {"stable_seconds": 0.1}}))
    return config


def look_over(config: Path, pages: dict[str, DrawnPage]) -> int:
    """Says of each number that is to be reviewed what is written there; returns of how many."""
    settings = load_settings(config)
    count = 0
    with Ledger(settings.state, create=False) as ledger:
        for day in ledger.reviews.days():
            for key in ledger.reviews.doubtful(day):
                result = ledger.reviews.document(key).result
                truth = pages[result["document"]]
                changes = {
                    index: Change(number, settled(number, written(number["bbox"], truth)))
                    for index, (_, number) in enumerate(numbers_of(result))
                    if number["needs_review"]
                }
                count += len(ledger.reviews.change(key, changes))
    return count


def written(bbox: Sequence[int], page: DrawnPage) -> str:
    """The number that is written where a box is, empty where none is."""
    x, y, _, height = bbox
    line = round((y + height / 2 - 26 - TOP_PX) / PITCH_PX)
    near = [place for place, left in enumerate(LEFTS_PX) if abs(x - left) < 60]
    return page.lines[line][near[0]] if 0 <= line < len(page.lines) and near else ""


def measured(pages: Sequence[DrawnPage], model: Path) -> Counter[str]:
    """Reads pages with a network and the shipped ones beside it."""
    reader = load_reader(model, *shipped_companions())
    counts: Counter[str] = Counter()
    for page in pages:
        (read,) = read_document(encode("page.png", page), reader, RecognitionParams()).pages
        counts["numbers"] += sum(map(len, page.lines))
        for number in read.numbers:
            box: NumberJson = number.to_json()
            right = number.text == written(box["bbox"], page)
            counts["exact"] += right
            counts["accepted"] += not number.needs_review
            counts["wrong"] += not number.needs_review and not right
    return counts


def told(counts: Counter[str]) -> str:
    """The counts as a line."""
    exact, accepted = (counts[name] / counts["numbers"] for name in ("exact", "accepted"))
    return f"{counts['numbers']} numbers, exact {exact:.3f}, accepted {accepted:.3f}, wrong of these {counts['wrong']}"


if __name__ == "__main__":
    main()
