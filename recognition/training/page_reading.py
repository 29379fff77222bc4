"""Reads pages whose truth is known, in several processes, and judges what was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from recognition.errors import UnreadableImageError
from recognition.load import load_pages
from recognition.page import read_document
from recognition.params import RecognitionParams
from recognition.reader import load_reader
from recognition.training.crops import crop_with_context
from recognition.training.scoring import Counts, PageScore, is_accepted, score_pages
from recognition.training.truth import Box, TruePage
from recognition.training.workers import workers
from recognition.types import Document, Page

Read = Callable[[bytes, RecognitionParams], Document]

MAX_SHOWN = 60
"""Mistakes of each kind that are kept to be looked at."""


class Kind(StrEnum):
    """What may be wrong with a number."""

    WRONG = "wrong"
    ALARM = "alarm"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A number that was read wrong, that stands nowhere, or that was missed.

    Attributes:
        page: name of the file.
        truth: what stands there; None where that is not known.
        read: what was read; empty when it was missed.
        confidence: of the number; 0 when it was missed.
        accepted: nobody would have looked at it.
        crop: JPEG of the place.
    """

    kind: Kind
    page: str
    truth: str | None
    read: str
    confidence: float
    accepted: bool
    crop: bytes


@dataclass(frozen=True, slots=True)
class Judged:
    """A number that was read, as far as a threshold is chosen by it.

    Attributes:
        confidence: of its weakest digit.
        right: it stands there.
        acceptable: with a threshold that its confidence reaches.
    """

    confidence: float
    right: bool
    acceptable: bool


@dataclass(frozen=True, slots=True)
class PageReading:
    """What became of one file.

    Attributes:
        name: of the file.
        keys: what its truth says beside the numbers.
        counts: of a file that cannot be read as of one on which nothing was read.
        judged: each number that was read.
        mistakes: the most confident ones, of each kind at most MAX_SHOWN.
        error: why it cannot be read, else empty.
        left_out: how many more mistakes there are of a kind.
    """

    name: str
    keys: Mapping[str, Any]
    counts: Counts
    judged: tuple[Judged, ...]
    mistakes: tuple[Mistake, ...]
    error: str = ""
    left_out: Mapping[Kind, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Models:
    """The files of the networks, each with its facts beside it.

    Attributes:
        digits: that tells which digit ink is.
        companions: those that help it, as `recognition.reader.load_reader` takes them.
    """

    digits: Path
    companions: tuple[Path, ...] = ()


def load_read(models: Models) -> Read:
    """Gives the function that reads a document, as the daemon's workers have it.

    Raises:
        ModelLoadError: a network cannot be loaded.
    """
    reader = load_reader(models.digits, *models.companions)
    return lambda data, params: read_document(data, reader, params)


def read_pages(
    pages: Sequence[TruePage], models: Models, params: RecognitionParams, processes: int
) -> Iterator[PageReading]:
    """Reads and judges pages, and yields them in their order.

    Args:
        pages: with their truth.
        models: the networks, loaded once in each process.
        params: of all steps.
        processes: how many read; 1 is this one.

    Raises:
        ChildProcessError: one of them is gone.
    """
    if processes == 1:
        read = load_read(models)
        yield from (judge(page, read, params) for page in pages)
        return
    with workers(processes, _start, (models, params)) as pool:
        yield from pool.map(_judge, pages)


_read: Read
_params: RecognitionParams


def _start(models: Models, params: RecognitionParams) -> None:
    global _read, _params
    cv2.setNumThreads(1)
    _read, _params = load_read(models), params


def _judge(page: TruePage) -> PageReading:
    return judge(page, _read, _params)


def judge(page: TruePage, read: Read, params: RecognitionParams) -> PageReading:
    """Reads one page and compares it with its truth.

    Args:
        page: with its truth.
        read: see `load_read`.
        params: of all steps; the page is decoded once more by them, to cut out what was read wrong.
    """
    data = page.path.read_bytes()
    error = ""
    try:
        document = read(data, _undoubting(params))
    except UnreadableImageError as unreadable:
        document, error = Document(()), str(unreadable)
    acceptable = [is_accepted(number) for one in document.pages for number in one.numbers]
    document = _doubted(document, params.thresholds.accept)
    numbers = [number for one in document.pages for number in one.numbers]
    score = score_pages(page.truth, [one.numbers for one in document.pages])
    judged = tuple(
        Judged(number.confidence, verdict.right, able)
        for number, verdict, able in zip(numbers, score.verdicts, acceptable, strict=True)
    )
    found = [] if error else list(_mistakes(page, document, score))
    worst = _worst(found)
    mistakes = tuple(_with_crops(worst, document, data, params))
    left_out = Counter(one.mistake.kind for one in found) - Counter(one.mistake.kind for one in worst)
    return PageReading(page.name, page.truth.keys, score.counts, judged, mistakes, error, left_out)


def _undoubting(params: RecognitionParams) -> RecognitionParams:
    """With the lowest threshold of acceptance: what a number needs a review for then, it needs one for with any."""
    thresholds = params.thresholds
    return replace(params, thresholds=replace(thresholds, accept=thresholds.digit))


def _doubted(document: Document, accept: float) -> Document:
    """The document with a review for each number below a threshold of acceptance."""
    return replace(document, pages=tuple(_doubted_page(page, accept) for page in document.pages))


def _doubted_page(page: Page, accept: float) -> Page:
    numbers = (
        replace(number, needs_review=number.needs_review or number.confidence < accept) for number in page.numbers
    )
    return replace(page, numbers=tuple(numbers))


@dataclass(frozen=True, slots=True)
class _Found:
    """A mistake with its place: index of the page in the document, and box."""

    mistake: Mistake
    page: int
    box: Box


def _mistakes(page: TruePage, document: Document, score: PageScore) -> Iterator[_Found]:
    places = [(at, number) for at, one in enumerate(document.pages) for number in one.numbers]
    for (at, number), verdict in zip(places, score.verdicts, strict=True):
        if not verdict.right:
            kind = Kind.ALARM if verdict.alarm else Kind.WRONG
            accepted = is_accepted(number)
            mistake = Mistake(kind, page.name, verdict.truth, number.text, number.confidence, accepted, b"")
            box = number.bbox
            yield _Found(mistake, at, (box.x, box.y, box.width, box.height))
    for missed in score.missed:
        yield _Found(Mistake(Kind.MISSED, page.name, missed.text, "", 0.0, False, b""), 0, missed.bbox)


def _worst(found: Sequence[_Found]) -> list[_Found]:
    kept: dict[Kind, int] = dict.fromkeys(Kind, 0)
    worst = []
    for one in sorted(found, key=lambda one: severity(one.mistake)):
        kept[one.mistake.kind] += 1
        if kept[one.mistake.kind] <= MAX_SHOWN:
            worst.append(one)
    return worst


def severity(mistake: Mistake) -> tuple[bool, float]:
    """Sorts mistakes that nobody would have looked at first, then the most confident ones."""
    return not mistake.accepted, -mistake.confidence


def _with_crops(
    found: Sequence[_Found], document: Document, data: bytes, params: RecognitionParams
) -> Iterator[Mistake]:
    if not found:
        return
    last = max(one.page for one in found)
    for at, (page, image) in enumerate(zip(document.pages, load_pages(data, params.load), strict=True)):
        upright = np.ascontiguousarray(np.rot90(image.pixels, page.rotation // 90))  # that is where the boxes are
        for one in found:
            if one.page == at:
                yield replace(one.mistake, crop=crop_with_context(upright, one.box))
        if at == last:
            return
