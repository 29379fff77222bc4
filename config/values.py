"""Values of keys of which a type alone does not tell what they may be, with the rules that messages give."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from config.shipped import shipped_model
from recognition.params import MAX_DIGITS, Sums

RULE = "rule"
"""Type of a custom error about one value; the value is shown with it."""

MIN_RESCAN_S = 0.5
MAX_RESCAN_S = 86_400.0

MIN_MEMORY_MB, MAX_MEMORY_MB = 256, 1_048_576


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def _folder(value: object) -> object:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise PydanticCustomError(RULE, "must be the path of a folder")
    return Path(value)


def _model(value: object) -> object:
    if value is None:
        return shipped_model()
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise PydanticCustomError(RULE, "must be a .tflite, .keras or .h5 file, or null for the shipped one")
    return Path(value)


def _workers(value: object) -> object:
    return usable_cores() if value == "auto" else value


def _is_whole(value: object, least: int, most: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _memory(value: object) -> object:
    if value == "auto" or _is_whole(value, MIN_MEMORY_MB, MAX_MEMORY_MB):
        return value
    raise PydanticCustomError(RULE, f"must be auto, or a whole number from {MIN_MEMORY_MB} to {MAX_MEMORY_MB}")


def _rescan(value: object) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value == "auto" or (number and MIN_RESCAN_S <= value <= MAX_RESCAN_S):  # type: ignore[operator]
        return value
    raise PydanticCustomError(RULE, f"must be auto, or a number from {MIN_RESCAN_S} to {MAX_RESCAN_S:g}")


def _some(value: object) -> object:
    if isinstance(value, list | tuple) and not value:
        raise PydanticCustomError(RULE, 'must have at least one pattern, such as ["*"]: without, no file is ever taken')
    return value


def _pattern(value: str) -> str:
    if "/" in value.rstrip("/") or not value.rstrip("/"):
        text = (
            'must be a pattern for names, without folders before it; a whole folder is ignored by its name: "private"'
        )
        raise PydanticCustomError(RULE, text)
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _command(value: object) -> object:
    words = tuple(value) if isinstance(value, list | tuple) else ()
    if value is None or (words and all(isinstance(word, str) and "\0" not in word for word in words) and words[0]):
        return value
    raise PydanticCustomError(RULE, "must be null, or a list of a program and its arguments, such as [/usr/bin/logger]")


def _metrics_file(value: object) -> object:
    if value is None or (isinstance(value, str | Path) and str(value).endswith(".prom") and "\0" not in str(value)):
        return value if value is None else Path(value)
    raise PydanticCustomError(RULE, "must be null, or the path of a file whose name ends in .prom")


def _value(value: object) -> object:
    if value is None or _is_whole(value, 0):
        return value
    raise PydanticCustomError(RULE, "must be null, or a whole number from 0")


def _counts(value: object) -> object:
    counts = () if value is None else tuple(value) if isinstance(value, list | tuple) else (value,)
    if all(_is_whole(count, 1, MAX_DIGITS) for count in counts):
        return counts
    raise PydanticCustomError(RULE, f"must be null, a whole number from 1 to {MAX_DIGITS}, or a list of such: [4, 6]")


def _sums(value: object) -> object:
    places = () if value is None else tuple(value) if isinstance(value, list | tuple) else (value,)
    if all(place in tuple(Sums) for place in places):
        return places
    raise PydanticCustomError(RULE, "must be null, columns, rows, or both: [columns, rows]")


_Words = Annotated[tuple[str, ...], Field(strict=False)]
Command = Annotated[_Words | None, BeforeValidator(_command)]
Folder = Annotated[Path, BeforeValidator(_folder)]
_Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]
Patterns = Annotated[tuple[_Pattern, ...], Field(strict=False)]
Model = Annotated[Path, BeforeValidator(_model)]
Workers = Annotated[int, BeforeValidator(_workers)]
Memory = Annotated[int | Literal["auto"], BeforeValidator(_memory)]
Rescan = Annotated[float | Literal["auto"], BeforeValidator(_rescan)]
SomePatterns = Annotated[Patterns, BeforeValidator(_some)]
Level = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]
MetricsFile = Annotated[Path | None, BeforeValidator(_metrics_file)]
Value = Annotated[int | None, BeforeValidator(_value)]
Counts = Annotated[tuple[int, ...], BeforeValidator(_counts)]
Places = Annotated[tuple[Literal["columns", "rows"], ...], BeforeValidator(_sums)]
