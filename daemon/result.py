"""What was read from one document, as it is recorded, published and tabulated (JSON schema 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Any, Protocol

from recognition.types import Document

SCHEMA = 1

PageJson = Mapping[str, Any]
"""A page as it stands in a result."""
NumberJson = Mapping[str, Any]
"""A number as it stands in a result."""


class ModelIdentity(Protocol):
    """What a result says about the model that read it."""

    @property
    def name(self) -> str:
        """Its name in the JSON beside the model."""

    @property
    def sha256(self) -> str:
        """Of the converted model's file."""


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model as a recorded result knows it."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """One document's result.

    Attributes:
        document: name relative to the inbox, with `/`; bytes that are no UTF-8 as surrogate escapes.
        sha256: of the file's content, hexadecimal.
        processed_at: when it was read, with a time zone.
        seconds: that recognition took.
    """

    document: str
    sha256: str
    processed_at: datetime
    model: ModelIdentity
    seconds: float
    content: Document

    def __post_init__(self) -> None:
        if self.processed_at.tzinfo is None:
            raise ValueError(f"processed_at must have a time zone. Received: {self.processed_at!r}")

    def to_json(self) -> dict[str, Any]:
        """The result as the JSON object that stands in the outbox."""
        return {
            "schema": SCHEMA,
            "document": self.document,
            "sha256": self.sha256,
            "processed_at": self.processed_at.isoformat(timespec="seconds"),
            "model": {"name": self.model.name, "sha256": self.model.sha256},
            "software": software(),
            "seconds": round(self.seconds, 3),
            **self.content.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Result:
        """The result that `to_json` wrote, without its pictures.

        Raises:
            ValueError: it was written by another schema.
        """
        if value["schema"] != SCHEMA:
            raise ValueError(f"a result must have schema {SCHEMA}. Received: {value['schema']!r}; update digitdrop")
        return cls(
            document=value["document"],
            sha256=value["sha256"],
            processed_at=datetime.fromisoformat(value["processed_at"]),
            model=NamedModel(value["model"]["name"], value["model"]["sha256"]),
            seconds=value["seconds"],
            content=Document.from_json(value),
        )

    def crops(self) -> tuple[bytes, ...]:
        """Each number's crop as PNG, in reading order; empty where none was asked for."""
        return tuple(number.crop for number in self.content.numbers)


@dataclass(frozen=True, slots=True)
class Row:
    """One number of a document: the columns of the tables, in their order."""

    document: str
    page: int
    line: int
    position: int
    number: str
    digit_count: int
    confidence: float
    needs_review: bool
    reasons: str
    x: int
    y: int
    width: int
    height: int
    processed_at: str


def numbers_of(result_json: Mapping[str, Any]) -> Iterator[tuple[PageJson, NumberJson]]:
    """The numbers of a result's JSON in reading order, each with the page on which it stands."""
    return ((page, number) for page in result_json["pages"] for number in page["numbers"])


def to_review(result_json: Mapping[str, Any]) -> int:
    """How many numbers of a result's JSON a person should look at."""
    return sum(number["needs_review"] for _, number in numbers_of(result_json))


def rows(result_json: Mapping[str, Any], name: str | None = None) -> Iterator[Row]:
    """One row for each number of a result's JSON, in reading order; none for a document without numbers.

    Args:
        result_json: what `Result.to_json` gave.
        name: that the rows give the document; by default, that which it had in the inbox.
    """
    return (row for _, row in numbered_rows(result_json, name))


def numbered_rows(result_json: Mapping[str, Any], name: str | None = None) -> Iterator[tuple[int, Row]]:
    """The rows, each with the index of its number among all of the document, in reading order.

    What a person has found to be no number has none.
    """
    document = result_json["document"] if name is None else name
    for index, (page, number) in enumerate(numbers_of(result_json)):
        if number["text"]:
            yield index, _row(document, page["page"], number, result_json["processed_at"])


def _row(document: str, page: int, number: NumberJson, processed_at: str) -> Row:
    x, y, width, height = number["bbox"]
    return Row(
        document,
        page,
        number["line"],
        number["position"],
        number["text"],
        len(number["text"]),
        number["confidence"],
        number["needs_review"],
        " ".join(number["reasons"]),
        x,
        y,
        width,
        height,
        processed_at,
    )


@cache
def software() -> str:
    """The version of digitdrop that runs."""
    return version("digitdrop")
