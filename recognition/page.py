"""Reads a document: encoded bytes and parameters in, results and annotated pictures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from recognition.annotate import annotate, crop_png
from recognition.arrays import Image, as_image
from recognition.binarize import binarize
from recognition.classify import NOT_A_DIGIT, Classifier
from recognition.components import find_components
from recognition.join import join_broken
from recognition.layout import arrange
from recognition.load import PageImage, load_pages
from recognition.params import RecognitionParams, SizeParams, Thresholds
from recognition.reading import Reading, read_pieces, writing_height
from recognition.rules import remove_rules
from recognition.select import select_digits
from recognition.split import split_touching
from recognition.types import REJECTED, BoundingBox, Digit, Document, Number, Page, Reason


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
    digits, fields = read_digits(gray, classifier, params)
    lines = arrange(digits, fields, params.layout)
    return [
        _number(number, (line, position), scale, pixels.shape[:2], params.thresholds)
        for line, numbers in enumerate(lines)
        for position, number in enumerate(numbers)
    ]


def working_scale(shape: tuple[int, ...], params: SizeParams) -> float:
    """Returns by how much a page of (height, width) is enlarged or reduced before it is read."""
    side = max(shape)
    if side > params.max_side_px:
        return params.max_side_px / side
    return min(max(1.0, params.min_side_px / side), params.max_enlargement)


def read_digits(
    gray: Image, classifier: Classifier, params: RecognitionParams
) -> tuple[list[Reading], tuple[BoundingBox, ...]]:
    """Returns the digits of a grey page, uint8 (height, width), in no particular order, and its rows of boxes."""
    ink = binarize(gray, params.binarize)
    writing = remove_rules(ink, params.rules)
    readings = read_pieces(find_components(writing.mask, ink.darkness, params.components), ink.darkness, classifier)
    height = writing_height(readings, gray.shape)
    if height == 0:
        return [], writing.fields
    readings = join_broken(readings, height, ink.darkness, classifier, params.join)
    readings = split_touching(readings, height, ink.darkness, classifier, params.split)
    return select_digits(readings, height, ink, params.select), writing.fields


def _number(
    readings: Sequence[Reading], place: tuple[int, int], scale: float, size: tuple[int, int], thresholds: Thresholds
) -> Number:
    digits = tuple(_digit(reading, scale, size) for reading in readings)
    confidence = min(digit.confidence for digit in digits)
    text = "".join(str(digit.digit) if digit.confidence >= thresholds.digit else REJECTED for digit in digits)
    box = digits[0].bbox
    for digit in digits[1:]:
        box = box.union(digit.bbox)
    reasons = _reasons(readings, box, size, thresholds) if confidence < thresholds.accept else ()
    line, position = place
    return Number(text, box, line, position, confidence, bool(reasons), reasons, digits)


def _reasons(
    readings: Sequence[Reading], box: BoundingBox, size: tuple[int, int], thresholds: Thresholds
) -> tuple[Reason, ...]:
    doubtful = [reading for reading in readings if reading.confidence < thresholds.accept]
    height, width = size
    reasons = [Reason.LOW_CONFIDENCE]
    if any(reading.rubbish > 1 - reading.confidence - reading.rubbish for reading in doubtful):
        reasons.append(Reason.NOT_A_DIGIT)
    if any(reading.touching for reading in doubtful):
        reasons.append(Reason.TOUCHING)
    if box.x <= 1 or box.y <= 1 or box.right >= width - 1 or box.bottom >= height - 1:
        reasons.append(Reason.CUT_OFF)
    return tuple(reasons)


def _digit(reading: Reading, scale: float, size: tuple[int, int]) -> Digit:
    probabilities = reading.probabilities[:NOT_A_DIGIT]
    order = np.argsort(probabilities)[::-1]
    alternatives = tuple((int(k), float(probabilities[k])) for k in order[1:3] if probabilities[k] >= 0.001)
    return Digit(int(order[0]), float(probabilities[order[0]]), _on_page(reading.piece.bbox, scale, size), alternatives)


def _on_page(box: BoundingBox, scale: float, size: tuple[int, int]) -> BoundingBox:
    height, width = size
    x, y = min(int(box.x / scale), width - 1), min(int(box.y / scale), height - 1)
    right, bottom = min(round(box.right / scale), width), min(round(box.bottom / scale), height)
    return BoundingBox(x, y, max(1, right - x), max(1, bottom - y))


def _with_crop(number: Number, pixels: Image) -> Number:
    return replace(number, crop=crop_png(pixels, number.bbox))
