"""What stands on pages: the truth files beside pictures of pages, in two forms.

`NAME.truth.json` beside `NAME.jpg` either has boxes, in pixels of the upright page, of a document's first,

    {"numbers": [{"text": "05", "bbox": [x, y, w, h], "digits": [{"digit": 0, "bbox": [x, y, w, h]}, ...]}, ...]}

or a transcription in reading order, blanks between the numbers: {"lines": ["05221859", "12 345"]}. Numbers are of the
digits 0 to 9 alone, as those that are read: with anything else in it, a number could never be right. Other keys, such
as "style" or "group", tell pages of one kind from another.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recognition.formats import sniff
from recognition.training.errors import DatasetError
from recognition.training.names import printable

SUFFIX = ".truth.json"
_HEAD_BYTES = 4096  # enough to tell a file's kind
_MAX_QUOTED = 80  # characters of a value in a message

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels, origin top left."""


@dataclass(frozen=True, slots=True)
class TrueDigit:
    """A digit that stands on a page."""

    digit: str
    bbox: Box


@dataclass(frozen=True, slots=True)
class TrueNumber:
    """A number that stands on a page, and its digits from the left as far as they are known."""

    text: str
    bbox: Box
    digits: tuple[TrueDigit, ...] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    """What stands on one page, or on all pages of a document.

    Attributes:
        lines: the numbers of each line, in reading order, with blanks between them.
        numbers: with their boxes, on the first page; None where only the lines are known.
        keys: everything else that the file says.
    """

    lines: tuple[str, ...]
    numbers: tuple[TrueNumber, ...] | None
    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TruePage:
    """A picture or document, and what stands on it."""

    path: Path
    truth: Truth

    @property
    def name(self) -> str:
        """Of the file, printable."""
        return printable(self.path.name)


def load_pages_with_truth(folder: Path) -> list[TruePage]:
    """Finds the pictures directly in a folder, and the truth beside each.

    Raises:
        DatasetError: there are none, a picture or its truth is missing, or a truth file is damaged.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} must be a folder of pages with a {SUFFIX} beside each. Received: no such folder")
    truths = {path.name.removesuffix(SUFFIX): path for path in folder.glob(f"*{SUFFIX}")}
    pictures: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not _is_picture(path):
            continue
        if path.stem in pictures:
            raise DatasetError(
                f"{pictures[path.stem].name} and {path.name} in {folder} would share a truth file; rename one of them"
            )
        pictures[path.stem] = path
    _check_pairs(folder, truths, pictures)
    return [TruePage(pictures[name], read_truth(path)) for name, path in sorted(truths.items())]


def _is_picture(path: Path) -> bool:
    if not path.is_file() or path.name.endswith(SUFFIX):
        return False
    with path.open("rb") as file:
        return sniff(file.read(_HEAD_BYTES)) is not None


def _check_pairs(folder: Path, truths: Mapping[str, Path], pictures: Mapping[str, Path]) -> None:
    if not truths:
        raise DatasetError(
            f"{folder} must hold pages and what stands on them, page1{SUFFIX} beside page1.jpg. Received: "
            f"{len(pictures)} pictures and no truth file"
        )
    if lonely := sorted(set(truths) - set(pictures)):
        raise DatasetError(
            f"there is no picture beside {_some([truths[name].name for name in lonely])} in {folder}; add it, in a "
            "format that digitdrop reads, or take the truth file away"
        )
    if lonely := sorted(set(pictures) - set(truths)):
        raise DatasetError(
            f"there is no truth file beside {_some([pictures[name].name for name in lonely])} in {folder}; write "
            f'{lonely[0]}{SUFFIX}, such as {{"lines": ["12 345"]}}, or take the picture away'
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def read_truth(path: Path) -> Truth:
    """Reads one truth file.

    Raises:
        DatasetError: it cannot be read or has another form.
    """
    try:
        content = json.loads(path.read_text("utf-8-sig"))  # as some editors write it, with a byte order mark
    except (OSError, ValueError) as error:  # UnicodeDecodeError is a ValueError
        raise DatasetError(f"{path} cannot be read as JSON ({error}); mend it, or take the page away") from error
    try:
        return _parse(content)
    except (TypeError, ValueError) as error:
        raise DatasetError(
            f'{path} must have "numbers", each with "text" and "bbox" [x, y, width, height], or "lines" of text. '
            f"Received: {error}"
        ) from error


def _parse(content: Any) -> Truth:
    if not isinstance(content, dict):
        raise TypeError(f"no object but {_quoted(content)}")
    keys = {key: value for key, value in content.items() if key not in ("numbers", "lines")}
    if "numbers" in content:
        numbers = tuple(_number(number) for number in _list(content["numbers"]))
        return Truth(tuple(lines_of(numbers)), numbers, keys)
    lines = tuple(_text(line) for line in _list(_field(content, "lines")))
    for number in " ".join(lines).split():
        _check_digits(number)
    return Truth(lines, None, keys)


def _number(value: Any) -> TrueNumber:
    text, box = _text(_field(value, "text")), _box(_field(value, "bbox"))
    digits = tuple(
        TrueDigit(str(_field(digit, "digit")), _box(_field(digit, "bbox"))) for digit in _list(value.get("digits", []))
    )
    number = TrueNumber(text, box, digits)
    _check_digits(number.text)
    for digit in digits:
        _check_digits(digit.digit, 1)
    return number


def _field(value: Any, name: str) -> Any:
    if not isinstance(value, dict) or name not in value:
        raise ValueError(f'no "{name}" in {_quoted(value)}')
    return value[name]


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"no list but {_quoted(value)}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"no text but {_quoted(value)}")
    return value


def _quoted(value: Any) -> str:
    """A value as the truth file has it, or how it begins."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…"


def _check_digits(text: str, most: int | None = None) -> None:
    if not re.fullmatch("[0-9]+", text) or (most is not None and len(text) > most):
        one = "one digit" if most == 1 else "digits alone, with a blank where a sign parts two numbers"
        raise ValueError(f"{_quoted(text)}, which must be of {one}")


def _box(value: Any) -> Box:
    try:
        x, y, width, height = map(float, _list(value))
    except (TypeError, ValueError):
        raise ValueError(f"a box that is no list of four numbers, {_quoted(value)}") from None
    if not (width > 0 and height > 0):
        raise ValueError(f"a box without area, {_quoted(value)}")
    if not all(map(math.isfinite, (x, y, width, height))):  # which Python's JSON knows
        raise ValueError(f"a box without end, {_quoted(value)}")
    return x, y, width, height


def lines_of(numbers: Sequence[TrueNumber]) -> list[str]:
    """Puts numbers with boxes into lines of text, from the top, each from the left.

    A number belongs to a line when it shares more than 0.4 of the lower one's height with the number of that line that
    begins nearest to it, so that a line may rise and fall.
    """
    lines: list[list[TrueNumber]] = []
    for number in sorted(numbers, key=lambda one: one.bbox[1] + one.bbox[3] / 2):
        home = next((line for line in lines if _is_level(number, line)), None)
        if home is None:
            lines.append([number])
        else:
            home.append(number)
    return [" ".join(one.text for one in sorted(line, key=lambda one: one.bbox[0])) for line in lines]


def _is_level(number: TrueNumber, line: Sequence[TrueNumber]) -> bool:
    nearest = min(line, key=lambda one: abs(one.bbox[0] - number.bbox[0]))
    (_, top, _, height), (_, other_top, _, other_height) = number.bbox, nearest.bbox
    shared = min(top + height, other_top + other_height) - max(top, other_top)
    return shared > 0.4 * min(height, other_height)
