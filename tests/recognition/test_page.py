"""A file goes in, and a document comes out: its pages, their numbers and pictures."""

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
from recognition.params import AnnotateParams, RecognitionParams, SizeParams
from recognition.reader import Reader
from recognition.types import Document, Page

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


def read_page(pixels: np.ndarray, reader: Reader, params: RecognitionParams = PARAMS) -> Page:
    (page,) = read_document(encode(pixels), reader, params).pages
    return page


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


def test_boxes_are_in_pixels_of_the_page_however_large_it_is(reader, note, numbers_on):
    page = note(("2047", 80, 40), ("395", 330, 150), shape=(300, 600))
    large = cv2.resize(page, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    small_params = replace(PARAMS, size=SizeParams(max_side_px=600, min_side_px=1))
    expected = numbers_on(page, reader, small_params)
    got = numbers_on(large, reader, small_params)
    assert [number.text for number in got] == [number.text for number in expected] == ["2047", "395"]
    for number, reference in zip(got, expected, strict=True):
        assert number.bbox.to_json() == pytest.approx([3 * value for value in reference.bbox.to_json()], abs=9)


@settings(max_examples=25)
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


def test_digits_are_given_as_the_network_saw_them_only_when_asked_for(reader, note):
    data = encode(note(("2047", 80, 40), ("395", 330, 150)))
    (without,) = read_document(data, reader, PARAMS).pages
    (shown,) = read_document(data, reader, replace(PARAMS, annotate=AnnotateParams(digits=True))).pages
    assert [number.pictures for number in without.numbers] == [b"", b""]
    assert shown.numbers == without.numbers
    for number in shown.numbers:
        pictures = np.frombuffer(number.pictures, np.uint8).reshape(-1, 28, 28)
        probabilities = reader.classifier.probabilities(pictures)
        assert [str(digit) for digit in probabilities.argmax(axis=1)] == list(number.text)


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


def test_a_note_on_a_wooden_table_is_read_and_its_grain_is_not(reader, note, numbers_on):
    rng = np.random.default_rng(5)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (700, 1000)).astype(np.float32), (0, 0), sigmaX=2, sigmaY=14)
    table = np.array((30, 70, 120)) * (1 + 2.5 * grain[..., None])
    photo = np.clip(table, 0, 255).astype(np.uint8)
    photo[200:500, 200:800] = note(("2047", 80, 40), ("395", 330, 150))
    numbers = numbers_on(photo, reader)
    assert [number.text for number in numbers] == ["2047", "395"]
    assert abs(numbers[0].bbox.x - 280) <= 8
    assert abs(numbers[0].bbox.y - 240) <= 8
