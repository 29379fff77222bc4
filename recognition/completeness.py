"""Whether a file's end has arrived, told from each container's own structure without decoding anything.

Each function takes the whole content of a file of its kind and answers False only when the structure points past the
end of the content or the end mark is missing. Decoders are no help here: several give a full-size picture with a flat
lower part for half a file.
"""

from __future__ import annotations

import re
import struct
from typing import TypeAlias

_JPEG_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_PDF_OBJECT = re.compile(rb"\d\s+obj\b|endobj|endstream")
_PDF_LINEARIZED_LENGTH = re.compile(rb"/Linearized\b.{0,512}?/L\s+(\d+)|/L\s+(\d+).{0,512}?/Linearized\b", re.DOTALL)
_PDF_HEAD = 2048

_EOI, _SOS = 0xD9, 0xDA


def jpeg_ends(data: bytes) -> bool:
    """Whether the picture's own end-of-image marker is there; that of an embedded thumbnail does not count."""
    position = 2
    while (position := data.find(b"\xff", position)) >= 0 and position + 1 < len(data):
        marker = data[position + 1]
        if marker == _EOI:
            return True
        if marker == 0xFF:
            position += 1
        else:
            position += 2 + max(2, int.from_bytes(data[position + 2 : position + 4], "big"))
            if marker == _SOS:
                found = _JPEG_MARKER_IN_SCAN.search(data, position)
                position = found.start() if found else len(data)
    return False


def png_ends(data: bytes) -> bool:
    """Whether the chunks reach IEND."""
    return any(kind == b"IEND" for kind, _ in png_chunks(data))


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Type and, of those before IEND that are no pixels, body of every chunk that is there whole."""
    chunks: list[tuple[bytes, bytes]] = []
    position = 8
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if position + 12 + length > len(data):
            break
        chunks.append((kind, b"" if kind == b"IDAT" else data[position + 8 : position + 8 + length]))
        if kind == b"IEND":
            break
        position += 12 + length
    return chunks


def bmp_ends(data: bytes) -> bool:
    """Whether all rows are there; of a compressed bitmap, whether the size in its header is reached."""
    file_size, offset, header_size = struct.unpack_from("<I4xII", data, 2)
    if header_size < 40:
        if len(data) < 26:
            return False
        width, height, bits = (*struct.unpack_from("<HH", data, 18), struct.unpack_from("<H", data, 24)[0])
        compression = 0
    else:
        if len(data) < 14 + header_size:
            return False
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    if compression in (1, 2):
        return len(data) >= int(file_size)
    stride = (abs(width) * bits + 31) // 32 * 4
    return bool(len(data) >= offset + stride * abs(height))


def webp_ends(data: bytes) -> bool:
    """Whether the content is as long as its RIFF header says."""
    return len(data) >= 8 + int(struct.unpack_from("<I", data, 4)[0])


def gif_ends(data: bytes) -> bool:
    """Whether the blocks reach the trailer."""
    if len(data) < 13:
        return False
    position = 13 + _color_table_size(data[10])
    while position < len(data):
        introducer = data[position]
        if introducer == 0x3B:
            return True
        if introducer == 0x21:
            position = _after_sub_blocks(data, position + 2)
        elif introducer == 0x2C and position + 9 < len(data):
            position = _after_sub_blocks(data, position + 11 + _color_table_size(data[position + 9]))
        else:
            # Decoders skip stray bytes between blocks.
            position += 1
    return False


def _color_table_size(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_sub_blocks(data: bytes, position: int) -> int:
    while position < len(data) and data[position]:
        position += 1 + data[position]
    return position + 1


def pdf_ends(data: bytes) -> bool:
    """Whether an end-of-file mark is there and no object follows the last one.

    A linearized file has such a mark near its beginning too, so its length is compared with the one it states.
    """
    stated = _PDF_LINEARIZED_LENGTH.search(data[:_PDF_HEAD])
    if stated and len(data) < int(stated[1] or stated[2]):
        return False
    end = data.rfind(b"%%EOF")
    return end >= 0 and _PDF_OBJECT.search(data, end) is None


def heic_ends(data: bytes) -> bool:
    """Whether every box up to the pixels' one is there as long as it says."""
    position = 0
    seen: set[bytes] = set()
    while position + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        if size == 1 and position + 16 <= len(data):
            size = int(struct.unpack_from(">Q", data, position + 8)[0])
        if size == 0 or {b"meta", b"mdat"} <= seen:
            # A box of size 0 reaches to the end of the file, and what follows the pixels is no part of the picture.
            return True
        if size < 8 or position + size > len(data):
            return False
        seen.add(kind)
        position += size
    return {b"meta", b"mdat"} <= seen


def tiff_ends(data: bytes) -> bool:
    """Whether all directories, and all strips and tiles they name, lie inside the content."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    try:
        offset = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
        seen: set[int] = set()
        while offset and offset not in seen:
            seen.add(offset)
            entries, offset = _tiff_directory(data, offset, order, big=big)
            if _tiff_pixels_end(data, entries, order) > len(data):
                return False
    except (struct.error, OverflowError):
        return False
    return bool(seen)


_TIFF_OFFSETS = {273: 279, 324: 325}
"""Tags of the strips' and tiles' offsets, with the tags of their byte counts."""
_TIFF_INTEGERS = {3: "H", 4: "I", 16: "Q"}

_Entries: TypeAlias = dict[int, tuple[str, int, int]]


def _tiff_directory(data: bytes, offset: int, order: str, *, big: bool) -> tuple[_Entries, int]:
    """The directory's integer entries as tag: (struct code, count, where the values stand), and the next's offset.

    Raises:
        struct.error: it reaches past the end of the content.
        OverflowError: it stands where no file reaches.
    """
    count_code, entry_code, word = ("Q", "HHQ", 8) if big else ("H", "HHI", 4)
    count = struct.unpack_from(order + count_code, data, offset)[0]
    position = offset + struct.calcsize(order + count_code)
    entry_size = struct.calcsize(order + entry_code) + word
    next_offset = struct.unpack_from(order + ("Q" if big else "I"), data, position + count * entry_size)[0]
    entries: _Entries = {}
    for at in range(position, position + count * entry_size, entry_size):
        tag, kind, length = struct.unpack_from(order + entry_code, data, at)
        code = _TIFF_INTEGERS.get(kind)
        if code:
            place = at + entry_size - word
            if length * struct.calcsize(order + code) > word:
                place = struct.unpack_from(order + ("Q" if big else "I"), data, place)[0]
            entries[tag] = (code, length, place)
    return entries, int(next_offset)


def _tiff_pixels_end(data: bytes, entries: _Entries, order: str) -> int:
    """Where the last strip or tile of a directory ends; 0 when it names none."""
    end = 0
    for offsets_tag, counts_tag in _TIFF_OFFSETS.items():
        if offsets_tag in entries:
            offsets = _tiff_values(data, entries[offsets_tag], order)
            # Very old writers leave the byte counts out; then the start of each strip must do.
            counts = _tiff_values(data, entries[counts_tag], order) if counts_tag in entries else (1,) * len(offsets)
            end = max(end, *(start + count for start, count in zip(offsets, counts, strict=False)), 0)
    return end


def _tiff_values(data: bytes, entry: tuple[str, int, int], order: str) -> tuple[int, ...]:
    code, count, place = entry
    if place + count * struct.calcsize(order + code) > len(data):
        raise struct.error("the values lie past the end")
    return struct.unpack_from(f"{order}{count}{code}", data, place)
