from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from recognition.errors import UnreadableImageError
from recognition.load import load_pages
from recognition.params import LoadParams

DATA = Path(__file__).parents[2] / "data"
BLACK_SQUARE = "0 g 0 96 144 96 re f"
"""The upper left quarter of a page of 288 x 192 points."""


def test_every_page_is_rendered_on_white_at_the_wanted_resolution(make_pdf):
    pages = list(load_pages(make_pdf(BLACK_SQUARE, "1 0 0 rg 0 0 144 96 re f", ""), LoadParams(pdf_dpi=100)))
    assert [page.page for page in pages] == [1, 2, 3]
    assert all(page.pixels.shape == (267, 400, 3) and not page.warnings and not page.damaged for page in pages)
    first, second, third = (page.pixels for page in pages)
    assert first[60, 100].tolist() == [0, 0, 0]
    assert first[200, 100].tolist() == [255, 255, 255]
    assert second[200, 100].tolist() == [0, 0, 255]
    assert third.min() == 255
    first[:] = 0


def test_a_scanned_pdf_gives_the_scan(picture, encode):
    (page,) = load_pages(encode(picture, "PDF", resolution=100), LoadParams(pdf_dpi=200))
    assert page.pixels.shape[0] in (128, 129)  # sizes in points are rounded in the file
    assert page.pixels.shape[1] in (192, 193)
    assert page.pixels[32, 48, 2] > 200 > 60 > page.pixels[32, 48, 0]


def test_rubbish_before_the_header_does_not_matter(picture, encode):
    (page,) = load_pages(b"\0\r\n" * 300 + encode(picture, "PDF"), LoadParams())
    assert page.pixels.std() > 50


def test_a_rotated_page_is_rendered_upright(make_pdf):
    (page,) = load_pages(make_pdf(BLACK_SQUARE, page="/Rotate 90"), LoadParams(pdf_dpi=72))
    assert page.pixels.shape == (288, 192, 3)
    assert page.pixels[70, 150].tolist() == [0, 0, 0]
    assert page.pixels[70, 40].tolist() == [255, 255, 255]


@pytest.mark.parametrize("kind", ["/Subtype/Widget/FT/Tx/T(a)", "/Subtype/Stamp"])
def test_form_fields_and_annotations_are_drawn(kind, make_pdf):
    form = "<</Type/XObject/Subtype/Form/BBox[0 0 100 50]/Length 19>>"
    appearance = f"21 0 obj {form} stream\n0 g 0 0 100 50 re f\nendstream endobj"
    field = f"20 0 obj <</Type/Annot{kind}/F 4/Rect[20 20 120 70]/AP<</N 21 0 R>>/P 10 0 R>> endobj\n{appearance}"
    data = make_pdf("", page="/Annots[20 0 R]", catalog="/AcroForm<</Fields[20 0 R]>>", more=field)
    (page,) = load_pages(data, LoadParams(pdf_dpi=72))
    assert page.pixels[192 - 45, 70].max() < 40


def test_a_page_over_the_limit_is_rendered_at_a_lower_resolution_and_says_so(make_pdf):
    data = make_pdf(BLACK_SQUARE, size=(7200, 7200))
    (page,) = load_pages(data, LoadParams(pdf_dpi=200, max_megapixels=4))
    height, width, _ = page.pixels.shape
    assert 3.8e6 < height * width <= 4e6
    (warning,) = page.warnings
    assert warning == (
        "page 1 is 100.0 x 100.0 inches: it was rendered at 20 instead of 200 dpi to stay within pages.max_megapixels "
        "and 65500 pixels a side"
    )


def test_a_roll_is_rendered_no_longer_than_its_annotated_picture_can_be(make_pdf):
    (page,) = load_pages(make_pdf("", size=(20, 14_400)), LoadParams(pdf_dpi=600))
    height = page.pixels.shape[0]
    assert 65_000 < height <= 65_500
    assert page.warnings


def test_a_page_that_fits_at_no_resolution_is_refused(make_pdf, refusal):
    error = refusal(make_pdf("", size=(14_400_000, 14_400_000)), LoadParams(max_megapixels=1))
    assert "pages.max_megapixels" in str(error)


def test_a_pdf_with_a_password_is_refused_with_the_remedy(refusal):
    error = refusal((DATA / "password.pdf").read_bytes())
    assert "protected by a password. Remove the password" in str(error)
    assert not error.incomplete


def test_a_pdf_that_only_restricts_its_editing_is_read():
    (page,) = load_pages((DATA / "restricted.pdf").read_bytes(), LoadParams())
    assert page.pixels.min() == 0


def test_too_many_pages_are_refused(make_pdf, refusal):
    assert "may have 2 pages, but this one has 3" in str(refusal(make_pdf("", "", ""), LoadParams(max_pages=2)))


def test_a_pdf_without_pages_is_refused(make_pdf, refusal):
    error = refusal(make_pdf())
    assert "PDF is damaged" in str(error)
    assert not error.incomplete


def test_half_a_pdf_gives_none_of_its_pages(make_pdf, refusal):
    data = make_pdf(*[BLACK_SQUARE] * 20)
    error = refusal(data[: len(data) // 2])
    assert error.incomplete


def test_a_pdf_with_half_an_update_gives_none_of_its_pages(make_pdf):
    data = make_pdf(BLACK_SQUARE) + b"90 0 obj <</Type/Page>> endobj\n"
    with pytest.raises(UnreadableImageError, match="too early"):
        next(load_pages(data, LoadParams()))


def test_rubbish_behind_a_pdf_header_is_refused(refusal):
    error = refusal(b"%PDF-1.7\n" + bytes(range(256)) * 20 + b"\n%%EOF\n")
    assert "PDF is damaged" in str(error)
    assert not error.incomplete


def test_the_document_is_closed_when_the_caller_stops_early(make_pdf, monkeypatch):
    import pypdfium2

    closed = []
    close = pypdfium2.PdfDocument.close
    monkeypatch.setattr(pypdfium2.PdfDocument, "close", lambda document: (closed.append(document), close(document))[1])
    pages = load_pages(make_pdf(BLACK_SQUARE, BLACK_SQUARE), LoadParams())
    next(pages)
    assert not closed
    pages.close()
    assert len(closed) == 1


def test_a_pdf_of_a_large_scan_fits_the_limit(encode):
    data = encode(Image.new("L", (3000, 2000), 128), "PDF", resolution=300)
    (page,) = load_pages(data, LoadParams(pdf_dpi=600, max_megapixels=6))
    assert page.pixels.shape[0] * page.pixels.shape[1] <= 6e6
    assert "299 instead of 600 dpi" in page.warnings[0]
