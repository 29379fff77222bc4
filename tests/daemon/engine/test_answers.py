"""What a worker says it has read: taken when the day's table can hold it, and refused otherwise."""

from __future__ import annotations

import dataclasses
import struct
from typing import Any

import cv2
import numpy as np
import pytest

from daemon.engine import wire
from daemon.engine.answers import document_of, outcome_of
from daemon.engine.interface import OutcomeKind
from recognition.types import BoundingBox, Digit, Document, Number, Page, Reason

PNG = cv2.imencode(".png", np.random.default_rng(1).integers(0, 255, (90, 90), np.uint8))[1].tobytes()
DIGIT = Digit(4, 0.5, BoundingBox(1, 2, 3, 4), ((9, 0.25), (1, 0.125)))
NUMBER = Number("4?", BoundingBox(-1, 2, 3, 4), 0, 1, 1.0, True, (Reason.TOUCHING,), (DIGIT, DIGIT), crop=PNG)
PAGES = (Page(1, 100, 200, 90, (NUMBER,)), Page(2, 100, 200, 0, ()))


def sized(width: int, height: int) -> bytes:
    return PNG[:16] + struct.pack(">II", width, height) + PNG[24:]


def through_the_wire(document: Document) -> Document:
    return document_of(b"".join(wire.encode_document(document)))


@pytest.mark.parametrize("change", [{}, {"crop": b""}, {"confidence": 0.0}, {"pictures": bytes(2 * 28 * 28)}])
def test_what_recognition_gives_is_taken(change: dict[str, Any]) -> None:
    number = dataclasses.replace(NUMBER, **change)
    document = Document((dataclasses.replace(PAGES[0], numbers=(number,)), PAGES[1]), ("turned",))
    assert through_the_wire(document) == document


@pytest.mark.parametrize(
    "change",
    [
        *({"crop": crop} for crop in (b"x", b"\0" * 24, PNG[:-1], PNG + b"\0", PNG[:-12], PNG[:8] + PNG[33:])),
        *({"pictures": bytes(size)} for size in (1, 28 * 28, 3 * 28 * 28)),
        *({"crop": sized(*size)} for size in ((0, 9), (9, 0), (1 << 20, 9), (9, 1 << 20))),
        *({"text": text} for text in ("\ud800", "=1+1", "", "4 ", "\u0664", 4, None)),
        *({"confidence": confidence} for confidence in (-1, 1.5, float("nan"), float("inf"))),
        *({"line": line} for line in ("=1+1", 1.5, None, 10**400, True)),
        {"position": []},
        {"bbox": BoundingBox(0, 0, 1, 10**12)},
        {"bbox": BoundingBox(-(10**12), 0, 1, 1)},
        {"needs_review": "=1+1"},
        {"digits": (dataclasses.replace(DIGIT, digit="4"),)},
        {"digits": (dataclasses.replace(DIGIT, alternatives=((9, float("nan")),)),)},
        {"digits": (dataclasses.replace(DIGIT, alternatives=((10**12, 0.25),)),)},
    ],
)
def test_a_number_that_no_table_could_hold_is_refused(change: dict[str, Any]) -> None:
    page = dataclasses.replace(PAGES[0], numbers=(NUMBER, dataclasses.replace(NUMBER, **change)))
    with pytest.raises(wire.WireError, match="must be an encoded document"):
        through_the_wire(Document((page,)))


@pytest.mark.parametrize(
    "document",
    [
        Document(PAGES[::-1]),
        Document((PAGES[0], PAGES[0])),
        Document((dataclasses.replace(PAGES[0], page="/../1"),)),  # type: ignore[arg-type]
        Document((dataclasses.replace(PAGES[0], rotation="="),)),  # type: ignore[arg-type]
        Document(PAGES, (1,)),  # type: ignore[arg-type]
        Document(PAGES, ("half a character: \ud800",)),
    ],
)
def test_a_document_that_recognition_never_gives_is_refused(document: Document) -> None:
    with pytest.raises(wire.WireError, match="must be an encoded document"):
        through_the_wire(document)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_a_time_that_no_other_program_could_read_in_json_is_refused(seconds: float) -> None:
    answer = {"key": 7, "kind": "unreadable", "seconds": seconds, "error": "it is a text"}
    with pytest.raises(wire.WireError, match="must be complete"):
        outcome_of(7, answer, b"")
    assert outcome_of(7, answer | {"seconds": 0.5}, b"").seconds == 0.5


def test_an_answer_about_another_document_is_refused() -> None:
    message = {"key": 1, "kind": "read", "error": None, "seconds": 0.5}
    block = b"".join(wire.encode_document(Document(PAGES)))
    assert outcome_of(1, message, block).kind is OutcomeKind.READ
    with pytest.raises(wire.WireError, match=r"must be about document 2\. Received: 1"):
        outcome_of(2, message, block)
