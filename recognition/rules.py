"""Removes ruled lines and boxes from the ink and keeps the writing that crosses and touches them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.arrays import Image, as_image, as_mask, closed, dilated, opened
from recognition.binarize import Ink
from recognition.boxes import find_frames
from recognition.fields import Field
from recognition.params import RuleParams

MIN_SLENDERNESS = 40
"""A line's length is at least so many times its thickness; what is stouter is writing that stands in a row."""


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """A page's ink without its rules.

    Attributes:
        mask: uint8 (height, width), 255 is ink.
        fields: rows of boxes.
    """

    mask: Image
    fields: tuple[Field, ...]


def remove_rules(ink: Ink, params: RuleParams) -> Writing:
    """Erases long lying and upright lines and the frames of boxes and tables.

    Lines are sought in all ink, also the pale; what is darker than the line it lies on is a stroke that crosses it.

    Args:
        ink: of the page.
        params: see there.

    Returns:
        The rest; where a stroke of the line's own darkness crossed it, it is closed again.
    """
    lying, upright = _lying(ink, params), _upright(ink, params)
    frames = find_frames(ink.faint & ~_ruled_paper(ink, upright, params), params)
    mask = ink.mask
    for zone in (lying, upright, frames.zone):
        mask = _erase(mask, zone, ink, params)
    # The middle of a very thin line is darker than most of it, and is left as a line by itself.
    left = replace(ink, mask=mask, faint=mask)
    for zone in (_lying(left, params), _upright(left, params)):
        mask = _erase(mask, zone, left, params)
    return Writing(mask, frames.fields)


def _ruled_paper(ink: Ink, upright: Image, params: RuleParams) -> Image:
    """The lines of paper that is ruled and not squared: strokes that span a row would close it to boxes."""
    lines = lying_rules(ink.faint, replace(params, min_length=params.paper_length))
    squared = np.count_nonzero(upright) > 0.3 * np.count_nonzero(lines)
    return np.zeros_like(lines) if squared else lines


def _lying(ink: Ink, params: RuleParams) -> Image:
    # Pale lines are whole in `faint` alone; dark ones are wide and run together there, and thin in `mask`.
    lines = lying_rules(ink.mask, params)
    return lines if ink.faint is ink.mask else lines | lying_rules(ink.faint, params)


def _upright(ink: Ink, params: RuleParams) -> Image:
    mask = np.ascontiguousarray(ink.mask.T)
    faint = mask if ink.faint is ink.mask else np.ascontiguousarray(ink.faint.T)
    return np.ascontiguousarray(_lying(replace(ink, darkness=ink.darkness.T, mask=mask, faint=faint), params).T)


def lying_rules(mask: Image, params: RuleParams) -> Image:
    """Returns where long thin lying lines are, also dotted, broken and slightly tilted ones.

    Args:
        mask: uint8 (height, width), 255 is ink.
        params: see there.

    Returns:
        uint8 (height, width), 255 on the lines.
    """
    width = mask.shape[1]
    piece = max(16, width // 40)
    thickest = max(2, round(piece * params.max_thickness))
    runs = opened(mask, piece, 1)
    bold = opened(runs, 1, thickest + 1)
    runs &= ~bold
    linked = closed(runs, 2 * piece + 1, 3)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(linked, connectivity=8, ltype=cv2.CV_32S)
    lengths, areas = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_AREA]
    long = (lengths >= params.min_length * width) & (MIN_SLENDERNESS * areas <= lengths.astype(np.int64) ** 2)
    long[0] = False
    found = np.where(runs > 0, np.asarray(labels), 0)
    found[~long[found]] = 0
    unbroken = _covered_columns(found, len(stats)) >= params.min_coverage * lengths
    return dilated(as_mask((found > 0) & unbroken[found]), 1, 3)


def _covered_columns(labels: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """In how many columns each label stands; label 0 is not counted."""
    _, columns = np.nonzero(labels)
    places = np.unique(labels[labels > 0].astype(np.int64) * labels.shape[1] + columns)
    return np.bincount(places // labels.shape[1], minlength=count)


def _erase(mask: Image, zone: Image, ink: Ink, params: RuleParams) -> Image:
    on_rule = ink.mask & zone > 0  # also what was erased already, or little but the writing would be left to go by
    if not on_rule.any():
        return mask
    thickness = max(1, round(float(cv2.distanceTransform(zone, cv2.DIST_L2, 3)[zone > 0].mean() * 4)))
    # The edges of a thin line are paler than its middle, which tells how dark the line is.
    core = dilated(as_image(np.where(on_rule, ink.darkness, 0)), thickness, thickness)
    limit = _darkness_limit(core[on_rule], params)
    erased: Image = mask & as_mask(on_rule & (ink.darkness <= limit))
    rest: Image = mask & ~erased
    return rest | (closed(rest, thickness + 3, thickness + 3) & erased)


def _darkness_limit(values: Image, params: RuleParams) -> float:
    """Up to which darkness ink is the rule, from the darkness of the rule itself and the strokes that cross it.

    Within one line, and within one stroke, ink is at least half as dark as its darkest (see `binarize`); so two groups
    further apart than that are pale rules and dark writing, however much of it there is.
    """
    threshold, _ = cv2.threshold(values, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    pale = values <= threshold
    if pale.mean() >= 0.05 and not pale.all() and values[~pale].mean() >= 2.5 * values[pale].mean():
        return float(threshold)
    return params.max_darkness * float(np.percentile(values, 35))
