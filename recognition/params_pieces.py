"""Parameters of the steps that make digits of pieces of ink."""

from __future__ import annotations

from dataclasses import dataclass

from recognition.params_range import check_range


@dataclass(frozen=True, slots=True)
class JoinParams:
    """When pieces of one broken digit are put together. Lengths are shares of the writing's height.

    Attributes:
        max_gap: between the boxes of two pieces.
        max_gap_below: likewise, of two that stand above each other and are no sure digits.
        max_height: of what they are together.
        max_width: likewise.
        max_width_with_bar: likewise, of a 5 with its bar, which may reach over half of the next digit's place.
        min_darkness: of the paler one, as a share of the darker one's; what is paler is dirt or the paper's grain.
        min_confidence: of the reading of what they are together.
        min_part: a smaller piece may as well be dirt, and need not belong to a digit.
        sure_gain: by how much surer a sure digit must read with a piece beside it that is none, for it to be its part.
        bar_loss: by how much less surely a 5 may read with the bar at its upper right. Of 24,000 drawn numbers 56 more
            are accepted then: what is left over goes to review, and without the bar the next digit seems far away.
        leftover: what is left of a reading's weight when a piece beside it would not be explained.
        rounds: how many pieces, at most, one digit may be put together from, less one.
    """

    max_gap: float = 0.22
    max_gap_below: float = 0.4
    max_height: float = 1.7
    max_width: float = 1.3
    max_width_with_bar: float = 1.9
    min_darkness: float = 0.25
    min_confidence: float = 0.4
    min_part: float = 0.2
    sure_gain: float = 0.04
    bar_loss: float = 0.01
    leftover: float = 0.65
    rounds: int = 3

    def __post_init__(self) -> None:
        check_range(self, max_gap=(0, 1), max_gap_below=(0, 1), max_height=(1, 4), max_width=(0.2, 4), rounds=(0, 10))
        check_range(self, max_width_with_bar=(0.2, 4), min_darkness=(0, 1))
        check_range(self, min_confidence=(0, 1), min_part=(0, 1), sure_gain=(0, 1), bar_loss=(0, 1), leftover=(0, 1))


@dataclass(frozen=True, slots=True)
class SplitParams:
    """How touching digits are cut apart. Lengths are shares of the piece's height.

    Attributes:
        sure: a piece that is read with this confidence is not cut, unless several digits are spotted in it.
        sure_width: which is looked for in what is at least so wide. On 220 pages several were found in 5 of 16,000 sure
            pieces, none narrower than 0.9.
        min_width: of a piece that may be two digits.
        max_width: of one digit.
        max_cuts: so many places of a piece are tried, the thinnest.
        max_parts: so many parts are read of all pieces of a page; what has more is hatching, or digits that all touch,
            2,500 of them and more. The most on 79 real pages is 5,000.
        cut_cost: of a stroke's width of ink that a cut goes through, in nats of confidence.
        narrow_cost: of cutting a piece as narrow as it is high into two, in nats; twice as wide costs nothing.
        max_digits: a piece that could hold more is no writing.
        lenience: log odds that are added to parts: the context network doubts what was cut, however well.
        second: weight of what the sequence network says, beside the network for single digits.
        unread: a piece that is read less surely, whole or cut, is read as the sequence network does,
        min_page: on a page that adds at least so much to the log odds of being a digit, which pages of text do not,
        spotted: and where each of its digits is so sure.
        spotted_trust: share of their confidence that is left, and the most that anything may add up to, so that a
            person looks.
    """

    sure: float = 0.9
    sure_width: float = 0.85
    min_width: float = 0.55
    max_width: float = 1.3
    max_cuts: int = 18
    max_parts: int = 30_000
    cut_cost: float = 0.1
    narrow_cost: float = 0.7
    max_digits: int = 12
    lenience: float = 1.5
    second: float = 0.45
    unread: float = 0.3
    min_page: float = -1.0
    spotted: float = 0.8
    spotted_trust: float = 0.6

    def __post_init__(self) -> None:
        check_range(self, sure=(0, 1), sure_width=(0, 20), min_width=(0.1, 2), max_width=(0.5, 3), max_cuts=(1, 40))
        check_range(
            self, max_parts=(0, 10**6), cut_cost=(0, 10), narrow_cost=(0, 10), max_digits=(2, 40), second=(0, 1)
        )
        check_range(self, lenience=(-10, 10), unread=(0, 1), min_page=(-20, 20), spotted=(0, 1), spotted_trust=(0, 1))


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
        lenience: log odds that are added for all pages: the networks know drawn pages better than real ones, on which
            they doubt too much.
        most: log odds that are added at the most, for parts of digits are no digits on any page.
        max_cell: height of a form's box, whose writing is weighed by itself.
        most_in_boxes: log odds that are added there at the most: boxes for words stand among those for numbers.
    """

    min_height: float = 0.4
    max_height: float = 2.6
    min_by_ink: float = 0.3
    limit: float = 5.0
    alike: float = 0.8
    usual_alike: float = 0.6
    alike_weight: float = 15.0
    lenience: float = 0.5
    most: float = 8.0
    max_cell: float = 4.0
    most_in_boxes: float = 1.0

    def __post_init__(self) -> None:
        check_range(self, min_height=(0, 1), max_height=(1, 10), min_by_ink=(0, 1), limit=(0, 10), alike=(0, 1))
        check_range(self, usual_alike=(0, 1), alike_weight=(0, 100))
        check_range(self, lenience=(-10, 10), most=(0, 20), max_cell=(0, 100), most_in_boxes=(-10, 20))


@dataclass(frozen=True, slots=True)
class CompanyParams:
    """How much a reading is told by what stands beside it. Lengths are shares of the writing's height.

    Attributes:
        min_height: of a piece that tells anything.
        max_height: likewise.
        reach: how far apart neighbors may be.
        for_digits: weight of a neighbor's log odds that speak for digits.
        against: likewise, against digits.
        strokes: share of that for pieces with the form of a 1: some are letters, and some are what is left of a rule.
        limit: of the log odds that all neighbors together add or take.
    """

    min_height: float = 0.4
    max_height: float = 2.6
    reach: float = 2.0
    for_digits: float = 0.8
    against: float = 0.5
    strokes: float = 0.5
    limit: float = 8.0

    def __post_init__(self) -> None:
        check_range(self, min_height=(0, 1), max_height=(1, 10), reach=(0, 10), for_digits=(0, 2), against=(0, 2))
        check_range(self, strokes=(0, 1))
        check_range(self, limit=(0, 20))


@dataclass(frozen=True, slots=True)
class GridParams:
    """How much a reading is told by the row and the column it stands in. Lengths are shares of the writing's height.

    Attributes:
        min_height: of a piece that tells or is told anything.
        max_height: likewise.
        sure: confidence from which a digit tells others.
        min_by_ink: probability of any digit, by the ink alone, of a piece that is told.
        min_one: width of a 1 that is told, as a share of its own height: with a flag, a foot or aslant it is no rule.
        max_drift: between the middles of what stands in one row or column.
        min_step: between the middles of two cells.
        row_reach: how far off a digit in the same row may be.
        column_reach: likewise, in the same column.
        weight: log odds that a full row and column add. On 10 forms with 834 digits 2 to 6 give 0.75 of the numbers
            exactly and 0 gives 0.73; more lets letters through.
    """

    min_height: float = 0.5
    max_height: float = 2.0
    sure: float = 0.8
    min_by_ink: float = 0.95
    min_one: float = 0.4
    max_drift: float = 0.6
    min_step: float = 0.8
    row_reach: float = 15.0
    column_reach: float = 6.0
    weight: float = 3.0

    def __post_init__(self) -> None:
        check_range(self, min_height=(0, 1), max_height=(1, 10), sure=(0, 1), min_by_ink=(0, 1), weight=(0, 20))
        check_range(self, min_one=(0, 2), max_drift=(0, 2), min_step=(0, 5), row_reach=(0, 100), column_reach=(0, 100))


@dataclass(frozen=True, slots=True)
class SelectParams:
    """Which readings are writing and not something else on the page.

    Attributes:
        min_height: of a digit, as a share of the writing's height.
        max_height: likewise.
        min_darkness: of a digit's ink, as a share of the writing's.
        min_member_darkness: likewise, right beside a digit; what is paler shows through from the back of the page.
        min_unread_darkness: likewise, of what may be part of one: a pen that runs dry leaves pale digits.
        min_confidence: a reading below it is no digit.
        min_member_confidence: likewise, right beside a digit: left out, it would go unnoticed, while read it is marked
            for review unless what is asked afterwards agrees on it.
        word_gap: between pieces of one word, as a share of the writing's height.
        min_part: longer side of what may be a part of a broken digit, likewise; a comma and dirt are smaller.
    """

    min_height: float = 0.4
    max_height: float = 2.6
    min_darkness: float = 0.45
    min_member_darkness: float = 0.35
    min_unread_darkness: float = 0.18
    min_confidence: float = 0.3
    min_member_confidence: float = 0.2
    word_gap: float = 0.35
    min_part: float = 0.25

    def __post_init__(self) -> None:
        check_range(self, min_height=(0, 1), max_height=(1, 10), min_darkness=(0, 1), min_confidence=(0, 1))
        check_range(self, min_member_darkness=(0, 1), min_unread_darkness=(0, 1))
        check_range(self, min_member_confidence=(0, 1), word_gap=(0, 2), min_part=(0, 1))


@dataclass(frozen=True, slots=True)
class ViewParams:
    """Which digits and numbers are looked at from all sides.

    Attributes:
        sure: a digit of which its ink is so sure is not;
        number_sure: nor a number each digit of which is spotted so surely.
    """

    sure: float = 0.98
    number_sure: float = 0.9

    def __post_init__(self) -> None:
        check_range(self, sure=(0, 1), number_sure=(0, 1))


@dataclass(frozen=True, slots=True)
class LikenessParams:
    """When digits of a page have the same form.

    Attributes:
        sure: a digit of which its ink is so sure is not told by others. From 1 on all are, which on pages of many hands
            costs more numbers that were sure than it gains.
        alike: cosine of two forms from which they are alike; at 1 they are the same.
    """

    sure: float = 0.9
    alike: float = 0.9

    def __post_init__(self) -> None:
        check_range(self, sure=(0, 1), alike=(0, 0.999))


@dataclass(frozen=True, slots=True)
class CopyParams:
    """What is a printed mark and no digit, for the page has others that are just like it.

    On 79 real pages and 30 drawn ones this is so of print and of the dots of squared paper, and of no digit by hand.

    Attributes:
        min_count: so many are alike, itself among them,
        min_share: and such a share of what on the page looks like the same digit. Of a hundred 2 that one hand wrote on
            one page two at the most are.
        size: each side differs by no more than this share, or a pixel.
        alike: cosine of their pictures.
        min_confidence: what is less like a digit by its ink need not be told.
    """

    min_count: int = 5
    min_share: float = 0.05
    size: float = 0.04
    alike: float = 0.97
    min_confidence: float = 0.3

    def __post_init__(self) -> None:
        check_range(self, min_count=(2, 1000), min_share=(0, 1))
        check_range(self, size=(0, 1), alike=(0, 1), min_confidence=(0, 1))
