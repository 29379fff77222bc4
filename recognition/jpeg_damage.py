"""Tells whether a JPEG is damaged between its beginning and its end, also one that stands within a PDF or a TIFF.

Decoders fill in grey for what is lost, or go on elsewhere, and say so on the side only, if at all.
"""

from __future__ import annotations

from collections.abc import Iterable

import simplejpeg

from recognition import refusals
from recognition.formats import Format
from recognition.params import LoadParams

_DAMAGE = "Corrupt JPEG data"
_SURPLUS = "extraneous bytes"
"""How libjpeg's warnings begin where data is damaged, and what they say where there is more of it than belongs to the
picture: some scanners and cameras always write such files, but damage can leave one, too."""
_REDUCTION = 8
"""Pixels are not wanted here; a picture so much smaller is decoded in half the time."""

_END_MARK = b"\xff\xd9"


def check(jpegs: Iterable[bytes], kind: Format, params: LoadParams, notes: list[str]) -> bool:
    """Returns whether parts of the pictures of some JPEGs may be missing, which is then noted.

    Args:
        jpegs: the whole content of each.
        kind: of the file they stand in.
        params: one with more pixels than these allow is not looked at: it may say anything of its size.
        notes: gets a sentence for a person.

    Raises:
        UnreadableImageError: parts of one are missing.
    """
    doubtful = False
    for what in dict.fromkeys(_said_of(jpeg, params) for jpeg in jpegs):
        doubtful = is_doubtful(what, kind, notes) or doubtful
    return doubtful


def _said_of(jpeg: bytes, params: LoadParams) -> str:
    """What libjpeg says of a JPEG, nothing where it is sound."""
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(jpeg)
        if height * width <= params.max_megapixels * 1e6:
            simplejpeg.decode_jpeg(jpeg, "GRAY", min_height=1, min_width=1, min_factor=_REDUCTION)
    except ValueError as error:
        return str(error)
    return ""


def is_doubtful(said: str, kind: Format, notes: list[str]) -> bool:
    """As `check`, by what libjpeg said of one; what is unusual in another way is no damage."""
    if not said.startswith(_DAMAGE):
        return False
    if _SURPLUS not in said:
        raise refusals.damaged_inside(kind, said)
    if kind is Format.JPEG:
        remedy = "If the scanner always writes such files, let it write PNG or PDF"
    else:
        remedy = "If the scanner always writes such files, let it write PNG"
    notes.append(
        f"the {kind} may be damaged ({said}): compare every number with the page, and look whether one is missing. "
        f"{remedy}"
    )
    return True


def whole(tables: bytes, abbreviated: bytes) -> bytes:
    """A strip or tile of a TIFF as a JPEG of its own.

    Args:
        tables: those that all strips have in common, as JPEG data between a start mark and an end mark; may be empty.
        abbreviated: a start mark, and the rest of the JPEG data.
    """
    return tables.removesuffix(_END_MARK) + abbreviated[2:] if tables else abbreviated
