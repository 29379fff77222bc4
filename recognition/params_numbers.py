"""Parameters of the steps that make numbers of digits."""

from __future__ import annotations

from dataclasses import dataclass

from recognition.params_range import check_range


@dataclass(frozen=True, slots=True)
class SlashParams:
    """What is the slash of a date and no 1.

    Attributes:
        min_lean_deg: how far it leans to the right.
        min_more_lean_deg: likewise, more than the digits that are no 1s.
        max_lean_apart_deg: between the two slashes of a date.
        min_height: of both slashes of a date, as a share of the digits'.
        min_doubtful_height: likewise, on average, from which a number may be a date and a person should look.
        min_lone_height: likewise, of a slash elsewhere. Of 1,300 drawn 1s of all hands none leans and is so high.
    """

    min_lean_deg: float = 8.0
    min_more_lean_deg: float = 0.0
    max_lean_apart_deg: float = 15.0
    min_height: float = 1.18
    min_doubtful_height: float = 1.05
    min_lone_height: float = 1.25

    def __post_init__(self) -> None:
        check_range(self, min_lean_deg=(-90, 90), min_more_lean_deg=(-90, 90), max_lean_apart_deg=(0, 180))
        check_range(self, min_height=(0, 10), min_doubtful_height=(0, 10), min_lone_height=(0, 10))


@dataclass(frozen=True, slots=True)
class SignParams:
    """What is a point, comma, colon or dash between two digits. Lengths are shares of the number's height.

    Attributes:
        min_share: of a page's numbers of several digits that must have a sign, for any to be parted. On drawn pages
            without signs 1 to 4 in 100 seem to have one, and 11 on one page of broken digits.
        min_count: likewise, so many.
        long: a number of so many digits should have a sign
        usual: where so many signs stand on the page,
        max_bare: and such numbers without one are at most this share of both together.
        min_gap: between the digits.
        max_gap: between digits of two numbers, for what stands there to be no digit that was left out.
        min_side: longer side of a point; what is smaller is dust.
        max_side: likewise; what is larger and no dash is a piece of a digit.
        max_dash: length of a dash.
        min_dash: likewise, before a number,
        max_sign_gap: and so far from it at most.
        max_lean: a dash between two numbers is the second's, as far as that, where it is so far from it at most, as a
            share of how far it is from the first.
        max_thickness: of a dash, which is at least twice as long.
        min_fill: of a sign's box by its ink.
        min_darkness: of its ink, as a share of the paler digit's.
        min_depth: of its middle, or of a colon's lower point, below the digits' tops, as a share of the lower digit's
            height.
        max_dash_depth: likewise, of a dash; what lies deeper is a rule.
        below: so far below the digits a comma may reach.
    """

    min_share: float = 0.2
    min_count: int = 2
    long: int = 3
    usual: int = 10
    max_bare: float = 0.3
    min_gap: float = 0.12
    max_gap: float = 1.5
    min_side: float = 0.09
    max_side: float = 0.3
    max_dash: float = 0.9
    min_dash: float = 0.25
    max_sign_gap: float = 0.7
    max_lean: float = 0.5
    max_thickness: float = 0.22
    min_fill: float = 0.45
    min_darkness: float = 0.4
    min_depth: float = 0.35
    max_dash_depth: float = 0.75
    below: float = 0.2

    def __post_init__(self) -> None:
        check_range(self, min_share=(0, 1), min_count=(1, 1000), long=(2, 100), usual=(1, 1000))
        check_range(self, max_bare=(0, 1))
        check_range(self, min_gap=(0, 2), max_gap=(0, 10), min_side=(0, 1), max_side=(0, 1), min_fill=(0, 1))
        check_range(self, max_dash=(0, 5), min_dash=(0, 5), max_sign_gap=(0, 5), max_lean=(0, 1))
        check_range(self, max_thickness=(0, 1), min_darkness=(0, 1))
        check_range(self, min_depth=(0, 2), max_dash_depth=(0, 2), below=(0, 1))


@dataclass(frozen=True, slots=True)
class BesideParams:
    """What stands so near to a number that it may belong to it, in heights of the number.

    Attributes:
        reach: how far from it.
        min_shared: so much of its height, or of the number's, is level with the number, as a share.
        min_side: longer side of what may be a crumb of a digit; with it what is smaller is read, too.
        min_darkness: of such a crumb, as a share of the number's; dust is paler.
        tall: height of what may be a digit that nobody could read, though the network sees none there. On drawn pages
            one in four such numbers is wrong, of those with crumbs alone that read the same, one in twenty.
        tall_darkness: of that, as a share of the number's: where the pen nearly ran dry, it is 0.38.
        bulk: or its shorter side, where it is paler: of digits drawn in crumbs a dot is left of the pen.
        bulk_darkness: of that, likewise.
        bar_reach: so far to the left of a 1 a crumb may be what is left of the bar of a 7. Of 16 such numbers on drawn
            pages 7 were wrong.
        stack_gap: pieces with less paper between them, seen from above, stand above each other.
        max_height: what is higher is not read with the number.
        over: how far above or below the number its digits' crumbs may stand.
        with_crumb: confidence that a digit must have with a crumb above, below or in it. On drawn pages half of the
            numbers that have less are wrong.
        cut_reach: how far from it a digit may have stood of which the page's edge has left a part.
        cut_darkness: of such a part, as a share of the number's. On real pages the grain that reaches the edge near
            numbers has at most 0.33.
    """

    reach: float = 0.35
    min_shared: float = 0.3
    min_side: float = 0.06
    min_darkness: float = 0.4
    tall: float = 0.25
    tall_darkness: float = 0.35
    bulk: float = 0.22
    bulk_darkness: float = 0.3
    bar_reach: float = 0.1
    stack_gap: float = 0.15
    max_height: float = 1.5
    over: float = 0.2
    with_crumb: float = 0.95
    cut_reach: float = 0.7
    cut_darkness: float = 0.35

    def __post_init__(self) -> None:
        check_range(self, reach=(0, 2), min_shared=(0, 1), min_side=(0, 1), min_darkness=(0, 1))
        check_range(self, tall=(0, 10), tall_darkness=(0, 1), bulk=(0, 10), bulk_darkness=(0, 1), max_height=(1, 10))
        check_range(self, bar_reach=(0, 1), stack_gap=(0, 1), over=(0, 1), with_crumb=(0, 1))
        check_range(self, cut_reach=(0, 2), cut_darkness=(0, 1))


@dataclass(frozen=True, slots=True)
class StrayParams:
    """What is no digit of a number, beside its other digits: a stray stroke and no 1, above all.

    Attributes:
        max_share: its height as a share of theirs, times its pen's width as a share of theirs, is less. Of 1,200
            numbers on real pages none has such a 1; of 32,000 drawn ones 19 do, and 11 of these are wrong.
        min_pen_px: theirs is so wide at least; thinner ones differ by a pixel.
        pale: any digit paler than this share of the darkest may show through from the back. On real pages the palest
            has 0.62, of 32,000 numbers on drawn ones 7 have less than this, 2 of which are wrong.
        low: several ones of which none is as high as this share of the page's digits may be a ditto or inch mark.
        high: ones at both ends so many times as high as the highest digit between them may be the sides of a frame.
    """

    max_share: float = 0.36
    min_pen_px: float = 2.0
    pale: float = 0.4
    low: float = 0.6
    high: float = 1.3

    def __post_init__(self) -> None:
        check_range(self, max_share=(0, 10), min_pen_px=(0, 100), pale=(0, 1), low=(0, 1), high=(1, 10))


@dataclass(frozen=True, slots=True)
class BlotParams:
    """What is a blot and no digit: 1 of 18,000 digits of MNIST other than 1 is, and 4 of 22,000 on drawn pages.

    Attributes:
        min_height_px: smaller digits fill up as they are enlarged; of numbers 8 pixels high a sixth more would be in
            doubt.
        min_fill: its area over that of its box; an ellipse has 0.79.
        min_thickness: diameter of the largest circle in it, as a share of its shorter side.
        most: what was read of it is no surer than this.
    """

    min_height_px: int = 24
    min_fill: float = 0.7
    min_thickness: float = 0.75
    most: float = 0.7

    def __post_init__(self) -> None:
        check_range(self, min_height_px=(1, 1000), min_fill=(0, 1), min_thickness=(0, 1), most=(0, 1))


@dataclass(frozen=True, slots=True)
class RecheckParams:
    """How much the second reading of a number counts.

    Attributes:
        weight: of the second reading, beside the first.
        lone_weight: likewise, of a number of one digit, of which the network for single digits knows more.
        reach: how far from a digit's inner half its middle may have been seen, as a share of the number's height.
        sure: confidence from which a digit that only the second reading has is missed; and probability of any digit
            that each must have for pieces to be joined as it has them.
        put_together: confidence that each digit must reach for pieces to be joined as the second reading has them.
        min_height: of such a digit, as a share of the number's height.
    """

    weight: float = 0.5
    lone_weight: float = 0.15
    reach: float = 0.1
    sure: float = 0.6
    put_together: float = 0.5
    min_height: float = 0.4

    def __post_init__(self) -> None:
        check_range(self, weight=(0, 1), lone_weight=(0, 1), reach=(0, 1), sure=(0, 1), put_together=(0, 1))
        check_range(self, min_height=(0, 1))


@dataclass(frozen=True, slots=True)
class TrustParams:
    """What the probabilities against a digit are worth at the end, as factors.

    Attributes:
        others: of being another digit.
        none: of being no digit.
    """

    others: float = 1.3
    none: float = 0.3

    def __post_init__(self) -> None:
        check_range(self, others=(0.1, 10), none=(0.1, 10))
