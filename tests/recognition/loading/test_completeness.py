"""Small files of each container, byte by byte: whole as they are, and at no earlier byte."""

from __future__ import annotations

import struct

import pytest

from recognition.completeness import (
    bmp_ends,
    gif_ends,
    heic_ends,
    jpeg_ends,
    pdf_ends,
    png_chunks,
    png_ends,
    tiff_ends,
    webp_ends,
)


def chunk(kind, body=b""):
    return struct.pack(">I4s", len(body), kind) + body + b"crc!"


def box(kind, body=b""):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def bitmap(width=2, height=3, bits=24, compression=0, pixels=24):
    head = struct.pack("<iiHHI", width, height, 1, bits, compression).ljust(36, b"\0")
    return struct.pack("<2sI4xII", b"BM", 54 + pixels, 54, 40) + head + bytes(pixels)


def old_bitmap():
    """A bitmap of OS/2, 9 pixels of 4 bits in 2 rows of 8 bytes."""
    return struct.pack("<2sI4xIIHHHH", b"BM", 42, 26, 12, 9, 2, 1, 4) + bytes(16)


def tiff(order="<", *, offsets=(0,), counts=(4,), code="I", behind=b""):
    """A TIFF of one directory, whose strips of 4 bytes stand at its end unless told."""
    kind = {"H": 3, "I": 4}[code]
    entries = [(273, kind, offsets), (279, kind, counts)] if counts else [(273, kind, offsets)]
    start = 8 + 2 + 12 * len(entries) + 4
    size = struct.calcsize(order + code)
    table, values = b"", b""
    strips = start + sum(len(each) * size for _, _, each in entries if len(each) * size > 4)
    for tag, number, each in entries:
        each = [strips + value for value in each] if tag == 273 else each
        packed = struct.pack(f"{order}{len(each)}{code}", *each)
        if len(packed) > 4:
            packed, values = struct.pack(order + "I", start + len(values)), values + packed
        table += struct.pack(order + "HHI", tag, number, len(each)) + packed.ljust(4, b"\0")
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IH", 8, len(entries)) + table + struct.pack(order + "I", 0) + values + behind


PIXELS = bytes(4)
JPEG = b"\xff\xd8\xff\xe0\x00\x06\xff\xd9\xff\xd9\xff\xff\xda\x00\x04abin\xff\x00scan\xff\xd0\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"x" * 13) + chunk(b"IDAT", b"pixels") + chunk(b"IEND")
GIF = b"GIF89a\x01\0\x01\0\x80\0\0t;ble.!\xf9\x02;b\0,\0\0\0\0\x01\0\x01\0\x81local;colors\x02\x01x\x02;;\0;"
BIGTIFF = (
    b"II+\0\x08\0\0\0"
    + struct.pack("<QQ", 16, 2)
    + struct.pack("<HHQQ", 273, 16, 1, 72)
    + struct.pack("<HHQI4x", 279, 4, 1, 4)
    + bytes(8)
    + PIXELS
)
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF"


@pytest.mark.parametrize(
    ("ends", "data"),
    [
        pytest.param(jpeg_ends, JPEG, id="JPEG, with an end mark in a segment"),
        pytest.param(png_ends, PNG, id="PNG"),
        pytest.param(gif_ends, GIF, id="GIF, with trailers in its blocks"),
        pytest.param(bmp_ends, bitmap(), id="BMP"),
        pytest.param(bmp_ends, bitmap(height=-3), id="BMP from the top"),
        pytest.param(bmp_ends, bitmap(bits=1, width=33), id="BMP of bits"),
        pytest.param(bmp_ends, bitmap(compression=1, pixels=7), id="BMP, compressed"),
        pytest.param(bmp_ends, bitmap(compression=2, pixels=7), id="BMP, compressed otherwise"),
        pytest.param(bmp_ends, old_bitmap(), id="BMP of OS/2"),
        pytest.param(webp_ends, b"RIFF" + struct.pack("<I", 8) + b"WEBPabcd", id="WebP"),
        pytest.param(heic_ends, box(b"ftyp", b"heic") + box(b"meta", b"m") + box(b"mdat", b"pixels"), id="HEIC"),
        pytest.param(heic_ends, box(b"mdat", b"pixels") + box(b"meta", b"m"), id="HEIC, pixels first"),
        pytest.param(
            heic_ends, box(b"meta") + struct.pack(">I4sQ", 1, b"mdat", 20) + b"abcd", id="HEIC with a long size"
        ),
        pytest.param(tiff_ends, tiff(behind=PIXELS), id="TIFF"),
        pytest.param(tiff_ends, tiff(">", behind=PIXELS), id="TIFF, the other order"),
        pytest.param(tiff_ends, tiff(offsets=(4, 0), counts=(4, 4), behind=PIXELS * 2), id="TIFF, last strip first"),
        pytest.param(tiff_ends, tiff(code="H", offsets=(0,), counts=(4,), behind=PIXELS), id="TIFF of short numbers"),
        pytest.param(tiff_ends, tiff(code="H", offsets=(0, 4), counts=(4, 4), behind=PIXELS * 2), id="TIFF, two short"),
        pytest.param(tiff_ends, tiff(offsets=(3,), counts=(), behind=PIXELS), id="TIFF without counts"),
        pytest.param(tiff_ends, BIGTIFF, id="BigTIFF"),
        pytest.param(pdf_ends, PDF, id="PDF"),
    ],
)
def test_a_file_is_whole_from_its_last_byte_on(ends, data):
    assert ends(data)
    assert ends(data + b"\0 what some writers add")
    begins = {bmp_ends: 18, pdf_ends: 8}.get(ends, 8)  # before that nothing tells what it is
    assert [size for size in range(begins, len(data)) if ends(data[:size])] == []


def test_a_png_gives_its_chunks_but_no_pixels():
    text = chunk(b"tEXt", b"said")
    behind = PNG[:-12] + text + chunk(b"IEND") + chunk(b"junk", b"no part of it")
    assert png_chunks(behind) == [(b"IHDR", b"x" * 13), (b"IDAT", b""), (b"tEXt", b"said"), (b"IEND", b"")]
    assert png_chunks(PNG[:-13]) == [(b"IHDR", b"x" * 13)]


def test_a_tiff_is_whole_with_all_its_directories():
    first = bytearray(tiff(behind=PIXELS))
    first[34:38] = struct.pack("<I", len(first))  # where the next one stands
    second = struct.pack("<HHHIII", 1, 273, 4, 1, len(first) + 18, 0)
    whole = bytes(first) + second + b"p"
    assert tiff_ends(whole)
    assert not tiff_ends(whole[:-1])
    assert not tiff_ends(bytes(first))
    first[34:38] = struct.pack("<I", 8)  # itself
    assert tiff_ends(bytes(first))


@pytest.mark.parametrize("length", ["/Linearized 1 /L 200", "/L 200 /Linearized 1"])
def test_a_linearized_pdf_is_whole_when_it_is_as_long_as_it_says(length):
    start = f"%PDF-1.7\n1 0 obj <<{length}>> endobj\n%%EOF\n".encode()
    whole = start.ljust(194) + b"%%EOF\n"
    assert pdf_ends(whole)
    assert not pdf_ends(whole[:-1])
    assert not pdf_ends(start)
