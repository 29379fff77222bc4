"""Pages read by the shipped network, with truths that fit them or are made to differ."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from config.shipped import shipped_companions, shipped_model
from recognition.page import read_document
from recognition.params import RecognitionParams
from recognition.reader import Reader
from recognition.training.page_reading import Kind, Mistake, Models, PageReading, judge, read_pages, severity
from recognition.training.truth import TrueNumber, TruePage, Truth

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
    return judge(TruePage(path, truth), lambda data: read_document(data, reader, PARAMS), PARAMS)


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


def test_a_file_that_cannot_be_read_counts_as_one_on_which_nothing_was_read(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    reading = judged(path, Truth(("12",), None, {}), reader)
    assert reading.error
    assert (reading.counts.numbers, reading.counts.exact, reading.counts.edits) == (1, 0, 2)


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
