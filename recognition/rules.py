"""Removes ruled lines and boxes from the ink and keeps the writing that crosses and touches them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from recognition.arrays import Image, as_image, as_mask, closed, dilated
from recognition.binarize import Ink
from recognition.boxes import EDGE_SHARE, find_frames
from recognition.combs import find_combs
from recognition.dividers import find_dividers
from recognition.fields import Field
from recognition.lines import Rule, Runs, drawn, lying_rules, thin_runs
from recognition.params import RuleParams
from recognition.ruling import covered_lines
from recognition.types import BoundingBox

MIN_ALIKE = 3
"""Boxes alike in a row show that its long sides are no lines of paper."""
MAX_UNLIKE = 0.15
"""By so much of most boxes' width one of them may be narrower or wider."""
NEAR_PX = 3
"""A line may lie so far from the row whose side it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """A page's ink without its rules.

    Attributes:
        mask: uint8 (height, width), 255 is ink.
        fields: rows of boxes.
        cells: boxes of forms.
        uprights: long upright rules.
    """

    mask: Image
    fields: tuple[Field, ...] = ()
    cells: tuple[BoundingBox, ...] = ()
    uprights: tuple[Rule, ...] = ()


def remove_rules(ink: Ink, params: RuleParams) -> Writing:
    """Erases long lying and upright lines and the frames of boxes and tables.

    Lines are sought in all ink, also the pale; what is darker than the line it lies on is a stroke that crosses it.

    Args:
        ink: of the page.
        params: see there.

    Returns:
        The rest; where a stroke of the line's own darkness crossed it, it is closed again.
    """
    # Pale lines are whole in `faint` alone; dark ones are wide and run together there, and thin in `core`.
    dark = _lines(ink.core, params)
    faint = ink.faint
    pale = _lines(faint, params)
    lying, uprights = [*dark.lying, *pale.lying], [*dark.upright, *pale.upright]
    upright = _drawn_upright(uprights, faint.shape)
    paper = _ruled_paper(pale.lying, upright, faint.shape, params)
    if paper:
        paper = _without_sides(paper, find_frames(faint, params, ink.darkness).fields)
    if paper:
        covered = covered_lines(pale.lying, faint, params)
        paper += covered
        lying += covered
    ruled = drawn(paper, faint.shape)
    frames = find_frames(faint if ruled is None else faint & ~ruled, params, ink.darkness)
    dividers = find_dividers((ink.core, faint), (*frames.cells, *frames.long), frames.fields)
    fields = (*frames.fields, *dividers.fields)
    combs = find_combs(((ink.core, dark.runs), (faint, pale.runs)), fields, params)
    del faint
    mask = ink.mask
    rest = _erase(
        mask, (drawn(lying, mask.shape), upright, frames.zone, dividers.zone, combs.zone), ink.darkness, params
    )
    if rest is not mask:
        # The middle of a very thin line is darker than most of it, and is left as a line by itself.
        left = _lines(rest, params)
        zones = drawn(left.lying, rest.shape), _drawn_upright(left.upright, rest.shape)
        rest = _erase(rest, zones, ink.darkness, params)
    return Writing(rest, (*fields, *combs.fields), frames.cells, tuple(rule.transposed() for rule in uprights))


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Lines of both directions.

    Attributes:
        lying: long thin ones.
        upright: likewise, as they lie on the transposed page.
        runs: the lying runs of ink, also short ones.
    """

    lying: list[Rule]
    upright: list[Rule]
    runs: Runs


def _lines(mask: Image, params: RuleParams) -> _Lines:
    runs = thin_runs(mask, params)
    upright = lying_rules(thin_runs(as_image(cv2.transpose(mask)), params), params)
    return _Lines(lying_rules(runs, params), [rule for rule in upright if not rule.is_written()], runs)


def _drawn_upright(lines: list[Rule], shape: tuple[int, ...]) -> Image | None:
    """Where upright lines are on a page of (height, width), as `drawn`."""
    zone = drawn(lines, shape[::-1])
    return None if zone is None else as_image(cv2.transpose(zone))


def _ruled_paper(
    lying: Sequence[Rule], upright: Image | None, shape: tuple[int, ...], params: RuleParams
) -> list[Rule]:
    """The lines of paper that is ruled and not squared: strokes that span a row would close it to boxes.

    What is broken more often is the upper or the lower sides of boxes in a row.
    """
    long = (line for line in lying if line.box.width >= params.paper_length * shape[1])
    lines = [line for line in long if line.coverage >= params.paper_coverage]
    zone = None if upright is None else drawn(lines, shape)
    if upright is None or zone is None:
        return lines
    return [] if cv2.countNonZero(upright) > 0.3 * cv2.countNonZero(zone) else lines


def _without_sides(lines: Sequence[Rule], fields: Sequence[Field]) -> list[Rule]:
    """The lines that are no sides of rows of boxes alike, which may be as wide as the page."""
    rows = [field.bbox for field in fields if _are_alike(field.cells)]
    return [line for line in lines if not any(_is_side(line.box, row) for row in rows)]


def _are_alike(cells: Sequence[BoundingBox]) -> bool:
    widths = np.array([cell.width for cell in cells])
    return len(cells) >= MIN_ALIKE and bool((np.abs(widths / np.median(widths) - 1) <= MAX_UNLIKE).all())


def _is_side(line: BoundingBox, row: BoundingBox) -> bool:
    shared = min(line.right, row.right) - max(line.x, row.x)
    return shared > 0 and any(line.y - NEAR_PX <= y <= line.bottom + NEAR_PX for y in (row.y, row.bottom - 1))


def _erase(mask: Image, zones: Sequence[Image | None], darkness: Image, params: RuleParams) -> Image:
    """The mask without what is in one of the zones and no writing; the same object where there is nothing."""
    result = mask
    for zone in zones:
        if zone is None or not cv2.countNonZero(mask & zone):
            continue
        if result is mask:
            result = mask.copy()
        thickness = max(1, round(float(cv2.distanceTransform(zone, cv2.DIST_L2, 3)[zone > 0].mean() * 4)))
        # What is farther off is not touched and tells nothing.
        x, y, width, height = cv2.boundingRect(zone)
        margin = thickness + 6
        about = (slice(max(0, y - margin), y + height + margin), slice(max(0, x - margin), x + width + margin))
        near = _Zone(zone[about], mask[about], darkness[about])
        result[about] = _without(result[about], near, thickness, params)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Zone:
    """A part of a page about its lines: where they are, all ink with them, and its darkness."""

    zone: Image
    ink: Image
    darkness: Image


def _without(mask: Image, near: _Zone, thickness: int, params: RuleParams) -> Image:
    on_rule = near.ink & near.zone > 0  # also what was erased already, or little but the writing would be left to go by
    # The edges of a thin line are paler than its middle, which tells how dark the line is.
    core = dilated(as_image(np.where(on_rule, near.darkness, 0)), thickness, thickness)
    limit = _darkness_limit(core[on_rule], params)
    beside = dilated(near.zone, 3, 3) & ~near.zone
    strokes = beside & mask & as_mask(near.darkness > EDGE_SHARE * limit)
    soft = beside & ~dilated(strokes, 3, 3)  # a stroke that goes on beyond the line has soft edges of its own
    erased: Image = mask & (as_mask(on_rule & (near.darkness <= limit)) | soft)
    rest: Image = mask & ~erased
    return rest | (closed(rest, thickness + 3, thickness + 3) & erased)


def _darkness_limit(values: Image, params: RuleParams) -> float:
    """Up to which darkness ink is the rule, from the darkness of the rule itself and the strokes that cross it.

    The core of a line, and of a stroke, is at least half as dark as its darkest (see `binarize.Ink`); so two groups
    further apart than that are pale rules and dark writing, however much of it there is.
    """
    threshold, _ = cv2.threshold(values, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    pale = values <= threshold
    if pale.mean() >= 0.05 and not pale.all() and values[~pale].mean() >= 2.5 * values[pale].mean():
        return float(threshold)
    return params.max_darkness * float(np.percentile(values, 35))
