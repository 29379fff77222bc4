"""Turns a file's bytes into upright color pages, one at a time.

The kind of file is told from the content. A page's size is known, and checked, before any of its pixels is decoded.
PDFium may be used from one thread of a process only, and Pillow's limits are process-wide: load in one thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition import load_image, refusals
from recognition.decoded import Decoded
from recognition.formats import Format, sniff
from recognition.params import LoadParams


@dataclass(frozen=True, slots=True, eq=False)
class PageImage:
    """One page as a picture.

    Attributes:
        page: its number in the document, from 1.
        pixels: (height, width, 3) uint8, BGR, upright, on white where the page is transparent; the caller may
            change it.
        warnings: what a person should know about how it was loaded, as sentences.
        damaged: parts of the picture may be missing, or stand elsewhere than they did.
    """

    page: int
    pixels: NDArray[np.uint8]
    warnings: tuple[str, ...] = ()
    damaged: bool = False


def load_pages(data: bytes, params: LoadParams) -> Iterator[PageImage]:
    """Decodes a document's pages in their order; the next is decoded when it is asked for.

    Args:
        data: the whole content of a JPEG, PNG, BMP, WebP, GIF, TIFF, PDF or HEIC file.
        params: limits, and the resolution at which PDF pages are rendered.

    Yields:
        At least one page.

    Raises:
        UnreadableImageError: from the first or any later step; `incomplete` when the content ends too early.
    """
    kind = sniff(data)
    if kind is None:
        raise refusals.unknown(data)
    for number, decoded in enumerate(_decoded(data, kind, params), start=1):
        yield PageImage(number, decoded.pixels, decoded.warnings, decoded.damaged)


def _decoded(data: bytes, kind: Format, params: LoadParams) -> Iterator[Decoded]:
    if kind is Format.PDF:
        from recognition import load_pdf  # PDFium takes 5 MB in each worker, and many never see a PDF

        return load_pdf.render(data, params)
    return load_image.decode(data, kind, params)
