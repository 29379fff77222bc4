"""The keys of the configuration, their types, ranges and defaults: the one place that decides them.

`default.yaml` documents the same for people; a test compares the two.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from config.shipped import shipped_model
from recognition.params import (
    MAX_DIGITS,
    AnnotateParams,
    CheckDigit,
    CheckParams,
    LoadParams,
    RecognitionParams,
    Thresholds,
)

RULE = "rule"
"""Type of a custom error about one value; the value is shown with it."""
RELATION = "relation"
"""Type of a custom error about several keys; its text shows what was received."""

MIN_RESCAN_S = 0.5
MAX_RESCAN_S = 86_400.0

MIN_MEMORY_MB, MAX_MEMORY_MB = 256, 1_048_576
MEMORY_BASE_MB, MEMORY_PER_MEGAPIXEL_MB = 1024, 24
"""By these `engine.memory_mb: auto` follows `pages.max_megapixels`."""
PAGE_MB_PER_MEGAPIXEL = 7
"""What a grey or coloured page takes."""

ADDRESS = r"^(tcp|tls)://([^\s/:\[\]]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$"
"""A name, a number, or a number of IPv6 in brackets, and a port."""

IGNORED = (
    ".*",  # hidden: .DS_Store ._x.jpg .~lock.x# .stversions/ .@__thumb/ .syncthing.x.jpg.tmp
    "*~",
    "~$*",
    "*.tmp",
    "*.temp",
    "*.part",
    "*.partial",
    "*.filepart",
    "*.crdownload",
    "*.download",
    "@eaDir",
    "#recycle",
    "$RECYCLE.BIN",
    "lost+found",
    "Thumbs.db",
    "desktop.ini",
)


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


def _memory(value: object) -> object:
    number = isinstance(value, int) and not isinstance(value, bool)
    if value == "auto" or (number and MIN_MEMORY_MB <= value <= MAX_MEMORY_MB):  # type: ignore[operator]
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


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _value(value: object) -> object:
    if value is None or _is_whole(value, 0):
        return value
    raise PydanticCustomError(RULE, "must be null, or a whole number from 0")


def _counts(value: object) -> object:
    counts = () if value is None else tuple(value) if isinstance(value, list | tuple) else (value,)
    if all(_is_whole(count, 1) and count <= MAX_DIGITS for count in counts):
        return counts
    raise PydanticCustomError(RULE, f"must be null, a whole number from 1 to {MAX_DIGITS}, or a list of such: [4, 6]")


Words = Annotated[tuple[str, ...], Field(strict=False)]
Command = Annotated[Words | None, BeforeValidator(_command)]
Folder = Annotated[Path, BeforeValidator(_folder)]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]
Patterns = Annotated[tuple[Pattern, ...], Field(strict=False)]


class Section(BaseModel):
    """Keys that belong together; unknown ones are mistakes, and values are not converted behind one's back."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, value: Any) -> Any:
        return {} if value is None else value


class ThresholdsSettings(Section):
    """Where a reading is accepted, doubted or rejected."""

    accept: float = Field(default=Thresholds().accept, ge=0, le=1)
    digit: float = Field(default=Thresholds().digit, ge=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.digit > self.accept:
            text = f"digit must not be above accept. Received: digit {self.digit}, accept {self.accept}"
            raise PydanticCustomError(RELATION, text)
        return self


class ChecksSettings(Section):
    """What is known of every number before it is read."""

    digits: Annotated[tuple[int, ...], BeforeValidator(_counts)] = ()
    min: Annotated[int | None, BeforeValidator(_value)] = None
    max: Annotated[int | None, BeforeValidator(_value)] = None
    check_digit: Literal["luhn", "ean", "verhoeff", "damm", "mod-11-10", "mod-97-10"] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            text = f"min must not be above max. Received: min {self.min}, max {self.max}"
            raise PydanticCustomError(RELATION, text)
        return self


class WatchSettings(Section):
    """Which files are taken, and when."""

    recursive: bool = True
    include: Annotated[Patterns, BeforeValidator(_some)] = ("*",)
    ignore: Patterns = IGNORED
    stable_seconds: float = Field(default=2.0, ge=0.1, le=3600)
    rescan_seconds: Annotated[float | Literal["auto"], BeforeValidator(_rescan)] = "auto"
    incomplete_seconds: float = Field(default=60.0, ge=0, le=86_400)


class EngineSettings(Section):
    """Who runs recognition, and how often and how long it may try."""

    kind: Literal["local", "dask"] = "local"
    workers: Annotated[int, BeforeValidator(_workers)] = Field(default_factory=usable_cores, ge=1, le=256)
    address: str | None = Field(default=None, pattern=ADDRESS)
    timeout_seconds: float = Field(default=120.0, ge=1, le=86_400)
    memory_mb: Annotated[int | Literal["auto"], BeforeValidator(_memory)] = "auto"
    attempts: int = Field(default=3, ge=1, le=100)

    @model_validator(mode="after")
    def _address_belongs_to_dask(self) -> Self:
        if self.kind == "dask" and self.address is None:
            text = "kind dask needs address, the scheduler's, such as tcp://scheduler:8786. Received: no address"
            raise PydanticCustomError(RELATION, text)
        if self.kind == "local" and self.address is not None:
            text = f"address belongs to kind dask; take it out, or set kind: dask. Received: {self.address}"
            raise PydanticCustomError(RELATION, text)
        return self


class TablesSettings(Section):
    """How CSV and Excel tables are written."""

    delimiter: Literal[",", ";", "\t"] = ","
    bom: bool = True
    decimal: Literal[".", ","] = "."
    xlsx: bool = True


class PagesSettings(Section):
    """Limits of a document, and the resolution of PDF pages."""

    dpi: int = Field(default=LoadParams().pdf_dpi, ge=72, le=600)
    max_megapixels: float = Field(default=LoadParams().max_megapixels, ge=1, le=1000)
    max_pages: int = Field(default=LoadParams().max_pages, ge=1, le=10_000)


class HooksSettings(Section):
    """Commands that are told of finished and corrected documents."""

    on_done: Command = None
    on_failed: Command = None
    on_corrected: Command = None
    timeout_seconds: float = Field(default=60.0, ge=1, le=3600)


class LogSettings(Section):
    """What is logged."""

    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = "info"


class Settings(Section):
    """The whole configuration; paths are absolute once `load_settings` gave it."""

    inbox: Folder = Path("/srv/digitdrop/inbox")
    outbox: Folder = Path("/srv/digitdrop/outbox")
    archive: Folder | None = Path("/srv/digitdrop/archive")
    archive_days: int | None = Field(default=None, ge=1, le=36_500)
    failed: Folder = Path("/srv/digitdrop/failed")
    state: Folder = Path("/var/lib/digitdrop")
    model: Annotated[Path, BeforeValidator(_model)] = Field(default_factory=shipped_model)
    thresholds: ThresholdsSettings = ThresholdsSettings()
    checks: ChecksSettings = ChecksSettings()
    watch: WatchSettings = WatchSettings()
    engine: EngineSettings = Field(default_factory=EngineSettings)
    tables: TablesSettings = TablesSettings()
    pages: PagesSettings = PagesSettings()
    hooks: HooksSettings = HooksSettings()
    metrics_file: Annotated[Path | None, BeforeValidator(_metrics_file)] = None
    log: LogSettings = LogSettings()

    def document_memory_mb(self) -> int:
        """How much memory a worker may take for one document, in MiB."""
        if self.engine.memory_mb != "auto":
            return self.engine.memory_mb
        return MEMORY_BASE_MB + round(MEMORY_PER_MEGAPIXEL_MB * self.pages.max_megapixels)

    def recognition_params(self) -> RecognitionParams:
        """What recognition has to know of all this; crops are made only where the .xlsx shows them."""
        return RecognitionParams(
            load=LoadParams(
                pdf_dpi=self.pages.dpi,
                max_megapixels=self.pages.max_megapixels,
                max_pages=self.pages.max_pages,
            ),
            thresholds=Thresholds(accept=self.thresholds.accept, digit=self.thresholds.digit),
            checks=CheckParams(
                digits=self.checks.digits,
                min=self.checks.min,
                max=self.checks.max,
                check_digit=None if self.checks.check_digit is None else CheckDigit(self.checks.check_digit),
            ),
            annotate=AnnotateParams(crops=self.tables.xlsx),
        )
