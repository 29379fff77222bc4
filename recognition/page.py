"""Reads a document: encoded bytes and parameters in, results and annotated pictures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recognition.alignment import may_span_columns
from recognition.annotate import annotate, crop_png
from recognition.arrays import Image
from recognition.beside import may_be_cut_off, may_be_more
from recognition.blots import without_blots
from recognition.brackets import without_brackets
from recognition.checks import checked
from recognition.columns import may_be_rules, part_at_columns
from recognition.company import weighed
from recognition.components import Component, held
from recognition.copies import without_copies
from recognition.crosses import without_crosses
from recognition.crowding import may_share_digits
from recognition.dash_rows import find_dash_rows
from recognition.dashless import without_dashes
from recognition.fields import Field, may_share_boxes
from recognition.grid import filled
from recognition.join import join_broken
from recognition.layout import arrange, loosely_joined
from recognition.likeness import agreed
from recognition.lines import Rule
from recognition.load import PageImage, load_pages
from recognition.look import Look, look_upright
from recognition.numbers import Place, doubted, to_number
from recognition.params import RecognitionParams
from recognition.prior import prior_of
from recognition.reader import Reader
from recognition.reading import Reading, raised, writing_height
from recognition.recheck import recheck
from recognition.rings import without_rings
from recognition.select import Selection, select_digits
from recognition.signs import may_be_negative, part_at_signs
from recognition.slashes import part_at_slashes
from recognition.split import split_touching
from recognition.strays import may_have_strays
from recognition.struck import may_be_struck_out
from recognition.ticks import without_ticks
from recognition.turn import may_lie
from recognition.types import BoundingBox, Document, Number, Page, Reason
from recognition.underlines import without_underlines
from recognition.views import closely_read

MIN_LOST = 0.5
"""What was left out may be a digit from this share of the writing's height."""
MIN_LIKE_A_DIGIT = 0.5
"""By the ink alone what was left out may be a digit at this confidence."""


def read_document(data: bytes, reader: Reader, params: RecognitionParams) -> Document:
    """Returns the numbers on all pages of a document, and the annotated pictures.

    Args:
        data: the content of an image file or PDF; the format is found from it.
        reader: reads single digits.
        params: of all steps.

    Returns:
        The same document for the same arguments; a page without numbers is a result.

    Raises:
        UnreadableImageError: the content cannot be read, is cut off or over a limit.
    """
    pages = []
    warnings: list[str] = []
    for image in load_pages(data, params.load):
        page, doubts = _read_page(image, reader, params)
        pages.append(page)
        warnings += [*image.warnings, *doubts]
    return Document(tuple(pages), tuple(dict.fromkeys(warnings)))


def _read_page(image: PageImage, reader: Reader, params: RecognitionParams) -> tuple[Page, list[str]]:
    """A page, and what a person should know about how it was read, as sentences."""
    pixels, rotation, look = look_upright(image.pixels, reader, params)
    height, width = pixels.shape[:2]
    numbers, unread, uncut = _numbers(look, pixels, reader, params)
    warnings = [_turned(image.page, rotation)] if rotation else []
    reasons = [Reason.CUT_OFF] if image.damaged else []
    if lost := _lost(look):
        reasons.append(Reason.NOT_A_DIGIT)
        warnings.append(
            f"page {image.page} has more pieces of ink than are read: {lost} of the smallest were left out, "
            "and digits may be among them. Scan it in parts, or at a lower resolution"
        )
    if uncut:
        reasons.append(Reason.TOUCHING)
        warnings.append(
            f"page {image.page} has more touching digits than are cut apart: pieces of ink that may be several digits "
            "were read as they are, and digits may be missing. Scan it in parts"
        )
    if not rotation and may_lie(look.readings, look.darkness, reader.classifier, params.turn):
        reasons.append(Reason.LOW_CONFIDENCE)
        warnings.append(
            f"page {image.page} may lie upside-down or on its side: its digits are read more surely when it is turned, "
            "but they are too few to tell. If it does, scan it again, upright"
        )
    numbers = [doubted(number, reasons) for number in numbers] if reasons else numbers
    numbers = checked(numbers, params.checks)
    del look  # its pictures of the page are not needed beside the annotated one
    if params.annotate.crops:
        numbers = [_with_crop(number, pixels) for number in numbers]
    canvas = np.require(pixels, np.uint8, ("C", "W"))  # the page itself, which is not needed any more
    annotated = annotate(canvas, numbers, unread, params.annotate)
    return Page(image.page, width, height, rotation, tuple(numbers), annotated), warnings


def _lost(look: Look) -> int:
    """How many pieces were left out that may be digits; the dots of dotted paper, say, are lower."""
    if not look.left_out:
        return 0
    least = MIN_LOST * writing_height(look.readings, look.darkness.shape)
    return sum(piece.bbox.height >= least for piece in look.left_out)


def _turned(page: int, rotation_deg: int) -> str:
    how = {90: "a quarter turn counter-clockwise", 180: "upside-down", 270: "a quarter turn clockwise"}[rotation_deg]
    return f"page {page} was turned {how}, because its digits did not stand upright"


def _numbers(
    look: Look, pixels: Image, reader: Reader, params: RecognitionParams
) -> tuple[list[Number], list[BoundingBox], bool]:
    """The numbers of a page, where else by its ink alone a digit might stand, and whether there was too much to cut."""
    readings, darkness = without_underlines(look.readings, look.darkness, reader, params.underline)
    found = _read_digits(replace(look, readings=readings, darkness=darkness), reader, params)
    dashed = find_dash_rows(found.digits, look.fields, look.cells, look.uprights, look.darkness)
    if dashed.rows:
        dashes = [dash for row in dashed.rows for dash in row.dashes]
        readings, darkness = without_dashes(readings, dashes, darkness, reader)
        found = _read_digits(replace(look, readings=readings, darkness=darkness), reader, params)
    fields = (*look.fields, *dashed.fields(found.digits))
    arranged = arrange(found.digits, fields, params.layout)
    arranged = part_at_columns(arranged, look.uprights, fields, params.column)
    bare = without_brackets(arranged, found.unread, params.bracket)
    dated = part_at_slashes(bare.lines, params.slash)
    parted = part_at_signs(dated.lines, darkness, params.sign)
    lines, doubtful = parted.lines, bare.doubtful | dated.doubtful | parted.doubtful | dashed.doubtful(found.digits)
    others, crumbs = (_without(readings, bare.signs + parted.signs) for readings in (found.unread, found.crumbs))
    place = Place(look.to_page, pixels.shape[1], pixels.shape[0], look.thinned_px)
    positions = [(line, position) for line, numbers in enumerate(lines) for position in range(len(numbers))]
    numbers = [digits for line in lines for digits in line]
    signed = [any(id(digit) in doubtful for digit in digits) for digits in numbers]
    loose = loosely_joined(lines, fields, params.layout)
    twice = recheck(numbers, others, darkness, reader, params.recheck, params.views)
    unread = [reading.piece for reading in (*others, *crumbs)]
    read = [number.digits for number in twice]
    doubted = _doubted(read, unread, look.uprights, fields, darkness, reader, params)
    cut = [*look.at_edge, *(piece for piece in unread if place.cuts_off(place.on_page(piece.bbox)))]
    cut_off = may_be_cut_off(read, cut, params.beside)
    result = [
        to_number(
            number.digits,
            position,
            number.missed or any(doubts),
            place,
            params.trust,
            params.thresholds,
            cut_off=lost,
        )
        for number, position, lost, *doubts in zip(twice, positions, cut_off, signed, loose, doubted, strict=True)
    ]
    if params.annotate.digits:
        result = [_with_pictures(number, one.digits) for number, one in zip(result, twice, strict=True)]
    elsewhere = [place.on_page(one.piece.bbox) for one in others if one.by_ink_confidence >= MIN_LIKE_A_DIGIT]
    return result, elsewhere, any(one.uncut for one in (*found.digits, *found.unread, *found.crumbs))


def _doubted(
    numbers: Sequence[Sequence[Reading]],
    unread: Sequence[Component],
    uprights: Sequence[Rule],
    fields: Sequence[Field],
    darkness: Image,
    reader: Reader,
    params: RecognitionParams,
) -> list[bool]:
    """Which numbers may be wrong, however sure each of their digits is."""
    doubts = (
        may_be_negative(numbers, unread, params.sign),
        may_be_more(numbers, unread, fields, darkness, reader, params.beside),
        may_have_strays(numbers, params.stray),
        may_be_rules(numbers, uprights, params.column),
        may_share_digits(numbers, params.crowd),
        may_share_boxes([[digit.piece.bbox for digit in digits] for digits in numbers], fields),
        may_span_columns(numbers, params.alignment),
        may_be_struck_out(numbers, darkness, params.struck),
    )
    return [any(each) for each in zip(*doubts, strict=True)]


def _without(readings: Sequence[Reading], boxes: Sequence[BoundingBox]) -> list[Reading]:
    """The readings that stand in none of the boxes."""
    inside = held([reading.piece for reading in readings], boxes).tolist()
    return [reading for reading, within in zip(readings, inside, strict=True) if not within]


def _read_digits(look: Look, reader: Reader, params: RecognitionParams) -> Selection:
    """The digits of a page, in no particular order, and what else stands on it."""
    darkness = look.darkness
    readings = without_rings(look.readings, darkness, reader, params.rings, params.components)
    readings = without_copies(readings, params.copies)
    height = writing_height(readings, darkness.shape)
    if height == 0:
        return Selection([], [], [])
    readings = without_ticks(readings, height, params.tick)
    if reader.context is not None:
        prior = prior_of(readings, height, look.cells, params.prior)
        readings = raised(readings, prior.of([reading.piece for reading in readings]))
        reader = replace(reader, prior=prior)
    readings = join_broken(readings, height, darkness, reader, params.join)
    readings = split_touching(readings, height, darkness, reader, params.split)
    if reader.context is not None:
        readings = filled(weighed(readings, height, params.company), height, params.grid)
    selection = select_digits(readings, height, darkness.shape, params.select)
    digits, unread, crumbs = (
        without_crosses(kind, height, params.cross) for kind in (selection.digits, selection.unread, selection.crumbs)
    )
    digits = closely_read(digits, reader, params.views)
    return Selection(without_blots(agreed(digits, params.likeness), params.blots), unread, crumbs)


def _with_crop(number: Number, pixels: Image) -> Number:
    return replace(number, crop=crop_png(pixels, number.bbox))


def _with_pictures(number: Number, digits: Sequence[Reading]) -> Number:
    return replace(number, pictures=b"".join(digit.picture.tobytes() for digit in digits))
