"""Trains the tutorial's networks in full and records what they reach, as JSON and as a table.

    python tests/benchmarks/architectures.py MODELS --data MNIST [--only cnn]

A network whose model already stands in MODELS is not trained again, so that an interrupted run can be gone on with.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recognition.training.architectures import ARCHITECTURES
from recognition.training.train import TrainOptions, train

HERE = Path(__file__).parent


def main() -> None:
    """Trains what is missing and writes ARCHITECTURES.md and architectures.json beside this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, help="folder for the trained models")
    parser.add_argument("--data", type=Path, help="folder with MNIST's IDX files")
    parser.add_argument("--only", choices=tuple(ARCHITECTURES), action="append", help="train this one only")
    options = parser.parse_args()
    for name in options.only or ARCHITECTURES:
        if not (options.models / f"{name}.json").exists():
            command = f"digitdrop train --architecture {name}"
            train(TrainOptions(architecture=name, data=options.data, out=options.models / name, command=command))
    write_results(options.models)


def write_results(models: Path) -> None:
    """Gathers the records of the models in a folder."""
    files = [models / f"{name}.json" for name in ARCHITECTURES]
    records = [json.loads(file.read_text("utf-8")) for file in files if file.exists()]
    results = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "networks": [
            {key: record[key] for key in ("name", "command", "options", "versions", "metrics", "history")}
            for record in records
        ],
    }
    (HERE / "architectures.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    (HERE / "ARCHITECTURES.md").write_text(table(results), "utf-8")


def table(results: Mapping[str, Any]) -> str:
    """Formats the results as Markdown."""
    lines = [
        "# The tutorial's networks, trained in full",
        "",
        "Each was trained by `digitdrop train --architecture NAME` as it stands: plain gradient descent, 200 digits a",
        "step, 10 epochs on MNIST's training split of which the last 10 % validates, seed 1. `architectures.json`",
        "beside this file holds the figures of every epoch; `tests/benchmarks/architectures.py` makes both anew.",
        "",
        "| network | parameters | MNIST test split | wrong of 10,000 | validation | seconds an epoch |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for network in results["networks"]:
        figures = network["metrics"]
        lines.append(
            f"| `{network['name']}` | {figures['parameters']:,} | {figures['test_accuracy']:.2%} "
            f"| {figures['test_errors']} | {figures['val_accuracy']:.2%} | {figures['seconds_per_epoch']:.0f} |"
        )
    lines += [
        "",
        f"The seconds are by the wall clock, on {results['machine']}, beside other work that varied,",
        "so they say what to reckon with, and do not compare the networks.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
