"""Pages read by the shipped network, with truths that fit them or are made to differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from config.shipped import shipped_companions, shipped_model
from recognition.numbers import Place, to_number
from recognition.page import read_document
from recognition.params import RecognitionParams, Thresholds
from recognition.reader import Reader
from recognition.reading import Reading
from recognition.training.crops import crop_with_context
from recognition.training.page_figures import summarize
from recognition.training.page_reading import (
    MAX_SHOWN,
    Kind,
    Mistake,
    Models,
    PageReading,
    judge,
    read_pages,
    severity,
)
from recognition.training.truth import TrueNumber, TruePage, Truth
from recognition.types import BoundingBox, Digit, Document, Number, Page

PARAMS = RecognitionParams()


@pytest.fixture
def note(sample_pages: ModuleType, tmp_path: Path) -> Path:
    """A picture of the numbers 28 and 614."""
    hand = sample_pages.Hand(np.random.default_rng(4), sample_pages.Digits.load(), (300, 600))
    hand.write("28", 60, 100, 50)
    hand.write("614", 320, 100, 50)
    paper = np.full((300, 600, 3), 240, np.uint8)
    path = tmp_path / "note.png"
    cv2.imwrite(str(path), sample_pages.inked(paper, hand.ink, (60, 40, 40)))
    return path


def judged(path: Path, truth: Truth, reader: Reader) -> PageReading:
    return judge(TruePage(path, truth), lambda data, params: read_document(data, reader, params), PARAMS)


def test_a_page_read_right_has_no_mistakes(note: Path, reader: Reader) -> None:
    reading = judged(note, Truth(("28 614",), None, {"style": "plain"}), reader)
    assert reading.name == "note.png"
    assert reading.keys == {"style": "plain"}
    assert (reading.counts.numbers, reading.counts.exact, reading.counts.edits) == (2, 2, 0)
    assert [one.right for one in reading.judged] == [True, True]
    assert all(0 < one.confidence <= 1 for one in reading.judged)
    assert (reading.mistakes, reading.error) == ((), "")


def test_every_kind_of_mistake_is_cut_out(note: Path, reader: Reader) -> None:
    numbers = (TrueNumber("29", (60, 95, 90, 60)), TrueNumber("555", (60, 220, 120, 50)))
    reading = judged(note, Truth(("29", "555"), numbers, {}), reader)
    by_kind = {mistake.kind: mistake for mistake in reading.mistakes}
    assert (by_kind[Kind.WRONG].truth, by_kind[Kind.WRONG].read) == ("29", "28")
    assert (by_kind[Kind.ALARM].truth, by_kind[Kind.ALARM].read) == (None, "614")
    assert (by_kind[Kind.MISSED].truth, by_kind[Kind.MISSED].read) == ("555", "")
    assert all(mistake.crop.startswith(b"\xff\xd8") for mistake in reading.mistakes)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_mistakes_on_a_page_that_was_turned_are_cut_out_where_they_stand(
    quarters: int, sample_pages: ModuleType, tmp_path: Path, reader: Reader
) -> None:
    hand = sample_pages.Hand(np.random.default_rng(4), sample_pages.Digits.load(), (480, 560))
    for line, text in enumerate(("34729", "74253", "47394", "92437", "35274")):
        hand.write(text, 50, 40 + 80 * line, 46)
    upright = np.rint(sample_pages.inked(np.full((480, 560, 3), 240), hand.ink, (60, 40, 40))).astype(np.uint8)
    path = tmp_path / "turned.png"
    cv2.imwrite(str(path), np.rot90(upright, -quarters))
    [page] = read_document(path.read_bytes(), reader, PARAMS).pages
    assert page.rotation == 90 * quarters
    boxes = [tuple(map(float, number.bbox.to_json())) for number in page.numbers]
    reading = judged(path, Truth(("1",), (TrueNumber("1", (300, 430, 20, 40)),), {}), reader)
    crops = {mistake.crop for mistake in reading.mistakes}
    assert crops == {crop_with_context(upright, box) for box in (*boxes, (300, 430, 20, 40))}
    assert len(crops) == 6


def test_mistakes_on_a_later_page_are_cut_out_of_it(note: Path, reader: Reader) -> None:
    page = cv2.imread(str(note))
    path = note.with_name("notes.tif")
    cv2.imwritemulti(str(path), [np.full_like(page, 200), page])
    boxes = [number.bbox for number in read_document(note.read_bytes(), reader, PARAMS).pages[0].numbers]
    expected = {crop_with_context(page, (box.x, box.y, box.width, box.height)) for box in boxes}
    assert len(expected) == 2
    assert {mistake.crop for mistake in judged(path, Truth(("1",), None, {}), reader).mistakes} == expected


def test_of_many_mistakes_the_most_confident_ones_of_each_kind_are_kept(note: Path) -> None:
    digits = (Digit(7, 1 - at / 100, BoundingBox(at, 50, 20, 40)) for at in range(80))
    numbers = [Number("7", one.bbox, 0, 0, one.confidence, False, (), (one,)) for one in digits]
    document = Document((Page(1, 600, 300, 0, tuple(numbers)),))
    stand = tuple(TrueNumber("8", (100 + at, 250, 20, 40)) for at in range(70))
    reading = judge(TruePage(note, Truth(("8",), stand, {})), lambda data, params: document, PARAMS)
    alarms = [mistake for mistake in reading.mistakes if mistake.kind == Kind.ALARM]
    assert [mistake.confidence for mistake in alarms] == [1 - at / 100 for at in range(MAX_SHOWN)]
    assert sum(mistake.kind == Kind.MISSED for mistake in reading.mistakes) == MAX_SHOWN
    assert reading.left_out == {Kind.ALARM: 80 - MAX_SHOWN, Kind.MISSED: 70 - MAX_SHOWN}


def test_the_pages_of_a_document_are_compared_one_after_the_other(note: Path, reader: Reader) -> None:
    page = cv2.imread(str(note))
    path = note.with_name("notes.tif")
    cv2.imwritemulti(str(path), [page, page])
    reading = judged(path, Truth(("28 614", "28 614"), None, {}), reader)
    assert (reading.counts.numbers, reading.counts.exact, reading.counts.edits) == (4, 4, 0)


def test_a_file_that_cannot_be_read_counts_as_one_on_which_nothing_was_read(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    reading = judged(path, Truth(("12",), None, {}), reader)
    assert reading.error
    assert (reading.counts.numbers, reading.counts.exact, reading.counts.edits) == (1, 0, 2)


@pytest.fixture
def doubts(note: Path, make_reading: Callable[..., Reading]) -> Callable[[float], PageReading]:
    """Judges numbers of which each may be doubted for another reason, read with a threshold of acceptance."""
    digits = {
        "sure": make_reading(1, (20, 50, 20, 40), 0.97),
        "maybe a blot": make_reading(2, (80, 50, 20, 40), 0.6, rubbish=0.35),
        "touching": make_reading(3, (140, 50, 20, 40), 0.6, touching=True),
        "wrong": make_reading(4, (200, 50, 20, 40), 0.8),
        "with a blot": make_reading(5, (260, 50, 20, 40), 0.97),
        "cut off": make_reading(6, (0, 50, 20, 40), 0.97),
        "rejected": make_reading(7, (320, 50, 20, 40), 0.2),
    }
    place = Place(np.eye(2, 3), 600, 300)

    def read(data: bytes, params: RecognitionParams) -> Document:
        numbers = tuple(
            to_number([digit], (0, at), what == "with a blot", place, params.trust, params.thresholds, cut_off=False)
            for at, (what, digit) in enumerate(digits.items())
        )
        return Document((Page(1, 600, 300, 0, numbers),))

    def judged(accept: float) -> PageReading:
        params = replace(PARAMS, thresholds=Thresholds(accept, digit=0.25))
        return judge(TruePage(note, Truth(("1 2 3 0 5 6 7",), None, {})), read, params)

    return judged


@pytest.mark.parametrize("accept", [0.5, 0.7, 0.9, 0.98])
def test_what_a_threshold_would_give_is_what_it_gives_when_the_page_is_read_with_it(
    accept: float, doubts: Callable[[float], PageReading]
) -> None:
    counts = doubts(accept).counts
    for as_read in (0.25, 0.6, 0.9, 0.98):
        rows = summarize("f", "", as_read, 0.25, [doubts(as_read)]).thresholds
        [row] = [one for one in rows if one.accept == accept]
        assert (row.accepted, row.slips) == (counts.accepted_right + counts.slips, counts.slips)


def test_what_no_threshold_makes_sure_is_accepted_with_none(doubts: Callable[[float], PageReading]) -> None:
    reading = doubts(0.9)
    assert [one.acceptable for one in reading.judged] == [True, True, True, True, False, False, False]
    assert (reading.counts.accepted_right, reading.counts.slips) == (1, 0)
    assert (doubts(0.5).counts.accepted_right, doubts(0.5).counts.slips) == (3, 1)
    assert [mistake.accepted for mistake in doubts(0.5).mistakes if mistake.read == "4"] == [True]
    assert [mistake.accepted for mistake in reading.mistakes if mistake.read == "4"] == [False]


def test_several_processes_read_the_same_as_one(note: Path) -> None:
    other = note.with_name("other.png")
    other.write_bytes(note.read_bytes())
    pages = [TruePage(path, Truth(("28 615",), None, {})) for path in (note, other)]
    alone = list(read_pages(pages, Models(shipped_model(), shipped_companions()), PARAMS, 1))
    together = list(read_pages(pages, Models(shipped_model(), shipped_companions()), PARAMS, 2))
    assert together == alone
    assert [reading.name for reading in together] == ["note.png", "other.png"]


def test_the_most_confident_mistake_that_nobody_would_have_looked_at_is_the_worst() -> None:
    mistakes = [
        Mistake(Kind.WRONG, "p", None, str(at), confidence, accepted, b"")
        for at, (confidence, accepted) in enumerate([(0.5, True), (0.99, False), (0.95, True)])
    ]
    assert [mistake.read for mistake in sorted(mistakes, key=severity)] == ["2", "0", "1"]
