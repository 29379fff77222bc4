"""Tells from the content alone what kind of file it is, and whether its end has arrived; names are never looked at."""

from __future__ import annotations

import struct
from enum import StrEnum

from recognition import completeness

PDF_HEADER_WINDOW = 1024
"""A PDF's header may be preceded by this many bytes of something else (PDF 32000-1, annex H.3.4.1)."""


class Format(StrEnum):
    """The kinds of files that can be read; the value is the kind's usual name."""

    JPEG = "JPEG"
    PNG = "PNG"
    BMP = "BMP"
    WEBP = "WebP"
    GIF = "GIF"
    TIFF = "TIFF"
    PDF = "PDF"
    HEIC = "HEIC"


_SIGNATURES = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"II*\x00", Format.TIFF),
    (b"MM\x00*", Format.TIFF),
    (b"II+\x00", Format.TIFF),
    (b"MM\x00+", Format.TIFF),
)

_BITMAP_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_HEIC_CONTAINERS = frozenset({b"mif1", b"msf1", b"mif2", b"mif3"})

_FOREIGN = (
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"AT&TFORM", "a DjVu document"),
    (b"8BPS", "a Photoshop document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document"),
    (b"%!PS", "a PostScript document"),
    (b"FUJIFILMCCD-RAW", "a camera raw picture"),
    (b"IIRO", "a camera raw picture"),
    (b"IIU\x00", "a camera raw picture"),
)


def sniff(data: bytes) -> Format | None:
    """The kind of file that the content is, None when it is none that can be read."""
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Format.WEBP
    if _is_bitmap(data):
        return Format.BMP
    if _is_heic(data):
        return Format.HEIC
    if b"%PDF-" in data[: PDF_HEADER_WINDOW + len(b"%PDF-")]:
        return Format.PDF
    return None


def is_whole(data: bytes) -> bool:
    """Whether the content's end has arrived, as far as its format tells; True for kinds that are not known.

    Nothing at all, and a file whose beginning is still zeros (a copy that reserves the space first), are not whole.
    Bytes after the end are allowed: phones append films and notes to their pictures.
    """
    if not data[:_BLANK_WINDOW].strip(b"\x00"):
        return False
    kind = sniff(data)
    return kind is None or _ENDS[kind](data)


def describe(data: bytes) -> str:
    """What content that cannot be read seems to be, for a message: by its name, else by its first bytes."""
    for signature, name in _FOREIGN:
        if data.startswith(signature):
            return f"it is {name}"
    if data[4:8] == b"ftyp":
        return "it is an AVIF picture" if data[8:12] in (b"avif", b"avis") else "it is a film or sound"
    if _is_text(data[:_TEXT_WINDOW]):
        return "it is a text file"
    return f"it starts with the bytes {data[:8].hex(' ')}"


_BLANK_WINDOW = 4096
_TEXT_WINDOW = 512

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\f\r\x1b") | {127}
"""What no text holds, in any encoding that ASCII is a part of."""

_ENDS = {
    Format.JPEG: completeness.jpeg_ends,
    Format.PNG: completeness.png_ends,
    Format.BMP: completeness.bmp_ends,
    Format.WEBP: completeness.webp_ends,
    Format.GIF: completeness.gif_ends,
    Format.TIFF: completeness.tiff_ends,
    Format.PDF: completeness.pdf_ends,
    Format.HEIC: completeness.heic_ends,
}


def _is_text(beginning: bytes) -> bool:
    if beginning.startswith(_UTF16_MARKS):
        return True
    legible = beginning.decode("utf-8", "ignore").encode()  # most of what was written in another encoding, too
    return _CONTROLS.isdisjoint(beginning) and 2 * len(legible) > len(beginning)


def _is_bitmap(data: bytes) -> bool:
    """Whether a BMP header follows the letters BM, with which a text may start as well."""
    return data[:2] == b"BM" and len(data) >= 18 and struct.unpack_from("<I", data, 14)[0] in _BITMAP_HEADER_SIZES


def _is_heic(data: bytes) -> bool:
    if data[4:8] != b"ftyp":
        return False
    major = data[8:12]
    if major in _HEIC_BRANDS:
        return True
    size = min(int.from_bytes(data[:4], "big"), 256)
    compatible = {data[at : at + 4] for at in range(16, size - 3, 4)}
    return major in _HEIC_CONTAINERS and not _HEIC_BRANDS.isdisjoint(compatible)
