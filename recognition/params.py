"""Parameters of each step of recognition, with their ranges; a frozen dataclass a step.

Lengths are relative to the writing (its stroke width or digit height) wherever a step can know it, so that the same
values serve a phone photo and a 600 dpi scan.
"""

from __future__ import annotations

from dataclasses import dataclass, field


def _check_range(owner: object, **ranges: tuple[float, float]) -> None:
    for name, (low, high) in ranges.items():
        value = getattr(owner, name)
        if not low <= value <= high:
            raise ValueError(f"{type(owner).__name__}.{name} must be from {low} to {high}. Received: {value!r}")


@dataclass(frozen=True, slots=True)
class LoadParams:
    """How encoded bytes become pixels.

    Attributes:
        pdf_dpi: resolution at which PDF pages are rendered, 72 to 600.
        max_megapixels: a page of more is refused from its header, 1 to 1000.
        max_pages: a document of more pages is refused, 1 to 10000.
    """

    pdf_dpi: int = 200
    max_megapixels: float = 100.0
    max_pages: int = 500

    def __post_init__(self) -> None:
        _check_range(self, pdf_dpi=(72, 600), max_megapixels=(1, 1000), max_pages=(1, 10_000))


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
        _check_range(self, max_side_px=(500, 20_000), min_side_px=(1, 20_000), max_enlargement=(1, 8))


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
        min_color_step: between their colors, which serves a table as bright as the paper's shadow.
        edge_step: at a clear edge, in one channel; or `min_color_step` between the colors.
        margin: what is nearer to the sheet's edge than this share of its longer side is not looked at.
        min_skew_deg: a sheet that lies less aslant is read as it lies.
        max_skew_deg: a sheet that lies more aslant may as well stand on its side.
        min_score: share of its outline with a clear edge, times its solidity. Of 79 pages and 30 drawn ones those
            with a sheet on a table reach 0.78 to 1.00; of the others only a framed screenshot has a score at all.
    """

    side_px: int = 256
    levels: int = 16
    writing: float = 0.035
    min_area: float = 0.06
    max_area: float = 0.97
    min_solidity: float = 0.85
    min_rim: float = 0.15
    min_step: float = 1.2
    min_color_step: float = 0.2
    edge_step: float = 0.35
    margin: float = 0.01
    min_skew_deg: float = 2.0
    max_skew_deg: float = 30.0
    min_score: float = 0.6

    def __post_init__(self) -> None:
        _check_range(self, side_px=(64, 1000), levels=(2, 100), writing=(0, 0.2), min_area=(0.01, 1), max_area=(0.1, 1))
        _check_range(self, min_solidity=(0, 1), min_rim=(0, 1), min_score=(0, 1))
        _check_range(self, min_step=(0, 8), min_color_step=(0, 8), edge_step=(0, 8), margin=(0, 0.1))
        _check_range(self, min_skew_deg=(0, 45), max_skew_deg=(0, 45))


@dataclass(frozen=True, slots=True)
class BinarizeParams:
    """How ink is told from paper.

    Attributes:
        background_px: the paper's brightness is estimated on the page reduced to this longer side.
        background_window: side of the closing's window, as a share of the longer side; ink must be narrower.
        min_darkness: ink is at least so much darker than the paper, in 255ths of its brightness.
        noise_factor: and at least so many standard deviations of the paper's grain.
        near_px: side of the cells in which the darkest ink is sought.
        edge_share: a pixel is ink from this share of the darkest ink near it.
    """

    background_px: int = 500
    background_window: float = 0.05
    min_darkness: float = 14.0
    noise_factor: float = 4.0
    near_px: int = 16
    edge_share: float = 0.5

    def __post_init__(self) -> None:
        _check_range(self, background_px=(50, 2000), background_window=(0.005, 0.5), min_darkness=(1, 254))
        _check_range(self, noise_factor=(0, 20), near_px=(4, 256), edge_share=(0.1, 0.9))


@dataclass(frozen=True, slots=True)
class RuleParams:
    """What is a ruled line or a box.

    Attributes:
        min_length: of a ruled line, as a share of the page's width (lying) or height (upright).
        paper_length: of the lines of ruled paper, as a share of the page's width.
        min_coverage: of a line's length by ink; a column of ones is broken more often.
        max_thickness: of a line, as a share of the length of the pieces it is found by.
        min_rectangularity: of a box's inside, its area over that of its rectangle; an ellipse has 0.79.
        max_darkness: what is on a line but darker than so many times the line is a stroke that crosses it.
    """

    min_length: float = 0.25
    paper_length: float = 0.85
    min_coverage: float = 0.7
    max_thickness: float = 0.25
    min_rectangularity: float = 0.87
    max_darkness: float = 1.35

    def __post_init__(self) -> None:
        _check_range(
            self,
            min_length=(0.05, 1),
            paper_length=(0.05, 1),
            max_thickness=(0.02, 0.5),
            min_rectangularity=(0.8, 0.99),
        )
        _check_range(self, max_darkness=(1, 10))


@dataclass(frozen=True, slots=True)
class ComponentParams:
    """Which pieces of ink are looked at.

    Attributes:
        min_side_px: the longer side of a piece is at least so long.
        min_area_px: it has at least so much ink.
        max_count: of more pieces the largest are taken.
    """

    min_side_px: int = 7
    min_area_px: int = 12
    max_count: int = 6000

    def __post_init__(self) -> None:
        _check_range(self, min_side_px=(1, 100), min_area_px=(1, 1000), max_count=(1, 100_000))


@dataclass(frozen=True, slots=True)
class JoinParams:
    """When pieces of one broken digit are put together. Lengths are shares of the writing's height.

    Attributes:
        max_gap: between the boxes of two pieces.
        max_gap_below: likewise, of two that stand above each other and are no sure digits.
        max_height: of what they are together.
        max_width: likewise.
        min_confidence: of the reading of what they are together.
        min_part: a smaller piece may as well be dirt, and need not belong to a digit.
        leftover: what is left of a reading's weight when a piece beside it would not be explained.
        rounds: how many pieces, at most, one digit may be put together from, less one.
    """

    max_gap: float = 0.22
    max_gap_below: float = 0.4
    max_height: float = 1.7
    max_width: float = 1.3
    min_confidence: float = 0.4
    min_part: float = 0.2
    leftover: float = 0.65
    rounds: int = 3

    def __post_init__(self) -> None:
        _check_range(self, max_gap=(0, 1), max_gap_below=(0, 1), max_height=(1, 4), max_width=(0.2, 4), rounds=(0, 10))
        _check_range(self, min_confidence=(0, 1), min_part=(0, 1), leftover=(0, 1))


@dataclass(frozen=True, slots=True)
class TurnParams:
    """When a page is turned before it is read. Scores are means of the logarithm of each piece's confidence.

    Of 79 pages and 30 drawn ones none that stands upright is turned. Turned by a quarter, a half and three quarters,
    44, 41 and 44 of the 89 with digits on them are put right, among them 29 of the drawn ones, and none is turned to a
    wrong side; the others have too few digits, or those that can be read both ways. With a `min_mean` of -0.8 a page of
    running script was turned.

    Attributes:
        max_pieces: so many pieces decide, from all over the page.
        first_pieces: so many tell whether it is worth while to ask them, in one batch of the network.
        first_gain: of the score of these.
        min_pieces: a page of less is not turned.
        upright: a page of this score stands upright.
        min_mean: score of a page after it is turned.
        min_gain: of the score.
        min_deviations: of the gain's mean, over each other orientation.
        clear_mean: score of a page, after it is turned, whose gains are taken as odds.
        min_odds: sum of its gains, over each other orientation.
        max_loss: of the score, when lines that slope are laid level.
        min_skew_deg: lines that slope less are read as they are.
    """

    max_pieces: int = 80
    first_pieces: int = 21
    first_gain: float = 0.15
    min_pieces: int = 5
    upright: float = -0.35
    min_mean: float = -0.6
    min_gain: float = 0.3
    min_deviations: float = 2.5
    clear_mean: float = -0.4
    min_odds: float = 4.0
    max_loss: float = 0.15
    min_skew_deg: float = 5.0

    def __post_init__(self) -> None:
        _check_range(self, max_pieces=(1, 1000), first_pieces=(1, 1000), min_pieces=(1, 1000), upright=(-10, 0))
        _check_range(self, min_mean=(-10, 0), min_gain=(0, 10), min_deviations=(0, 10), clear_mean=(-10, 0))
        _check_range(self, first_gain=(0, 10), min_odds=(0, 100), max_loss=(0, 10), min_skew_deg=(0, 45))


@dataclass(frozen=True, slots=True)
class SplitParams:
    """How touching digits are cut apart. Lengths are shares of the piece's height.

    Attributes:
        sure: a piece that is read with this confidence is not cut.
        min_width: of a piece that may be two digits.
        max_width: of one digit.
        max_cuts: so many places of a piece are tried, the thinnest.
        cut_cost: of a stroke's width of ink that a cut goes through, in nats of confidence.
        narrow_cost: of cutting a piece as narrow as it is high into two, in nats; twice as wide costs nothing.
        max_digits: a piece that could hold more is no writing.
    """

    sure: float = 0.9
    min_width: float = 0.55
    max_width: float = 1.3
    max_cuts: int = 18
    cut_cost: float = 0.1
    narrow_cost: float = 0.7
    max_digits: int = 12

    def __post_init__(self) -> None:
        _check_range(self, sure=(0, 1), min_width=(0.1, 2), max_width=(0.5, 3), max_cuts=(1, 40))
        _check_range(self, cut_cost=(0, 10), narrow_cost=(0, 10), max_digits=(2, 40))


@dataclass(frozen=True, slots=True)
class PriorParams:
    """How a page's own share of digits counts. Lengths are shares of the writing's height.

    Attributes:
        min_height: of a piece that counts.
        max_height: likewise.
        min_by_ink: probability of any digit, by the ink alone, of a piece that counts.
        limit: of the log odds by which either share counts.
        alike: probability of any digit, by the ink alone, from which a piece has a digit's form.
        usual_alike: share of such pieces that speaks neither for digits nor for text.
        alike_weight: log odds by which pieces are raised for each such piece more, as a share of all.
    """

    min_height: float = 0.4
    max_height: float = 2.6
    min_by_ink: float = 0.3
    limit: float = 5.0
    alike: float = 0.8
    usual_alike: float = 0.6
    alike_weight: float = 15.0

    def __post_init__(self) -> None:
        _check_range(self, min_height=(0, 1), max_height=(1, 10), min_by_ink=(0, 1), limit=(0, 10), alike=(0, 1))
        _check_range(self, usual_alike=(0, 1), alike_weight=(0, 100))


@dataclass(frozen=True, slots=True)
class CompanyParams:
    """How much a reading is told by what stands beside it. Lengths are shares of the writing's height.

    Attributes:
        min_height: of a piece that tells anything.
        max_height: likewise.
        reach: how far apart neighbors may be.
        for_digits: weight of a neighbor's log odds that speak for digits.
        against: likewise, against digits.
        lenience: log odds that are added to all readings in the end: the networks know drawn pages better than real
            ones, on which they doubt too much.
    """

    min_height: float = 0.4
    max_height: float = 2.6
    reach: float = 2.0
    for_digits: float = 0.8
    against: float = 0.5
    lenience: float = 4.0

    def __post_init__(self) -> None:
        _check_range(self, min_height=(0, 1), max_height=(1, 10), reach=(0, 10), for_digits=(0, 2), against=(0, 2))
        _check_range(self, lenience=(-10, 10))


@dataclass(frozen=True, slots=True)
class SelectParams:
    """Which readings are writing and not something else on the page.

    Attributes:
        min_height: of a digit, as a share of the writing's height.
        max_height: likewise.
        min_darkness: of a digit's ink, as a share of the writing's.
        min_confidence: a reading below it is no digit.
        min_member_confidence: likewise, right beside a digit; it is then marked for review.
        word_gap: between pieces of one word, as a share of the writing's height.
    """

    min_height: float = 0.4
    max_height: float = 2.6
    min_darkness: float = 0.45
    min_confidence: float = 0.3
    min_member_confidence: float = 0.2
    word_gap: float = 0.35

    def __post_init__(self) -> None:
        _check_range(self, min_height=(0, 1), max_height=(1, 10), min_darkness=(0, 1), min_confidence=(0, 1))
        _check_range(self, min_member_confidence=(0, 1), word_gap=(0, 2))


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
        max_grid_gap: likewise, of digits in a grid.
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
    max_grid_gap: float = 0.4
    max_grid_aspect: float = 1.5
    max_pitch: float = 0.95
    max_drift: float = 0.6
    reach: float = 12.0
    neighbor: float = 6.0
    max_slope: float = 0.4

    def __post_init__(self) -> None:
        _check_range(self, max_gap=(0, 5), tight_gap=(0, 5), clear_gap=(0, 5), min_step=(0, 5))
        _check_range(self, max_gap_ratio=(0, 1), max_typical_gap=(0, 5), max_grid_gap=(0, 5), max_grid_aspect=(0, 10))
        _check_range(self, max_pitch=(0, 5), max_drift=(0.1, 1), reach=(1, 1000))
        _check_range(self, neighbor=(1, 100), max_slope=(0, 1))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a reading is accepted, doubted or rejected; calibrated probabilities, 0 to 1.

    Attributes:
        accept: a number is accepted when every digit reaches it.
        digit: a digit below it is reported as `?`.
    """

    accept: float = 0.9
    digit: float = 0.25

    def __post_init__(self) -> None:
        _check_range(self, accept=(0, 1), digit=(0, 1))
        if self.digit > self.accept:
            raise ValueError(
                f"thresholds.digit must not exceed thresholds.accept. Received: {self.digit} > {self.accept}"
            )


@dataclass(frozen=True, slots=True)
class AnnotateParams:
    """How the annotated picture is made.

    Attributes:
        jpeg_quality: 1 to 100.
        crops: also give each number's crop as PNG.
    """

    jpeg_quality: int = 85
    crops: bool = False

    def __post_init__(self) -> None:
        _check_range(self, jpeg_quality=(1, 100))


@dataclass(frozen=True, slots=True)
class RecognitionParams:
    """Everything `recognition.page.read_document` can be told."""

    load: LoadParams = field(default_factory=LoadParams)
    size: SizeParams = field(default_factory=SizeParams)
    paper: PaperParams = field(default_factory=PaperParams)
    binarize: BinarizeParams = field(default_factory=BinarizeParams)
    rules: RuleParams = field(default_factory=RuleParams)
    components: ComponentParams = field(default_factory=ComponentParams)
    turn: TurnParams = field(default_factory=TurnParams)
    join: JoinParams = field(default_factory=JoinParams)
    split: SplitParams = field(default_factory=SplitParams)
    prior: PriorParams = field(default_factory=PriorParams)
    company: CompanyParams = field(default_factory=CompanyParams)
    select: SelectParams = field(default_factory=SelectParams)
    layout: LayoutParams = field(default_factory=LayoutParams)
    thresholds: Thresholds = field(default_factory=Thresholds)
    annotate: AnnotateParams = field(default_factory=AnnotateParams)
