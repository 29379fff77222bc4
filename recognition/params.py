"""Parameters of each step of recognition, with their ranges; a frozen dataclass a step.

Lengths are relative to the writing (its stroke width or digit height) wherever a step can know it, so that the same
values serve a phone photo and a 600 dpi scan.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recognition.params_checks import MAX_DIGITS, CheckDigit, CheckParams, Sums
from recognition.params_ground import ShadingParams, ShowThroughParams, SmudgeParams
from recognition.params_layout import AlignmentParams, ColumnParams, CrowdParams, LayoutParams
from recognition.params_marks import (
    BracketParams,
    CrossParams,
    HighlightParams,
    MarkParams,
    RingParams,
    StruckParams,
    TickParams,
    UnderlineParams,
)
from recognition.params_numbers import (
    BesideParams,
    BlotParams,
    RecheckParams,
    SignParams,
    SlashParams,
    StrayParams,
    TrustParams,
)
from recognition.params_page import (
    BinarizeParams,
    ComponentParams,
    PaperParams,
    PenParams,
    RuleParams,
    SizeParams,
    TurnParams,
)
from recognition.params_pieces import (
    CompanyParams,
    CopyParams,
    GridParams,
    JoinParams,
    LikenessParams,
    PriorParams,
    SelectParams,
    SplitParams,
    ViewParams,
)
from recognition.params_range import check_range

__all__ = [
    "MAX_DIGITS",
    "AlignmentParams",
    "AnnotateParams",
    "BesideParams",
    "BinarizeParams",
    "BlotParams",
    "BracketParams",
    "CheckDigit",
    "CheckParams",
    "ColumnParams",
    "CompanyParams",
    "ComponentParams",
    "CopyParams",
    "CrossParams",
    "CrowdParams",
    "GridParams",
    "HighlightParams",
    "JoinParams",
    "LayoutParams",
    "LikenessParams",
    "LoadParams",
    "MarkParams",
    "PaperParams",
    "PenParams",
    "PriorParams",
    "RecheckParams",
    "RecognitionParams",
    "RingParams",
    "RuleParams",
    "SelectParams",
    "ShadingParams",
    "ShowThroughParams",
    "SignParams",
    "SizeParams",
    "SlashParams",
    "SmudgeParams",
    "SplitParams",
    "StrayParams",
    "StruckParams",
    "Sums",
    "Thresholds",
    "TickParams",
    "TrustParams",
    "TurnParams",
    "UnderlineParams",
    "ViewParams",
]


MAX_SIDE_PX = 65_500
"""A page may be so high and so wide; its annotated picture is a JPEG, which cannot be larger."""


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
        check_range(self, pdf_dpi=(72, 600), max_megapixels=(1, 1000), max_pages=(1, 10_000))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a reading is accepted, doubted or rejected; calibrated probabilities, 0 to 1.

    Attributes:
        accept: a number with a digit below it needs review.
        digit: a digit below it is reported as `?`.
    """

    accept: float = 0.9
    digit: float = 0.25

    def __post_init__(self) -> None:
        check_range(self, accept=(0, 1), digit=(0, 1))
        if self.digit > self.accept:
            raise ValueError(
                f"thresholds.digit must not exceed thresholds.accept. Received: {self.digit} > {self.accept}"
            )


@dataclass(frozen=True, slots=True)
class AnnotateParams:
    """Which pictures are given beside the results, and how they are made.

    Attributes:
        jpeg_quality: of the annotated page, 1 to 100.
        crops: also give each number's crop as PNG.
        digits: also give each number's digits as the network saw them.
    """

    jpeg_quality: int = 85
    crops: bool = False
    digits: bool = False

    def __post_init__(self) -> None:
        check_range(self, jpeg_quality=(1, 100))


@dataclass(frozen=True, slots=True)
class RecognitionParams:
    """Everything `recognition.page.read_document` can be told."""

    load: LoadParams = field(default_factory=LoadParams)
    size: SizeParams = field(default_factory=SizeParams)
    paper: PaperParams = field(default_factory=PaperParams)
    binarize: BinarizeParams = field(default_factory=BinarizeParams)
    highlight: HighlightParams = field(default_factory=HighlightParams)
    rules: RuleParams = field(default_factory=RuleParams)
    components: ComponentParams = field(default_factory=ComponentParams)
    show_through: ShowThroughParams = field(default_factory=ShowThroughParams)
    shading: ShadingParams = field(default_factory=ShadingParams)
    smudges: SmudgeParams = field(default_factory=SmudgeParams)
    pen: PenParams = field(default_factory=PenParams)
    turn: TurnParams = field(default_factory=TurnParams)
    rings: RingParams = field(default_factory=RingParams)
    underline: UnderlineParams = field(default_factory=UnderlineParams)
    copies: CopyParams = field(default_factory=CopyParams)
    tick: TickParams = field(default_factory=TickParams)
    cross: CrossParams = field(default_factory=CrossParams)
    join: JoinParams = field(default_factory=JoinParams)
    split: SplitParams = field(default_factory=SplitParams)
    prior: PriorParams = field(default_factory=PriorParams)
    company: CompanyParams = field(default_factory=CompanyParams)
    grid: GridParams = field(default_factory=GridParams)
    select: SelectParams = field(default_factory=SelectParams)
    views: ViewParams = field(default_factory=ViewParams)
    blots: BlotParams = field(default_factory=BlotParams)
    likeness: LikenessParams = field(default_factory=LikenessParams)
    layout: LayoutParams = field(default_factory=LayoutParams)
    column: ColumnParams = field(default_factory=ColumnParams)
    bracket: BracketParams = field(default_factory=BracketParams)
    slash: SlashParams = field(default_factory=SlashParams)
    sign: SignParams = field(default_factory=SignParams)
    recheck: RecheckParams = field(default_factory=RecheckParams)
    trust: TrustParams = field(default_factory=TrustParams)
    beside: BesideParams = field(default_factory=BesideParams)
    stray: StrayParams = field(default_factory=StrayParams)
    alignment: AlignmentParams = field(default_factory=AlignmentParams)
    struck: StruckParams = field(default_factory=StruckParams)
    crowd: CrowdParams = field(default_factory=CrowdParams)
    thresholds: Thresholds = field(default_factory=Thresholds)
    checks: CheckParams = field(default_factory=CheckParams)
    annotate: AnnotateParams = field(default_factory=AnnotateParams)
