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

from config.loader import load_settings
from config.shipped import shipped_companions, shipped_model
from daemon.ledger import Ledger
from recognition.page import read_document
from recognition.params import RecognitionParams
from recognition.reader import load_reader
from recognition.training.dataset import load_test
from recognition.training.digit_sets import load_set

sys.path.insert(0, str(Path(__file__).parents[1]))
from reviewer import look_over, written
from sample_pages import Digits, DrawnPage, encode, log_sheet

sys.path.pop(0)


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
        with Ledger(load_settings(config).state, create=False) as ledger:
            print(f"numbers that somebody looked at: {look_over(ledger, taught)}", flush=True)
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


def measured(pages: Sequence[DrawnPage], model: Path) -> Counter[str]:
    """Reads pages with a network and the shipped ones beside it."""
    reader = load_reader(model, *shipped_companions())
    counts: Counter[str] = Counter()
    for page in pages:
        (read,) = read_document(encode("page.png", page), reader, RecognitionParams()).pages
        counts["numbers"] += sum(map(len, page.lines))
        for number in read.numbers:
            right = number.text == written(number.bbox.to_json(), page)
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
