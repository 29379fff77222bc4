"""The demo: draws sample pages, lets digitdrop read them, and shows what it read.

python tests/demo.py FOLDER          reads the sample pages once
python tests/demo.py FOLDER --run    starts the daemon on the folder
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from sample_pages import PAGES, DrawnPage, draw, encode

# The folders beside this file have the names of the packages they test, and must not be found in their place.
sys.path.pop(0)

from daemon.report import print_table
from daemon.result import Result

COMMAND = Path(sys.executable).with_name("digitdrop")
FOLDERS = ("inbox", "outbox", "archive", "failed", "state")

CONFIGURATION = """\
# The configuration of the demo; every other key has its default, see config/default.yaml.
inbox: inbox
outbox: outbox
archive: archive
failed: failed
state: state
"""


def main() -> int:
    """Prepares the folder, and reads the sample pages or starts the daemon."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--run", action="store_true", help="start the daemon")
    options = parser.parse_args()
    folder: Path = options.folder
    for name in ("samples", *FOLDERS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    config = folder / "digitdrop.yaml"
    config.write_text(CONFIGURATION)
    pages = draw_samples(folder / "samples")
    if options.run:
        print(f"The daemon watches {folder}/inbox. In another terminal:")
        print(f"  cp {folder}/samples/photo.jpg {folder}/inbox/")
        print(f"Results appear in {folder}/outbox. Ctrl-C ends it.", flush=True)
        os.execv(COMMAND, [str(COMMAND), "run", "--config", str(config)])
    forget_last_time(folder)
    for name in pages:
        (folder / "inbox" / name).write_bytes((folder / "samples" / name).read_bytes())
    code = subprocess.run([COMMAND, "once", "--config", config], check=False).returncode
    if code == 0:
        show(folder / "outbox", pages)
    return code


def draw_samples(folder: Path) -> dict[str, DrawnPage]:
    """Draws the sample pages into files; returns them by name."""
    pages = {name: draw(name) for name in PAGES}
    for name, page in pages.items():
        (folder / name).write_bytes(encode(name, page))
    return pages


def forget_last_time(folder: Path) -> None:
    """Removes what an earlier demo made of the sample pages, and the ledger with its tables; other documents stay."""
    made = [path for name in FOLDERS[:-1] for page in PAGES for path in (folder / name).glob(f"{page}*")]
    for path in (*made, *(folder / "state").glob("ledger*"), *(folder / "outbox" / "tables").glob("????-??-??.*")):
        path.unlink()


def show(outbox: Path, pages: dict[str, DrawnPage]) -> None:
    """Prints the numbers that were read, how many are right, and where everything is."""
    results = [Result.from_json(json.loads((outbox / f"{name}.json").read_bytes())) for name in pages]
    print_table(results, Console())
    drawn = [number for page in pages.values() for line in page.lines for number in line]
    right = sum(
        (Counter(texts(result)) & Counter(number for line in page.lines for number in line)).total()
        for result, page in zip(results, pages.values(), strict=True)
    )
    print(f"{right} of the {len(drawn)} numbers that were drawn are read exactly.\n\nThe annotated pictures:")
    for name in pages:
        print(f"  {outbox / name}.annotated.jpg")
    print(f"The day's tables, for Excel or LibreOffice:\n  {outbox}/tables/")
    command = f"{os.path.relpath(COMMAND)} review --config {outbox.parent}/digitdrop.yaml"
    print(f"A page to correct the doubtful numbers on:\n  {command}")


def texts(result: Result) -> list[str]:
    """The numbers of a result as they were read."""
    return [number.text for page in result.content.pages for number in page.numbers]


if __name__ == "__main__":
    sys.exit(main())
