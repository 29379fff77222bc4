"""Doubts numbers of which a digit may be none: a stray stroke, or what shows through from the back of the paper.

By its ink alone any thin stroke is a 1: dirt, the edge of something pasted on, what is left of a rule. But a pen is as
wide in a 1 as in the digits beside it, and about as dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from recognition.params import StrayParams
from recognition.pen import pen_px
from recognition.reading import Reading


def may_have_strays(numbers: Sequence[Sequence[Reading]], params: StrayParams) -> list[bool]:
    """Tells of each number whether a digit in it is far paler than another, or a 1 low or of a thin pen, or both.

    So are several ones and nothing else, far lower than the page's other digits: they may be a ditto mark; and ones at
    both ends that are higher than all digits between them: they may be the sides of a frame. A 1 that was cut off other
    digits may be low: where they touched it, a part of it was left to them.

    Args:
        numbers: each of at least one digit.
        params: see there.
    """
    heights = [digit.piece.bbox.height for digits in numbers for digit in digits if digit.digit != 1]
    low_px = params.low * median(heights) if heights else 0.0
    return [
        _has_pale(digits, params)
        or _may_be_ditto(digits, low_px)
        or _may_be_framed(digits, params)
        or _has_stray(digits, params)
        for digits in numbers
    ]


def _has_pale(digits: Sequence[Reading], params: StrayParams) -> bool:
    darkness = [digit.piece.darkness for digit in digits]
    return min(darkness) < params.pale * max(darkness)


def _may_be_ditto(digits: Sequence[Reading], low_px: float) -> bool:
    return len(digits) > 1 and all(one.digit == 1 and one.piece.bbox.height < low_px for one in digits)


def _may_be_framed(digits: Sequence[Reading], params: StrayParams) -> bool:
    if len(digits) < 3:
        return False
    high_px = params.high * max(digit.piece.bbox.height for digit in digits[1:-1])
    return all(side.digit == 1 and side.piece.bbox.height >= high_px for side in (digits[0], digits[-1]))


def _has_stray(digits: Sequence[Reading], params: StrayParams) -> bool:
    """Whether a 1 is lower, and of a thinner pen, than the other digits."""
    ones = [k for k, digit in enumerate(digits) if digit.digit == 1 and not digit.touching]
    if not ones or len(digits) < 2:
        return False
    heights = [digit.piece.bbox.height for digit in digits]
    pens = [pen_px(digit.piece) for digit in digits]
    for k in ones:
        height = heights[k] / median(heights[:k] + heights[k + 1 :])
        pen = median(pens[:k] + pens[k + 1 :])
        if pen >= params.min_pen_px and height * pens[k] < params.max_share * pen:
            return True
    return False
