from __future__ import annotations

import io

import pytest
from PIL import Image

from recognition.formats import Format, describe, is_whole, sniff


def test_every_kind_is_told_from_its_content(samples):
    for name, data in samples.items():
        assert sniff(data) == name.rpartition(" ")[2], name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"Dear reader",
        b"BMW is a car, and this is a text",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"\0\0\0\x18ftypavif",
        b"PK\x03\x04",
    ],
)
def test_other_content_is_of_no_kind(data):
    assert sniff(data) is None


def test_a_pdf_header_may_follow_rubbish_of_a_kilobyte():
    assert sniff(b"\n" * 1024 + b"%PDF-1.4") is Format.PDF
    assert sniff(b"\n" * 1025 + b"%PDF-1.4") is None


def test_an_avif_that_names_no_heic_brand_is_no_heic():
    avif = b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf" + bytes(40)
    assert sniff(avif) is None
    heic = b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf" + bytes(40)
    assert sniff(heic) is Format.HEIC


def test_complete_files_are_whole(samples):
    for name, data in samples.items():
        assert is_whole(data), name


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9, 0.99])
def test_files_cut_short_are_not_whole(samples, fraction):
    for name, data in samples.items():
        assert not is_whole(data[: int(len(data) * fraction)]), name


def test_a_file_short_of_its_last_bytes_is_not_whole(samples):
    # The last byte of a PDF is a line feed that no one misses, and the last rows of a TIFF may stand anywhere.
    for name in ("JPEG", "progressive JPEG", "PNG", "BMP", "WebP", "GIF", "HEIC"):
        assert not is_whole(samples[name][:-1]), name


def test_reserved_space_that_is_not_filled_yet_is_not_whole(samples):
    for name in ("JPEG", "PNG", "GIF", "PDF"):
        data = samples[name]
        half = len(data) // 2
        assert not is_whole(data[:half].ljust(len(data), b"\0")), name
    assert not is_whole(bytes(100_000))
    assert not is_whole(b"")


def test_bytes_after_the_end_do_not_matter(samples):
    for name, data in samples.items():
        assert is_whole(data + b"MotionPhoto_Data" + bytes(range(256)) * 40), name


def test_the_end_of_an_embedded_thumbnail_is_not_the_end_of_the_jpeg(picture, encode):
    thumbnail = encode(picture.resize((16, 16)), "JPEG")
    exif = b"Exif\0\0" + thumbnail
    data = encode(picture, "JPEG", exif=exif)
    assert thumbnail in data
    assert is_whole(data)
    assert not is_whole(data[: len(data) // 2])
    assert not is_whole(data[: data.index(thumbnail) + len(thumbnail)])


def test_the_first_part_of_a_linearized_pdf_is_not_whole():
    head = b"%PDF-1.5\n1 0 obj <</Linearized 1/L 5000/O 3/E 900/N 1/T 4800>> endobj\nxref\nstartxref\n0\n%%EOF\n"
    assert not is_whole(head)
    assert not is_whole(head + b"5 0 obj <<>> endobj\n" + b"x" * 2000)
    assert is_whole(head.ljust(4990, b" ") + b"startxref\n0\n%%EOF\n")


def test_an_update_appended_to_a_pdf_must_reach_its_own_end(samples):
    data = samples["PDF"]
    assert not is_whole(data + b"9 0 obj <</Type/Annot>> endobj\n")
    assert is_whole(data + b"9 0 obj <</Type/Annot>> endobj\ntrailer <<>>\nstartxref\n9\n%%EOF")


def test_a_tiff_whose_directories_run_in_a_circle_is_judged_in_finite_time(picture, encode):
    data = bytearray(encode(picture, "TIFF"))
    first = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[first : first + 2], "little")
    link = first + 2 + 12 * entries
    data[link : link + 4] = data[4:8]
    assert is_whole(bytes(data))


def test_unknown_kinds_count_as_whole():
    assert is_whole(b"Dear reader")


def test_foreign_kinds_are_described_by_name():
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, "JPEG2000")
    assert "JPEG 2000" in describe(buffer.getvalue())
    assert "ZIP" in describe(b"PK\x03\x04rest")
    assert "AVIF" in describe(b"\0\0\0\x18ftypavif")
    assert "RAR" in describe(b"Rar!\x1a\x07\x01\0")


@pytest.mark.parametrize(
    "text",
    [
        b"Dear reader,\r\n\tthe",
        "Grüße\n".encode(),
        "Grüße".encode("latin-1"),
        "手紙".encode(),
        "Grüße".encode("utf-16"),
    ],
)
def test_texts_are_called_so(text):
    assert describe(text) == "it is a text file"


def test_content_of_no_known_kind_is_described_by_its_first_bytes():
    assert describe(b"\x93\0'\\\x01rest of it") == "it starts with the bytes 93 00 27 5c 01 72 65 73"
    assert describe(b"\xff\xd8") == "it starts with the bytes ff d8"
    assert describe(b"B\0") == "it starts with the bytes 42 00"
