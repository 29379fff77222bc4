"""Takes each protection against what a folder-watching daemon meets out, one at a time, and sees its tests fail.

    python tests/benchmarks/protections.py [NUMBER...] [--json FILE]

The protections and their tests stand in tests/situations.yaml. Each is taken out of a copy of the code. Ends with 1
when a test passes without its protection, for it tells nothing of it then. Takes some minutes; needs what the tests
need.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

# The table's reader stands one folder up, where folders have the names of the packages and must not be taken for them.
sys.path.insert(0, str(Path(__file__).parents[1]))
from situations import SITUATIONS, Protection

sys.path.pop(0)

ROOT = Path(__file__).parents[2]
LIMIT_S = 300
"""Of one test: far more than any takes that comes to its end."""


def main() -> None:
    """Takes out what is asked for, and prints a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", type=int, help="of situations; else all")
    parser.add_argument("--json", type=Path, help="also write the result here")
    options = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="digitdrop-protections-") as folder:
        for number in options.numbers or SITUATIONS:
            for protection in SITUATIONS[number].protections:
                passing = passing_without(protection, Path(folder))
                failing = len(protection.tests) - len(passing)
                found.append({"situation": number, "path": protection.path, "failing": failing, "passing": passing})
                print(f"{number:2} {protection.path:32} {failing} of {len(protection.tests)} tests fail", flush=True)
                for test in passing:
                    print(f"   PASSES WITHOUT IT: {test}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    sys.exit(1 if any(each["passing"] for each in found) else 0)


def passing_without(protection: Protection, folder: Path) -> list[str]:
    """The tests of a protection that pass though it is taken out.

    Args:
        protection: what is taken out.
        folder: where a copy of the code is made, or is used again.
    """
    copy = folder / "code"
    shutil.copytree(ROOT, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "demo", "__pycache__"))
    path = copy / protection.path
    path.write_text(path.read_text().replace(protection.code, protection.without))
    return [test for test in protection.tests if passes(test, copy, folder / "pytest")]


def passes(test: str, code: Path, scratch: Path) -> bool:
    """Whether a test passes; one that does not come to its end does not.

    Raises:
        RuntimeError: it was neither passed nor failed.
    """
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        scratch,
        f"tests/{test}",
    ]
    process = subprocess.Popen(
        list(map(str, words)),
        cwd=code,
        env={**os.environ, "PYTHONPATH": str(code), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return False
    if process.returncode == 0 and re.search(r"\d+ passed", output):
        return True
    if process.returncode != 1:
        raise RuntimeError(f"{test} was neither passed nor failed:\n{output[-2000:]}")
    return False


if __name__ == "__main__":
    main()
