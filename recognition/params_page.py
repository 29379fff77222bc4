"""Parameters of the steps that see the page: its size, paper, ink, rules, pieces and how it lies."""

from __future__ import annotations

from dataclasses import dataclass

from recognition.params_range import check_range


@dataclass(frozen=True, slots=True)
class SizeParams:
    """At what size a page is read.

    Attributes:
        max_side_px: a page whose longer side is longer is reduced to it.
        min_side_px: a page whose longer side is shorter is enlarged to it, so that fine strokes stay whole.
        max_enlargement: but by no more than this factor.
    """

    max_side_px: int = 3000
    min_side_px: int = 1200
    max_enlargement: float = 2.0

    def __post_init__(self) -> None:
        check_range(self, max_side_px=(500, 20_000), min_side_px=(1, 20_000), max_enlargement=(1, 8))


@dataclass(frozen=True, slots=True)
class PaperParams:
    """What is a sheet of paper in a photo that shows more. Steps of brightness are in octaves: 1 is twice as bright.

    Attributes:
        side_px: it is looked for on the page reduced to this longer side.
        levels: so many thresholds are tried.
        writing: what is narrower than this share of the longer side is on the paper.
        min_area: of a sheet, as a share of the picture.
        max_area: likewise; what covers more is the page itself.
        min_solidity: its area over that of a quadrilateral around it.
        min_rim: of its outline within the picture, as a share of the whole outline.
        min_step: between the sheet and what surrounds it; in a shadow paper is less dark.
        min_color_step: between their colors, which serves a table as bright as the paper's shadow,
        min_brighter: and what must be left of the step then.
        edge_step: at a clear edge, in one channel; or `min_color_step` between the colors.
        sharp: so much of the step at a clear edge is within a quarter of the way from the inside to the outside.
        margin: what is nearer to the sheet's edge than this share of its longer side is not looked at.
        min_skew_deg: a sheet that lies less aslant is read as it lies.
        max_skew_deg: a sheet that lies more aslant may as well stand on its side.
        min_score: share of its outline with a clear edge, times its solidity. Of 79 pages and 30 drawn ones those
            with a sheet on a table reach 0.91 to 1.00; of the others only a framed screenshot has a score at all.
    """

    side_px: int = 256
    levels: int = 16
    writing: float = 0.035
    min_area: float = 0.06
    max_area: float = 0.97
    min_solidity: float = 0.85
    min_rim: float = 0.15
    min_step: float = 1.2
    min_color_step: float = 0.13
    min_brighter: float = 0.1
    edge_step: float = 0.25
    sharp: float = 0.47
    margin: float = 0.01
    min_skew_deg: float = 2.0
    max_skew_deg: float = 30.0
    min_score: float = 0.7

    def __post_init__(self) -> None:
        check_range(self, side_px=(64, 1000), levels=(2, 100), writing=(0, 0.2), min_area=(0.01, 1), max_area=(0.1, 1))
        check_range(self, min_solidity=(0, 1), min_rim=(0, 1), min_score=(0, 1))
        check_range(self, min_step=(0, 8), min_color_step=(0, 8), min_brighter=(0, 8), edge_step=(0, 8))
        check_range(self, sharp=(0, 1), margin=(0, 0.1))
        check_range(self, min_skew_deg=(0, 45), max_skew_deg=(0, 45))


@dataclass(frozen=True, slots=True)
class BinarizeParams:
    """How ink is told from paper.

    Attributes:
        background_px: the paper's brightness is estimated on the page reduced to this longer side.
        background_window: side of the closing's window, as a share of the longer side; ink must be narrower.
        min_darkness: ink is at least so much darker than the paper, in 255ths of its brightness.
        noise_factor: and at least so many standard deviations of the paper's grain.
        near_px: side of the cells in which the darkest ink is sought.
        edge_share: a pixel is ink from this share of the darkest ink near it: MNIST's digits have such soft edges. On
            drawn pages a smaller one reads better still; in photos the compression's ripples begin to be ink.
        core_share: and from this share, part of a stroke's core, by which ruled lines are found.
    """

    background_px: int = 500
    background_window: float = 0.05
    min_darkness: float = 14.0
    noise_factor: float = 4.0
    near_px: int = 16
    edge_share: float = 0.15
    core_share: float = 0.5

    def __post_init__(self) -> None:
        check_range(self, background_px=(50, 2000), background_window=(0.005, 0.5), min_darkness=(1, 254))
        check_range(self, noise_factor=(0, 20), near_px=(4, 256), edge_share=(0.1, 0.9))
        check_range(self, core_share=(0.1, 0.9))


@dataclass(frozen=True, slots=True)
class RuleParams:
    """What is a ruled line or a box.

    Attributes:
        min_length: of a ruled line, as a share of the page's width (lying) or height (upright).
        paper_length: of the lines of ruled paper, as a share of the page's width.
        paper_coverage: of their length by ink. On real pages it is 0.89 and more; of the sides of boxes in a row 0.84.
        min_coverage: of any line's length by ink; a column of ones is broken more often.
        max_thickness: of a line, as a share of the length of the pieces it is found by.
        min_rectangularity: of a box's inside, its area over that of its rectangle; an ellipse has 0.79.
        max_darkness: what is on a line but darker than so many times the line is a stroke that crosses it.
    """

    min_length: float = 0.25
    paper_length: float = 0.85
    paper_coverage: float = 0.87
    min_coverage: float = 0.7
    max_thickness: float = 0.25
    min_rectangularity: float = 0.87
    max_darkness: float = 1.35

    def __post_init__(self) -> None:
        check_range(
            self,
            min_length=(0.05, 1),
            paper_length=(0.05, 1),
            paper_coverage=(0, 1),
            min_coverage=(0, 1),
            max_thickness=(0.02, 0.5),
            min_rectangularity=(0.8, 0.99),
        )
        check_range(self, max_darkness=(1, 10))


@dataclass(frozen=True, slots=True)
class ComponentParams:
    """Which pieces of ink are looked at.

    Attributes:
        min_side_px: the longer side of a piece is at least so long.
        min_area_px: it has at least so much ink.
        max_count: of more pieces only those with the most ink are read, and every number of the page goes to review.
    """

    min_side_px: int = 7
    min_area_px: int = 12
    max_count: int = 6000

    def __post_init__(self) -> None:
        check_range(self, min_side_px=(1, 100), min_area_px=(1, 1000), max_count=(1, 100_000))


@dataclass(frozen=True, slots=True)
class TurnParams:
    """When a page is turned before it is read. Scores are means of the logarithm of each piece's confidence.

    Of 79 pages and 30 drawn ones none that stands upright is turned. Turned by a quarter, a half and three quarters,
    45, 44 and 45 of the 89 with digits on them are put right, and none is turned to a wrong side but one that lies at
    half a right angle anyway; the others have too few digits, or those that can be read both ways. With a `min_mean` of
    -0.8 a page of running script was turned.

    Attributes:
        max_pieces: so many pieces decide, from all over the page.
        first_pieces: so many tell whether it is worth while to ask them.
        first_gain: of the score of these.
        min_pieces: a page of less is not turned.
        upright: a page of this score stands upright.
        min_mean: score of a page after it is turned.
        min_gain: of the score.
        min_deviations: of the gain's mean, over each other orientation.
        clear_mean: score of a page, after it is turned, whose gains are taken as odds.
        min_odds: sum of its gains, over each other orientation.
        lying_gain: of the score of `first_pieces`, by which a page that was not turned may have to be;
        lying_mean: where it is this then.
        max_loss: of the score, when lines that slope are laid level.
        max_sheet_loss: likewise, when a sheet that lies aslant is.
        min_skew_deg: lines that slope less are read as they are.
        min_sure_skew_deg: lines that slope more are laid level in any case; others where that leaves
        max_left: so many of the page's pieces, or shows more upright rules.
    """

    max_pieces: int = 80
    first_pieces: int = 21
    first_gain: float = 0.1
    min_pieces: int = 5
    upright: float = -0.12
    min_mean: float = -0.6
    min_gain: float = 0.15
    min_deviations: float = 2.5
    clear_mean: float = -0.4
    min_odds: float = 4.0
    lying_gain: float = 0.12
    lying_mean: float = -0.5
    max_loss: float = 0.3
    max_sheet_loss: float = 0.6
    min_skew_deg: float = 2.5
    min_sure_skew_deg: float = 5.0
    max_left: float = 0.95

    def __post_init__(self) -> None:
        check_range(self, max_pieces=(1, 1000), first_pieces=(1, 1000), min_pieces=(1, 1000), upright=(-10, 0))
        check_range(self, min_mean=(-10, 0), min_gain=(0, 10), min_deviations=(0, 10), clear_mean=(-10, 0))
        check_range(self, first_gain=(0, 10), min_odds=(0, 100), max_loss=(0, 10))
        check_range(self, lying_gain=(0, 10), lying_mean=(-10, 0))
        check_range(self, max_sheet_loss=(0, 10), min_skew_deg=(0, 45), min_sure_skew_deg=(0, 45), max_left=(0, 1))


@dataclass(frozen=True, slots=True)
class PenParams:
    """When a page is written with so bold a pen that its strokes are thinned before it is read.

    Attributes:
        bold: width of its strokes, as a share of a digit's height, that all but
        thinner: this share of the digits reach.
        solid: darkness of its strokes, as a share of their darkest parts: of felt pens 0.85 and more, of other pens and
            of what is out of focus 0.82 and less.
        usual: median of the width, likewise, after the strokes were thinned.
        min_confidence: of the digits that tell.
        min_height: likewise, as a share of the writing's.
        min_height_px: of the writing; smaller digits have strokes of few pixels.
        min_count: of digits, below which they tell nothing.
        max_count: about so many are measured.
    """

    bold: float = 0.19
    thinner: float = 0.2
    solid: float = 0.84
    usual: float = 0.15
    min_confidence: float = 0.5
    min_height: float = 0.4
    min_height_px: int = 24
    min_count: int = 2
    max_count: int = 50

    def __post_init__(self) -> None:
        check_range(self, bold=(0, 1), thinner=(0, 1), solid=(0, 1), usual=(0, 1))
        check_range(self, min_confidence=(0, 1), min_height=(0, 1))
        check_range(self, min_height_px=(1, 1000), min_count=(1, 1000), max_count=(1, 1000))
