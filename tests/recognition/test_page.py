from __future__ import annotations

import io
from dataclasses import replace
from difflib import SequenceMatcher

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from recognition.errors import UnreadableImageError
from recognition.page import read_document
from recognition.params import AnnotateParams, RecognitionParams, SizeParams, Thresholds
from recognition.reader import Reader, load_reader
from recognition.types import REJECTED, Document, Number, Page, Reason

PARAMS = RecognitionParams()
PNG = b"\x89PNG\r\n\x1a\n"


def encode(*pages: np.ndarray, kind: str = "PNG") -> bytes:
    """The pages, blue, green, red, as one file."""
    images = [Image.fromarray(np.ascontiguousarray(page[..., ::-1])) for page in pages]
    buffer = io.BytesIO()
    more = {"save_all": True, "append_images": images[1:]} if kind == "TIFF" else {}
    images[0].save(buffer, kind, **more)
    return buffer.getvalue()


def blank(height: int = 300, width: int = 400, value: int = 240) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


@pytest.fixture
def note(sample_pages):
    """Draws a page of numbers, each with its upper left corner."""

    def draw(*numbers, shape=(300, 600), height_px=50):
        hand = sample_pages.Hand(np.random.default_rng(4), sample_pages.Digits.load(), shape)
        for text, x, y in numbers:
            hand.write(text, x, y, height_px)
        return np.rint(sample_pages.inked(blank(*shape), hand.ink, (60, 40, 40))).astype(np.uint8)

    return draw


def read_page(pixels: np.ndarray, reader: Reader, params: RecognitionParams = PARAMS) -> Page:
    (page,) = read_document(encode(pixels), reader, params).pages
    return page


def numbers_on(pixels: np.ndarray, reader: Reader, params: RecognitionParams = PARAMS) -> tuple[Number, ...]:
    return read_page(pixels, reader, params).numbers


def texts(document: Document) -> list[str]:
    return [number.text for page in document.pages for number in page.numbers]


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_blank_page_is_a_result_without_numbers(reader, value):
    document = read_document(encode(blank(value=value)), reader, PARAMS)
    (page,) = document.pages
    assert (page.page, page.width, page.height, page.rotation, page.numbers) == (1, 400, 300, 0, ())
    assert page.annotated.startswith(b"\xff\xd8")
    assert document.warnings == ()


@pytest.mark.parametrize("name", ["log-sheet.jpg", "photo.jpg", "form.png", "pencil.png"])
def test_the_numbers_of_a_drawn_page_are_read_in_their_order(reader, sample_pages, name):
    page = sample_pages.draw(name)
    document = read_document(sample_pages.encode(name, page), reader, PARAMS)
    expected = [number for line in page.lines for number in line]
    got = texts(document)
    alike = SequenceMatcher(None, got, expected, autojunk=False)
    assert sum(block.size for block in alike.get_matching_blocks()) >= 0.75 * len(expected)
    assert abs(len(got) - len(expected)) <= 0.1 * len(expected)


def test_a_number_is_where_it_was_written(reader, note):
    page = note(("2047", 80, 40), ("395", 330, 150))
    (first, second) = read_document(encode(page), reader, PARAMS).pages[0].numbers
    assert [(first.text, first.line, first.position), (second.text, second.line, second.position)] == [
        ("2047", 0, 0),
        ("395", 1, 0),
    ]
    for number, x, y in ((first, 80, 40), (second, 330, 150)):
        assert abs(number.bbox.x - x) <= 8
        assert abs(number.bbox.y - y) <= 8
        assert 40 <= number.bbox.height <= 66
        assert [digit.bbox.x for digit in number.digits] == sorted(digit.bbox.x for digit in number.digits)
        assert number.confidence == min(digit.confidence for digit in number.digits)
        assert len(number.digits) == len(number.text)


def test_chalk_on_a_board_is_read_as_ink_on_paper(reader, note):
    page = note(("2047", 80, 40))
    ink = read_document(encode(page), reader, PARAMS).pages[0].numbers
    chalk = read_document(encode(255 - page), reader, PARAMS).pages[0].numbers
    assert chalk == ink
    assert len(ink) == 1


def test_boxes_are_in_pixels_of_the_page_however_large_it_is(reader, note):
    page = note(("2047", 80, 40), ("395", 330, 150), shape=(300, 600))
    large = cv2.resize(page, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    small_params = replace(PARAMS, size=SizeParams(max_side_px=600, min_side_px=1))
    expected = numbers_on(page, reader, small_params)
    got = numbers_on(large, reader, small_params)
    assert [number.text for number in got] == [number.text for number in expected] == ["2047", "395"]
    for number, reference in zip(got, expected, strict=True):
        assert number.bbox.to_json() == pytest.approx([3 * value for value in reference.bbox.to_json()], abs=9)


@settings(deadline=None, max_examples=25)
@given(
    arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.sampled_from([20, 240, 250])
    ),
    st.sampled_from([1, 10]),
)
def test_boxes_stay_inside_the_page_whatever_is_on_it(reader, page, pixels_each):
    page = page.repeat(pixels_each, axis=0).repeat(pixels_each, axis=1)
    small = replace(PARAMS, size=SizeParams(max_side_px=500, min_side_px=100))
    read = read_page(np.repeat(page[..., None], 3, axis=2), reader, small)
    assert {read.width, read.height} == set(page.shape)
    for number in read.numbers:
        for box in (number.bbox, *(digit.bbox for digit in number.digits)):
            assert 0 <= box.x < box.right <= read.width
            assert 0 <= box.y < box.bottom <= read.height


def test_the_same_bytes_give_the_same_document(reader, sample_pages):
    data = sample_pages.encode("pencil.png", sample_pages.draw("pencil.png"))
    params = replace(PARAMS, annotate=AnnotateParams(crops=True))
    one, other = (read_document(data, reader, params) for _ in range(2))
    assert one == other
    assert one.pages[0].annotated == other.pages[0].annotated
    assert [number.crop for number in one.pages[0].numbers] == [number.crop for number in other.pages[0].numbers]


def test_crops_are_made_only_when_asked_for(reader, note):
    data = encode(note(("2047", 80, 40), ("395", 330, 150)))
    (without,) = read_document(data, reader, PARAMS).pages
    (cropped,) = read_document(data, reader, replace(PARAMS, annotate=AnnotateParams(crops=True))).pages
    assert [number.crop for number in without.numbers] == [b"", b""]
    assert all(number.crop.startswith(PNG) for number in cropped.numbers)
    assert cropped.numbers[0].crop != cropped.numbers[1].crop


def test_the_annotated_picture_is_of_the_pages_size_and_shows_the_numbers(reader, note):
    pixels = note(("2047", 80, 40))
    (page,) = read_document(encode(pixels), reader, PARAMS).pages
    picture = cv2.imdecode(np.frombuffer(page.annotated, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == pixels.shape
    box = page.numbers[0].bbox
    changed = np.abs(picture.astype(int) - pixels).max(axis=2) > 60
    assert changed[max(0, box.y - 40) : box.bottom + 20].any()
    assert not changed[box.bottom + 60 :].any()


def test_pages_are_counted_from_one_and_read_each_for_itself(reader, note):
    data = encode(note(("2047", 80, 40)), blank(), note(("395", 330, 150)), kind="TIFF")
    document = read_document(data, reader, PARAMS)
    assert [page.page for page in document.pages] == [1, 2, 3]
    assert [[number.text for number in page.numbers] for page in document.pages] == [["2047"], [], ["395"]]


def test_a_document_survives_its_json(reader, note):
    document = read_document(encode(note(("2047", 80, 40))), reader, PARAMS)
    once = Document.from_json(document.to_json())
    assert Document.from_json(once.to_json()) == once
    assert texts(once) == ["2047"]


@pytest.mark.parametrize("data", [b"", b"no picture", PNG + b"\0" * 40])
def test_what_is_no_document_is_refused(reader, data):
    with pytest.raises(UnreadableImageError):
        read_document(data, reader, PARAMS)


def test_a_sure_number_needs_no_review(certain, note):
    (number,) = numbers_on(note(("88", 200, 100)), certain(8, 0.97))
    assert (number.text, number.needs_review, number.reasons) == ("88", False, ())
    assert number.confidence == pytest.approx(0.97, abs=1e-3)


def test_a_doubtful_number_needs_review(certain, note):
    (number,) = numbers_on(note(("8", 200, 100)), certain(8, 0.8))
    assert (number.text, number.needs_review, number.reasons) == ("8", True, (Reason.LOW_CONFIDENCE,))


def test_a_rejected_digit_is_a_question_mark_and_its_best_guess_stays(certain, note):
    params = replace(PARAMS, thresholds=Thresholds(digit=0.5))
    (number,) = numbers_on(note(("8", 200, 100)), certain(8, 0.45), params)
    assert number.text == REJECTED
    assert [digit.digit for digit in number.digits] == [8]
    assert number.needs_review


@pytest.mark.parametrize(("accept", "doubtful"), [(0.79, False), (0.81, True)])
def test_the_threshold_decides_what_is_doubtful(certain, note, accept, doubtful):
    params = replace(PARAMS, thresholds=Thresholds(accept=accept))
    (number,) = numbers_on(note(("8", 200, 100)), certain(8, 0.8), params)
    assert number.needs_review is doubtful


def test_what_may_be_no_digit_is_said_to_be_doubtful_for_that(certain, note):
    (number,) = numbers_on(note(("8", 200, 100)), certain(8, 0.6, rubbish=0.35))
    assert number.reasons == (Reason.LOW_CONFIDENCE, Reason.NOT_A_DIGIT)


def test_a_number_at_the_edge_of_the_page_is_cut_off(certain, note):
    pixels = note(("88", 200, 100))[:, 210:]  # through the first digit
    strict = replace(PARAMS, thresholds=Thresholds(accept=0.99))
    (number,) = numbers_on(pixels, certain(8, 0.95), strict)
    assert number.bbox.x <= 1
    assert number.reasons == (Reason.LOW_CONFIDENCE, Reason.CUT_OFF)


def test_digits_that_were_cut_apart_are_said_to_have_touched(reader, sample_pages, touching):
    hand = sample_pages.Hand(np.random.default_rng(4), sample_pages.Digits.load(), (300, 600))
    hand.write("2047", 60, 30, 60)
    hand.place(touching("68", 2), 100, 150)
    pixels = np.rint(sample_pages.inked(blank(300, 600), hand.ink, (60, 40, 40))).astype(np.uint8)
    strict = replace(PARAMS, thresholds=Thresholds(accept=1.0))
    apart, together = numbers_on(pixels, reader, strict)
    assert (apart.text, together.text) == ("2047", "68")
    assert Reason.TOUCHING not in apart.reasons
    assert Reason.TOUCHING in together.reasons


def test_alternatives_are_the_next_best_digits_and_rubbish_is_none_of_them(write_model, note):
    bias = [0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 1.0, 0.0, 0.5, 1.4]
    (number,) = numbers_on(
        note(("8", 200, 100)),
        load_reader(write_model(bias, temperature=0.5)),
        replace(PARAMS, thresholds=Thresholds(digit=0.1)),
    )
    (digit,) = number.digits
    assert digit.digit == 4
    assert [alternative for alternative, _ in digit.alternatives] == [7, 9]
    assert [probability for _, probability in digit.alternatives] == sorted(
        (probability for _, probability in digit.alternatives), reverse=True
    )


def test_a_note_on_a_wooden_table_is_read_and_its_grain_is_not(reader, note):
    rng = np.random.default_rng(5)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (700, 1000)).astype(np.float32), (0, 0), sigmaX=2, sigmaY=14)
    table = np.array((30, 70, 120)) * (1 + 2.5 * grain[..., None])
    photo = np.clip(table, 0, 255).astype(np.uint8)
    photo[200:500, 200:800] = note(("2047", 80, 40), ("395", 330, 150))
    numbers = numbers_on(photo, reader)
    assert [number.text for number in numbers] == ["2047", "395"]
    assert abs(numbers[0].bbox.x - 280) <= 8
    assert abs(numbers[0].bbox.y - 240) <= 8


SUMS = (("34729", 60, 20), ("7425", 360, 22), ("4739", 70, 112), ("9243", 360, 114), ("35274", 60, 200))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_that_does_not_stand_upright_is_turned_and_says_so(reader, note, quarters):
    page = note(*SUMS)
    (upright,) = read_document(encode(page), reader, PARAMS).pages
    params = replace(PARAMS, annotate=AnnotateParams(crops=True))
    document = read_document(encode(np.rot90(page, quarters)), reader, params)
    (turned,) = document.pages
    assert upright.rotation == 0
    assert turned.rotation == 360 - 90 * quarters
    assert (turned.width, turned.height) == (600, 300)
    assert [number.text for number in turned.numbers] == [number.text for number in upright.numbers]
    for one, other in zip(turned.numbers, upright.numbers, strict=True):
        assert one.bbox.to_json() == pytest.approx(other.bbox.to_json(), abs=2)
    picture = cv2.imdecode(np.frombuffer(turned.annotated, np.uint8), cv2.IMREAD_COLOR)
    crop = cv2.imdecode(np.frombuffer(turned.numbers[0].crop, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert crop is not None
    assert picture.shape == page.shape
    assert crop.shape[1] > crop.shape[0]
    (warning,) = document.warnings
    assert warning.startswith("Page 1 was turned ")


@pytest.fixture
def sloping(reader, note):
    """Reads a page as it is and turned: the page that was read, its numbers as they stand level, and the turn."""

    def read(angle_deg):
        level = numbers_on(note(*SUMS), reader)
        matrix = cv2.getRotationMatrix2D((300, 150), angle_deg, 1)
        matrix[:, 2] += (100, 250)
        page = cv2.warpAffine(note(*SUMS), matrix, (800, 800), borderValue=(240, 240, 240))
        (turned,) = read_document(encode(page), reader, PARAMS).pages
        return turned, level, matrix

    return read


@pytest.mark.parametrize("angle_deg", [-40, -25, 25, 40])
def test_a_page_whose_lines_slope_much_is_read_in_its_lines(sloping, angle_deg):
    read, level, _ = sloping(angle_deg)
    assert (read.rotation, read.width, read.height) == (0, 800, 800)
    assert [(number.line, number.position) for number in read.numbers] == [(n.line, n.position) for n in level]
    assert sum(number.text == other.text for number, other in zip(read.numbers, level, strict=True)) >= 4


@pytest.mark.parametrize("angle_deg", [-40, -25, 25, 40])
def test_numbers_of_sloping_lines_lie_where_they_stand(sloping, angle_deg):
    read, level, matrix = sloping(angle_deg)
    for number, other in zip(read.numbers, level, strict=True):
        assert number.bbox.center == pytest.approx(tuple(matrix @ (*other.bbox.center, 1)), abs=6)
