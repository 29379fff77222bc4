"""Reads `situations.yaml`: what a folder-watching daemon meets, its tests, and what protects digitdrop from it.

`tests/benchmarks/protections.py` takes each protection out and sees its tests fail; the suite itself only sees to it
that the tests and the protected lines named there exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Protection:
    """A change of one file that takes a protection out, and the tests each of which must fail then.

    Attributes:
        path: of the file, from the root.
        code: stands in it once.
        without: what stands there when the protection is taken out.
        tests: node ids of pytest, below tests/.
    """

    path: str
    code: str
    without: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """One of the things that happen.

    Attributes:
        text: what happens, and what must come of it.
        protections: what is taken out, one at a time.
        tests: more tests that stand for it.
    """

    text: str
    protections: tuple[Protection, ...]
    tests: tuple[str, ...] = ()


def _read(path: Path) -> dict[int, Situation]:
    """The situations of a file, by their numbers.

    Raises:
        TypeError: a key is missing, or is none of those above.
        ValueError: a number stands there twice.
    """
    situations: dict[int, Situation] = {}
    for row in yaml.safe_load(path.read_text("utf-8")):
        number = row.pop("number")
        if number in situations:
            raise ValueError(f"each number must stand in {path.name} once. Received: {number} again")
        situations[number] = _situation(**row)
    return situations


def _situation(*, protections: list[dict[str, Any]], tests: tuple[str, ...] = (), **rest: str) -> Situation:
    taken_out = tuple(Protection(**each | {"tests": tuple(each["tests"])}) for each in protections)
    return Situation(protections=taken_out, tests=tuple(tests), **rest)


SITUATIONS = _read(Path(__file__).with_suffix(".yaml"))
