"""Looks at what a daemon has left behind, and names everything that is not as it must be."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections import Counter
from collections.abc import Collection, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np

Rows = Counter[tuple[str, ...]]


def finder(folder: Path) -> list[Path]:
    """Everything below a folder that may vanish meanwhile."""
    found = []
    for root, _, names in os.walk(folder):
        found += [Path(root) / name for name in names]
    return found


def examine(root: Path, files: Collection[bytes]) -> list[str]:
    """Every original is in archive/ or failed/ once, every content read has one set of whole outputs, and nothing else.

    Args:
        root: the folder of inbox, outbox, archive and failed; nothing is at work in them.
        files: the contents that arrived, each as often as it did.

    Returns:
        What is wrong, one sentence each.
    """
    faults: list[str] = []
    archived, failed = placed(root / "archive"), placed(root / "failed")
    reasons = {name for name in failed if name.endswith(".reason.json")}
    originals = Counter(list(archived.values()) + [data for name, data in failed.items() if name not in reasons])
    for data, count in (Counter(files) - originals).items():
        faults.append(f"lost {count} of {sha256(data).hexdigest()[:12]}")
    for data, count in (originals - Counter(files)).items():
        faults.append(f"{count} too many of {sha256(data).hexdigest()[:12]}")
    if reasons != {f"{name}.reason.json" for name in failed if name not in reasons}:
        faults.append("the reasons in failed/ are not those of its originals")
    faults += [f"left in the inbox: {path}" for path in finder(root / "inbox")]
    rows = examine_outbox(root / "outbox", set(archived.values()), faults)
    examine_tables(root / "outbox" / "tables", rows, faults)
    return faults


def placed(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in finder(folder)}


def print_faults(faults: Sequence[str], fine: str) -> None:
    """Prints the first on a line each and their number, or that all is as it must be."""
    for fault in faults[:50]:
        print(f"FAULT: {fault}")
    print(f"{len(faults)} faults" if faults else fine)


def examine_outbox(outbox: Path, read: set[bytes], faults: list[str]) -> Rows:
    """Each content read has one set of whole outputs; gives the rows that belong into the day tables."""
    outputs = {name: data for name, data in placed(outbox).items() if not name.startswith("tables/")}
    expected, seen = set(), Counter[str]()
    rows: Rows = Counter()
    for name, data in outputs.items():
        if not name.endswith(".json"):
            continue
        try:
            value: dict[str, Any] = json.loads(data)
            stem = name.removesuffix(".json")
            seen[value["sha256"]] += 1
            pictures = {picture_name(stem, page["page"]) for page in value["pages"]}
            expected |= {name, f"{stem}.csv", *pictures}
            text = outputs[f"{stem}.csv"].decode("utf-8-sig")
            own = [tuple(row) for row in csv.reader(io.StringIO(text))][1:]
            if [row[4] for row in own] != [number["text"] for page in value["pages"] for number in page["numbers"]]:
                faults.append(f"the CSV of {name} is not its JSON's")
            rows.update(own)
            faults += [f"{picture} is not whole" for picture in pictures if not is_whole_jpeg(outputs[picture])]
        except (ValueError, LookupError) as error:
            faults.append(f"the results of {name} are not whole: {error!r}")
    faults += [f"nobody's in the outbox: {name}" for name in outputs.keys() - expected]
    hashes = {sha256(data).hexdigest() for data in read}
    if set(seen) != hashes:
        faults.append(f"{len(hashes - set(seen))} contents without results, {len(set(seen) - hashes)} without original")
    faults += [f"{count} results for {digest[:12]}" for digest, count in seen.items() if count != 1]
    return rows


def picture_name(stem: str, page: int) -> str:
    """What the annotated picture of a page is called."""
    return f"{stem}.annotated.jpg" if page == 1 else f"{stem}.p{page}.annotated.jpg"


def is_whole_jpeg(data: bytes) -> bool:
    """Whether it ends, and can be decoded."""
    return data.endswith(b"\xff\xd9") and cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is not None


def examine_tables(tables: Path, rows: Rows, faults: list[str]) -> None:
    """The day tables have each row of every document once."""
    found: Rows = Counter()
    names = sorted(path.name for path in tables.iterdir())
    for path in tables.glob("*.csv"):
        found.update(tuple(row) for row in list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))[1:])
        with zipfile.ZipFile(path.with_suffix(".xlsx")) as book:
            if book.testzip() is not None:
                faults.append(f"the workbook beside {path.name} is damaged")
    if names != sorted(
        f"{Path(name).stem}{kind}" for name in names if name.endswith(".csv") for kind in (".csv", ".xlsx")
    ):
        faults.append(f"more or less than the tables in tables/: {names}")
    if found != rows:
        faults.append(f"the tables lack {(rows - found).total()} rows and have {(found - rows).total()} too many")
