"""Damaged files of every format: pages of handwritten numbers with mistakes in them, the same for the same seed."""

from __future__ import annotations

import io
import random
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image
from sample_files import in_every_format
from sample_pages import Digits, small_page

MISTAKES_MADE = (1, 1, 1, 1, 2, 3, 6)
HEADER_BYTES = 400
"""Half of all mistakes are made here: what stands there decides how the rest is understood."""
EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
SUFFIXES = {
    "JPEG": "jpg",
    "PNG": "png",
    "BMP": "bmp",
    "WebP": "webp",
    "GIF": "gif",
    "TIFF": "tif",
    "PDF": "pdf",
    "HEIC": "heic",
}
PART = (40, 40, 520, 300)
"""Of each page only two numbers: more damage in the same time."""

Mistake = Callable[[random.Random, bytearray, bytes], None]


def flip(chance: random.Random, data: bytearray, _: bytes) -> None:
    """A bit turns over."""
    data[_place(chance, data)] ^= 1 << chance.randrange(8)


def overwrite(chance: random.Random, data: bytearray, _: bytes) -> None:
    """Some bytes become others."""
    at = _place(chance, data)
    data[at : at + chance.randint(1, 16)] = chance.randbytes(chance.randint(1, 16))


def edge(chance: random.Random, data: bytearray, _: bytes) -> None:
    """A number becomes one at the edge of what its size holds."""
    at, size = _place(chance, data), chance.choice((1, 2, 4, 8))
    data[at : at + size] = (chance.choice(EDGES) % (1 << 8 * size)).to_bytes(size, chance.choice(("big", "little")))


def decimal(chance: random.Random, data: bytearray, _: bytes) -> None:
    """A number written in digits, of which a PDF is full, becomes another."""
    at = _place(chance, data)
    start = next((k for k in range(at, min(at + 2000, len(data))) if chr(data[k]).isdigit()), None)
    if start is not None:
        end = next((k for k in range(start, len(data)) if not chr(data[k]).isdigit()), len(data))
        data[start:end] = str(chance.choice((*EDGES, -1, 3.5e38, 0.001, chance.randrange(1000)))).encode()


def cut(chance: random.Random, data: bytearray, _: bytes) -> None:
    """The end is missing."""
    del data[_place(chance, data) :]


def drop(chance: random.Random, data: bytearray, _: bytes) -> None:
    """A part is missing."""
    at = _place(chance, data)
    del data[at : at + int(10 ** chance.uniform(0, 4))]


def repeat(chance: random.Random, data: bytearray, _: bytes) -> None:
    """A part comes twice."""
    at = _place(chance, data)
    data[at:at] = data[at : at + int(10 ** chance.uniform(0, 4))]


def blank(chance: random.Random, data: bytearray, _: bytes) -> None:
    """A part was never written."""
    at = _place(chance, data)
    part = data[at : at + int(10 ** chance.uniform(0, 4))]
    data[at : at + len(part)] = bytes(len(part))


def splice(chance: random.Random, data: bytearray, other: bytes) -> None:
    """A part is another file's."""
    at, there, length = _place(chance, data), chance.randrange(len(other)), int(10 ** chance.uniform(0, 4))
    data[at : at + length] = other[there : there + length]


MISTAKES: tuple[Mistake, ...] = (flip, flip, overwrite, edge, edge, decimal, cut, drop, repeat, blank, splice)


def _place(chance: random.Random, data: bytearray) -> int:
    end = min(HEADER_BYTES, len(data)) if chance.random() < 0.5 else len(data)
    return chance.randrange(end) if end else 0


def damaged(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """The file with one or more mistakes; a PNG's checksums agree again as a rule, or all would end at the first.

    Something is left of it: an empty file waits in the inbox until it is filled.
    """
    changed = bytearray(data)
    for _ in range(chance.choice(MISTAKES_MADE)):
        if changed:
            chance.choice(MISTAKES)(chance, changed, other)
    left = bytes(changed) or data[:1]
    return _with_checksums(left) if chance.random() < 0.8 else left


def _with_checksums(data: bytes) -> bytes:
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    changed, at = bytearray(data), 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        changed[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(changed)


def originals(seed: int) -> list[tuple[str, bytes]]:
    """Whole files with the names of their kinds: pages of handwritten numbers in every format."""
    digits, rng = Digits.load(), np.random.default_rng(seed)
    files: list[tuple[str, bytes]] = []
    for _ in range(4):
        pages = [Image.open(io.BytesIO(small_page(rng, digits))).crop(PART) for _ in range(2)]
        files += in_every_format(pages[0], pages[1]).items()
    return files


def inputs(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Damaged files, by name."""
    files = originals(seed)
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        kind, data = chance.choice(files)
        suffix = SUFFIXES[kind.split()[-1]]
        yield f"{number:06} {kind}.{suffix}", damaged(chance, data, chance.choice(files)[1])


def kind_of(name: str) -> str:
    """The kind of file that a name of `inputs` tells."""
    return name.split(" ", 1)[1].rpartition(".")[0]
