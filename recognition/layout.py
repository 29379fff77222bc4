"""Puts digits into lines of writing and numbers, in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from recognition.fields import Field, Spot, spots
from recognition.gaps import APART, gaps_of, may_be_apart, number_gap
from recognition.neighbors import overlapping
from recognition.params import LayoutParams
from recognition.reading import Reading
from recognition.types import BoundingBox

Line = list[list[Reading]]


def arrange(readings: Sequence[Reading], fields: Sequence[Field], params: LayoutParams) -> list[Line]:
    """Returns the lines of the page, each a list of numbers, each a list of digits.

    Digits are taken from left to right; each goes to the line whose last digit is nearest in height once the slope of
    the whole page is taken off, so that lines may also bend. Lines are ordered from top to bottom, numbers and digits
    from left to right.

    Args:
        readings: the digits, in any order.
        fields: rows of boxes, which put digits together and keep them apart however near they are.
        params: see there.

    Returns:
        No lines for no digits.
    """
    slope = page_slope([reading.piece.bbox for reading in readings], params)
    levels = {id(reading): _level(reading.piece.bbox, slope) for reading in readings}
    lines: list[list[Reading]] = []
    ends: list[tuple[float, int, int]] = []  # level, right edge and height of each line's last digit
    for reading in sorted(readings, key=lambda reading: reading.piece.bbox.center[0]):
        box, level = reading.piece.bbox, levels[id(reading)]
        distances = [_distance(end, box.x, box.height, level, params) for end in ends]
        distance = min(distances, default=float("inf"))
        end = (level, box.right, box.height)
        if distance == float("inf"):
            lines.append([reading])
            ends.append(end)
        else:
            nearest = distances.index(distance)
            lines[nearest].append(reading)
            ends[nearest] = end
    lines.sort(key=lambda line: sum(levels[id(reading)] for reading in line) / len(line))
    gap = number_gap([[reading.piece.bbox for reading in line] for line in lines], params)
    boxes = [reading.piece.bbox for reading in readings]
    places = {id(reading): spot for reading, spot in zip(readings, spots(boxes, fields), strict=True)}
    return [_numbers(line, places, gap, params) for line in lines]


def loosely_joined(lines: Sequence[Line], fields: Sequence[Field], params: LayoutParams) -> list[bool]:
    """Tells of each number whether its digits stand so far apart that each may be a number of its own.

    Args:
        lines: from top to bottom.
        fields: rows of boxes; what stands in one of them is one number.
        params: see there.

    Returns:
        One for each number, line by line.
    """
    numbers = [number for line in lines for number in line]
    if not may_be_apart([[digit.piece.bbox for number in line for digit in number] for line in lines], params):
        return [False] * len(numbers)
    places = [spots([digit.piece.bbox for digit in number], fields) for number in numbers]
    return [len(found) > 1 and any(spot is None or spot != found[0] for spot in found) for found in places]


def page_slope(boxes: Sequence[BoundingBox], params: LayoutParams) -> float:
    """Returns the slope of the lines of writing: the median over each box and its nearest neighbour to the right.

    Args:
        boxes: of the digits.
        params: see there.

    Returns:
        Rows a column, positive when lines fall; 0 when fewer than three boxes have such a neighbour.
    """
    if len(boxes) < 4:
        return 0.0
    centers = np.array([box.center for box in boxes])
    heights = np.array([box.height for box in boxes], np.float64)
    slopes = []
    for first, second in overlapping(centers[:, 0], centers[:, 0] + params.neighbor * heights):
        right, down = (centers[second] - centers[first]).T
        height = heights[first]
        near = (right > 0.3 * height) & (right < params.neighbor * height) & (np.abs(down) < params.max_slope * right)
        near &= np.abs(down) < height
        # Of each the nearest comes first.
        _, nearest = np.unique(first[near], return_index=True)
        slopes.append(down[near][nearest] / right[near][nearest])
    every = np.concatenate(slopes)
    return float(np.median(every)) if len(every) >= 3 else 0.0


def _level(box: BoundingBox, slope: float) -> float:
    x, y = box.center
    return y - slope * x


def _distance(end: tuple[float, int, int], x: int, height: int, level: float, params: LayoutParams) -> float:
    """How badly a digit fits behind the end of a line; infinite where it cannot stand there."""
    last_level, last_right, last_height = end
    if last_height > height:
        height = last_height
    drift = abs(level - last_level) / height
    if drift > params.max_drift:
        return float("inf")
    gap = (x - last_right) / height
    if gap > params.reach:
        return float("inf")
    return drift + 0.05 * gap if gap > 0 else drift


def _height(line: list[Reading]) -> float:
    return float(median([reading.piece.bbox.height for reading in line]))


def _numbers(line: list[Reading], places: dict[int, Spot | None], limit: float, params: LayoutParams) -> Line:
    height = _height(line)
    gaps = gaps_of([reading.piece.bbox for reading in line])
    numbers = [[line[0]]]
    for reading, gap in zip(line[1:], gaps, strict=True):
        last, box = numbers[-1][-1].piece.bbox, reading.piece.bbox
        spot, last_spot = places[id(reading)], places[id(numbers[-1][-1])]
        near = gap <= limit
        near = near or (limit != APART and box.center[0] - last.center[0] <= params.max_pitch * height)
        one_number = spot is not None and spot.cell is None
        if spot == last_spot and (near or one_number):
            numbers[-1].append(reading)
        else:
            numbers.append([reading])
    return numbers
