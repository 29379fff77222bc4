"""The words in which content is refused: the rule, what was got, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2

from recognition.errors import UnreadableImageError
from recognition.formats import Format, describe, is_whole
from recognition.params import MAX_SIDE_PX, LoadParams

_READABLE = "JPEG, PNG, TIFF or PDF"


def unknown(data: bytes) -> UnreadableImageError:
    """The content is of no kind that can be read, or has not arrived yet."""
    if not data:
        return UnreadableImageError("the file is empty: nothing was copied into it. Copy it again", incomplete=True)
    if not is_whole(data):
        return UnreadableImageError(
            f"the file holds {len(data)} bytes, but it begins with zeros only: its content was never copied into it. "
            "Copy it again",
            incomplete=True,
        )
    return UnreadableImageError(
        f"the content is no picture or PDF that can be read ({describe(data)}). Save it as {_READABLE}"
    )


def incomplete(kind: Format, data: bytes) -> UnreadableImageError:
    """The content ends before its format says that it does."""
    return UnreadableImageError(
        f"the {kind} must be complete, but ends too early, after {len(data)} bytes: it was cut off, or is still being "
        "written. Copy it again",
        incomplete=True,
    )


def damaged(kind: Format, data: bytes, cause: object) -> UnreadableImageError:
    """The content could not be decoded: incomplete when its end is missing, damaged else."""
    if not is_whole(data):
        return incomplete(kind, data)
    return UnreadableImageError(
        f"the {kind} is damaged or of a rare kind and cannot be decoded ({cause}). Open it in another program and save "
        f"it again as {_READABLE}"
    )


def damaged_inside(kind: Format, cause: object) -> UnreadableImageError:
    """The content begins and ends as it should, but parts of the picture between are lost."""
    return UnreadableImageError(
        f"the {kind} is damaged inside ({cause}): parts of the picture are missing. Copy or scan it again"
    )


def unsupported(kind: Format, what: str) -> UnreadableImageError:
    """The content is whole and sound, but of a sort of its format that means no picture here."""
    return UnreadableImageError(f"the {kind} has {what}, which cannot be read. Save it as 8-bit {_READABLE}")


def protected() -> UnreadableImageError:
    """A PDF cannot be opened without a password."""
    return UnreadableImageError(
        "the PDF is protected by a password. Remove the password (print it to a new PDF) and drop it again"
    )


def too_large(width_px: int, height_px: int, params: LoadParams) -> UnreadableImageError:
    """A page has more pixels than the configuration allows."""
    return UnreadableImageError(
        f"a page may have {params.max_megapixels:g} megapixels, but this one is {width_px}x{height_px} pixels "
        f"({width_px * height_px / 1e6:.0f} megapixels). Scan it at a lower resolution, or raise pages.max_megapixels"
    )


def too_long(width_px: int, height_px: int) -> UnreadableImageError:
    """A page has too long a side."""
    return UnreadableImageError(
        f"a page may be {MAX_SIDE_PX} pixels high and wide, but this one is {width_px}x{height_px} pixels. Cut it into "
        "shorter ones"
    )


def too_many_pages(pages: int, params: LoadParams) -> UnreadableImageError:
    """A document has more pages than are read from one."""
    return UnreadableImageError(
        f"a document may have {params.max_pages} pages, but this one has {pages}. Split it into smaller ones"
    )


@contextmanager
def naming_page(number: int, pages: int) -> Iterator[None]:
    """Names the page in a refusal, where the document has several: people look for the one to scan again."""
    try:
        yield
    except UnreadableImageError as error:
        if pages == 1:
            raise
        raise UnreadableImageError(f"page {number} of {pages}: {error}", incomplete=error.incomplete) from error


@contextmanager
def refusing_damage(data: bytes, kind: Format) -> Iterator[None]:
    """Turns whatever a decoder raises on hostile bytes into a refusal; lack of memory stays what it is."""
    try:
        yield
    except (UnreadableImageError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem:
            raise MemoryError(str(error)) from error
        raise damaged(kind, data, error) from error
