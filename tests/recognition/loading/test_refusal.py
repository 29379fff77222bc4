"""Files that are cut short, damaged or no pictures are refused, and those that may still grow are told apart."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from recognition.errors import UnreadableImageError
from recognition.load import load_pages
from recognition.params import LoadParams


@pytest.mark.parametrize("fraction", [0.3, 0.5, 0.9])
def test_a_file_cut_short_gives_no_page(samples, fraction, refusal):
    for name, data in samples.items():
        error = refusal(data[: int(len(data) * fraction)])
        assert error.incomplete, name
        assert "too early" in str(error) or "empty" in str(error), name


def test_a_jpeg_of_which_only_the_end_mark_is_missing_may_still_grow(picture, encode, refusal):
    assert refusal(encode(picture, "JPEG")[:-2]).incomplete


def test_a_tiff_whose_last_page_is_cut_off_gives_none_of_its_pages(encode):
    page = Image.effect_noise((200, 200), 50)
    data = encode(page, "TIFF", save_all=True, append_images=[page] * 3)
    with pytest.raises(UnreadableImageError, match="too early"):
        next(load_pages(data[:-1000], LoadParams()))


def test_damaged_pixels_of_a_png_are_refused(samples, refusal):
    data = bytearray(samples["PNG"])
    data[len(data) // 2] ^= 0x55
    error = refusal(bytes(data))
    assert not error.incomplete
    assert "PNG is damaged" in str(error)


def test_an_empty_file_is_named_and_may_still_grow(refusal):
    error = refusal(b"")
    assert error.incomplete
    assert "empty" in str(error)


def test_reserved_space_is_named_and_may_still_be_filled(refusal):
    error = refusal(bytes(5000))
    assert error.incomplete
    assert "zeros" in str(error)


def test_a_text_is_refused_with_what_was_got_and_the_remedy(refusal):
    error = refusal(b"Dear reader, this is no picture")
    assert not error.incomplete
    assert "(it is a text file)" in str(error)
    assert "Save it as JPEG, PNG, TIFF or PDF" in str(error)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg"])
def test_the_damaged_page_of_a_tiff_is_named(compression, picture, encode, refusal):
    data = bytearray(encode(picture, "TIFF", save_all=True, append_images=[picture] * 2, compression=compression))
    with Image.open(BytesIO(data)) as image:
        image.seek(1)
        (start,), (length,) = image.tag_v2[273], image.tag_v2[279]  # where its one strip stands
    data[start : start + length] = bytes(length)
    assert str(refusal(bytes(data))).startswith("page 2 of 3: the TIFF is damaged")


def test_the_page_of_a_tiff_that_is_over_the_limit_is_named(encode, refusal):
    pages = [Image.new("1", size) for size in ((10, 10), (10, 10), (1001, 1000))]
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert str(refusal(data, LoadParams(max_megapixels=1))).startswith("page 3 of 3: a page may have 1 megapixels")


def test_the_damaged_page_of_a_pdf_is_named(make_pdf, refusal):
    data = make_pdf("", "", "").replace(b"12 0 obj <</Type/Page/", b"12 0 obj <</Type/Text/")
    assert str(refusal(data)).startswith("page 2 of 3: the PDF is damaged")


def test_of_a_document_of_one_page_no_page_is_named(make_pdf, refusal):
    error = refusal(make_pdf("", size=(14_400_000, 14_400_000)), LoadParams(max_megapixels=1))
    assert str(error).startswith("a page may have 1 megapixels")
