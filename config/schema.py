"""The keys of the configuration, their types, ranges and defaults: the one place that decides them.

`default.yaml` documents the same for people; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from config.shipped import shipped_model
from config.values import (
    Command,
    Counts,
    Folder,
    Level,
    Memory,
    MetricsFile,
    Model,
    Patterns,
    Places,
    Rescan,
    SomePatterns,
    Value,
    Workers,
    usable_cores,
)
from recognition.params import (
    AnnotateParams,
    CheckDigit,
    CheckParams,
    LoadParams,
    RecognitionParams,
    Sums,
    Thresholds,
)

RELATION = "relation"
"""Type of a custom error about several keys; its text shows what was received."""

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

    digits: Counts = ()
    min: Value = None
    max: Value = None
    check_digit: Literal["luhn", "ean", "verhoeff", "damm", "mod-11-10", "mod-97-10"] | None = None
    sums: Places = ()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            text = f"min must not be above max. Received: min {self.min}, max {self.max}"
            raise PydanticCustomError(RELATION, text)
        return self


class WatchSettings(Section):
    """Which files are taken, and when."""

    recursive: bool = True
    include: SomePatterns = ("*",)
    ignore: Patterns = IGNORED
    stable_seconds: float = Field(default=2.0, ge=0.1, le=3600)
    rescan_seconds: Rescan = "auto"
    incomplete_seconds: float = Field(default=60.0, ge=0, le=86_400)


class EngineSettings(Section):
    """Who runs recognition, and how often and how long it may try."""

    kind: Literal["local", "dask"] = "local"
    workers: Workers = Field(default_factory=usable_cores, ge=1, le=256)
    address: str | None = Field(default=None, pattern=ADDRESS)
    timeout_seconds: float = Field(default=120.0, ge=1, le=86_400)
    memory_mb: Memory = "auto"
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

    level: Level = "info"


class Settings(Section):
    """The whole configuration; paths are absolute once `load_settings` gave it."""

    inbox: Folder = Path("/srv/digitdrop/inbox")
    outbox: Folder = Path("/srv/digitdrop/outbox")
    archive: Folder | None = Path("/srv/digitdrop/archive")
    archive_days: int | None = Field(default=None, ge=1, le=36_500)
    failed: Folder = Path("/srv/digitdrop/failed")
    state: Folder = Path("/var/lib/digitdrop")
    model: Model = Field(default_factory=shipped_model)
    thresholds: ThresholdsSettings = ThresholdsSettings()
    checks: ChecksSettings = ChecksSettings()
    watch: WatchSettings = WatchSettings()
    engine: EngineSettings = Field(default_factory=EngineSettings)
    tables: TablesSettings = TablesSettings()
    pages: PagesSettings = PagesSettings()
    hooks: HooksSettings = HooksSettings()
    metrics_file: MetricsFile = None
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
                sums=tuple(map(Sums, self.checks.sums)),
            ),
            annotate=AnnotateParams(crops=self.tables.xlsx),
        )
