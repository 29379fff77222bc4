"""A worker's messages, as what the engine works with; a worker is not trusted to send what it should."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from daemon.engine import wire
from daemon.engine.interface import Outcome, OutcomeKind
from daemon.errors import EngineError
from recognition.errors import ModelLoadError, ModelMismatchError
from recognition.types import PICTURE_PX, Digit, Document, ModelInfo, Number

_TEXT = re.compile(r"[0-9?]+")
_HALF = re.compile("[\ud800-\udfff]")  # of a character, which JSON can hold and UTF-8 cannot
_MAX_COUNT = 1 << 31  # pages, lines and pixels are far fewer
_MAX_CROP_PX = 4096  # a crop is made smaller than that
_PNG = b"\x89PNG\r\n\x1a\n"


def outcome_of(job: int, message: Mapping[str, Any], block: bytes) -> Outcome:
    """How the document in work ended.

    Raises:
        WireError: the message is about another document, or is none.
    """
    try:
        key, kind, seconds = message["key"], OutcomeKind(message["kind"]), float(message["seconds"])
        error = None if message["error"] is None else str(message["error"])
        if not 0 <= seconds < math.inf:  # which Python's JSON knows, and others refuse
            raise ValueError(f"{seconds} seconds")
    except (KeyError, TypeError, ValueError, OverflowError) as fault:
        raise wire.WireError(f"an answer must be complete. Received: {fault!r}") from fault
    if key != job:
        raise wire.WireError(f"an answer must be about document {job}. Received: {key!r}")
    document = document_of(block) if kind is OutcomeKind.READ else None
    return Outcome(job, kind, document, seconds, error)


def document_of(block: bytes) -> Document:
    """What was read from a document.

    The ledger keeps it for good, and from there it goes into the day's table, together with that of all others: it
    must not hold what cannot be written there.

    Raises:
        WireError: it is none, or holds what recognition never gives.
    """
    document = wire.decode_document(block)
    for oddity in _oddities(document):
        raise wire.WireError(f"a result must be an encoded document as recognition gives one. Received: {oddity!r:.80}")
    return document


def _oddities(document: Document) -> Iterator[object]:
    yield from (warning for warning in document.warnings if not isinstance(warning, str) or _HALF.search(warning))
    numbers = [page.page for page in document.pages]
    if numbers != list(range(1, len(numbers) + 1)):
        yield numbers
    for page in document.pages:
        yield from _no_counts(page.width, page.height, page.rotation)
        for number in page.numbers:
            yield from _oddities_of_number(number)


def _oddities_of_number(number: Number) -> Iterator[object]:
    yield from _no_counts(number.line, number.position, *number.bbox.to_json())
    yield from _no_shares(number.confidence)
    if not (isinstance(number.text, str) and _TEXT.fullmatch(number.text)):
        yield number.text
    yield from _no_flags(number.needs_review)
    if number.crop and not _is_crop(number.crop):
        yield number.crop
    if number.pictures and len(number.pictures) != len(number.digits) * PICTURE_PX**2:
        yield number.pictures
    for digit in number.digits:
        yield from _oddities_of_digit(digit)


def _oddities_of_digit(digit: Digit) -> Iterator[object]:
    yield from _no_counts(digit.digit, *digit.bbox.to_json(), *(other for other, _ in digit.alternatives))
    yield from _no_shares(digit.confidence, *(share for _, share in digit.alternatives))


def _no_counts(*values: object) -> Iterator[object]:
    yield from (value for value in values if type(value) is not int or abs(value) >= _MAX_COUNT)


def _no_flags(*values: object) -> Iterator[object]:
    yield from (value for value in values if not isinstance(value, bool))


def _no_shares(*values: object) -> Iterator[object]:
    yield from (value for value in values if not (isinstance(value, int | float) and 0 <= value <= 1))


def _is_crop(png: bytes) -> bool:
    """Whether it is a PNG from its beginning to its end, and not too large; its pixels are left to who shows them."""
    if not png.startswith(_PNG) or png[12:16] != b"IHDR" or len(png) < 24:
        return False
    if not all(1 <= length <= _MAX_CROP_PX for length in struct.unpack_from(">II", png, 16)):
        return False
    start, kind = len(_PNG), b""
    while start + 12 <= len(png):  # of each chunk: its length, its kind, so many bytes, a checksum
        length, kind = struct.unpack_from(">I4s", png, start)
        start += 12 + length
    return start == len(png) and kind == b"IEND"


def refusal_of(message: Mapping[str, Any]) -> Exception:
    """Why a worker could not load its model: a model's fault by its kind, else an EngineError."""
    kinds = {"ModelMismatchError": ModelMismatchError, "ModelLoadError": ModelLoadError}
    return kinds.get(str(message["refused"]), EngineError)(str(message.get("error")))


def model_of(message: Mapping[str, Any]) -> ModelInfo:
    """Which model a worker has loaded.

    Raises:
        WireError: it does not say.
    """
    try:
        return ModelInfo(**message["ready"])
    except (KeyError, TypeError) as error:
        raise wire.WireError(f"a worker must begin with its model. Received: {message!r:.80}") from error
