"""Reads a document: encoded bytes and parameters in, results and annotated pictures out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2

from recognition.annotate import annotate, crop_png
from recognition.arrays import Image, as_image
from recognition.binarize import binarize
from recognition.classify import Classifier
from recognition.components import find_components
from recognition.fields import Field
from recognition.join import join_broken
from recognition.layout import arrange
from recognition.load import PageImage, load_pages
from recognition.numbers import Place, to_number, unread_beside
from recognition.params import RecognitionParams, SizeParams
from recognition.reading import Reading, read_pieces, writing_height
from recognition.rules import remove_rules
from recognition.select import select_digits
from recognition.split import split_touching
from recognition.types import Document, Number, Page


def read_document(data: bytes, classifier: Classifier, params: RecognitionParams) -> Document:
    """Returns the numbers on all pages of a document, and the annotated pictures.

    Args:
        data: the content of an image file or PDF; the format is found from it.
        classifier: reads single digits.
        params: of all steps.

    Returns:
        The same document for the same arguments; a page without numbers is a result.

    Raises:
        UnreadableImageError: the content cannot be read, is cut off or over a limit.
    """
    pages = []
    warnings: list[str] = []
    for image in load_pages(data, params.load):
        pages.append(_read_page(image, classifier, params))
        warnings += image.warnings
    return Document(tuple(pages), tuple(dict.fromkeys(warnings)))


def _read_page(image: PageImage, classifier: Classifier, params: RecognitionParams) -> Page:
    height, width = image.pixels.shape[:2]
    numbers = read_numbers(image.pixels, classifier, params)
    if params.annotate.crops:
        numbers = [_with_crop(number, image.pixels) for number in numbers]
    return Page(image.page, width, height, 0, tuple(numbers), annotate(image.pixels, numbers, params.annotate))


def read_numbers(pixels: Image, classifier: Classifier, params: RecognitionParams) -> list[Number]:
    """Returns the numbers on a page in reading order.

    Args:
        pixels: uint8 (height, width, 3) BGR, upright.
        classifier: reads single digits.
        params: of all steps.
    """
    gray = as_image(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    scale = working_scale(gray.shape, params.size)
    if scale != 1:
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        size = [max(1, round(side * scale)) for side in (gray.shape[1], gray.shape[0])]
        gray = as_image(cv2.resize(gray, size, interpolation=method))
    found = read_digits(gray, classifier, params)
    lines = arrange(found.digits, found.fields, params.layout)
    place = Place(scale, pixels.shape[1], pixels.shape[0])
    return [
        to_number(digits, (line, position), unread_beside(digits, found.unread), place, params.thresholds)
        for line, numbers in enumerate(lines)
        for position, digits in enumerate(numbers)
    ]


def working_scale(shape: tuple[int, ...], params: SizeParams) -> float:
    """Returns by how much a page of (height, width) is enlarged or reduced before it is read."""
    side = max(shape)
    if side > params.max_side_px:
        return params.max_side_px / side
    return min(max(1.0, params.min_side_px / side), params.max_enlargement)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What stands on a page, in pixels of the page as it was read.

    Attributes:
        digits: in no particular order.
        unread: pieces as large and dark as digits that are none.
        fields: rows of boxes.
    """

    digits: list[Reading]
    unread: list[Reading]
    fields: tuple[Field, ...]


def read_digits(gray: Image, classifier: Classifier, params: RecognitionParams) -> Found:
    """Returns what stands on a grey page, uint8 (height, width)."""
    ink = binarize(gray, params.binarize)
    writing = remove_rules(ink, params.rules)
    readings = read_pieces(find_components(writing.mask, ink.darkness, params.components), ink.darkness, classifier)
    height = writing_height(readings, gray.shape)
    if height == 0:
        return Found([], [], writing.fields)
    readings = join_broken(readings, height, ink.darkness, classifier, params.join)
    readings = split_touching(readings, height, ink.darkness, classifier, params.split)
    selection = select_digits(readings, height, ink, params.select)
    return Found(selection.digits, selection.unread, writing.fields)


def _with_crop(number: Number, pixels: Image) -> Number:
    return replace(number, crop=crop_png(pixels, number.bbox))
