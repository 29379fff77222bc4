"""Parameters of the steps that know where numbers stand: in lines, in columns, close to each other."""

from __future__ import annotations

from dataclasses import dataclass

from recognition.params_range import check_range


@dataclass(frozen=True, slots=True)
class LayoutParams:
    """How digits become numbers and lines. Lengths are shares of the digits' height.

    Attributes:
        max_gap: between digits of one number, where a page's gaps do not tell.
        tight_gap: up to which gaps never part numbers.
        clear_gap: from which gaps always part numbers.
        min_step: between the gaps within and between numbers, for the page's gaps to tell.
        max_gap_ratio: of the gaps within numbers to those between them, for the page's gaps to tell.
        max_typical_gap: on a page whose gaps are all of one kind, for digits to be one number and not one each.
        max_sure_gap: likewise; where it is wider, a person should look whether they are one.
        max_grid_gap: likewise as `max_typical_gap`, of digits in a grid.
        max_grid_aspect: of a grid, how far its rows are apart over how far its columns are.
        max_pitch: between their middles, which serves digits in boxes; either makes a number.
        max_drift: between the middles of neighbours in a line.
        reach: how far apart neighbours in a line may be.
        neighbor: within this distance to the right a digit's neighbour tells the slope of its line.
        max_slope: of the lines of a page, in rows a column.
    """

    max_gap: float = 0.7
    tight_gap: float = 0.35
    clear_gap: float = 1.2
    min_step: float = 0.25
    # Measured on 46 pages of about 35 hands: within numbers up to 0.38 of the gaps between them, in all but one hand;
    # typical gaps of numbers to 0.63 and of lone digits in a line from 0.69, in a grid from 0.55.
    max_gap_ratio: float = 0.42
    max_typical_gap: float = 0.66
    max_sure_gap: float = 0.5
    max_grid_gap: float = 0.4
    max_grid_aspect: float = 1.5
    max_pitch: float = 0.95
    max_drift: float = 0.6
    reach: float = 12.0
    neighbor: float = 6.0
    max_slope: float = 0.4

    def __post_init__(self) -> None:
        check_range(self, max_gap=(0, 5), tight_gap=(0, 5), clear_gap=(0, 5), min_step=(0, 5))
        check_range(self, max_gap_ratio=(0, 1), max_typical_gap=(0, 5), max_sure_gap=(0, 5))
        check_range(self, max_grid_gap=(0, 5), max_grid_aspect=(0, 10))
        check_range(self, max_pitch=(0, 5), max_drift=(0.1, 1), reach=(1, 1000))
        check_range(self, neighbor=(1, 100), max_slope=(0, 1))


@dataclass(frozen=True, slots=True)
class ColumnParams:
    """Which upright rules keep numbers apart, in heights of the page's digits.

    Attributes:
        min_length: of such a rule.
        min_width: of a column; rules that are nearer to each other are those of squared paper or of boxes for digits.
        double: what is this near is a double rule.
        max_through: of the digits that such rules go through, for each number that they part. On a real table they go
            through 0.1, where they are lines of squared paper through 0.5 and more.
        on_rule: a 1 whose middle is no farther from such a rule, in heights of its own, may be a piece of that,
        pale: and from any upright rule, where it is paler than this share of the page's digits.
    """

    min_length: float = 3.0
    min_width: float = 2.0
    double: float = 0.4
    max_through: float = 0.3
    on_rule: float = 0.1
    pale: float = 0.6

    def __post_init__(self) -> None:
        check_range(self, min_length=(0, 100), min_width=(0, 100), double=(0, 2), max_through=(0, 10))
        check_range(self, on_rule=(0, 1), pale=(0, 1))


@dataclass(frozen=True, slots=True)
class CrowdParams:
    """Which numbers stand so close that parts of one digit may stand in both.

    Attributes:
        overlap: digits of two numbers share so much of the narrower one's width, and of the lower one's height,
        reach: or the paper between them is narrower, in heights of the numbers' digits, or of the page's,
        low: and one of them is lower, likewise, as the halves of a broken digit are. Of 32,000 numbers on drawn pages
            14 do, 11 of them wrong, of 1,200 on real ones 4, 3 of them wrong.
    """

    overlap: float = 0.1
    reach: float = 0.12
    low: float = 0.75

    def __post_init__(self) -> None:
        check_range(self, overlap=(0, 1), reach=(0, 2), low=(0, 10))


@dataclass(frozen=True, slots=True)
class AlignmentParams:
    """Which numbers may be two of neighboring columns.

    Attributes:
        reach: edges so near to each other, in heights of the page's digits, are in line.
        min_count: so many numbers begin, or end, in line with an edge within another.
        wider: the gap there is wider than most within numbers by so much, likewise;
        min_rows: or so many rows have two numbers there,
        min_share: which are at least this share of the rows that have one in line with the number's own edge.
    """

    reach: float = 0.2
    min_count: int = 4
    wider: float = 0.2
    min_rows: int = 3
    min_share: float = 0.6

    def __post_init__(self) -> None:
        check_range(self, reach=(0, 10), min_count=(1, 1000), wider=(0, 10), min_rows=(1, 1000), min_share=(0, 1))
