"""Looks at a page: its ink and the first reading of all pieces, and by that, how it has to be turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from recognition.arrays import Image, as_image
from recognition.binarize import darkness_of, find_ink
from recognition.components import Component, find_components, largest
from recognition.dots import without_dots
from recognition.fields import Field
from recognition.highlights import without_highlights
from recognition.lines import Rule
from recognition.paper import Sheet
from recognition.params import RecognitionParams, TurnParams
from recognition.pen import too_bold_px
from recognition.placeholders import without_placeholders
from recognition.reader import Reader
from recognition.reading import Reading
from recognition.rules import remove_rules
from recognition.shading import without_shading
from recognition.show_through import without_show_through
from recognition.skew import sheet_skew_deg, writing_skew_deg
from recognition.smudges import without_smudges
from recognition.turn import QUARTERS_DEG, best_angle_deg, sample, turn_deg
from recognition.types import BoundingBox
from recognition.view import Affine, only_inside, parted_at_edge, turned_view, view_of

_LINE_PIECES = 200
"""So many pieces show how the lines of a page run."""
_SURE = 0.5
"""By its ink alone a piece at the sheet's edge is a digit from this confidence; what is less sure is the edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What is seen of a page before its digits are put together.

    Attributes:
        darkness: uint8 (height, width), of the page's view, as in `binarize.Ink`.
        readings: of all pieces of it that are neither ruled nor dotted lines, nor the dots of dotted paper, nor the
            edge of the sheet.
        at_edge: pieces at the edge of the sheet, read or not: it may have cut them off.
        fields: rows of boxes.
        cells: boxes of forms.
        uprights: long upright rules.
        to_page: from places in the view to places on the page.
        sheet: of paper, on the page, as in `View`.
        left_out: pieces that were not read, because there are too many.
        thinned_px: by which all strokes were made thinner.
    """

    darkness: Image
    readings: list[Reading]
    at_edge: list[Component]
    fields: tuple[Field, ...]
    cells: tuple[BoundingBox, ...]
    uprights: tuple[Rule, ...]
    to_page: Affine
    sheet: Sheet | None
    left_out: Sequence[Component] = ()
    thinned_px: int = 0


def look_at(
    pixels: Image, reader: Reader, params: RecognitionParams, angle_deg: float = 0.0, thinned_px: int = 0
) -> Look:
    """Returns what is seen of a page.

    Args:
        pixels: uint8 (height, width, 3) BGR.
        reader: reads single digits.
        params: of all steps.
        angle_deg: by which the page is turned counter-clockwise before it is looked at.
        thinned_px: by which its strokes are made thinner.
    """
    view = view_of(pixels, params.size, params.paper)
    if angle_deg:
        view = turned_view(view, angle_deg)
    inside, to_page, sheet = view.inside, view.to_page, view.sheet
    darkness = without_highlights(darkness_of(view.gray, params.binarize), params.highlight)
    if thinned_px:
        darkness = as_image(cv2.erode(darkness, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thinned_px, thinned_px))))
    del view  # each picture of a page is much memory
    ink = only_inside(find_ink(darkness, params.binarize), inside)
    writing = remove_rules(ink, params.rules)
    del ink
    found = find_components(writing.mask, darkness, params.components)
    found, left_out = largest(found, params.components.max_count)
    found, at_edge = parted_at_edge(found, inside, to_page, pixels.shape)
    fields, cells, uprights = writing.fields, writing.cells, writing.uprights
    del writing
    found = without_show_through(found, darkness, params.show_through, params.components)
    found = without_placeholders(found, fields, darkness, params.components)
    found = without_shading(found, darkness, params.shading, params.components)
    pieces = without_smudges(found, darkness, params.smudges, params.components, thinned_px)
    readings = reader.read(pieces, darkness) + _digits_at_edge(reader.read(at_edge, darkness))
    readings, darkness = without_dots(readings, darkness, left_out)
    return Look(darkness, readings, at_edge, fields, cells, uprights, to_page, sheet, left_out, thinned_px)


def _digits_at_edge(at_edge: list[Reading]) -> list[Reading]:
    """Those that are more likely digits: the edge itself looks like a 1, and a shadow along it like nothing."""
    return [reading for reading in at_edge if reading.by_ink_confidence >= _SURE and reading.digit != 1]


def look_upright(pixels: Image, reader: Reader, params: RecognitionParams) -> tuple[Image, int, Look]:
    """Turns a page so that its digits stand upright.

    Args:
        pixels: uint8 (height, width, 3) BGR.
        reader: reads single digits.
        params: of all steps.

    Returns:
        The page, by how many degrees it was turned counter-clockwise (0, 90, 180 or 270), and what is seen of it.
    """
    look = look_at(pixels, reader, params)
    thinned = too_bold_px(look.readings, look.darkness, params.pen)
    if thinned:
        look = look_at(pixels, reader, params, 0.0, thinned)
    if look.sheet is not None and abs(sheet_skew_deg(look.sheet)) > params.paper.max_skew_deg:
        return pixels, 0, deskewed(look, pixels, reader, params)  # a quarter turn alone would not set it upright
    rotation = int(turn_deg(look.readings, look.darkness, QUARTERS_DEG, reader.classifier, params.turn))
    if rotation:
        pixels = np.ascontiguousarray(np.rot90(pixels, rotation // 90))
        look = look_at(pixels, reader, params, 0.0, thinned)
    return pixels, rotation, deskewed(look, pixels, reader, params)


def deskewed(look: Look, pixels: Image, reader: Reader, params: RecognitionParams) -> Look:
    """Returns what is seen of a page when it is turned so that its lines lie level, where they slope much.

    A sheet that lies aslant in its picture tells how much, else the writing does. The digits have to be read about
    as surely then, or clearly more so when a quarter turn or two are added; and where the slope is slight, the page has
    to have rules that are found only then. The page itself stays as it is.
    """
    chosen = sample(look.readings, look.darkness.shape, _LINE_PIECES)
    if len(chosen) < params.turn.min_pieces:
        return look
    skew = sheet_skew_deg(look.sheet) if look.sheet is not None else writing_skew_deg(chosen)
    if abs(skew) < params.turn.min_skew_deg:
        return look
    darkness = look.darkness
    quarters = [(quarter - skew) % 360 for quarter in (0.0, *QUARTERS_DEG)]
    # Lines at half a right angle may as well slope the other way.
    slopes = [-skew] if abs(skew) < 30 else [-skew, -skew + float(np.copysign(90, skew))]
    angle = turn_deg(look.readings, darkness, quarters, reader.classifier, params.turn)
    if not angle:
        on_sheet = look.sheet is not None
        angle = best_angle_deg(look.readings, darkness, slopes, reader.classifier, params.turn, on_sheet=on_sheet)
    if not angle:
        return look
    level = look_at(pixels, reader, params, angle, look.thinned_px)
    return level if abs(skew) >= params.turn.min_sure_skew_deg or _is_clearer(level, look, params.turn) else look


def _is_clearer(level: Look, look: Look, params: TurnParams) -> bool:
    """Whether more of a page's rules were found, and taken off, when it was laid level: digits may lean a little."""
    more = len(level.uprights) - len(look.uprights)
    return more > 0 or (more == 0 and len(level.readings) <= params.max_left * len(look.readings))
