"""The report, opened with a parser of HTML as a browser would open it without a network."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from recognition.training.dataset import Digits
from recognition.training.digit_sets import DigitSet
from recognition.training.page_figures import PageFigures, summarize
from recognition.training.page_reading import Judged, Kind, Mistake, PageReading
from recognition.training.report import report, write_report
from recognition.training.report_pages import risk_of
from recognition.training.scoring import Counts
from recognition.training.set_figures import SetFigures, measure
from recognition.types import ModelInfo

VOID = {"meta", "img", "br", "link", "input", "hr"}
MODEL = ModelInfo("digits <i>", "abc123")
HOSTILE = '<script>alert(1)</script>"&.jpg'


@dataclass
class Opened(HTMLParser):
    """A page with its elements, its texts, the rows of its tables, and whether all elements were closed in order."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data)
        if self.open[-1:] in (["th"], ["td"]):
            self.rows[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def row(self, heading: str, first: str) -> dict[str, str]:
        """The row that begins with a text, by the headings of its table, the first of which is given."""
        at = next(at for at, row in enumerate(self.rows) if row[0] == heading)
        found = next(row for row in self.rows[at + 1 :] if row[0] == first)
        return dict(zip(self.rows[at], found, strict=True))


def opened(html: str) -> Opened:
    page = Opened()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def crop() -> bytes:
    return cv2.imencode(".jpg", np.full((20, 30, 3), 200, np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def pages(crop: bytes) -> PageFigures:
    judged = (Judged(0.95, right=False, acceptable=True), Judged(0.6, right=True, acceptable=True))
    mistakes = (
        Mistake(Kind.WRONG, HOSTILE, "12", "17", 0.95, True, crop),
        Mistake(Kind.WRONG, HOSTILE, None, "3?", 0.2, False, crop),
        Mistake(Kind.ALARM, HOSTILE, None, "7", 0.9, False, b""),
        Mistake(Kind.MISSED, HOSTILE, "555", "", 0.0, False, crop),
    )
    counts = Counts(pages=1, numbers=3, exact=1, alarms=1, slips=1, truth_digits=7, edits=4)
    good = PageReading(HOSTILE, {"style": "<b>ruled</b>"}, counts, judged, mistakes)
    broken = PageReading("broken.jpg", {}, Counts(pages=1, numbers=1, truth_digits=2, edits=2), (), (), "cut off")
    return summarize("<folder>", "style", 0.9, 0.25, [good, broken])


@pytest.fixture(scope="module")
def digit_set() -> SetFigures:
    images = np.zeros((3, 28, 28), np.uint8)
    images[:, 5:20, 12:15] = 255
    probabilities = np.eye(11, dtype=np.float32)[[1, 7, 1]]
    return measure(
        DigitSet("own & others.npz", "as it is", Digits(images, np.array([1, 1, 4], np.uint8))), probabilities
    )


@pytest.fixture(scope="module")
def html(pages: PageFigures, digit_set: SetFigures) -> str:
    return report(MODEL, (digit_set, digit_set), pages)


def test_the_report_references_nothing_outside_of_itself(html: str) -> None:
    page = opened(html)
    anchors = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            if name in ("src", "href", "srcset", "action", "data", "poster", "background", "style"):
                assert value is not None
                inside = value.startswith("data:image/") or (value[:1] == "#" and value[1:] in anchors)
                assert inside, f"{tag} has {name}={value[:80]}"
    assert not {tag for tag, _ in page.elements} & {"script", "link", "iframe", "object", "embed", "base"}
    assert not re.search(r"https?:|url\(|@import", html)


def test_every_figure_has_a_heading_above_and_beside_it_to_be_read_aloud(html: str) -> None:
    page = opened(html)
    scopes = [attributes["scope"] for attributes in page.all("th")]
    assert scopes.count("row") == len(page.rows) - len(page.all("thead"))


def test_every_picture_is_whole_and_says_what_it_shows(html: str) -> None:
    pictures = opened(html).all("img")
    assert len(pictures) == 2 + 2 * 3 + 3 + 2 * 2
    for picture in pictures:
        assert picture["alt"]
        content = base64.b64decode((picture["src"] or "").partition(",")[2], validate=True)
        assert cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) is not None


def test_text_from_file_names_is_shown_as_it_is_and_never_run(html: str) -> None:
    page = opened(html)
    assert any(HOSTILE in text for text in page.texts)
    assert "How well the model digits <i> reads" in page.texts
    assert "<b>ruled</b>" in page.texts
    assert "Digits of own & others.npz" in page.texts
    assert page.all("i") == []


def test_every_kind_of_mistake_is_shown_with_its_truth_and_reading(html: str) -> None:
    texts = opened(html).texts
    for text in ("12 → 17", "unknown → 3?", "read as 7", "555 missed", "4 → 1", "1 → 7"):
        assert text in texts
    assert texts.index("12 → 17") < texts.index("unknown → 3?")
    assert "0.950, accepted" in texts
    assert any(text.startswith("Shown: all 2,") for text in texts)


def test_the_figures_of_each_group_and_threshold_are_there(html: str) -> None:
    texts = opened(html).texts
    # One of confidence 0.95 is wrong, and one of 0.6 right.
    assert "Expected calibration error: 0.6750." in texts
    for text in ("slips/1000", "1000.000", "0.9 (as read)", "broken.jpg (could not be read: cut off)", "33.33%"):
        assert any(text in one for one in texts), text


def test_each_figure_of_pages_stands_below_its_heading() -> None:
    counts = Counts(pages=4, numbers=16, exact=12, alarms=6, accepted_right=8, slips=2, digits=32, found=24,
                    digit_right=18, truth_digits=50, edits=5)  # fmt: skip
    reading = PageReading("a.jpg", {"style": "plain"}, counts, (), ())
    page = opened(report(MODEL, (), summarize("f", "style", 0.9, 0.25, [reading])))
    assert page.row("style", "plain") == {
        "style": "plain", "pages": "4", "numbers": "16", "exact": "0.750", "alarms/page": "1.500", "accepted": "0.500",
        "slips/1000": "200.000", "found": "0.750", "digit": "0.750", "DER": "0.100",
    }  # fmt: skip
    assert page.row("page", "a.jpg") == {
        "page": "a.jpg", "numbers": "16", "exact": "12", "alarms": "6", "accepted and right": "8", "slips": "2",
        "digits to mend": "5", "of": "50",
    }  # fmt: skip


def test_what_a_threshold_gives_stands_below_its_heading(doubts: PageFigures) -> None:
    assert opened(report(MODEL, (), doubts)).row("accept from", "0.9 (as read)") == {
        "accept from": "0.9 (as read)",
        "accepted": "3",
        "of the numbers read": "60.0%",
        "right, of those on the pages": "25.0%",
        "wrong": "1",
        "of 1000 accepted": "333.3",
        "95 % interval": "61.5 to 792.3",
    }


def test_a_threshold_that_accepts_nothing_promises_nothing(doubts: PageFigures) -> None:
    row = opened(report(MODEL, (), doubts)).row("accept from", "0.999")
    assert (row["accepted"], row["of 1000 accepted"], row["95 % interval"]) == ("0", "-", "-")


def test_what_no_threshold_accepts_is_left_out_of_the_risk_and_counts_among_the_numbers(doubts: PageFigures) -> None:
    [axes] = risk_of(doubts).axes
    line, mark = (np.asarray(one.get_xydata()) for one in axes.lines)
    np.testing.assert_allclose(line, [(0.2, 0), (0.4, 500), (0.6, 1000 / 3), (0.8, 250)])
    np.testing.assert_allclose(mark, [(0.6, 1000 / 3)])


@pytest.fixture(scope="module")
def doubts() -> PageFigures:
    """Five numbers that were read of eight, the surest of which no threshold accepts."""
    sure = ((0.98, True), (0.95, False), (0.93, True), (0.6, True))
    judged = (Judged(0.99, right=False, acceptable=False), *(Judged(*one, acceptable=True) for one in sure))
    counts = Counts(pages=1, numbers=8, exact=3, accepted_right=2, slips=1)
    return summarize("f", "", 0.9, 0.25, [PageReading("a.jpg", {}, counts, judged, ())])


def test_no_more_mistakes_of_a_kind_are_shown_than_can_be_looked_at(crop: bytes) -> None:
    mistakes = [Mistake(Kind.ALARM, "p", None, str(at), 1 - at / 100, False, crop) for at in range(80)]
    halves = [
        PageReading("p", {}, Counts(pages=1), (), tuple(mistakes[at::2]), left_out={Kind.ALARM: 4}) for at in (1, 0)
    ]
    texts = opened(report(MODEL, (), summarize("f", "", 0.9, 0.25, halves))).texts
    shown = [text for text in texts if text.startswith("read as ")]
    assert shown == [f"read as {at}" for at in range(60)]
    assert any(text.startswith("Shown: 60 of 88,") for text in texts)


def test_each_figure_of_a_set_of_digits_stands_below_its_heading(digit_set: SetFigures) -> None:
    page = opened(report(MODEL, (digit_set,), None))
    assert page.row("set", "own & others.npz") == {
        "set": "own & others.npz", "digits": "3", "right": "33.33%", "wrong": "2", "calibration error": "0.6667",
        "taken for no digit": "0",
    }  # fmt: skip
    assert page.row("digit", "1") == {
        "digit": "1", "count": "2", "precision": "50.00%", "recall": "50.00%", "most often read as": "7",
    }  # fmt: skip
    assert page.row("digit", "7") == {
        "digit": "7", "count": "0", "precision": "0.00%", "recall": "-", "most often read as": "-",
    }  # fmt: skip
    assert page.row("accepted", "100.0%") == {
        "accepted": "100.0%", "from confidence": "1.0000", "wrong": "2", "of 1000 accepted": "666.67",
    }  # fmt: skip


def test_what_was_not_measured_is_left_out(pages: PageFigures, digit_set: SetFigures) -> None:
    only_digits = opened(report(MODEL, (digit_set,), None))
    assert [attributes["id"] for attributes in only_digits.all("h2")] == ["set-1"]
    assert only_digits.all("nav") == []
    only_pages = opened(report(MODEL, (), pages))
    assert [attributes["id"] for attributes in only_pages.all("h2")] == ["pages"]


def test_pages_on_which_nothing_was_read_give_a_report() -> None:
    nothing = summarize("empty", "", 0.9, 0.25, [PageReading("a.jpg", {}, Counts(pages=1), (), ())])
    texts = opened(report(MODEL, (), nothing)).texts
    assert "No number was read." in texts
    assert "Confidence of the numbers" not in texts  # of which there is nothing to say


def test_the_report_is_written_whole_and_in_utf8(tmp_path: Path) -> None:
    odd = Mistake(Kind.WRONG, "Zählung.jpg", "\ud800", "1", 0.5, False, b"")  # half a character, as JSON may have it
    page = PageReading("Zählung.jpg", {}, Counts(pages=1), (), (odd,))
    write_report(tmp_path / "report.html", MODEL, (), summarize("f", "", 0.9, 0.25, [page]))
    texts = opened((tmp_path / "report.html").read_text("utf-8")).texts
    assert r"\ud800 → 1" in texts
    assert "Zählung.jpg" in texts
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
