"""The results of recognition, and their JSON form (schema 1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from typing import Any

REJECTED = "?"
"""Stands in a number's text for a digit that was found but not read with enough confidence."""

PICTURE_PX = 28
"""Width and height of a digit as the networks see it."""


class Reason(StrEnum):
    """Why a number needs review; a closed list that consumers of the JSON may rely on."""

    LOW_CONFIDENCE = "low-confidence"
    NOT_A_DIGIT = "not-a-digit"
    TOUCHING = "touching"
    CUT_OFF = "cut-off"
    RULE_FAILED = "rule-failed"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model.

    Attributes:
        name: of its architecture or file.
        sha256: of the .tflite file, in hexadecimal.
        classes: 10, or 11 with one for what is no digit.
        temperature: by which its logits are divided.
    """

    name: str
    sha256: str
    classes: int = 11
    temperature: float = 1.0


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A rectangle in pixels, origin top left, half open: x <= column < x + width.

    Raises:
        ValueError: the width or height is not positive.
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0:
            raise ValueError(f"a bounding box must be at least 1 pixel wide and high. Received: {self}")

    @property
    def right(self) -> int:
        """First column to the right of the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below the box."""
        return self.y + self.height

    @property
    def center(self) -> tuple[float, float]:
        """(x, y) of the middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def holds(self, other: BoundingBox) -> bool:
        """Whether the middle of another box lies in it."""
        x, y = other.center
        return self.x <= x < self.right and self.y <= y < self.bottom

    def union(self, other: BoundingBox) -> BoundingBox:
        """The smallest box that holds both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return BoundingBox(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    @staticmethod
    def around(boxes: Iterable[BoundingBox]) -> BoundingBox:
        """The smallest box that holds all of at least one."""
        return reduce(BoundingBox.union, boxes)

    def to_json(self) -> list[int]:
        """[x, y, width, height]."""
        return [self.x, self.y, self.width, self.height]


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit as it was read.

    Attributes:
        digit: 0 to 9, the most probable class, also where it was rejected.
        confidence: calibrated probability of that class, 0 to 1.
        bbox: the ink's box on the upright page.
        alternatives: other classes with their probability, most probable first.
    """

    digit: int
    confidence: float
    bbox: BoundingBox
    alternatives: tuple[tuple[int, float], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The digit as a JSON object."""
        return {
            "digit": self.digit,
            "confidence": round(self.confidence, 4),
            "bbox": self.bbox.to_json(),
            "alternatives": [[digit, round(probability, 4)] for digit, probability in self.alternatives],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Digit:
        """The digit that `to_json` wrote."""
        alternatives = tuple((int(digit), float(probability)) for digit, probability in value["alternatives"])
        return cls(value["digit"], value["confidence"], BoundingBox(*value["bbox"]), alternatives)


@dataclass(frozen=True, slots=True)
class Number:
    """Digits that stand together.

    Attributes:
        text: one character a digit; `?` stands for a digit that was rejected. Empty where a person has found that it is
            no number.
        line: index of the line of writing on the page, from the top.
        position: index of the number in its line, from the left.
        confidence: that of its weakest digit.
        needs_review: a person should look before the number is used.
        reasons: why, empty when it needs no review.
        crop: PNG of the number as it stands on the page, empty unless asked for; not part of the JSON.
        pictures: its digits as the network saw them, uint8 (n, PICTURE_PX, PICTURE_PX) as bytes; likewise.
        read: the text as recognition had it, where a person has looked at the number since; None elsewhere.
    """

    text: str
    bbox: BoundingBox
    line: int
    position: int
    confidence: float
    needs_review: bool
    reasons: tuple[Reason, ...]
    digits: tuple[Digit, ...]
    crop: bytes = field(default=b"", repr=False, compare=False)
    pictures: bytes = field(default=b"", repr=False, compare=False)
    read: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The number as a JSON object."""
        return {
            "text": self.text,
            "bbox": self.bbox.to_json(),
            "line": self.line,
            "position": self.position,
            "confidence": round(self.confidence, 4),
            "needs_review": self.needs_review,
            "reasons": [str(reason) for reason in self.reasons],
            "digits": [digit.to_json() for digit in self.digits],
            **({} if self.read is None else {"read": self.read}),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Number:
        """The number that `to_json` wrote, without its crop and pictures."""
        return cls(
            text=value["text"],
            bbox=BoundingBox(*value["bbox"]),
            line=value["line"],
            position=value["position"],
            confidence=value["confidence"],
            needs_review=value["needs_review"],
            reasons=tuple(Reason(reason) for reason in value["reasons"]),
            digits=tuple(Digit.from_json(digit) for digit in value["digits"]),
            read=value.get("read"),
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a document.

    Attributes:
        page: its number in the document, from 1.
        width: of the upright page (EXIF or TIFF orientation applied), in pixels.
        height: likewise.
        rotation: degrees counter-clockwise by which recognition turned the page before it read it.
        numbers: in reading order.
        annotated: JPEG of the page with its numbers marked; not part of the JSON.
    """

    page: int
    width: int
    height: int
    rotation: int
    numbers: tuple[Number, ...]
    annotated: bytes = field(default=b"", repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The page as a JSON object."""
        return {
            "page": self.page,
            "width": self.width,
            "height": self.height,
            "rotation": self.rotation,
            "numbers": [number.to_json() for number in self.numbers],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Page:
        """The page that `to_json` wrote, without its pictures."""
        numbers = tuple(Number.from_json(number) for number in value["numbers"])
        return cls(value["page"], value["width"], value["height"], value["rotation"], numbers)


@dataclass(frozen=True, slots=True)
class Document:
    """What was read from one file.

    Attributes:
        pages: in their order; a page without numbers is a result, not an error.
        warnings: what a person should know about the whole document, as sentences.
    """

    pages: tuple[Page, ...]
    warnings: tuple[str, ...] = ()

    @property
    def numbers(self) -> Iterator[Number]:
        """Those of all pages, in reading order."""
        return (number for page in self.pages for number in page.numbers)

    def to_json(self) -> dict[str, Any]:
        """The parts of the result JSON that recognition knows: warnings and pages."""
        return {"warnings": list(self.warnings), "pages": [page.to_json() for page in self.pages]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Document:
        """The document that `to_json` wrote, without its pictures."""
        return cls(tuple(Page.from_json(page) for page in value["pages"]), tuple(value["warnings"]))
