"""Renders the pages of a PDF with PDFium, which runs no program and opens no file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from math import ceil, floor, sqrt

import numpy as np
import pypdfium2
from pypdfium2 import raw as pdfium

from recognition import jpeg_damage, refusals
from recognition.decoded import Decoded
from recognition.formats import Format, is_whole
from recognition.params import MAX_SIDE_PX, LoadParams

_POINTS_PER_INCH = 72
_MIN_DPI = 1
_MAX_IMAGES = 100
_JPEG = ["DCTDecode"]


def render(data: bytes, params: LoadParams) -> Iterator[Decoded]:
    """Yields each page, with annotations and filled-in form fields.

    A page too large for the limit is rendered at the highest resolution that stays within it.

    Raises:
        UnreadableImageError: damaged, incomplete, protected by a password, without pages or with too many.
    """
    if not is_whole(data):
        # PDFium would repair it, and give the pages that happen to have arrived.
        raise refusals.incomplete(Format.PDF, data)
    with closing(_open(data)) as document:
        pages = len(document)
        if pages > params.max_pages:
            raise refusals.too_many_pages(pages, params)
        for index in range(pages):
            with refusals.naming_page(index + 1, pages), refusals.refusing_damage(data, Format.PDF):
                rendered = _render_page(document, index, params)
            yield rendered


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise refusals.protected() from error
        raise refusals.damaged(Format.PDF, data, error) from error
    with refusals.refusing_damage(data, Format.PDF):
        # Without it what people typed into form fields stays invisible.
        document.init_forms()
    return document


def _render_page(document: pypdfium2.PdfDocument, index: int, params: LoadParams) -> Decoded:
    with closing(document[index]) as page:
        width_pt, height_pt = page.get_size()
        dpi = _largest_dpi(width_pt, height_pt, params)
        warnings: list[str] = []
        if dpi < params.pdf_dpi:
            warnings.append(
                f"page {index + 1} is {width_pt / _POINTS_PER_INCH:.1f} x {height_pt / _POINTS_PER_INCH:.1f} inches: "
                f"it was rendered at {dpi} instead of {params.pdf_dpi} dpi to stay within pages.max_megapixels and "
                f"{MAX_SIDE_PX} pixels a side"
            )
        damaged = jpeg_damage.check(_jpegs(page), Format.PDF, params, warnings)
        with closing(page.render(scale=dpi / _POINTS_PER_INCH)) as bitmap:
            return Decoded(np.array(bitmap.to_numpy()), tuple(warnings), damaged)


def _jpegs(page: pypdfium2.PdfPage) -> Iterator[bytes]:
    """Yields the JPEGs among a page's pictures; of hundreds, as of a map's tiles, the first."""
    seen: set[bytes] = set()
    for image in islice(page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,)), _MAX_IMAGES):
        if image.get_filters(skip_simple=True) == _JPEG:
            jpeg = bytes(image.get_data(decode_simple=True))
            if jpeg not in seen:
                seen.add(jpeg)
                yield jpeg


def _largest_dpi(width_pt: float, height_pt: float, params: LoadParams) -> int:
    """The wanted resolution, or the largest whole one at which the page has no more pixels than allowed."""
    if not (0 < width_pt < float("inf") and 0 < height_pt < float("inf")):
        raise ValueError(f"a page must have a size. Received: {width_pt} x {height_pt} points")
    limit_px = params.max_megapixels * 1e6
    longest = (MAX_SIDE_PX - 1) / max(width_pt, height_pt)
    dpi = min(params.pdf_dpi, floor(min(sqrt(limit_px / (width_pt * height_pt)), longest) * _POINTS_PER_INCH))
    # Sizes are rounded up to whole pixels, which can take a strip of a page over the limit.
    while dpi >= _MIN_DPI and _rendered_px(width_pt, dpi) * _rendered_px(height_pt, dpi) > limit_px:
        dpi -= 1
    if dpi < _MIN_DPI:
        raise refusals.too_large(ceil(width_pt), ceil(height_pt), params)
    return dpi


def _rendered_px(length_pt: float, dpi: int) -> int:
    """How many pixels pypdfium2 gives that length: its formula, to the last bit."""
    return ceil(length_pt * (dpi / _POINTS_PER_INCH))
