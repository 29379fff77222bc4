"""Parameters of the steps that know what else than writing is dark on paper: its shading, its back, smudges."""

from __future__ import annotations

from dataclasses import dataclass

from recognition.params_range import check_range


@dataclass(frozen=True, slots=True)
class ShadingParams:
    """What of a piece of ink is shading of the paper.

    Attributes:
        min_side_px: the longer side of a piece that may have some is at least so long.
        max_side: and at most this share of the page's.
        min_shadow: what is longer than this share of the page's longer side may have grown together with the edge of
            a shadow,
        shadow: if its typical darkness is at most this share of its greatest. At a half four numbers of real pages are
            lost.
        pale: its typical darkness is at most this share of its greatest.
        share: what is paler than this share of its dark strokes is shading. Of two photos of crumpled paper a quarter
            leaves some of it (62 of 80 numbers read), at 0.35 pencil begins to break.
        shrunk: without it one side of the piece is shorter than this share of what it was.
        max_crumb: beside the largest part no other has more than this share of its ink.
        min_ink: of all ink, weighed by its darkness, so much is left.
        min_count: so many pieces have some, or none has.
        min_share: likewise, as a share of the pieces. On the photos that gain by it 0.04 to 0.18 have, on 120 drawn
            pages at most 0.011.
    """

    min_side_px: int = 14
    max_side: float = 0.25
    min_shadow: float = 0.1
    shadow: float = 0.3
    pale: float = 0.5
    share: float = 0.3
    shrunk: float = 0.85
    max_crumb: float = 0.2
    min_ink: float = 0.6
    min_count: int = 3
    min_share: float = 0.04

    def __post_init__(self) -> None:
        check_range(self, min_shadow=(0, 1), shadow=(0, 1))
        check_range(self, min_side_px=(1, 1000), max_side=(0, 1), pale=(0, 1), share=(0, 1), shrunk=(0, 1))
        check_range(self, max_crumb=(0, 1), min_ink=(0, 1), min_count=(1, 1000), min_share=(0, 1))


@dataclass(frozen=True, slots=True)
class ShowThroughParams:
    """What of the ink shows through from the back of the page.

    Attributes:
        max_side: the writing is told from pieces whose longer side is at most this share of the page's.
        min_side: what shows through is pieces whose longer side is at least this share of the writing's,
        pale: and that are paler than this share of it.
        min_count: something shows through where there are so many of them,
        min_share: and they are this share of the pieces as large.
        share: of a piece's dark strokes; what is paler is of the back. At 0.35 more of it is left, and with a rim of
            one pixel around the strokes.
    """

    max_side: float = 0.25
    min_side: float = 0.5
    pale: float = 0.42
    min_count: int = 5
    min_share: float = 0.15
    share: float = 0.4

    def __post_init__(self) -> None:
        check_range(self, max_side=(0, 1), min_side=(0, 10), pale=(0, 1), min_count=(1, 1000), min_share=(0, 1))
        check_range(self, share=(0, 1))


@dataclass(frozen=True, slots=True)
class SmudgeParams:
    """What of a piece of ink is a smudge, or print behind the writing.

    Attributes:
        share: of a piece's dark strokes; what is paler may be a smudge. At a half, three of 1,000 digits of pencil are
            lost on real pages.
        width: where it lies so many times as wide as these strokes it is one. At 1.5 a number of a table is lost,
            written with a pen of uneven darkness.
    """

    share: float = 0.4
    width: float = 2.0

    def __post_init__(self) -> None:
        check_range(self, share=(0, 1), width=(0.1, 100))
