"""Parameters of the steps that know what people draw about numbers: highlights, rings, lines, brackets."""

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
        max_overlap: so far digits may reach through the line. At 0.2 digits of a real page are cut.
        beside: what stands so near to it and reaches further up and down than it does is crossed by it.
        min_covered: so much of its length has digits above it, or all of it has below it, as a share.
    """

    min_length: float = 0.4
    long: float = 1.2
    max_thickness: float = 0.36
    min_slenderness: float = 2.5
    max_slope: float = 0.15
    max_bend: float = 0.03
    max_rough: float = 0.2
    max_gap: float = 0.45
    max_overlap: float = 0.15
    beside: float = 0.1
    min_covered: float = 0.6

    def __post_init__(self) -> None:
        check_range(self, min_length=(0.1, 10), long=(0.1, 100), max_thickness=(0, 1), min_slenderness=(1, 100))
        check_range(
            self,
            max_slope=(0, 1),
            max_bend=(0, 1),
            max_rough=(0, 1),
            max_gap=(0, 2),
            max_overlap=(0, 1),
            beside=(0, 2),
        )
        check_range(self, min_covered=(0, 1))


@dataclass(frozen=True, slots=True)
class HighlightParams:
    """What of a page is a stripe of a highlighter, or a box printed grey, with writing on it.

    Attributes:
        side_px: stripes are sought on the page reduced to this longer side.
        min_side: a stripe is at least so high, as a share of the longer side; strokes are narrower.
        min_fill: of its box.
        min_darkness: of the stripe, in 255ths; a paler one is no ink anyway.
        max_darkness: likewise; a darker one hides what is written on it.
        grain: it is even where it is within so much of its typical darkness,
        unevenness: and such a share of that.
        min_even: so much of it is, strokes aside.
        contrast: strokes are darker than it by this share of what it is short of black.
        min_strokes: of its area.
        max_strokes: likewise.
    """

    side_px: int = 700
    min_side: float = 0.011
    min_fill: float = 0.75
    min_darkness: float = 20.0
    max_darkness: float = 130.0
    grain: float = 8.0
    unevenness: float = 0.1
    min_even: float = 0.6
    contrast: float = 0.25
    min_strokes: float = 0.03
    max_strokes: float = 0.45

    def __post_init__(self) -> None:
        check_range(self, side_px=(100, 4000), min_side=(0.001, 0.5), min_fill=(0, 1), min_darkness=(1, 254))
        check_range(self, max_darkness=(1, 254), grain=(0, 255), unevenness=(0, 1), min_even=(0, 1), contrast=(0, 1))
        check_range(self, min_strokes=(0, 1), max_strokes=(0, 1))


@dataclass(frozen=True, slots=True)
class RingParams:
    """What is a circle or a frame around numbers.

    Attributes:
        max_fill: its ink is at most this share of its box.
        min_confidence: by its ink alone, something in it is a digit, and no 1,
        min_height: at least this share of its height,
        max_height: and at most this share.
        line: what is nearer to its outside than so many pens' widths is the line itself.
        part: longer side of what is more than an end of the line, as a share of its height.
        max_width: where the line is wider than so many, a stroke lies upon it.
        most: no digit is surer than this in a line that something has grown together with,
        reach: or beside it, by so many times its height.
    """

    max_fill: float = 0.35
    min_confidence: float = 0.8
    min_height: float = 0.2
    max_height: float = 0.85
    line: float = 2.0
    part: float = 0.2
    max_width: float = 1.75
    most: float = 0.7
    reach: float = 0.3

    def __post_init__(self) -> None:
        check_range(self, max_fill=(0, 1), min_confidence=(0, 1), min_height=(0, 1), max_height=(0, 1), line=(0, 20))
        check_range(self, part=(0, 1), max_width=(1, 20), most=(0, 1), reach=(0, 10))


@dataclass(frozen=True, slots=True)
class MarkParams:
    """What ticks and crosses have in common.

    Attributes:
        min_height: of one, as a share of the writing's height.
        min_height_px: lower ones have no form.
        min_aspect: width over height, at least,
        max_aspect: and at most.
        max_fill: its ink is at most this share of its box.
        sure: what is a digit by its ink at this probability is none,
        most: but no surer than this.
    """

    min_height: float
    min_height_px: int
    min_aspect: float
    max_aspect: float
    sure: float
    max_fill: float = 0.5
    most: float = 0.7

    def __post_init__(self) -> None:
        check_range(self, min_height=(0, 10), min_height_px=(4, 1000), min_aspect=(0, 10), max_aspect=(0, 10))
        check_range(self, max_fill=(0, 1), sure=(0, 1), most=(0, 1))


@dataclass(frozen=True, slots=True)
class TickParams(MarkParams):
    """What is a tick: 4 of MNIST's 60,000 digits have its form, and by their ink all of them surely are digits.

    By their ink 46 of 1,474 drawn ticks are `sure`, too.

    Attributes:
        max_corner: its lowest point stands no farther to the right than this share of its width,
        min_end: and its highest point no farther to the left.
        min_single: share of its columns that have ink in one piece.
        max_start: the short arm begins no farther to the right than this share of the way to the corner.
        min_arm: height of the short arm over that of the tick, at least,
        max_arm: and at most.
        min_notch: how deep the arms are apart, as a share of the height.
        max_foot: how far its lowest point is below the ink at the notch, likewise; the stem of an open 4 goes on.
        min_rows: share of its rows that are above the notch, where the arms are apart.
        min_lean: of the long arm there, columns a row, at least,
        max_lean: and at most,
        max_waver: and how far it leaves a curve of the second degree, as a share of the height.
    """

    min_height: float = 0.75
    min_height_px: int = 10
    min_aspect: float = 0.3
    max_aspect: float = 1.25
    sure: float = 0.9
    max_corner: float = 0.58
    min_end: float = 0.7
    min_single: float = 0.96
    max_start: float = 0.6
    min_arm: float = 0.15
    max_arm: float = 0.8
    min_notch: float = 0.05
    max_foot: float = 0.2
    min_rows: float = 0.25
    min_lean: float = 0.05
    max_lean: float = 1.8
    max_waver: float = 0.06

    def __post_init__(self) -> None:
        MarkParams.__post_init__(self)
        check_range(self, max_corner=(0, 1), min_end=(0, 1))
        check_range(
            self, min_single=(0, 1), max_start=(0, 1), min_arm=(0, 1), max_arm=(0, 1), min_notch=(0, 1), max_foot=(0, 1)
        )
        check_range(self, min_rows=(0.05, 1), min_lean=(0, 10), max_lean=(0, 10), max_waver=(0, 1))


@dataclass(frozen=True, slots=True)
class CrossParams(MarkParams):
    """What is a cross: none of 77,700 digits of MNIST and of other hands has its form, but some eights on pages do.

    Attributes:
        min_arms: height of its upper and of its lower part, in which two strokes are apart, as a share of its own.
        max_waist: likewise between them, at most,
        max_end: and of what one stroke is longer than the other,
        max_end_width: where it is at most so many times as wide as each is elsewhere.
        min_open: at their ends the strokes are at least so far apart, as a share of how far they ever are.
        min_lean: of each stroke, columns a row.
        max_waver: how far each leaves the straight, as a share of the height.
    """

    min_height: float = 0.6
    min_height_px: int = 12
    min_aspect: float = 0.4
    max_aspect: float = 1.8
    sure: float = 0.1
    min_arms: float = 0.12
    max_waist: float = 0.6
    max_end: float = 0.3
    max_end_width: float = 1.3
    min_open: float = 0.85
    min_lean: float = 0.15
    max_waver: float = 0.1

    def __post_init__(self) -> None:
        MarkParams.__post_init__(self)
        check_range(self, min_arms=(0.05, 1), max_waist=(0, 1), max_end=(0, 1), max_end_width=(0, 10))
        check_range(self, min_open=(0, 1), min_lean=(0, 10), max_waver=(0, 1))


@dataclass(frozen=True, slots=True)
class StruckParams:
    """Which numbers a line runs through.

    Attributes:
        min_darkness: of the line, as a share of the digits'; the lines of squared paper that could not be taken off are
            mostly paler.
        max_slope: of the line.
        outside: it runs no nearer to the number's upper or lower edge than this share of its height.
        waver: it may leave the straight by this share of the digits' height, up and down together.
        min_coverage: it has ink in this share of the columns from the first digit to the last. None of 1,200 accepted
            numbers on real pages and 2,600 on drawn ones has such a line.
    """

    min_darkness: float = 0.5
    max_slope: float = 0.12
    outside: float = 0.2
    waver: float = 0.06
    min_coverage: float = 0.97

    def __post_init__(self) -> None:
        check_range(self, min_darkness=(0, 1), max_slope=(0, 1), outside=(0, 0.5), waver=(0, 1), min_coverage=(0, 1))


@dataclass(frozen=True, slots=True)
class BracketParams:
    """What is a bracket at an end of a number and no 1. Heights and lengths are shares of the digits' height.

    Attributes:
        min_bow: how far it is bowed away from the digits, as a share of its own height, as `brackets.bow_of` gives it.
        max_width: of its widest row, likewise.
        max_breadth: of its box, likewise.
        min_height: of each of two brackets.
        min_inner_height: of one that stands within a number.
        alike: the lower one's height as a share of the higher one's.
        min_lone_height: of one without another,
        min_lone_bow: whose bow is so large. Of 12,000 numbers on drawn pages and 1,400 on real ones none begins or ends
            with such a 1, and none has two 1s that would be brackets about digits.
        clear_height: of one behind the digits that count the items of a list,
        clear_bow: whose bow is so large,
        max_list_digits: and which are at most so many.
        level: so much of the height of the digit next to it is level with it, as a share.
        reach: how far from that digit.
    """

    min_bow: float = 0.025
    max_width: float = 0.22
    max_breadth: float = 0.7
    min_height: float = 1.0
    min_inner_height: float = 1.2
    alike: float = 0.7
    min_lone_height: float = 1.2
    min_lone_bow: float = 0.03
    clear_height: float = 1.3
    clear_bow: float = 0.04
    max_list_digits: int = 2
    level: float = 0.8
    reach: float = 0.7

    def __post_init__(self) -> None:
        check_range(self, min_bow=(0, 1), max_width=(0, 1), max_breadth=(0, 10), level=(0, 1), reach=(0, 5))
        check_range(self, min_height=(0, 10), min_inner_height=(0, 10), alike=(0, 1))
        check_range(self, min_lone_height=(0, 10), min_lone_bow=(0, 1))
        check_range(self, clear_height=(0, 10), clear_bow=(0, 1), max_list_digits=(0, 100))
