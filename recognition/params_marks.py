"""Parameters of the steps that take off what was drawn about numbers."""

from __future__ import annotations

from dataclasses import dataclass

from recognition.params_range import check_range


@dataclass(frozen=True, slots=True)
class UnderlineParams:
    """What is a line drawn under a number, or over a sum. Lengths are shares of the writing's height.

    Attributes:
        min_length: of such a line.
        long: a line of such a length is no part of a digit.
        max_thickness: of a line.
        min_slenderness: its length is at least so many times its thickness.
        max_slope: in rows a column.
        max_bend: how far it is from straight, on the root mean square, as a share of its length.
        max_rough: how far its ink may stand out of it.
        max_gap: between the digits and the line, and between two lines below them.
        max_overlap: so far down the digits the line may reach.
        beside: what stands so near to it and reaches further up and down than it does is crossed by it.
        min_covered: so much of its length has digits above it, or all of it has below it, as a share.
    """

    min_length: float = 0.4
    long: float = 1.2
    max_thickness: float = 0.36
    min_slenderness: float = 4.0
    max_slope: float = 0.15
    max_bend: float = 0.03
    max_rough: float = 0.12
    max_gap: float = 0.45
    max_overlap: float = 0.15
    beside: float = 0.1
    min_covered: float = 0.6

    def __post_init__(self) -> None:
        check_range(self, min_length=(0.1, 10), long=(0.1, 100), max_thickness=(0, 1), min_slenderness=(1, 100))
        check_range(
            self, max_slope=(0, 1), max_bend=(0, 1), max_rough=(0, 1), max_gap=(0, 2), max_overlap=(0, 1), beside=(0, 2)
        )
        check_range(self, min_covered=(0, 1))
